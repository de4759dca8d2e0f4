"""The stages of an ingest as Prefect tasks: the functions of `flows.pipeline`, a batch or a side effect each.

A run has a few dozen task runs: each costs the server some 20 ms and 20 kB. There is no Prefect caching
anywhere: what has landed is in the warehouse's own books, and a cached landing would be skipped after the
warehouse was deleted. Tasks that touch disks and locks are tried again. No task has tags: for each of them
Prefect asks the server whether there is a limit.
"""

import contextlib
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows.books import books_of
from flows.cleaning import Answer, Job
from flows.desk import Cleaned, Desk
from flows.pipeline import enter, fetched, finish, land, now
from flows.polled import Polled
from flows.progress import Progress
from flows.runs import RunSummary
from flows.survey import plan, survey
from schemas.errors import WarehouseBusy

# Cleaning is a task a batch and landing one for up to four, so this makes some fifty task runs at most.
MOST_JOBS = 24


def busy(_task: object, _task_run: object, state: State[Any]) -> bool:
    """Tell Prefect whether to try again: only where another process was writing."""
    return isinstance(state.result(raise_on_failure=False), WarehouseBusy)


@task(
    name="open warehouse",
    task_run_name="open warehouse",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=3,
    retry_delay_seconds=[1, 2, 4],
    retry_jitter_factor=0.5,
    retry_condition_fn=busy,
)
def open_warehouse(desk: Desk, stack: contextlib.ExitStack) -> Desk:
    """Take the warehouse's write lock, and note that the run has begun."""
    desk.writer = enter(stack, desk.run)
    get_run_logger().info("Writing to %s as run %s.", desk.run.request.warehouse, desk.run.run_id)
    return desk


@task(name="fetch", task_run_name="fetch", cache_policy=NO_CACHE, persist_result=False)
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
    retries=2,
    retry_delay_seconds=[1, 5],
)
def read(desk: Desk) -> Desk:
    """Find out which documents are new, and deal them into batches."""
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
    desk.batches = len(jobs)
    return desk


@task(
    name="clean", task_run_name="clean batch {number} of {count}", cache_policy=NO_CACHE, persist_result=False
)
def clean(desk: Desk, number: int, count: int) -> Cleaned:
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
    return Cleaned(number, items, job.bytes)


@task(
    name="match and land",
    task_run_name="match and land batch {which} of {count}",
    cache_policy=NO_CACHE,
    persist_result=False,
)
def match_and_land(desk: Desk, which: str, count: int, batches: list[Cleaned]) -> Desk:
    """Find copies among all that has landed, and land some batches, in one transaction."""
    files = [desk.file("answer", batch.number - 1) for batch in batches]
    answers = list(map(_answer, files))
    if desk.refresher.refresh(desk.writer):
        get_run_logger().info("Published what landed before batch %d.", batches[0].number)
    landed = land(desk.writer, answers, desk.run, desk.ledger.judge)
    for file in files:
        file.unlink()
    desk.ledger.enter(answers, landed)
    desk.tell(desk.ledger.progress(desk.surveyed.bytes))
    get_run_logger().info(
        "Batch %s of %d: %d of %d items are new; %d duplicates; %d ranges in quarantine.",
        which,
        count,
        landed.items_new,
        sum(batch.items for batch in batches),
        landed.duplicates,
        landed.quarantined,
    )
    return desk


def _answer(file: Path) -> Answer:
    answer = pickle.loads(file.read_bytes())  # noqa: S301 - written by `clean`, into a folder of this process
    assert isinstance(answer, Answer)  # noqa: S101 - as above
    return answer


@task(name="publish", task_run_name="publish", cache_policy=NO_CACHE, persist_result=False)
def publish(desk: Desk) -> RunSummary:
    """Note the end of the run, and swap in the copy that readers open."""
    summary = finish(desk.writer, desk.run, desk.found, desk.surveyed, desk.ledger)
    desk.tell(Progress(stage="publish", done=0, total=1))
    if desk.writer:
        desk.writer.publish()
        get_run_logger().info("Published %s.", desk.run.request.warehouse)
    return replace(summary, finished_at=now())
