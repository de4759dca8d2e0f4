"""The mark of a running `feedmill serve`: a file beside the warehouse, locked as long as the process lives.

Who starts `feedmill ingest` meanwhile finds the server by it, and its run shows in the browser.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import FeedmillError, WarehouseError


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running `feedmill serve`. `api` is the address of its Prefect API; None while it starts."""

    pid: int
    port: int
    api: str | None = None

    @property
    def page(self) -> str:
        """Return the address that a browser opens."""
        return f"http://127.0.0.1:{self.port}"


def mark_of(warehouse: Path) -> Path:
    """Return the file that a running `feedmill serve` holds."""
    return beside(warehouse, ".{}.serve")


def home_of(warehouse: Path) -> Path:
    """Return the folder of the server's database and logs."""
    return beside(warehouse, ".{}.prefect")


def last_run_of(warehouse: Path) -> Path:
    """Return the file in which the last run left what `/metrics` cannot ask the warehouse for."""
    return beside(warehouse, ".{}.last-run.json")


def beside(warehouse: Path, pattern: str) -> Path:
    """Return a file or folder beside the warehouse, with its name in the place of `{}`."""
    real = warehouse.resolve()
    return real.with_name(pattern.format(real.name))


def served(warehouse: Path) -> Served | None:
    """Return the `feedmill serve` that runs for this warehouse, if any."""
    mark = mark_of(warehouse)
    try:
        descriptor = os.open(mark, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(mark)
    finally:
        os.close(descriptor)
    return None


def served_api(warehouse: Path) -> str | None:
    """Return the address of the Prefect API of a running `feedmill serve`, if any is ready."""
    running = served(warehouse)
    return running.api if running else None


class Mark:
    """The held mark."""

    def __init__(self, descriptor: int) -> None:
        """Take over a descriptor that holds the lock."""
        self._descriptor = descriptor

    def write(self, state: Served) -> None:
        """Let others know."""
        text = json.dumps({"pid": state.pid, "port": state.port, "api": state.api}).encode()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text, 0)


@contextlib.contextmanager
def marked(warehouse: Path) -> Iterator[Mark]:
    """Be the one `feedmill serve` of the warehouse.

    Raises FeedmillError if there is one, WarehouseError if the folder cannot be written.
    """
    mark = mark_of(warehouse)
    try:
        mark.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(mark, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise WarehouseError(
            f"Cannot write in {mark.parent}: {error.strerror}. "
            "Give the folder write permission, or name another warehouse with --warehouse."
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            there = _read(mark)
            where = f" at {there.page} (process {there.pid})" if there else ""
            raise FeedmillError(
                f"feedmill serve runs for {warehouse} already{where}. Open it in a browser, stop it with "
                "Ctrl-C, or name another warehouse with --warehouse."
            ) from None
        try:
            yield Mark(descriptor)
        finally:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _read(mark: Path) -> Served | None:
    try:
        note = json.loads(mark.read_bytes())
        return Served(pid=int(note["pid"]), port=int(note["port"]), api=note["api"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # between taking the lock and writing
