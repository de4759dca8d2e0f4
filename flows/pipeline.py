"""The ingest run as plain functions. `ingest` strings them together here; the Prefect flow does so there.

    begin       the run's id and clock
    discover    inputs -> files and addresses (flows.sources)
    fetched     addresses that are due -> files (flows.polling); `spool` reads stdin and archives
    enter       be the writer of the warehouse; from here on readers have something to open
    survey      which documents are new; the same bytes under two names are one document (flows.survey)
    plan        new documents -> jobs of some megabytes (flows.survey)
    clean       a job -> one Arrow batch (flows.cleaning, in worker processes by flows.pool)
    land        match and land some batches in one transaction; at times readers see it (flows.refresh)
    remember    what servers said, for the next poll
    finish      note what was there before, and the end; the run in figures
"""  # fmt: skip

import contextlib
import datetime as dt
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flows.books import Books, books_of
from flows.cleaning import Answer, Job, clean_batch
from flows.grouping import grouped
from flows.inputs import Ref
from flows.judging import failed, judged
from flows.ledger import Judge, Ledger
from flows.memory import database_memory, give_back
from flows.polled import Polled
from flows.pool import Pool
from flows.progress import Progress, Tell, silent
from flows.refresh import Refresher
from flows.runs import IngestRequest, RunSummary, State, source_rows
from flows.sources import Discovery, discover
from flows.spooling import spool
from flows.survey import Survey, document_id_of, plan, survey
from schemas.signatures import DEFAULT_RECIPE
from warehouse.batch import Batch, Receipt
from warehouse.booking import Landed
from warehouse.holdings import Held
from warehouse.joining import join
from warehouse.writer import Writer, writing

__all__ = ["Progress", "Run", "ingest"]

# A worker takes 0.4 s of CPU to import what it needs, and posts are cleaned at some 0.25 MB/s (measured). So
# from here on two workers are faster than this process alone, and a run survives what documents do to one.
IN_PROCESS_BYTES = 300_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that has begun. The id sorts by time and names nothing else."""

    run_id: str
    started_at: dt.datetime
    request: IngestRequest


def ingest(request: IngestRequest, progress: Tell | None = None) -> RunSummary:
    """Clean, match and land the documents behind a request, and publish the warehouse.

    What has landed before is not cleaned again. A dry run asks the published copy, and finds no duplicates.
    Raises WarehouseBusy before anything was done, and WarehouseError; batches landed before an error stay.
    """
    tell, run = progress or silent, begin(request)
    with contextlib.ExitStack() as stack:
        found = discover(request.inputs, warehouse=request.warehouse)
        writer = enter(stack, run) if needs_warehouse(run, found) else None
        scratch, books = scratch_folder(stack, writer), books_of(writer, request.warehouse)
        polled = fetched(found, scratch, books)
        found = spool(polled.found, scratch, memory=request.memory_bytes)
        surveyed = survey(found, books.known, tell)
        ledger, refresher = Ledger(), Refresher()
        for some in grouped(clean(plan(surveyed.new, request), request, surveyed.bytes), request.batch_bytes):
            refresher.refresh(writer)
            ledger.enter(some, land(writer, some, run, ledger.judge))
            tell(ledger.progress(surveyed.bytes))
        remember(writer, polled, ledger)
        summary = finish(writer, run, found, surveyed, ledger)
        tell(Progress(stage="publish", done=0, total=1))
        stack.close()
    return replace(summary, finished_at=now())


def begin(request: IngestRequest) -> Run:
    """Return a new run."""
    started = now()
    stamp = f"{started:%Y%m%dT%H%M%S}{started.microsecond // 1000:03d}Z"
    return Run(run_id=f"{stamp}-{secrets.token_hex(3)}", started_at=started, request=request)


def scratch_folder(stack: contextlib.ExitStack, writer: Writer | None) -> Path:
    """Return a folder for what a run needs only while it lasts: beside the warehouse, under its lock.

    What a killed run leaves there, the next writer removes. A dry run, which writes nothing, has a temporary
    folder until `stack` is closed.
    """
    if writer:
        return writer.scratch
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="feedmill-")))


def needs_warehouse(run: Run, found: Discovery) -> bool:
    """Say whether there is anything to write: a typing error should not leave an empty warehouse behind."""
    return not run.request.dry_run and (bool(found.refs) or run.request.warehouse.exists())


def enter(stack: contextlib.ExitStack, run: Run, *, any_recipe: bool = False) -> Writer:
    """Open the run's warehouse and note its start. Closing `stack` publishes.

    Raises WarehouseBusy, and, unless `any_recipe`, WarehouseError if its texts were signed by another recipe.
    """
    request = run.request
    if request.memory_bytes is not None:
        give_back()
    started = clock(run.started_at)
    writer = stack.enter_context(
        writing(
            request.warehouse,
            command=request.command,
            started_at=started,
            wait=request.wait,
            bodies=request.bodies,
            memory_limit=None if request.memory_bytes is None else database_memory(request.warehouse),
        )
    )
    stack.enter_context(_recorded(writer, run))
    if not any_recipe:
        writer.check_recipe(DEFAULT_RECIPE.name)
    return writer


def fetched(found: Discovery, scratch: Path, books: Books) -> Polled:
    """Fetch the addresses among what was found that are due; their bytes lie in `scratch` then."""
    if not any(ref.address for ref in found.refs):
        return Polled(found=found)
    from flows.polling import poll  # noqa: PLC0415 - brings the network: most runs need none

    return poll(found, scratch, books.polls(), now)


def remember(writer: Writer | None, polled: Polled, ledger: Ledger) -> None:
    """Write down the polls of a run whose documents have landed: not before, or a post could be missed."""
    lost = {failure.uri for failure in ledger.failures}
    if writer and polled.polls:
        writer.note_polls([one for one in polled.polls if one.address not in lost])


def clean(jobs: Sequence[Job], request: IngestRequest, total: int) -> Iterator[Answer]:
    """Yield the answers to jobs in order: in worker processes, or here if there is little and no risk."""
    risky = any(ref.risky for job in jobs for ref in job.refs)
    if total <= IN_PROCESS_BYTES and not risky:
        yield from map(clean_batch, jobs)
        return
    with Pool(min(request.workers, len(jobs)), memory=request.memory_bytes) as pool:
        yield from pool.map(jobs)


def land(writer: Writer | None, answers: Sequence[Answer], run: Run, judge: Judge) -> Landed:
    """Match and land batches in one transaction; without a writer, only say what there is to land."""
    if writer is None:
        return Landed(items_new=sum(tally.items for answer in answers for tally in answer.tallies.values()))
    batch = join([Batch.from_ipc(answer.batch) for answer in answers])
    return writer.land(batch, run_id=run.run_id, at=clock(), matcher=judge)


def finish(writer: Writer | None, run: Run, found: Discovery, surveyed: Survey, ledger: Ledger) -> RunSummary:
    """Note which documents were there before, new names of new ones, and the end; return the figures.

    The run failed if a data check or an expectation says so; what has landed stays, and is published.
    """
    if writer:
        _note(writer, run, surveyed)
    there = books_of(writer, run.request.warehouse).held({document_id_of(ref) for ref in surveyed.known})
    summary = _summarise(run, found, surveyed, ledger, there)
    if not run.request.dry_run:
        findings = judged(writer, run.run_id, run.started_at.date(), run.request.inputs)
        state = "failed" if failed(findings) else summary.state
        summary = replace(summary, findings=findings, state=state)
    if writer:
        writer.finish_run(run.run_id, finished_at=clock(), state=summary.state)
    return summary


def now() -> dt.datetime:
    """Return the time. A run's clock is read here and nowhere else; what lands depends on none."""
    return dt.datetime.now(dt.UTC)


