"""Worker processes that clean batches side by side, can be killed, and cannot take a run with them."""

import contextlib
import os
import queue
import signal
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import IO, Self, cast

from flows.cleaning import COMPILED_BYTES, Answer, Casualty, Job, Single
from flows.frames import Closed, Overdue, receive, receive_bytes, send
from flows.memory import Gate
from flows.nursery import COMMAND, START_SECONDS, Nursery, Warmth, could_not_start, last_words
from flows.patience import Patience
from flows.worker import allowance
from schemas.errors import FeedmillError
from schemas.items import CleanedDocument


class LostError(Exception):
    """A worker is gone. `position` is the document it had in hand, None if it had none."""

    def __init__(self, position: int | None, casualty: Casualty) -> None:
        super().__init__(casualty.detail)
        self.position = position
        self.casualty = casualty


class Worker:
    """One worker process and the pipes to it. Used by one thread at a time."""

    def __init__(self, nursery: Nursery, warmth: Warmth = "cold") -> None:
        """Start the process and wait until it is ready. Raises FeedmillError."""
        self._nursery = nursery
        self._lock = threading.Lock()
        self._ended = False
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        jobs, self._jobs = os.pipe()
        self._answers, answers = os.pipe()
        try:
            self.pid = nursery.fork((jobs, answers, self._stderr.fileno()), warmth)
        except BaseException:
            self._close()
            raise
        finally:
            os.close(jobs)
            os.close(answers)
        try:
            receive(self._answers, self._patience(START_SECONDS))
        except (Closed, Overdue) as error:
            said = last_words(self._stderr)
            self.kill()
            raise could_not_start(said) from error

    def clean(self, job: Job) -> Answer:
        """Return the answer to a job. Raises LostError; the worker is of no use after that."""
        position: int | None = None
        try:
            send(self._jobs, job)
            deadline = self._patience(allowance(0))
            while True:
                message = receive(self._answers, deadline)
                match message:
                    case ("started", int(position)):
                        at_hand = job.refs[position].bytes if position < len(job.refs) else job.bytes
                        deadline = self._patience(allowance(at_hand))
                    case ("done", Answer() as answer):
                        batch = receive_bytes(self._answers, deadline)
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
            send(self._jobs, single)
            message = receive(self._answers, self._patience(allowance(size)))
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
        with self._lock:
            if not self._ended:  # else the id may be another process's by now
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)

    def kill(self) -> None:
        """End the process at once and free what it held."""
        self.stop()
        self._wait()
        self._close()

    def _close(self) -> None:
        os.close(self._jobs)
        os.close(self._answers)
        self._stderr.close()

    def _wait(self) -> int | None:
        with self._lock:
            ended, self._ended = self._ended, True
        return None if ended else self._nursery.ended(self.pid)

    def _patience(self, seconds: float) -> Patience:
        return Patience(seconds, self.pid)

    def _ending(self) -> str:
        code = self._wait()
        if code is None:
            return "closed its pipe"
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with status {code}"


class Pool:
    """A few workers, started when needed and used again. Answers come in the order of the jobs.

    Together they take about `memory` bytes: large documents wait for each other.
    """

    def __init__(self, workers: int, command: Sequence[str] = COMMAND, *, memory: int | None = None) -> None:
        self._workers = workers
        self._nursery = Nursery(command)
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
        self._nursery.close()

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
            worker = self._take(_warmth(job))
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

    def _take(self, warmth: Warmth) -> Worker:
        with contextlib.suppress(queue.Empty):
            return self._idle.get_nowait()
        if self._closed.is_set():
            raise _stopped()
        worker = Worker(self._nursery, warmth)
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


def _warmth(job: Job) -> Warmth:
    """Return what a worker of such jobs needs, and what is therefore loaded before it is forked."""
    if job.memory is None:
        return "cold"
    return "compiled" if job.bytes >= COMPILED_BYTES else "warm"


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
