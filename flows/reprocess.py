"""The present cleaners over stored bytes, without the original files: `ingest --reprocess`, and replays.

What comes out differently takes the place of what was there, a batch in one transaction; what was there is
history (`feedmill diff`, the view item_versions). A dry run says what would be different, and writes nothing.
"""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flows.again import cleaned_again
from flows.judging import failed, judged
from flows.learned import LearnedLine
from flows.ledger import Judge
from flows.output import Row, records, write, write_json
from flows.pipeline import begin, clock, enter, now
from flows.progress import Progress, Tell, silent
from flows.runs import IngestRequest, upkeep_request
from flows.settings import load
from flows.voice import Voice
from schemas.errors import InputError
from schemas.findings import Finding
from warehouse.batch import Batch
from warehouse.bodies import document_bytes
from warehouse.booking import Landed
from warehouse.history import Change, changes_between, changes_of
from warehouse.reader import current, reading
from warehouse.stored import Selection, stored
from warehouse.writer import RunState

_COMMAND = "feedmill ingest --reprocess"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reprocessed:
    """What cleaning landed documents again came to. `changed` counts documents that came out differently."""

    run_id: str
    documents: int
    landed: Landed
    findings: tuple[Finding, ...] = ()

    @property
    def exit_status(self) -> int:
        """Return 1 if a data check failed, else 0."""
        return 1 if failed(self.findings) else 0

    def __str__(self) -> str:
        landed = self.landed
        return (
            f"{self.documents} documents cleaned again: {landed.items_new} items are new, "
            f"{landed.items_changed} changed, {landed.items_unchanged} are as they were. "
            f"`feedmill diff` shows it against an earlier run. Run {self.run_id}."
        )

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {
            "run_id": self.run_id,
            "state": "failed" if self.exit_status else "completed",
            "documents": self.documents,
            "items_new": self.landed.items_new,
            "items_changed": self.landed.items_changed,
            "items_unchanged": self.landed.items_unchanged,
            "duplicates": self.landed.duplicates,
            "failures": [one.detail for one in self.findings if one.level == "failed"],
        }


def reprocess(
    request: IngestRequest,
    select: Selection,
    command: str = _COMMAND,
    tell: Tell = silent,
    learned: Sequence[LearnedLine] | None = None,
) -> Reprocessed:
    """Clean the selected documents again and put what comes out in the place of what landed.

    `learned`: lines of sources that are in force now; None: those that were, document by document.
    Safe to stop: what was replaced stays so, and the next time changes nothing of it.
    Raises WarehouseBusy, and WarehouseError; InputError where there is nothing to clean.
    """
    if not request.warehouse.exists():
        raise InputError(
            f"There is no warehouse at {request.warehouse}, so there are no bytes to clean again."
        )
    run = begin(replace(request, command=command))
    with contextlib.ExitStack() as stack:
        writer = enter(stack, run)
        documents = writer.stored(select)
        total = sum(one.bytes for one in documents)
        judge, landed, done = Judge(), Landed(), 0
        for job, answer in cleaned_again(documents, writer.bytes_of, request, writer.scratch, learned):
            batch = Batch.from_ipc(answer.batch)
            landed = _sum(landed, writer.rederive(batch, run_id=run.run_id, at=clock(), matcher=judge))
            done += job.bytes
            tell(Progress(stage="clean", done=done, total=total, documents=len(documents)))
        findings = judged(writer, run.run_id, now().date())
        state: RunState = "failed" if failed(findings) else "completed"
        writer.finish_run(run.run_id, finished_at=clock(), state=state)
        tell(Progress(stage="publish", done=0, total=1))
    return Reprocessed(run_id=run.run_id, documents=len(documents), landed=landed, findings=findings)


def would_change(
    request: IngestRequest,
    select: Selection,
    tell: Tell = silent,
    learned: Sequence[LearnedLine] | None = None,
) -> Iterator[Change]:
    """Yield what `reprocess` would change, as the published copy stands, without writing anything."""
    with contextlib.ExitStack() as stack:
        con = stack.enter_context(reading(request.warehouse))
        current(con)
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="feedmill-")))
        documents = stored(con, select)
        total, done = sum(one.bytes for one in documents), 0
        answers = cleaned_again(
            documents, lambda document_id: document_bytes(con, document_id), request, scratch, learned
        )
        for job, answer in answers:
            yield from changes_of(con, Batch.from_ipc(answer.batch))
            done += job.bytes
            tell(Progress(stage="clean", done=done, total=total, documents=len(documents)))


def diff(warehouse: Path, run_a: str, run_b: str) -> Iterator[Change]:
    """Yield what is different in the items at the end of run B from those at the end of run A."""
    with reading(warehouse) as con:
        current(con)
        yield from changes_between(con, run_a, run_b)


def brief(row: Row) -> Row:
    """Return what a table shows of a change."""
    shown = {name: _short(row[name]) for name in ("before", "after")}
    return {
        "": {"added": "+", "removed": "-", "changed": "~"}[str(row["change"])],
        "item": str(row["item_id"])[:12],
        "title": _short(row["title"], 40),
        "field": row["field"],
        **shown,
    }


def _short(value: object, width: int = 60) -> object:
    text = "" if value is None else str(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def _sum(left: Landed, right: Landed) -> Landed:
    return Landed(
        documents_unchanged=left.documents_unchanged + right.documents_unchanged,
        items_new=left.items_new + right.items_new,
        items_changed=left.items_changed + right.items_changed,
        items_unchanged=left.items_unchanged + right.items_unchanged,
        duplicates=left.duplicates + right.duplicates,
        quarantined=left.quarantined + right.quarantined,
    )


def reprocessed(
    warehouse: str | None, source: str | None, voice: Voice, *, dry_run: bool, as_json: bool, wait: float
) -> int:
    """Do what `ingest --reprocess` asks for; a dry run prints what would be different. Return the status."""
    settings = load(warehouse=warehouse)
    request, select = upkeep_request(settings, wait), Selection(source=source)
    if dry_run:
        changes = would_change(request, select, learned=settings.learned)
        count = write(records(changes, Change, brief=brief, fold=True), "json" if as_json else None)
        voice.tell(f"{count} fields of items would change. Nothing was written.")
        return 0
    outcome = reprocess(request, select, learned=settings.learned)
    if as_json:
        write_json(outcome.as_dict())
    voice.tell(str(outcome))
    for finding in outcome.findings:
        voice.warn(f"{finding.name}: {finding.detail}")
    return outcome.exit_status
