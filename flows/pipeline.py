"""The ingest run as plain functions. `ingest` strings them together here; the Prefect flow does so there.

begin       the run's id and clock
discover    inputs -> files (flows.sources)
survey      which documents are new; the same bytes under two names are one document
plan        new documents -> jobs of some megabytes
clean       a job -> one Arrow batch (flows.cleaning, in worker processes by flows.pool)
land        match and land a batch in one transaction
summarise   the run in figures
"""

import contextlib
import datetime as dt
import secrets
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cleaners import clusters, match
from flows.cleaning import Answer, Job, clean_batch
from flows.inputs import InputFailure, Ref, UnusableInputError, fingerprint
from flows.pool import Pool
from flows.progress import Progress
from flows.runs import IngestRequest, RunSummary, State, Tally, source_rows
from flows.sources import Discovery, discover
from schemas.signatures import Member, Membership, Pair
from warehouse.batch import Batch, Receipt
from warehouse.land import Landed
from warehouse.writer import RunState, Writer, writing

Tell = Callable[[Progress], None]

# Below this, cleaning in this process is over before a worker has imported what it needs (about 0.8 s of
# CPU, at some 1 MB/s); above it, a run may use all cores and survives what documents do to a process.
IN_PROCESS_BYTES = 1_000_000
# Work is dealt in at least this many jobs a worker, so that none waits long for the last one.
JOBS_A_WORKER = 4
MIN_BATCH_BYTES = 250_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that has begun. The id sorts by time and names nothing else."""

    run_id: str
    started_at: dt.datetime
    request: IngestRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Files by what is to be done with them. A file in `again` has the bytes of one in `new`."""

    new: tuple[Ref, ...]
    again: tuple[Ref, ...]
    known: tuple[Ref, ...]
    failures: tuple[InputFailure, ...]

    @property
    def bytes(self) -> int:
        """Return the size of the documents to clean."""
        return sum(ref.bytes for ref in self.new)


class Judge:
    """The cleaners' judgement on texts and clusters, in the form in which the warehouse asks for it.

    `near` holds the items that it put into a cluster as near copies; its last word on an item counts.
    """

    def __init__(self) -> None:
        self.near: set[str] = set()

    def verify(self, candidates: Sequence[tuple[str, str, str, str]]) -> Sequence[Pair]:
        """Return the pairs that hold among the candidates."""
        return match.verify(candidates)

    def lead(self, members: Sequence[Member], pairs: Sequence[Pair]) -> Sequence[Membership]:
        """Return the clusters of the members."""
        memberships = clusters.lead(members, pairs)
        self.near.difference_update(member.item_id for member in members)
        self.near.update(one.item_id for one in memberships if one.relation in {"near", "contained"})
        return memberships


@dataclass(slots=True)
class Ledger:
    """What the batches of a run came to, added up as they land."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    failures: list[InputFailure] = field(default_factory=list)
    landed: list[Landed] = field(default_factory=list)
    judge: Judge = field(default_factory=Judge)
    done: int = 0

    def enter(self, answer: Answer, landed: Landed) -> None:
        """Add one batch."""
        for source, tally in answer.tallies.items():
            self.tallies[source] = self.tallies.get(source, Tally()) + tally
        self.failures.extend(answer.failures)
        self.landed.append(landed)
        self.done += answer.bytes

    @property
    def total(self) -> Tally:
        """Return the tally of all documents cleaned."""
        return sum(self.tallies.values(), Tally())

    def progress(self, total: int) -> Progress:
        """Return how far cleaning and landing `total` bytes is."""
        items = sum(landed.items_new for landed in self.landed)
        return Progress(
            stage="clean", done=self.done, total=total, documents=self.total.documents, items_new=items
        )


def ingest(request: IngestRequest, progress: Tell | None = None) -> RunSummary:
    """Clean, match and land the documents behind a request, and publish the warehouse.

    What has landed before is not cleaned again. An input that cannot be used stops no other one.
    Raises WarehouseBusy before anything was done, and WarehouseError; batches landed before an error stay.
    """
    tell = progress or _silent
    run = begin(request)
    with scratch_folder() as scratch:
        found = discover(request.inputs, warehouse=request.warehouse, scratch=scratch)
        if not needs_warehouse(run, found):
            return rehearse(run, found, tell)
        with opened(run) as writer, recorded(writer, run):
            surveyed = survey(found, writer.known, tell)
            ledger = Ledger()
            for answer in clean(plan(surveyed.new, request), request.workers, surveyed.bytes):
                ledger.enter(answer, land(writer, answer.batch, run, ledger.judge))
                tell(ledger.progress(surveyed.bytes))
            summary = finish(writer, run, found, surveyed, ledger)
            tell(Progress(stage="publish", done=0, total=1))
        # Leaving the warehouse published it.
        return replace(summary, finished_at=now())


def needs_warehouse(run: Run, found: Discovery) -> bool:
    """Say whether there is anything to write: a typing error should not leave an empty warehouse behind."""
    return not run.request.dry_run and (bool(found.refs) or run.request.warehouse.exists())


def begin(request: IngestRequest) -> Run:
    """Return a new run."""
    started = now()
    stamp = f"{started:%Y%m%dT%H%M%S}{started.microsecond // 1000:03d}Z"
    return Run(run_id=f"{stamp}-{secrets.token_hex(3)}", started_at=started, request=request)


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder for what a run needs only while it lasts."""
    with tempfile.TemporaryDirectory(prefix="feedmill-") as name:
        yield Path(name)


