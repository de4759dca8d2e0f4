"""Views as files: Parquet by month in a folder, or CSV or JSONL in one file. Whole or not at all; resumable.

Rows are read in one go from the published copy, month by month, into a folder beside the target; each
finished part is synced and noted in its journal. An export that was ended goes on behind the last finished
part, if the warehouse still shows the same (else it begins again). The finished export takes the place of the
old one in one step: whoever reads has the old one or the new one.
"""

import contextlib
import ctypes
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from flows.output import OutputError, arrow_rows, encoded
from schemas.errors import ConfigError
from warehouse.export import Months, months, snapshot
from warehouse.reader import current, reading

Kind = Literal["parquet", "csv", "jsonl"]
_JOURNAL = "journal.json"
_AT_FDCWD, _EXCHANGE = -100, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export came to. `resumed`: months that an earlier attempt had finished."""

    path: str
    rows: int
    months: int
    resumed: int

    def __str__(self) -> str:
        again = f", {self.resumed} of them by an earlier attempt" if self.resumed else ""
        return f"{self.rows:,} rows of {self.months} months{again}: {self.path}"


def export(
    warehouse: Path, target: Path, *, view: str = "items", kind: Kind = "parquet", excel_safe: bool = False
) -> Exported:
    """Write all rows of a view that has `published_best` to `target`: a folder for Parquet, else a file.

    Raises WarehouseError, InputError for another view, OutputError if it cannot be written. What was at
    `target` before stays until the new export is whole.
    """
    target = target.absolute()
    if excel_safe and kind != "csv":
        raise ConfigError(f"--excel-safe is about CSV, and the format is {kind}. Add --format csv.")
    if target.exists() and target.is_dir() != (kind == "parquet"):
        raise ConfigError(
            f"{target} is there and is no {'folder' if kind == 'parquet' else 'file'}. Name another."
        )
    staging = target.with_name(f".{target.name}.exporting")
    with _said_plainly(target), reading(warehouse) as con:
        current(con)
        what = {"view": view, "kind": kind, "excel_safe": excel_safe, "snapshot": snapshot(con)}
        done = _resume(staging, what)
        resumed = len(done)
        found = months(con, view, [*done])
        for month, rows in found:
            part = staging / f"{month}.{kind}"
            done[month] = _write(part, found, rows, kind, excel_safe=excel_safe)
            _note(staging, what, done)
        _assemble(staging, target, kind, sorted(done), found, excel_safe=excel_safe)
    return Exported(path=str(target), rows=sum(done.values()), months=len(done), resumed=resumed)


def _resume(staging: Path, what: dict[str, object]) -> dict[str, int]:
    """Return the finished months of an earlier attempt and their rows; remove what is of no use."""
    try:
        journal = json.loads((staging / _JOURNAL).read_text())
        if journal["what"] == what:
            done: dict[str, int] = journal["done"]
            return done
    except (OSError, ValueError, KeyError):
        pass
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    return {}


def _note(staging: Path, what: dict[str, object], done: dict[str, int]) -> None:
    passing = staging / f"{_JOURNAL}.new"
    _synced(passing, [json.dumps({"what": what, "done": done}).encode()])
    passing.replace(staging / _JOURNAL)


def _write(
    part: Path, found: Months, batches: Iterable[pa.RecordBatch], kind: Kind, *, excel_safe: bool
) -> int:
    rows = 0

    def counted() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        for batch in batches:
            rows += batch.num_rows
            yield batch

    if kind == "parquet":
        with part.open("wb") as file:
            with pq.ParquetWriter(file, found.schema, compression="zstd") as writer:
                for batch in counted():
                    writer.write_batch(batch)
            file.flush()
            os.fsync(file.fileno())
    else:
        tables = (pa.Table.from_batches([batch], found.schema) for batch in counted())
        _synced(part, (piece for table in tables for piece in _text(table, kind, excel_safe=excel_safe)))
    return rows


def _assemble(
    staging: Path, target: Path, kind: Kind, done: list[str], found: Months, *, excel_safe: bool
) -> None:
    if kind != "parquet":
        passing = staging / f"whole.{kind}"
        head = _text(pa.Table.from_batches([], found.schema), kind, excel_safe=excel_safe, head=True)
        _synced(passing, head, (staging / f"{month}.{kind}" for month in done))
        passing.replace(target)
        _sync_folder(target.parent)
        shutil.rmtree(staging, ignore_errors=True)
        return
    whole = staging / "whole"
    shutil.rmtree(whole, ignore_errors=True)
    for month in done:
        folder = whole / f"month={month}"
        folder.mkdir(parents=True)
        os.link(staging / f"{month}.parquet", folder / "items.parquet")
    whole.mkdir(exist_ok=True)
    _swap(whole, target)
    _sync_folder(target.parent)
    shutil.rmtree(staging, ignore_errors=True)


def _text(
    table: pa.Table, kind: Literal["csv", "jsonl"], *, excel_safe: bool, head: bool = False
) -> Iterator[bytes]:
    return encoded(replace(arrow_rows(table), excel_safe=excel_safe), kind, head=head)


def _swap(whole: Path, target: Path) -> None:
    """Put a folder in the place of another one in one step; the old one is where the new one was."""
    if not target.exists():
        whole.rename(target)
        return
    # Python has no name for it. Where the system has not either, there is a moment without the folder.
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 and not renameat2(
        _AT_FDCWD, os.fsencode(whole), _AT_FDCWD, os.fsencode(target), ctypes.c_uint(_EXCHANGE)
    ):
        return
    old = whole.with_name("old")
    target.rename(old)
    whole.rename(target)


def _synced(path: Path, pieces: Iterable[bytes], files: Iterable[Path] = ()) -> None:
    with path.open("wb") as file:
        for piece in pieces:
            file.write(piece)
        for part in files:
            with part.open("rb") as source:
                shutil.copyfileobj(source, file, 1 << 20)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _said_plainly(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"The export to {target} could not be written: {error.strerror or error}. What was there is as "
            "it was. Make room or mend permissions and run the command again: it goes on where it stopped."
        ) from error
