"""Upkeep of a warehouse: what must hold is checked, runs that nobody asks for any more are forgotten."""

import datetime as dt
from dataclasses import dataclass

from flows.pipeline import clock, now
from flows.runs import IngestRequest
from flows.verify import Verdict, verify
from schemas.errors import InputError
from warehouse.writer import writing

COMMAND = "feedmill maintain"
#: Documents' items that are derived again from their stored bytes: a minute of cleaning at the most.
SAMPLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintained:
    """What upkeep came to. Sizes are of the published file, in bytes."""

    forgotten: int
    before: int
    after: int


def check(request: IngestRequest, sample: int = SAMPLE) -> list[Verdict]:
    """Return the verdicts on all promises; items are derived again for a sample only."""
    _require(request)
    return verify(request, sample or None)


def compact(request: IngestRequest, keep_days: int) -> Maintained:
    """Forget older runs that changed nothing, give back the blocks at the end of the file, publish.

    Raises WarehouseBusy after `request.wait` seconds, and WarehouseError.
    """
    _require(request)
    before = request.warehouse.stat().st_size if request.warehouse.exists() else 0
    oldest = clock(now() - dt.timedelta(days=keep_days))
    with writing(request.warehouse, command=COMMAND, started_at=clock(), wait=request.wait) as writer:
        forgotten = writer.forget_runs(oldest)
    return Maintained(forgotten=forgotten, before=before, after=request.warehouse.stat().st_size)


def _require(request: IngestRequest) -> None:
    if not request.warehouse.exists():
        raise InputError(f"There is no warehouse at {request.warehouse} yet: let an ingest make it first.")
