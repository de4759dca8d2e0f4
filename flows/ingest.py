"""The ingest run as a Prefect flow: the functions of `flows.pipeline` as tasks.

read -> clean, some batches side by side -> match and land, batch by batch -> publish -> report

A task is a batch or a side effect, and a run has a few dozen of them: each costs the server some 20 ms and
20 kB. There is no Prefect caching anywhere: what has landed is in the warehouse's own books, and a cached
landing would be skipped after the warehouse was deleted. Tasks that touch disks and locks are tried again.
"""

import contextlib
import pickle
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import flow, get_run_logger, runtime, tags, task
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from flows import events
from flows.books import books_of
from flows.cleaning import Answer, Job
from flows.ledger import Ledger
from flows.pipeline import (
    Run,
    begin,
    enter,
    fetched,
    finish,
    land,
    needs_warehouse,
    now,
    remember,
    scratch_folder,
)
from flows.polled import Polled
from flows.pool import Pool
from flows.progress import Progress, Tell, silent
from flows.refresh import Refresher
from flows.report import markdown, source_cells
from flows.runs import IngestRequest, RunSummary, request_for
from flows.settings import load
from flows.showing import show
from flows.sources import Discovery, discover, spool
from flows.stages import Stages
from flows.survey import Survey, plan, survey
from schemas.errors import FeedmillError, WarehouseBusy
from warehouse.land import Landed
from warehouse.writer import Writer

# Cleaning and landing are a task each a batch, so this makes some fifty task runs at most.
MOST_JOBS = 24
# Names that stay the same every run, so that Prefect keeps their history.
REPORT_KEY = "run-report"
SOURCES_KEY = "run-sources"
PROGRESS_KEY = "progress"
# Fewer batches are over before a person has opened the page.
_PROGRESS_FROM = 4

# Who wants to hear how far a run is: the terminal that called it. No parameter, for it is not part of a run.
_TELL: ContextVar[Tell] = ContextVar("tell", default=silent)


class Desk:
    """What the tasks of one run share: open things and books. Prefect looks into arguments for futures,
    field by field; into this it cannot look, so that passing it costs nothing however much lies on it."""

    def __init__(self, run: Run, found: Discovery, tell: Tell) -> None:
        """Lay out a desk with nothing on it but what was found."""
        self.run = run
        self.tell = tell
        self.writer: Writer | None = None
        self.scratch = Path()
        self.pool = Pool(run.request.workers, memory=run.request.memory_bytes)
        self.refresher = Refresher()
        self.found = found
        self.surveyed = Survey(new=(), again=(), known=(), failures=())
        self.ledger = Ledger()
        self.stages = Stages()

    def file(self, name: str, number: int) -> Path:
        """Return where a batch lies between two tasks: the disk has room for all of them, memory has not."""
        return self.scratch / f"{name}-{number:04}"


@dataclass(frozen=True, slots=True)
class Batch:
    """A cleaned batch, without what was cleaned."""

    items: int
    bytes: int


def busy(_task: object, _task_run: object, state: State[Any]) -> bool:
    """Tell Prefect whether to try again: only where another process was writing."""
    return isinstance(state.result(raise_on_failure=False), WarehouseBusy)


@task(
    name="open warehouse",
    task_run_name="open warehouse",
    cache_policy=NO_CACHE,
    persist_result=False,
    tags=["io"],
    retries=3,
    retry_delay_seconds=[1, 2, 4],
    retry_jitter_factor=0.5,
    retry_condition_fn=busy,
)
def open_warehouse(desk: Desk, stack: contextlib.ExitStack) -> None:
    """Take the warehouse's write lock, and note that the run has begun."""
    desk.writer = enter(stack, desk.run)
    get_run_logger().info("Writing to %s as run %s.", desk.run.request.warehouse, desk.run.run_id)


@task(name="fetch", task_run_name="fetch", cache_policy=NO_CACHE, persist_result=False, tags=["io"])
def fetch(desk: Desk) -> Polled:
    """Ask the addresses that are due; each is tried again at its own pace, not at once."""
    log = get_run_logger()
    polled = fetched(desk.found, desk.scratch, books_of(desk.writer, desk.run.request.warehouse))
    for one in polled.polls:
        log.info("%s: %s%s.", one.address, one.outcome, f" ({one.detail})" if one.detail else "")
    return polled


