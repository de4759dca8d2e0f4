"""The process that workers are forked from, and a worker: `python -m flows.worker`.

It imports the cleaners, but neither Prefect nor DuckDB, nor Arrow, which starts a thread. Over the socket
that is its stdin it is asked ("fork", what to load before), with the three descriptors of the worker, and
answers with the worker's process id; and ("ended", process id, seconds to wait), answered by the status or
None.

A worker cleans what it is sent over a pipe and answers on another; a killed one takes nothing with it.
Messages to the parent: ("ready",) once; for each job ("started", position) before each document and, with
the number of documents, before making the Arrow batch; then ("done", Answer without its batch) and the bytes
of the batch. A single document that is only to be shown is answered by ("shown", CleanedDocument or
Casualty).
"""

import contextlib
import gc
import os
import signal
import socket
import time
import traceback
from dataclasses import replace

from flows.cleaning import Clean, Job, Single, clean_batch, clean_single
from flows.frames import Closed, receive, send, send_bytes
from flows.patience import longest
from flows.warming import compile_apart, settle, warm_up


def allowance(size: int) -> float:
    """Return the seconds that a document of `size` bytes may take: far more than any honest one needs.

    Posts are cleaned at some 0.25 MB/s (measured on one core: 4 s a MB), so this is 15 times that, and a
    minute for whatever else the machine is doing.
    """
    return 60.0 + size * 60e-6


def main(clean: Clean | None = None) -> None:
    """Fork workers until the parent closes the socket."""
    # Cleaning makes hundreds of thousands of small lasting values and no cycles: the collector would only
    # walk over them, for a fifth of the time.
    gc.set_threshold(200_000, 50, 50)
    # Ctrl-C goes to all processes of a terminal. The parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    with socket.socket(fileno=os.dup(0)) as line, contextlib.suppress(Closed, ConnectionResetError):
        os.dup2(nowhere, 0)
        os.close(nowhere)
        while True:
            match receive(line.fileno()):  # nobody else writes to this socket
                case ("fork", str(warmth)):
                    send(line.fileno(), _forked(line, warmth, clean))
                case ("ended", int(pid), float(seconds)):
                    send(line.fileno(), _status(pid, seconds))
    os._exit(0)  # to free everything one by one would take a tenth of a second


def _forked(line: socket.socket, warmth: str, clean: Clean | None) -> int:
    _, streams, _, _ = socket.recv_fds(line, 1, 3)
    if warmth == "compiled":
        compile_apart()
    if warmth != "cold":
        warm_up(compiled=warmth == "compiled")
    gc.freeze()  # a collection in a worker would write to every page of what is here
    pid = os.fork()
    if pid:
        for descriptor in streams:
            os.close(descriptor)
        return pid
    status = 1
    try:
        line.close()
        jobs, answers, complaints = streams
        # Messages keep the pipe for themselves: whatever prints in here goes to stderr.
        for standard in (1, 2):
            os.dup2(complaints, standard)
        os.close(complaints)
        if warmth != "cold":
            settle()
        _work(jobs, answers, clean)
        status = 0
    except BaseException:  # noqa: BLE001 - nothing may get past here into the other process's loop
        traceback.print_exc()
    finally:
        os._exit(status)


def _status(pid: int, seconds: float) -> int | None:
    end = time.monotonic() + seconds
    while True:
        try:
            done, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:  # told before, or a child of another process that is gone
            return None
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            return None
        time.sleep(0.002)


def _work(jobs: int, answers: int, clean: Clean | None) -> None:
    """Serve jobs until the parent closes the pipe."""
    with contextlib.suppress(Closed):
        send(answers, ("ready",))
        while True:
            match receive(jobs):  # nobody else writes to this pipe
                case Job() as job:
                    _serve(job, answers, clean)
                case Single() as single:
                    _show(single, answers, clean)


def _serve(job: Job, answers: int, clean: Clean | None) -> None:
    def started(position: int) -> None:
        # The parent kills a worker that is overdue. If there is no parent any more, the alarm does.
        size = job.refs[position].bytes if position < len(job.refs) else job.bytes
        signal.setitimer(signal.ITIMER_REAL, 2 * longest(allowance(size)))
        send(answers, ("started", position))

    answer = clean_batch(job, started, clean) if clean else clean_batch(job, started)
    signal.setitimer(signal.ITIMER_REAL, 0)
    send(answers, ("done", replace(answer, batch=b"")))
    send_bytes(answers, answer.batch)


def _show(single: Single, answers: int, clean: Clean | None) -> None:
    signal.setitimer(signal.ITIMER_REAL, 2 * longest(allowance(len(single.blob.data))))
    shown = clean_single(single, clean) if clean else clean_single(single)
    signal.setitimer(signal.ITIMER_REAL, 0)
    send(answers, ("shown", shown))


if __name__ == "__main__":
    main()