def survey(
    found: Discovery, known: Callable[[Sequence[str]], Collection[str]], tell: Tell | None = None
) -> Survey:
    """Read all files once for their sha256, and sort them by what is to be done with them.

    `known` tells which of some document_ids are in the warehouse.
    """
    total = sum(ref.bytes for ref in found.refs)
    refs: list[Ref] = []
    failures: list[InputFailure] = []
    done = 0
    for ref in found.refs:
        try:
            refs.append(replace(ref, document_id=fingerprint(ref)))
        except UnusableInputError as error:
            failures.append(error.failure)
        done += ref.bytes
        if tell:
            tell(Progress(stage="read", done=done, total=total, documents=len(refs)))
    there = known(list({_id(ref): None for ref in refs}))
    first: dict[str, Ref] = {}
    for ref in refs:
        if _id(ref) not in there:
            first.setdefault(_id(ref), ref)
    return Survey(
        new=tuple(first.values()),
        again=tuple(ref for ref in refs if _id(ref) in first and first[_id(ref)] is not ref),
        known=tuple(ref for ref in refs if _id(ref) in there),
        failures=tuple(failures),
    )


def plan(refs: Sequence[Ref], request: IngestRequest, most: int | None = None) -> list[Job]:
    """Deal documents, in their order, into jobs: at most `batch_bytes` each, unless one document is larger.

    With `most`, jobs grow until there are no more than that many. What is landed is the same in any case.
    """
    total = sum(ref.bytes for ref in refs)
    size = min(request.batch_bytes, max(MIN_BATCH_BYTES, total // (request.workers * JOBS_A_WORKER)))
    if most:
        size = max(size, 2 * total // most)
    jobs: list[Job] = []
    batch: list[Ref] = []
    room = size
    for ref in refs:
        # A file costs some time of its own, however small it is.
        cost = ref.bytes + 1000
        if batch and cost > room:
            jobs.append(Job(refs=tuple(batch)))
            batch, room = [], size
        batch.append(ref)
        room -= cost
    if batch:
        jobs.append(Job(refs=tuple(batch)))
    return jobs


def clean(jobs: Sequence[Job], workers: int, total: int) -> Iterator[Answer]:
    """Yield the answers to jobs in order: in worker processes, or here if there is too little to do."""
    if total <= IN_PROCESS_BYTES:
        yield from map(clean_batch, jobs)
        return
    with Pool(min(workers, len(jobs))) as pool:
        yield from pool.map(jobs)


def opened(run: Run) -> contextlib.AbstractContextManager[Writer]:
    """Open the run's warehouse for writing, and publish it at the end. Entering raises WarehouseBusy."""
    request = run.request
    return writing(
        request.warehouse, command=request.command, started_at=clock(run.started_at), wait=request.wait
    )


@contextlib.contextmanager
def recorded(writer: Writer, run: Run) -> Iterator[None]:
    """Note the start of a run and, if it does not get to its end, that it failed."""
    writer.start_run(run.run_id, started_at=clock(run.started_at), command=run.request.command)
    try:
        yield
    except BaseException:
        with contextlib.suppress(Exception):  # the error that ended the run is the one to tell
            writer.finish_run(run.run_id, finished_at=clock(), state="failed")
        raise


def land(writer: Writer, batch: bytes, run: Run, judge: Judge) -> Landed:
    """Match and land one Arrow batch in one transaction."""
    return writer.land(Batch.from_ipc(batch), run_id=run.run_id, at=clock(), matcher=judge)


def finish(writer: Writer, run: Run, found: Discovery, surveyed: Survey, ledger: Ledger) -> RunSummary:
    """Note which documents were there before, and new names of new ones; note the end; return the figures."""
    unread = {(failure.source, failure.uri) for failure in ledger.failures}
    unread_ids = {ref.document_id for ref in surveyed.new if (ref.source, ref.uri) in unread}
    again = [ref for ref in surveyed.again if ref.document_id not in unread_ids]
    unchanged = 0
    if surveyed.known:
        received = [_receipt(ref) for ref in surveyed.known]
        unchanged = writer.note_unchanged(received, run_id=run.run_id, at=clock()).items_unchanged
    if again:
        writer.note_unchanged([_receipt(ref) for ref in again], run_id=run.run_id, at=clock())
    summary = summarise(run, found, surveyed, ledger, unchanged)
    state: RunState = "failed" if summary.state == "failed" else "completed"
    writer.finish_run(run.run_id, finished_at=clock(), state=state)
    return summary


def rehearse(run: Run, found: Discovery, tell: Tell) -> RunSummary:
    """Do everything but land: what a run would come to on an empty warehouse."""
    surveyed = survey(found, frozenset, tell)
    ledger = Ledger()
    for answer in clean(plan(surveyed.new, run.request), run.request.workers, surveyed.bytes):
        items = sum(tally.items for tally in answer.tallies.values())
        ledger.enter(answer, Landed(items_new=items))
        tell(ledger.progress(surveyed.bytes))
    return summarise(run, found, surveyed, ledger, 0)


def summarise(
    run: Run, found: Discovery, surveyed: Survey, ledger: Ledger, items_unchanged: int
) -> RunSummary:
    """Return the run in figures. It failed if not one of its inputs could be read."""
    failures = (*found.failures, *surveyed.failures, *ledger.failures)
    state: State = "completed"
    if failures or ledger.total.quarantined:
        readable = ledger.total.documents or surveyed.known
        state = "completed-with-quarantine" if readable else "failed"
    return RunSummary(
        run_id=run.run_id,
        state=state,
        warehouse=str(run.request.warehouse),
        dry_run=run.request.dry_run,
        started_at=run.started_at,
        finished_at=now(),
        sources=source_rows(ledger.tallies, (ref.source for ref in surveyed.known), failures),
        items_new=sum(landed.items_new for landed in ledger.landed),
        items_unchanged=items_unchanged + sum(landed.items_unchanged for landed in ledger.landed),
        duplicates=sum(landed.duplicates for landed in ledger.landed),
        near_duplicates=len(ledger.judge.near),
        failures=failures,
        skipped=found.skipped,
    )


def now() -> dt.datetime:
    """Return the time. Clocks are read here and nowhere else; what lands depends on none."""
    return dt.datetime.now(dt.UTC)


def clock(moment: dt.datetime | None = None) -> str:
    """Return a time (default: now) as the warehouse takes it."""
    return (moment or now()).isoformat()


def _id(ref: Ref) -> str:
    if ref.document_id is None:
        raise ValueError(f"{ref.uri} was not surveyed")
    return ref.document_id


def _receipt(ref: Ref) -> Receipt:
    # The media type is what Blob says where nothing else is known.
    return Receipt(
        document_id=_id(ref),
        source=ref.source,
        uri=ref.uri,
        media_type="text/plain",
        fetched_at=ref.fetched_at,
    )


def _silent(_: Progress) -> None:
    return