def clock(moment: dt.datetime | None = None) -> str:
    """Return a time (default: now) as the warehouse takes it."""
    return (moment or now()).isoformat()


@contextlib.contextmanager
def _recorded(writer: Writer, run: Run) -> Iterator[None]:
    writer.start_run(run.run_id, started_at=clock(run.started_at), command=run.request.command)
    try:
        yield
    except BaseException:
        with contextlib.suppress(Exception):  # the error that ended the run is the one to tell
            writer.finish_run(run.run_id, finished_at=clock(), state="failed")
        raise


def _note(writer: Writer, run: Run, surveyed: Survey) -> None:
    """Note documents that were there, and other names of new ones."""
    if surveyed.known:
        received = [_receipt(ref) for ref in surveyed.known]
        writer.note_unchanged(received, run_id=run.run_id, at=clock())
    # A file may have changed after it was surveyed: then the bytes that its other name has did not land.
    there = writer.known([document_id_of(ref) for ref in surveyed.again])
    again = [_receipt(ref) for ref in surveyed.again if ref.document_id in there]
    if again:
        writer.note_unchanged(again, run_id=run.run_id, at=clock())


def _receipt(ref: Ref) -> Receipt:
    return Receipt(
        document_id=document_id_of(ref),
        source=ref.source,
        uri=ref.uri,
        media_type=ref.media_type,
        fetched_at=ref.fetched_at,
    )


def _summarise(run: Run, found: Discovery, surveyed: Survey, ledger: Ledger, there: Held) -> RunSummary:
    """Return the run in figures. It failed if not one of its inputs could be read."""
    failures = (*found.failures, *surveyed.failures, *ledger.failures)
    state: State = "completed-with-quarantine" if ledger.total.quarantined else "completed"
    if failures:
        readable = ledger.total.documents or surveyed.known
        state = "completed-with-failures" if readable else "failed"
    return RunSummary(
        run_id=run.run_id,
        state=state,
        warehouse=str(run.request.warehouse),
        dry_run=run.request.dry_run,
        started_at=run.started_at,
        finished_at=now(),
        sources=source_rows(ledger.tallies, (ref.source for ref in surveyed.known), failures),
        items_new=sum(landed.items_new for landed in ledger.landed),
        quarantined_known=there.quarantined,
        items_changed=sum(landed.items_changed for landed in ledger.landed),
        items_unchanged=there.items + sum(landed.items_unchanged for landed in ledger.landed),
        duplicates=sum(landed.duplicates for landed in ledger.landed),
        near_duplicates=sum(landed.near for landed in ledger.landed),
        failures=failures,
        skipped=found.skipped,
    )