@task(
    name="read",
    task_run_name="read",
    cache_policy=NO_CACHE,
    persist_result=False,
    tags=["io"],
    retries=2,
    retry_delay_seconds=[1, 5],
)
def read(desk: Desk) -> int:
    """Find out which documents are new, and deal them into batches; return how many."""
    log = get_run_logger()
    books = books_of(desk.writer, desk.run.request.warehouse)
    desk.surveyed = survey(desk.found, books.known, desk.tell)
    jobs = plan(desk.surveyed.new, desk.run.request, MOST_JOBS)
    for number, job in enumerate(jobs):
        desk.file("job", number).write_bytes(pickle.dumps(job))
    for failure in (*desk.found.failures, *desk.surveyed.failures):
        log.warning("Not usable: %r: %s", failure.uri, failure.reason)
    log.info(
        "%d new documents (%s bytes) in %d batches; %d known before, %d files passed over.",
        len(desk.surveyed.new),
        f"{desk.surveyed.bytes:,}",
        len(jobs),
        len(desk.surveyed.known),
        len(desk.found.skipped),
    )
    return len(jobs)


@task(
    name="clean", task_run_name="clean batch {number} of {count}", cache_policy=NO_CACHE, persist_result=False
)
def clean(desk: Desk, number: int, count: int) -> Batch:
    """Clean one batch in a worker process; what comes out lies in the scratch folder."""
    source = desk.file("job", number - 1)
    job = pickle.loads(source.read_bytes())  # noqa: S301 - written by `read`, into a folder of this process
    assert isinstance(job, Job)  # noqa: S101 - as above
    answer = desk.pool.clean(job)
    desk.file("answer", number - 1).write_bytes(pickle.dumps(answer))
    items = sum(tally.items for tally in answer.tallies.values())
    get_run_logger().info(
        "Batch %d of %d: %d items in %d documents of %s bytes.",
        number,
        count,
        items,
        len(job.refs),
        f"{job.bytes:,}",
    )
    return Batch(items, job.bytes)


@task(
    name="match and land",
    task_run_name="match and land batch {number} of {count}",
    cache_policy=NO_CACHE,
    persist_result=False,
    tags=["io"],
)
def match_and_land(desk: Desk, number: int, count: int, batch: Batch) -> Landed:
    """Find copies among all that has landed, and land the batch, in one transaction."""
    file = desk.file("answer", number - 1)
    answer = pickle.loads(file.read_bytes())  # noqa: S301 - written by `clean`, into a folder of this process
    assert isinstance(answer, Answer)  # noqa: S101 - as above
    if desk.refresher.refresh(desk.writer):
        get_run_logger().info("Published what landed before batch %d.", number)
    landed = land(desk.writer, answer, desk.run, desk.ledger.judge)
    file.unlink()
    desk.ledger.enter(replace(answer, batch=b""), landed)
    desk.tell(desk.ledger.progress(desk.surveyed.bytes))
    get_run_logger().info(
        "Batch %d of %d: %d of its %d items are new; %d duplicates; %d ranges in quarantine.",
        number,
        count,
        landed.items_new,
        batch.items,
        landed.duplicates,
        landed.quarantined,
    )
    return landed


@task(name="publish", task_run_name="publish", cache_policy=NO_CACHE, persist_result=False, tags=["io"])
def publish(desk: Desk) -> RunSummary:
    """Note the end of the run, and swap in the copy that readers open."""
    summary = finish(desk.writer, desk.run, desk.found, desk.surveyed, desk.ledger)
    desk.tell(Progress(stage="publish", done=0, total=1))
    if desk.writer:
        desk.writer.publish()
        get_run_logger().info("Published %s.", desk.run.request.warehouse)
    return replace(summary, finished_at=now())


@task(
    name="report",
    task_run_name="report",
    cache_policy=NO_CACHE,
    persist_result=False,
    tags=["io"],
    retries=2,
    retry_delay_seconds=[1, 5],
)
def report(desk: Desk, summary: RunSummary) -> None:
    """Leave the run's report as artifacts."""
    create_markdown_artifact(
        markdown(summary), key=REPORT_KEY, description=f"What run {desk.run.run_id} took in and landed."
    )
    rows: list[dict[str, Any]] = [source_cells(row) for row in summary.sources]
    create_table_artifact(
        rows, key=SOURCES_KEY, description=f"Run {desk.run.run_id} by source; figures are of new documents."
    )
    if desk.writer:
        show(summary)


def _flow_run_name() -> str:
    request = runtime.flow_run.parameters.get("request")
    # A run started in the UI may name no request: then it takes the sources of feedmill.toml.
    where = ", ".join(_sources(request)) if isinstance(request, IngestRequest) else "all sources"
    return f"ingest {where[:80]} {now():%Y-%m-%d %H:%M:%S}"


