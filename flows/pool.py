"""Worker processes that clean batches side by side, can be killed, and cannot take a run with them."""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

from flows.cleaning import Answer, Casualty, Job, Single
from flows.frames import Closed, Overdue, receive, receive_bytes, send
from flows.memory import Gate
from flows.patience import Patience
from flows.worker import allowance
from schemas.errors import FeedmillError
from schemas.items import CleanedDocument

# -P: the working directory is the user's, and must not be a place that Python imports from.
COMMAND = (sys.executable, "-P", "-m", "flows.worker")
# A worker imports for under a second; a machine that takes longer than this has a problem of its own.
START_SECONDS = 120.0


class LostError(Exception):
    """A worker is gone. `position` is the document it had in hand, None if it had none."""

    def __init__(self, position: int | None, casualty: Casualty) -> None:
        super().__init__(casualty.detail)
        self.position = position
        self.casualty = casualty


class Worker:
    """One worker process and the pipes to it. Used by one thread at a time."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        """Start the process and wait until it is ready. Raises FeedmillError."""
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        home = str(Path(__file__).resolve().parent.parent)
        paths = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            # One process a core: threads of numpy's algebra would be in each other's way, and take memory.
            # Few arenas, trimmed early: 40 MB a worker that glibc would keep for itself (measured).
            env={"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "1000000"}
            | os.environ
            | {"PYTHONPATH": paths},
            bufsize=0,
        )
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        self._jobs, self._answers = self._process.stdin, self._process.stdout
        try:
            receive(self._answers.fileno(), self._patience(START_SECONDS))
        except (Closed, Overdue) as error:
            said = self._last_words()
            self.kill()
            raise FeedmillError(
                f"a cleaning process could not start: {said or 'it said nothing'}. "
                "Run `feedmill doctor`, which checks the installation."
            ) from error

    def clean(self, job: Job) -> Answer:
        """Return the answer to a job. Raises LostError; the worker is of no use after that."""
        position: int | None = None
        try:
            send(self._jobs.fileno(), job)
            deadline = self._patience(allowance(0))
            while True:
                message = receive(self._answers.fileno(), deadline)
                match message:
                    case ("started", int(position)):
                        at_hand = job.refs[position].bytes if position < len(job.refs) else job.bytes
                        deadline = self._patience(allowance(at_hand))
                    case ("done", Answer() as answer):
                        batch = receive_bytes(self._answers.fileno(), deadline)
                        # Arrow reads any buffer; making bytes of it would copy up to a gigabyte.
                        return replace(answer, batch=cast("bytes", batch))
                    case _:
                        raise FeedmillError(f"a cleaning process answered out of turn: {message!r:.200}")
        except Overdue:
            at_hand = job.refs[position].bytes if position is not None and position < len(job.refs) else 0
            raise LostError(position, _overdue(at_hand)) from None
        except Closed:
            detail = f"The cleaning process {self._ending()} while it cleaned this document, twice."
            raise LostError(position, Casualty(reason="worker-died", detail=detail)) from None

    def show(self, single: Single) -> CleanedDocument | Casualty:
        """Return one cleaned document, or why there is none. Raises LostError as `clean` does."""
        size = len(single.blob.data)
        try:
            send(self._jobs.fileno(), single)
            message = receive(self._answers.fileno(), self._patience(allowance(size)))
        except Overdue:
            raise LostError(0, _overdue(size)) from None
        except Closed:
            detail = f"The cleaning process {self._ending()} while it cleaned this document."
            raise LostError(0, Casualty(reason="worker-died", detail=detail)) from None
        match message:
            case ("shown", CleanedDocument() | Casualty() as shown):
                return shown
        raise FeedmillError(f"a cleaning process answered out of turn: {message!r:.200}")

    def stop(self) -> None:
        """End the process at once. May be called from any thread."""
        self._process.kill()

    def kill(self) -> None:
        """End the process at once and free what it held."""
        self.stop()
        self._process.wait()
        for pipe in (self._jobs, self._answers, self._stderr):
            pipe.close()

    def _patience(self, seconds: float) -> Patience:
        return Patience(seconds, self._process.pid)

    def _ending(self) -> str:
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "closed its pipe"
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with status {code}"

    def _last_words(self) -> str:
        self._stderr.seek(0)
        lines = self._stderr.read()[-2000:].decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""


class Pool:
    """A few workers, started when needed and used again. Answers come in the order of the jobs.

    Together they take about `memory` bytes: large documents wait for each other.
    """

    def __init__(self, workers: int, command: Sequence[str] = COMMAND, *, memory: int | None = None) -> None:
        self._workers = workers
        self._command = command
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        self._all: set[Worker] = set()
        self._lock = threading.Lock()
        self._room = Gate(memory)
        self._places = threading.BoundedSemaphore(workers)
        self._closed = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill all workers: an idle one holds nothing, a busy one nothing that is still wanted."""
        with self._lock:
            self._closed.set()
            for worker in self._all:
                worker.stop()  # the thread that reads from a busy one will clear it away
        with contextlib.suppress(queue.Empty):
            while True:
                self._drop(self._idle.get_nowait())

    def map(self, jobs: Iterable[Job]) -> Iterator[Answer]:
        """Yield an answer for each job, in order. At most two jobs a worker are under way or waiting."""
        pending: deque[Future[Answer]] = deque()
        with ThreadPoolExecutor(self._workers, "feedmill-worker") as threads:
            try:
                for job in jobs:
                    pending.append(threads.submit(self.clean, job))
                    if len(pending) >= 2 * self._workers:
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            finally:
                for future in pending:
                    future.cancel()
                if pending:  # left early: do not wait for answers that nobody will read
                    self.close()

    def clean(self, job: Job) -> Answer:
        """Return the answer to one job. May be called from any number of threads; they wait for each other.

        A document whose worker dies is tried once more in a new one, so that a worker killed from outside
        changes nothing; if that dies too, or time ran out, the document goes to quarantine whole.
        """
        # What is made of a job's documents is held until the last of them is done.
        with self._room.share(sum(ref.cost * ref.bytes for ref in job.refs)), self._places:
            return self._clean(job)

    def _clean(self, job: Job) -> Answer:
        died_before: set[int] = set()
        while True:
            worker = self._take()
            try:
                answer = worker.clean(job)
            except LostError as lost:
                self._drop(worker)
                position = _suspect(job, lost.position)
                if lost.casualty.reason == "timeout" or position in died_before:
                    job = replace(job, casualties={**job.casualties, position: lost.casualty})
                died_before.add(position)
            else:
                self._idle.put(worker)
                return answer

    def _take(self) -> Worker:
        with contextlib.suppress(queue.Empty):
            return self._idle.get_nowait()
        if self._closed.is_set():
            raise _stopped()
        worker = Worker(self._command)
        with self._lock:
            if not self._closed.is_set():
                self._all.add(worker)
                return worker
        worker.kill()
        raise _stopped()

    def _drop(self, worker: Worker) -> None:
        worker.kill()
        with self._lock:
            self._all.discard(worker)


def _overdue(size: int) -> Casualty:
    detail = f"Cleaning took longer than the {allowance(size):.0f} s that its size allows."
    return Casualty(reason="timeout", detail=detail)


def _stopped() -> FeedmillError:
    return FeedmillError("the run was stopped while it cleaned. Run it again: it goes on where it stopped.")


def _suspect(job: Job, position: int | None) -> int:
    """Return the document that a lost worker is put down to: the one at hand, else the largest one left."""
    if position is not None and position < len(job.refs) and position not in job.casualties:
        return position
    left = [index for index in range(len(job.refs)) if index not in job.casualties]
    if not left:
        raise FeedmillError(
            f"cleaning processes die even with nothing left to clean (near {job.refs[0].uri}). "
            "Run `feedmill doctor`, which checks the installation."
        )
    return max(left, key=lambda index: (job.refs[index].bytes, -index))
