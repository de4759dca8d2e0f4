"""Uninterrupted: work that no signal handler may break into.

Python runs the handlers of signals in the main thread, between any two steps of it. DuckDB asks Python for
the rows of an Arrow table: what a handler raises there reaches DuckDB as an error of the data, whatever was
meant by it. So a batch is landed in a thread of its own, and the main thread waits: a batch takes seconds.
"""

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import TypeVar

Answer = TypeVar("Answer")


def uninterrupted(work: Callable[[], Answer]) -> Answer:
    """Return what `work` returns, or raise what it raises. What a signal handler raises meanwhile is raised
    when the work is done."""
    if threading.current_thread() is not threading.main_thread():
        return work()
    answers: list[Answer] = []
    errors: list[BaseException] = []
    finished = threading.Event()

    def do() -> None:
        try:
            answers.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised below
            errors.append(error)
        finally:
            finished.set()

    thread = threading.Thread(target=copy_context().run, args=(do,), name="feedmill-landing")
    signalled: BaseException | None = None
    try:
        thread.start()
    except RuntimeError:
        raise  # there is no thread to be had: nothing was begun
    except BaseException as error:  # noqa: BLE001 - as above
        signalled = error
    while not finished.is_set():
        try:
            finished.wait()
        except BaseException as error:  # noqa: BLE001 - as above
            signalled = error
    if signalled:
        raise signalled
    if errors:
        raise errors[0]
    return answers[0]
