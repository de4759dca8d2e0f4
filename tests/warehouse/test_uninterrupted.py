"""Work that no signal breaks into: it ends, and then the signal is heard."""

import os
import signal
import threading
import time
from types import FrameType

import pytest

from warehouse.uninterrupted import uninterrupted


class AskedToEndError(BaseException):
    """What a signal handler raises."""


def raises(_signal: int, _frame: FrameType | None) -> None:
    raise AskedToEndError


def test_a_signal_is_heard_when_the_work_is_done() -> None:
    done: list[str] = []

    def work() -> None:
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.05)
        done.append("all of it")

    before = signal.signal(signal.SIGUSR1, raises)
    try:
        with pytest.raises(AskedToEndError):
            uninterrupted(work)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert done == ["all of it"]


def test_what_work_returns_or_raises_comes_out() -> None:
    assert uninterrupted(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        uninterrupted(lambda: 1 // 0)


def test_in_another_thread_there_is_nothing_to_guard() -> None:
    names: list[str] = []
    one = threading.Thread(
        target=lambda: names.append(uninterrupted(lambda: threading.current_thread().name)), name="own"
    )
    one.start()
    one.join()
    assert names == ["own"]
