"""Publish a working file: copy, sync, swap in atomically. Readers have the old copy or the new one."""

import contextlib
import os
import shutil
from pathlib import Path

from schemas.errors import WarehouseError
from warehouse.band_index import HALF_MADE
from warehouse.paths import WarehousePaths, wal_of

#: A DuckDB file begins with three headers of 4 KiB. Each checkpoint writes its number into one of them.
HEADERS = 3 * 4096
#: DuckDB refuses files that it may not write, even read-only.
PUBLISHED_MODE = 0o644


def publish(paths: WarehousePaths) -> bool:
    """Copy the working file to the published path, unless it is there already; return whether it was copied.

    Nobody may have the working file open, and the caller holds the lock.
    Raises WarehouseError if the log of the working file was not merged into it, or the disk is full.
    """
    if wal_of(paths.work).exists():
        raise WarehouseError(
            f"{paths.work} has a log that a checkpoint did not merge, so it cannot be published. "
            "Run feedmill doctor; the data are safe in the working file."
        )
    if is_published(paths):
        return False
    # A log left beside the old file would be replayed into the new one, blindly.
    wal_of(paths.published).unlink(missing_ok=True)
    _copy(paths.work, paths.published, paths.folder / f"{paths.publishing_prefix}{os.getpid()}")
    return True


def is_published(paths: WarehousePaths) -> bool:
    """Say whether both files come from the same checkpoint of the working file.

    What landed in this session does not tell: a kill between commit and publish leaves an old copy behind,
    and the run after it lands nothing.
    """
    try:
        if paths.work.stat().st_size != paths.published.stat().st_size:
            return False
        with paths.work.open("rb") as work, paths.published.open("rb") as published:
            return work.read(HEADERS) == published.read(HEADERS)
    except FileNotFoundError:
        return False


def leftovers(paths: WarehousePaths) -> list[Path]:
    """Return what dead writers left beside the warehouse. Only while nobody holds the lock is it all dead."""
    if not paths.folder.is_dir():
        return []
    # not glob: a file name may hold its special characters
    copies = [path for path in paths.folder.iterdir() if path.name.startswith(paths.publishing_prefix)]
    halves = [paths.bands.with_name(paths.bands.name + end) for end in HALF_MADE]
    return sorted(
        [
            *copies,
            *(half for half in halves if half.exists()),
            *([paths.scratch] if paths.scratch.is_dir() else []),
        ]
    )


def prepare(paths: WarehousePaths) -> None:
    """Remove what dead writers left, and make a lost working file again from the published one."""
    for leftover in leftovers(paths):
        if leftover == paths.scratch:
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)
    if paths.work.exists() and paths.work.stat().st_size < HEADERS:
        paths.work.unlink()  # killed while the file was being made: nothing can have been committed to it
    if not paths.work.exists() and paths.published.exists() and paths.published.stat().st_size > 0:
        wal_of(paths.work).unlink(missing_ok=True)  # it belonged to the lost file
        _copy(paths.published, paths.work, paths.folder / f"{paths.publishing_prefix}{os.getpid()}")


def _copy(source: Path, target: Path, passing: Path) -> None:
    try:
        shutil.copyfile(source, passing)
        with passing.open("rb+") as copy:
            os.fsync(copy.fileno())
        passing.chmod(PUBLISHED_MODE)
        passing.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        with contextlib.suppress(OSError):
            passing.unlink(missing_ok=True)
        raise WarehouseError(
            f"Cannot copy {source} to {target}: {error.strerror}. Free some disk space (the copy needs as "
            "much again as the warehouse) or mend permissions, and run the command again. Nothing is lost."
        ) from error
