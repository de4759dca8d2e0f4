"""The ingest run as a Prefect flow: the tasks of `flows.tasks`, in order.

read -> clean, some batches side by side -> match and land, up to four at once -> publish -> report
"""

import contextlib
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from prefect import flow, get_run_logger, runtime, tags
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.client.schemas.objects import State
from prefect.context import TagsContext
from prefect.futures import PrefectFuture
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from flows import events
from flows.desk import Cleaned, Desk
from flows.grouping import grouped
from flows.pipeline import begin, needs_warehouse, now, remember, scratch_folder
from flows.polled import Polled
from flows.progress import Tell, silent
from flows.runs import IngestRequest, RunSummary, request_for
from flows.settings import load
from flows.showing import report
from flows.sources import discover
from flows.spooling import spool
from flows.stages import Stages
from flows.tasks import clean, fetch, match_and_land, open_warehouse, publish, read
from flows.vanished import ServerVanished, answered
from schemas.errors import FeedmillError

#: The name stays the same every run, so that Prefect keeps its history.
PROGRESS_KEY = "progress"
# What is lost when the server goes away after everything has landed.
_UNSEEN = "Prefect's server went away before it was told of the end: its pages show this run as crashed"
# Fewer batches are over before a person has opened the page.
_PROGRESS_FROM = 4


@dataclass(slots=True)
class Caller:
    """The terminal that called a run and waits for it: hears how far it is, and what it came to."""

    tell: Tell = silent
    summary: RunSummary | None = None


# No parameter, for it is not part of a run; and no result: Prefect takes that of a failed run for an error.
_CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)


def _flow_run_name() -> str:
    request = runtime.flow_run.parameters.get("request")
    # A run started in the UI may name no request: then it takes the sources of feedmill.toml.
    where = ", ".join(_sources(request)) if isinstance(request, IngestRequest) else "all sources"
    return f"ingest {where[:80]} {now():%Y-%m-%d %H:%M:%S}"


@flow(name="ingest", flow_run_name=_flow_run_name, persist_result=False)
def ingest(request: IngestRequest | None = None) -> State[Any]:
    """Messy feeds in, dated and deduplicated items in DuckDB out.

    Without a request, all sources of the feedmill.toml in the working directory. What has landed before
    is not landed again; an input that cannot be used goes to quarantine or is named, and stops no other.
    """
    return carry_out(request or request_for(load()))


@answered()
def carry_out(request: IngestRequest) -> State[Any]:
    """Carry out a request inside of a flow, and return the state that the flow run ends in."""
    log, caller = get_run_logger(), _CALLER.get() or Caller()
    run = begin(request)
    with contextlib.ExitStack() as stack:
        stack.enter_context(TagsContext(current_tags=set()))  # those of the run are not for its tasks
        desk = Desk(run, discover(request.inputs, warehouse=request.warehouse), caller.tell)
        timed = desk.stages.timed
        log.info("Run %s: %d files found.", run.run_id, len(desk.found.refs))
        if needs_warehouse(run, desk.found):
            with timed("open warehouse"):
                desk = open_warehouse(desk, stack)
        desk.scratch = scratch_folder(stack, desk.writer)
        polled = Polled(found=desk.found)
        if any(ref.address for ref in desk.found.refs):
            with timed("fetch"):
                polled = fetch(desk)
        desk.found = spool(polled.found, desk.scratch, memory=request.memory_bytes)
        stack.enter_context(desk.pool)  # closed first: workers are done before their folder goes
        with timed("read"):
            desk = read(desk)
        desk = _clean_and_land(desk)
        remember(desk.writer, polled, desk.ledger)
        with timed("publish"):
            caller.summary = summary = publish(desk)
        with timed("report"):
            report(desk, summary)
    events.tell(summary)
    if desk.writer:
        desk.stages.leave(request.warehouse)
    return _state(summary)


def _clean_and_land(desk: Desk) -> Desk:
    """Clean batches side by side and land them in order; `clean` is the time that landing waits for it."""
    count = desk.batches
    bar: UUID | None = None
    if count >= _PROGRESS_FROM:
        about = f"Batches of run {desk.run.run_id}."
        made = create_progress_artifact(0.0, key=PROGRESS_KEY, description=about)
        assert isinstance(made, UUID)  # noqa: S101 - it is a coroutine only inside of a loop
        bar = made
    futures = [clean.submit(desk, number, count) for number in range(1, count + 1)]
    for batches in grouped(_results(desk.stages, futures), desk.run.request.batch_bytes):
        first, last = batches[0].number, batches[-1].number
        which = str(first) if first == last else f"{first} to {last}"
        with desk.stages.timed("match and land"):
            desk = match_and_land(desk, which, count, batches)
        if bar:
            update_progress_artifact(bar, 100.0 * last / count)
    return desk


def _results(stages: Stages, futures: Iterable[PrefectFuture[Cleaned]]) -> Iterator[Cleaned]:
    for future in futures:
        with stages.timed("clean"):
            batch = future.result()
        yield batch


def run_flow(request: IngestRequest, progress: Tell | None = None) -> RunSummary:
    """Run the flow on the server that Prefect is set to use, and return the summary.

    Raises ServerVanished if the server went away before all had landed.
    """
    caller = Caller(progress or silent)
    token = _CALLER.set(caller)
    try:
        with answered():
            state = _run(request)
            expected = caller.summary is not None and caller.summary.state == "failed"
            result: object = None if expected else state.result(raise_on_failure=False)
            if isinstance(result, BaseException):
                raise result
    except ServerVanished as error:
        if caller.summary is None:
            raise
        return replace(caller.summary, notes=(f"{_UNSEEN} ({error.__cause__})",))
    finally:
        _CALLER.reset(token)
    if caller.summary is None:
        raise FeedmillError(f"the flow ended in state {state.name} without a summary: {state.message}")
    return caller.summary


def _run(request: IngestRequest) -> State[Any]:
    with tags("feedmill", *(f"source:{name}" for name in _sources(request))):
        runner: Any = ThreadPoolTaskRunner(max_workers=request.workers)  # Prefect's own types do not fit
        return ingest.with_options(task_runner=runner)(request, return_state=True)


def _sources(request: IngestRequest) -> list[str]:
    return sorted({one.name for one in request.inputs})[:10]


def _state(summary: RunSummary) -> State[Any]:
    """Return the state of the flow run: what happened to the input can be seen without opening the run."""
    total = summary.total
    message = (
        f"{summary.items_new:,} new, {summary.items_changed:,} changed and "
        f"{summary.items_unchanged:,} known items; "
        f"{total.quarantined:,} ranges in quarantine ({summary.quarantined_known:,} known), "
        f"{len(summary.failures):,} inputs not usable."
    )
    if summary.state == "failed":
        failed = [
            f"{one.source or one.name}: {one.detail}." for one in summary.findings if one.level == "failed"
        ]
        why = " ".join(failed) or "Not one input could be read."
        return Failed(message=f"{why} {message}")
    # Prefect's names have no hyphens: CompletedWithQuarantine, CompletedWithFailures.
    name = "".join(word.capitalize() for word in summary.state.split("-"))
    return Completed(name=name, message=message)
