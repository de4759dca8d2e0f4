"""The nursery: a process that has loaded what cleaning needs, and that workers are forked from.

Loading Python, numpy, the cleaners and what is compiled takes two seconds of a core. Done once, and not once
a worker, and pages that nobody writes are in memory once. The process has one thread: what is forked from
more than one may wait for ever for a lock that another held.
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Literal, cast

from flows.frames import Closed, Overdue, receive, send
from flows.patience import Patience
from schemas.errors import FeedmillError

# -P: the working directory is the user's, and must not be a place that Python imports from.
COMMAND = (sys.executable, "-P", "-m", "flows.worker")
# It loads for two seconds, and compiles for ten the first time on a machine; one that takes longer than this
# has a problem of its own.
START_SECONDS = 120.0
#: A process that has been killed, or has closed its pipes, ends at once.
_END_SECONDS = 5.0

# One process a core: threads of numpy's algebra would be in each other's way, take memory, and forbid to
# fork. Few arenas: 40 MB a worker that glibc would keep for itself. Blocks are given back late: those that a
# document needs the next one needs, too, and fetching them anew from the kernel was a sixth of all work.
_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),  # the most that glibc takes
}

#: What is loaded before a worker is forked: only the modules, what a limit of memory asks for, or the
#: compiled kernel too.
Warmth = Literal["cold", "warm", "compiled"]


class Nursery:
    """Forks workers, from a process that is started at first need. May be used from any thread."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        """Start nothing yet."""
        self._command = command
        self._lock = threading.Lock()
        self._mother: _Mother | None = None
        self._closed = False

    def fork(self, streams: tuple[int, int, int], warmth: Warmth) -> int:
        """Start a worker that reads, writes and complains to descriptors, and return its process id.

        The id stays that process's until `ended` was asked for it. Raises FeedmillError.
        """
        with self._lock:
            if self._mother:
                # One that was killed from outside is replaced: that is to change nothing.
                with contextlib.suppress(Closed, Overdue):
                    return self._mother.fork(streams, warmth)
                self._end()
            if self._closed:
                raise could_not_start("the run was stopped")
            self._mother = _Mother(self._command)
            try:
                return self._mother.fork(streams, warmth)
            except (Closed, Overdue) as error:
                said = self._mother.last_words()
                self._end()
                raise could_not_start(said) from error

    def ended(self, pid: int) -> int | None:
        """Return the status that a worker ended with, below 0 for a signal; None if that cannot be told."""
        with self._lock:
            if self._mother:
                with contextlib.suppress(Closed, Overdue):
                    return self._mother.ended(pid)
        return None

    def close(self) -> None:
        """End the process that workers are forked from. They themselves live on."""
        self._closed = True
        if mother := self._mother:
            mother.stop()  # whoever waits for it, holding the lock, need not wait longer
        with self._lock:
            self._end()

    def _end(self) -> None:
        mother, self._mother = self._mother, None
        if mother:
            mother.kill()


class _Mother:
    """The process behind a nursery."""

    def __init__(self, command: Sequence[str]) -> None:
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        home = str(Path(__file__).resolve().parent.parent)
        paths = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
        self._line, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                stdin=theirs.fileno(),
                stdout=self._stderr,
                stderr=self._stderr,
                env={**_ENVIRONMENT, **os.environ, "PYTHONPATH": paths},
            )

    def fork(self, streams: tuple[int, int, int], warmth: Warmth) -> int:
        send(self._line.fileno(), ("fork", warmth))
        try:
            socket.send_fds(self._line, [b"\0"], streams)
        except OSError as error:
            raise Closed from error
        return cast("int", self._answer(START_SECONDS))

    def ended(self, pid: int) -> int | None:
        send(self._line.fileno(), ("ended", pid, _END_SECONDS))
        return cast("int | None", self._answer(2 * _END_SECONDS))

    def stop(self) -> None:
        self._process.kill()

    def kill(self) -> None:
        self.stop()
        self._process.wait()
        self._line.close()
        self._stderr.close()

    def last_words(self) -> str:
        return last_words(self._stderr)

    def _answer(self, seconds: float) -> object:
        try:
            return receive(self._line.fileno(), Patience(seconds, self._process.pid))
        except ConnectionResetError as error:
            raise Closed from error


def last_words(stderr: IO[bytes]) -> str:
    """Return the last line that a process complained of."""
    stderr.seek(0)
    lines = stderr.read()[-2000:].decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""


def could_not_start(said: str) -> FeedmillError:
    """Return the error for a process that did not come up."""
    return FeedmillError(
        f"a cleaning process could not start: {said or 'it said nothing'}. "
        "Run `feedmill doctor`, which checks the installation."
    )
