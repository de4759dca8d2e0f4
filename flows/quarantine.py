"""Quarantine that is worked off: ranges listed and shown, their documents cleaned again, or decided upon."""

import getpass
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from flows.output import Row
from flows.pipeline import clock, now
from flows.reprocess import Reprocessed, reprocess
from flows.runs import IngestRequest
from schemas.errors import InputError
from warehouse.quarantine import QuarantinedRange, QuarantineSelection, ranges, raw_bytes
from warehouse.reader import current, reading
from warehouse.stored import Selection
from warehouse.writer import writing

#: Bytes of a range that are shown as text. `--raw` has all of them.
_SHOWN = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown(QuarantinedRange):
    """A range with its first bytes, as text with escapes in the place of what is no printable ASCII."""

    begins: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What a replay came to: ranges that were open, those of them that still are, and the run."""

    before: int
    open: int
    run: Reprocessed | None

    @property
    def exit_status(self) -> int:
        """Return 1 if the run failed, 3 if ranges are still open, else 0."""
        if self.run and self.run.exit_status:
            return self.run.exit_status
        return 3 if self.open else 0

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON types."""
        run = self.run.as_dict() if self.run else {}
        return {"ranges": self.before, "replayed": self.before - self.open, "open": self.open, **run}

    def __str__(self) -> str:
        if not self.run:
            return "Nothing is open in quarantine."
        landed = self.run.landed
        return (
            f"{self.before - self.open} of {self.before} open ranges could be used; {landed.items_new} new "
            f"and {landed.items_changed} changed items from {self.run.documents} documents. "
            f"Run {self.run.run_id}."
        )


def listed(warehouse: Path, select: QuarantineSelection) -> list[QuarantinedRange]:
    """Return ranges of the published copy. Raises WarehouseError, InputError for an unknown id."""
    with reading(warehouse) as con:
        current(con)
        return ranges(con, select)


def shown(warehouse: Path, range_id: str) -> tuple[Shown, bytes]:
    """Return a range with its first bytes, and all its bytes. Raises WarehouseError, InputError."""
    with reading(warehouse) as con:
        current(con)
        one = ranges(con, QuarantineSelection(ids=[range_id], status="all"))[0]
        data = raw_bytes(con, one)
    known = {field.name: getattr(one, field.name) for field in fields(QuarantinedRange)}
    return Shown(**known, begins=repr(data[:_SHOWN])[2:-1]), data


def replayed(request: IngestRequest, select: QuarantineSelection) -> Replay:
    """Clean the documents of the selected ranges again; what can be used now lands.

    Ranges that are named by their ids are tried even if they were discarded.
    """
    select = replace(select, status="all" if select.ids else "open")
    chosen = listed(request.warehouse, select)
    if not chosen:
        return Replay(before=0, open=0, run=None)
    documents = sorted({one.document_id for one in chosen})
    run = reprocess(request, Selection(document_ids=documents), "feedmill quarantine replay")
    left = {one.quarantine_id for one in listed(request.warehouse, QuarantineSelection(status="all"))}
    return Replay(before=len(chosen), open=sum(one.quarantine_id in left for one in chosen), run=run)


def discarded(request: IngestRequest, select: QuarantineSelection, note: str | None) -> int:
    """Note that nothing is to be had of the selected ranges; return how many. Raises WarehouseBusy."""
    if not request.warehouse.exists():
        raise InputError(f"There is no warehouse at {request.warehouse}, and nothing in quarantine.")
    started = clock(now())
    with writing(
        request.warehouse, command="feedmill quarantine discard", started_at=started, wait=request.wait
    ) as writer:
        chosen: Sequence[QuarantinedRange] = writer.quarantined(select)
        writer.decide(chosen, "discarded", note=note, by=_who(), at=started)
    return len(chosen)


def brief(row: Row) -> Row:
    """Return what a table shows of a range."""
    return {
        "id": row["quarantine_id"],
        "input": row["uri"],
        "bytes": f"{row['byte_start']}-{row['byte_end']}",
        "stage": row["stage"],
        "reason": row["reason"],
        "detail": row["detail"],
        "status": row["status"],
    }


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without an entry for this user
        return "unknown"