@flow(name="ingest", flow_run_name=_flow_run_name, persist_result=False)
def ingest(request: IngestRequest | None = None) -> State[RunSummary]:
    """Messy feeds in, dated and deduplicated items in DuckDB out.

    Without a request, all sources of the feedmill.toml in the working directory. What has landed before
    is not landed again; an input that cannot be used goes to quarantine or is named, and stops no other.
    """
    return carry_out(request or request_for(load()))


def carry_out(request: IngestRequest) -> State[RunSummary]:
    """Carry out a request inside of a flow, and return the state that the flow run ends in."""
    log = get_run_logger()
    run = begin(request)
    with contextlib.ExitStack() as stack:
        desk = Desk(run, discover(request.inputs, warehouse=request.warehouse), _TELL.get())
        timed = desk.stages.timed
        log.info("Run %s: %d files found.", run.run_id, len(desk.found.refs))
        if needs_warehouse(run, desk.found):
            with timed("open warehouse"):
                open_warehouse(desk, stack)
        desk.scratch = scratch_folder(stack, desk.writer)
        polled = Polled(found=desk.found)
        if any(ref.address for ref in desk.found.refs):
            with timed("fetch"):
                polled = fetch(desk)
        desk.found = spool(polled.found, desk.scratch)
        stack.enter_context(desk.pool)  # closed first: workers are done before their folder goes
        with timed("read"):
            count = read(desk)
        _clean_and_land(desk, count)
        remember(desk.writer, polled, desk.ledger)
        with timed("publish"):
            summary = publish(desk)
        with timed("report"):
            report(desk, summary)
    events.tell(summary)
    if desk.writer:
        desk.stages.leave(request.warehouse)
    return _state(summary)


def _clean_and_land(desk: Desk, count: int) -> None:
    """Clean batches side by side and land them in order; `clean` is the time that landing waits for it."""
    bar: UUID | None = None
    if count >= _PROGRESS_FROM:
        about = f"Batches of run {desk.run.run_id}."
        made = create_progress_artifact(0.0, key=PROGRESS_KEY, description=about)
        assert isinstance(made, UUID)  # noqa: S101 - it is a coroutine only inside of a loop
        bar = made
    cleaned = [clean.submit(desk, number, count) for number in range(1, count + 1)]
    for number, future in enumerate(cleaned, start=1):
        with desk.stages.timed("clean"):
            batch = future.result()
        with desk.stages.timed("match and land"):
            match_and_land(desk, number, count, batch)
        if bar:
            update_progress_artifact(bar, 100.0 * number / count)


def run_flow(request: IngestRequest, progress: Tell | None = None) -> RunSummary:
    """Run the flow on the server that Prefect is set to use, and return the summary."""
    told = _TELL.set(progress or silent)
    try:
        with tags("feedmill", *(f"source:{name}" for name in _sources(request))):
            runner: Any = ThreadPoolTaskRunner(max_workers=request.workers)  # Prefect's own types do not fit
            state = ingest.with_options(task_runner=runner)(request, return_state=True)
    finally:
        _TELL.reset(told)
    result: object = state.result(raise_on_failure=False)
    if isinstance(result, RunSummary):
        return result
    if isinstance(result, BaseException):
        raise result
    raise FeedmillError(f"the flow ended in state {state.name} without a summary: {state.message}")


def _sources(request: IngestRequest) -> list[str]:
    return sorted({one.name for one in request.inputs})[:10]


def _state(summary: RunSummary) -> State[RunSummary]:
    """Return the state of the flow run: what happened to the input can be seen without opening the run."""
    total = summary.total
    message = (
        f"{summary.items_new:,} new and {summary.items_unchanged:,} known items; "
        f"{total.quarantined:,} ranges in quarantine ({summary.quarantined_known:,} known), "
        f"{len(summary.failures):,} inputs not usable."
    )
    if summary.state == "failed":
        failed = [
            f"{one.source or one.name}: {one.detail}." for one in summary.findings if one.level == "failed"
        ]
        why = " ".join(failed) or "Not one input could be read."
        return Failed(message=f"{why} {message}", data=summary)
    # Prefect's names have no hyphens: CompletedWithQuarantine, CompletedWithFailures.
    name = "".join(word.capitalize() for word in summary.state.split("-"))
    return Completed(name=name, message=message, data=summary)
