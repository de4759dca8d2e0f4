"""Whether a warehouse keeps its promises: every data check, and items derived again from stored bytes."""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cleaners.chain import CLEANER
from flows.again import cleaned_again
from flows.output import Row
from flows.progress import Progress, Tell, silent
from flows.runs import IngestRequest
from schemas.errors import FeedmillError
from warehouse.batch import Batch
from warehouse.bodies import document_bytes
from warehouse.checks import checks, rule_of, run_checks
from warehouse.connection import staged
from warehouse.reader import current, reading
from warehouse.rederive import different
from warehouse.stored import Selection, Stored, stored

#: Documents of a verdict that are named: a person needs an example, a program asks again with --format json.
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One promise, kept or broken. `stale`: not to be judged, for other cleaners made these rows."""

    check: str
    state: Literal["kept", "broken", "stale"]
    found: str
    mend: str | None = None


def verify(request: IngestRequest, sample: int | None = None, tell: Tell = silent) -> list[Verdict]:
    """Return the verdicts: first the items derived again, then the data checks. Changes nothing.

    With `sample`, only documents of so many items drawn at random are derived again. Reads the published
    copy, so it holds nobody up. Raises WarehouseError if there is none.
    """
    with contextlib.ExitStack() as stack:
        con = stack.enter_context(reading(request.warehouse))
        current(con)
        documents = stored(con, Selection(sample=sample))
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="feedmill-verify-")))
        fresh = [one for one in documents if one.cleaner == CLEANER and not one.lost]
        unlike: set[str] = set()
        unreadable: dict[str, str] = {}
        items = done = 0

        def bytes_of(document_id: str) -> bytes:
            try:
                return document_bytes(con, document_id)
            except FeedmillError as error:
                unreadable[document_id] = str(error)
                return b""

        for job, answer in cleaned_again(fresh, bytes_of, request, scratch):
            batch = Batch.from_ipc(answer.batch)
            with staged(con, _stages(batch)):
                unlike |= different(con)
            came = set(batch.document_ids)
            unlike |= {str(ref.document_id)[:32] for ref in job.refs if ref.document_id not in came}
            items += batch.items.num_rows
            done += job.bytes
            tell(Progress(stage="clean", done=done, total=sum(one.bytes for one in fresh)))
        verdicts = [_rederived(fresh, items, unlike, unreadable), *_not_judged(documents)]
        failures = {failure.check: failure for failure in run_checks(con)}
        for name, sql in checks().items():
            failure = failures.get(name)
            verdicts.append(
                Verdict(
                    check=name,
                    state="broken" if failure else "kept",
                    found=str(failure).partition(": ")[2] if failure else rule_of(sql),
                    mend="Ingest the documents named into another warehouse, or restore a backup; report it."
                    if failure
                    else None,
                )
            )
    return verdicts


def brief(row: Row) -> Row:
    """Return what a table shows of a verdict."""
    return {"": {"kept": "✓", "stale": "·", "broken": "✗"}[str(row["state"])]} | {
        name: row[name] for name in ("check", "found", "mend")
    }


def _stages(batch: Batch) -> dict[str, object]:
    return {f"stage_{name}": rows for name, rows in batch.tables().items() if name != "bodies"}


def _rederived(documents: list[Stored], items: int, unlike: set[str], unreadable: dict[str, str]) -> Verdict:
    what = f"{items:,} items of {len(documents):,} documents"
    if not unlike:
        return Verdict(check="rederived", state="kept", found=f"{what} derived again are as they landed")
    ids = sorted(one.document_id for one in documents if one.document_id[:32] in unlike)
    named = ", ".join(ids[:_NAMED])
    why = next(iter(unreadable.values()), "what the cleaners make of their bytes is not what landed")
    return Verdict(
        check="rederived",
        state="broken",
        found=f"{len(ids):,} of {len(documents):,} documents: {why} ({named})",
        mend="`feedmill ingest --reprocess --dry-run` shows what is different; without it, mends that.",
    )


def _not_judged(documents: list[Stored]) -> Iterator[Verdict]:
    stale = [one for one in documents if one.cleaner != CLEANER]
    lost = [one for one in documents if one.cleaner == CLEANER and one.lost]
    if stale:
        yield Verdict(
            check="cleaners",
            state="stale",
            found=f"{len(stale):,} documents were cleaned by other cleaners than the present ({CLEANER})",
            mend="`feedmill ingest --reprocess` cleans them again; --dry-run shows what would change.",
        )
    if lost:
        yield Verdict(
            check="limits",
            state="stale",
            found=f"{len(lost):,} documents are in quarantine for a limit of the machine: not cleaned again",
            mend="`feedmill quarantine replay` tries them again.",
        )
