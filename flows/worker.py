"""A worker process: `python -m flows.worker`. It cleans what it is sent over stdin and answers on stdout.

It imports the cleaners and what makes Arrow of their answers, but neither Prefect nor DuckDB: it starts
fast, and a killed one takes nothing with it. Messages to the parent: ("ready",) once; for each job
("started", position) before each document and, with the number of documents, before making the Arrow
batch; then ("done", Answer without its batch) and the bytes of the batch. A single document that is only to
be shown is answered by ("shown", CleanedDocument or Casualty).
"""

import contextlib
import gc
import os
import signal
from dataclasses import replace

from flows.cleaning import Clean, Job, Single, clean_batch, clean_single
from flows.frames import Closed, receive, send, send_bytes
from flows.patience import longest


def allowance(size: int) -> float:
    """Return the seconds that a document of `size` bytes may take: far more than any honest one needs.

    Posts are cleaned at some 0.25 MB/s (measured on one core: 4 s a MB), so this is 15 times that, and a
    minute for whatever else the machine is doing.
    """
    return 60.0 + size * 60e-6


def main(clean: Clean | None = None) -> None:
    """Serve jobs until the parent closes the pipe."""
    # Cleaning makes hundreds of thousands of small lasting values and no cycles: the collector would only
    # walk over them, for a fifth of the time.
    gc.set_threshold(200_000, 50, 50)
    # Ctrl-C goes to all processes of a terminal. The parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Messages keep the pipe for themselves: whatever prints in here goes to stderr.
    answers = os.dup(1)
    os.dup2(2, 1)
    jobs = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
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
