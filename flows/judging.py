"""The end of a run that wrote: data checks on what it landed, and what was expected of its sources."""

import datetime as dt
from collections.abc import Iterable

from flows.expectations import judge
from flows.settings import SourceSettings
from schemas.findings import Delivery, Finding
from warehouse.writer import Writer


def judged(
    writer: Writer | None, run_id: str, day: dt.date, sources: Iterable[SourceSettings] = ()
) -> tuple[Finding, ...]:
    """Return, and store, what the data checks and the expectations found on `day`, the day of the run.

    A check is only named if it fails; an expectation in any case. Without a writer nothing was delivered.
    """
    found = []
    for failure in writer.check_new(run_id) if writer else ():
        _, _, detail = str(failure).partition(": ")
        found.append(
            Finding(
                kind="check", name=failure.check, level="failed", value=float(failure.rows), detail=detail
            )
        )
    for source in {one.name: one for one in sources if one.expect.any}.values():
        delivery = writer.delivered(run_id, source.name) if writer else Delivery()
        found += judge(source.name, source.expect, delivery, day)
    if writer:
        writer.note_findings(run_id, found)
    return tuple(found)


def failed(found: Iterable[Finding]) -> bool:
    """Say whether a run failed by what was found."""
    return any(one.level == "failed" for one in found)
