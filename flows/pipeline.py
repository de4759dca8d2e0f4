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
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
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
from warehouse.writer import Writer, writing

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


@dataclass(slots=True)
class Ledger:
    """What the batches of a run came to, added up as they land."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    failures: list[InputFailure] = field(default_factory=list)
    landed: list[Landed] = field(default_factory=list)

    def enter(self, tallies: Mapping[str, Tally], failures: Iterable[InputFailure], landed: Landed) -> None:
        """Add one batch."""
        for source, tally in tallies.items():
            self.tallies[source] = self.tallies.get(source, Tally()) + tally
        self.failures.extend(failures)
        self.landed.append(landed)


class Judge:
    """The cleaners' judgement on texts and clusters, in the form in which the warehouse asks for it."""

    def verify(self, candidates: Sequence[tuple[str, str, str, str]]) -> Sequence[Pair]:
        """Return the pairs that hold among the candidates."""
        return match.verify(candidates)

    def lead(self, members: Sequence[Member], pairs: Sequence[Pair]) -> Sequence[Membership]:
        """Return the clusters of the members."""
        return clusters.lead(members, pairs)


def ingest(request: IngestRequest, progress: Tell | None = None) -> RunSummary:
    """Clean, match and land the documents behind a request, and publish the warehouse.

    What has landed before is not cleaned again. An input that cannot be used stops no other one.
    Raises WarehouseBusy before anything was done, and WarehouseError; batches landed before an error stay.
    """
    tell = progress or _silent
    run = begin(request)
    with scratch_folder() as scratch:
        found = discover(request.inputs, warehouse=request.warehouse, scratch=scratch)
        if request.dry_run:
            return rehearse(run, found, tell)
        if not found.refs and not request.warehouse.exists():
            # A typing error should not leave an empty warehouse behind.
            return summarise(run, found, survey(found, frozenset, tell), Ledger(), 0)
        with opened(run) as writer, recorded(writer, run):
            surveyed = survey(found, writer.known, tell)
            ledger = Ledger()
            done = 0
            for answer in clean(plan(surveyed.new, request), request.workers, surveyed.bytes):
                ledger.enter(answer.tallies, answer.failures, land(writer, answer.batch, run))
                done += answer.bytes
                tell(_progress(ledger, done, surveyed.bytes))
            unchanged = note_names(writer, surveyed, ledger, run)
            summary = summarise(run, found, surveyed, ledger, unchanged)
            writer.finish_run(run.run_id, state=_stored(summary.state), at=clock())
            tell(Progress(stage="publish", done=0, total=1))
            writer.publish()
            return replace(summary, finished_at=now())


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
    """Open the run's warehouse for writing. Entering raises WarehouseBusy."""
    request = run.request
    return writing(request.warehouse, command=request.command, wait=request.wait)


@contextlib.contextmanager
def recorded(writer: Writer, run: Run) -> Iterator[None]:
    """Note the start of a run and, if it does not get to its end, that it failed."""
    writer.start_run(run.run_id, command=run.request.command, at=clock(run.started_at))
    try:
        yield
    except BaseException:
        # What landed before the error stays, so it is published. The error is what matters, though.
        with contextlib.suppress(Exception):
            writer.finish_run(run.run_id, state="failed", at=clock())
            writer.publish()
        raise


def land(writer: Writer, batch: bytes, run: Run) -> Landed:
    """Match and land one Arrow batch in one transaction."""
    return writer.land(Batch.from_ipc(batch), run_id=run.run_id, at=clock(), matcher=Judge())


def note_names(writer: Writer, surveyed: Survey, ledger: Ledger, run: Run) -> int:
    """Note the documents that were there, and new names of new ones; return the items that were there."""
    unread = {(failure.source, failure.uri) for failure in ledger.failures}
    again = [ref for ref in surveyed.again if (ref.source, ref.uri) not in unread]
    count = 0
    for refs, counts in ((surveyed.known, True), (again, False)):
        if refs:
            received = [_receipt(ref) for ref in refs]
            landed = writer.note_unchanged(received, run_id=run.run_id, at=clock())
            count += landed.items_unchanged if counts else 0
    return count


def rehearse(run: Run, found: Discovery, tell: Tell) -> RunSummary:
    """Do everything but land: what a run would come to on an empty warehouse."""
    surveyed = survey(found, frozenset, tell)
    ledger = Ledger()
    done = 0
    for answer in clean(plan(surveyed.new, run.request), run.request.workers, surveyed.bytes):
        items = sum(tally.items for tally in answer.tallies.values())
        ledger.enter(answer.tallies, answer.failures, Landed(items_new=items))
        done += answer.bytes
        tell(_progress(ledger, done, surveyed.bytes))
    return summarise(run, found, surveyed, ledger, 0)


def summarise(
    run: Run, found: Discovery, surveyed: Survey, ledger: Ledger, items_unchanged: int
) -> RunSummary:
    """Return the run in figures. It failed if there were inputs and not one of them could be used."""
    failures = (*found.failures, *surveyed.failures, *ledger.failures)
    usable = any(tally.documents for tally in ledger.tallies.values()) or surveyed.known
    quarantined = any(tally.quarantined for tally in ledger.tallies.values())
    state: State = "completed"
    if failures or quarantined:
        state = "completed-with-quarantine" if usable else "failed"
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


def _progress(ledger: Ledger, done: int, total: int) -> Progress:
    return Progress(
        stage="clean",
        done=done,
        total=total,
        documents=sum(tally.documents for tally in ledger.tallies.values()),
        items_new=sum(landed.items_new for landed in ledger.landed),
    )


def _silent(_: Progress) -> None:
    return


def _stored(state: State) -> str:
    return "failed" if state == "failed" else "completed"
