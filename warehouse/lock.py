"""The writer's lock: one process at a time, and its name for the others."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import WarehouseBusy, WarehouseError
from warehouse.paths import WarehousePaths

#: Pause between two attempts: short against the fraction of a second that a small run holds the lock.
POLL_SECONDS = 0.05
#: Made even with no wait: whoever asks `lock_holder` takes the lock for microseconds.
LEAST_ATTEMPTS = 3

# A forked child would keep the lock of a parent that was killed, for as long as the child lives.
_held: set[int] = set()


def _close_in_child() -> None:
    for descriptor in _held:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_close_in_child)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockHolder:
    """The process that writes. Fields are None if it has not written them down yet."""

    pid: int | None = None
    command: str | None = None
    started_at: str | None = None

    def __str__(self) -> str:
        """Return one phrase for messages."""
        if self.pid is None:
            return "another process"
        return f"process {self.pid} ({self.command}, since {self.started_at})"


@contextmanager
def locked(path: Path, *, command: str, started_at: str, wait: float) -> Iterator[None]:
    """Hold the OS lock of the warehouse at `path`. It ends with the process, however that ends.

    The lock file stays: removing it would let two processes lock two files of one name.
    Raises WarehouseBusy after `wait` seconds, WarehouseError if the file cannot be made.
    """
    lock = WarehousePaths.of(path).lock
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise WarehouseError(
            f"Cannot write in {lock.parent}: {error.strerror}. "
            "Give the folder write permission, or name another file with --warehouse."
        ) from error
    _held.add(descriptor)
    try:
        _acquire(descriptor, lock, path, wait)
        note = {"pid": os.getpid(), "command": command, "started_at": started_at}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(note).encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        _held.discard(descriptor)
        os.close(descriptor)


def lock_holder(path: Path) -> LockHolder | None:
    """Return who writes to the warehouse at `path` now, or None."""
    lock = WarehousePaths.of(path).lock
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(lock)
    finally:
        os.close(descriptor)
    return None


def _acquire(descriptor: int, lock: Path, path: Path, wait: float) -> None:
    deadline = time.monotonic() + wait
    attempt = 1
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt >= LEAST_ATTEMPTS and time.monotonic() >= deadline:
                raise WarehouseBusy(
                    f"{path} is being written by {_read(lock)}. Wait for it to end and try again; "
                    "reading (feedmill sql) works meanwhile."
                ) from None
        else:
            return
        attempt += 1
        time.sleep(POLL_SECONDS)


def _read(lock: Path) -> LockHolder:
    # Between taking the lock and noting who took it, the file is empty or says who held it before a kill.
    try:
        note = json.loads(lock.read_bytes())
        return LockHolder(
            pid=int(note["pid"]), command=str(note["command"]), started_at=str(note["started_at"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return LockHolder()
