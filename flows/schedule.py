"""The flows that run on a schedule or from the browser: `ingest`, `reprocess`, `maintain` and `export`.

Their parameters are what the run form in the browser asks for. They read feedmill.toml in the working
directory when they run, so that a change of it needs no new deployment (but for schedules).
"""

import contextlib
import dataclasses
from pathlib import Path
from typing import Annotated, Any, Literal

from prefect import flow, get_run_logger, runtime, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, FlowRunFilter
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from flows.cells import cell
from flows.export import export as write_files
from flows.ingest import carry_out
from flows.maintain import SAMPLE, Maintained, check, compact
from flows.parent import end_with_parent
from flows.pipeline import now
from flows.reprocess import Reprocessed, would_change
from flows.reprocess import reprocess as clean_again
from flows.runs import IngestRequest, request_for, upkeep_request
from flows.settings import Settings, load
from flows.verify import Verdict
from schemas.errors import ConfigError
from warehouse.stored import Selection

#: Seconds that a run waits for somebody else who writes, four times. Then it fails and names them.
WAIT_SECONDS = 15.0
#: Changes of a dry run that are shown. `feedmill ingest --reprocess --dry-run` has them all.
_CHANGES_SHOWN = 200
#: What a flow is about if it was not told.
_ALL = {"ingest": "all sources", "reprocess": "all documents"}

Wait = Annotated[float, Field(ge=0, le=3600)]


class Cores(ThreadPoolTaskRunner[Any]):
    """As many tasks side by side as feedmill.toml allows cleaning processes, known when the run starts."""

    def duplicate(self) -> "Cores":
        """Return the runner of one run."""
        return type(self)(max_workers=load().workers)


# Prefect's own types do not fit its own runner.
_CORES: Any = Cores()


def _named(kind: str) -> str:
    """Return the name of a run: what it does, to what, when."""
    asked = runtime.flow_run.parameters
    about = asked.get("sources") or asked.get("source") or asked.get("view") or _ALL.get(kind, "")
    where = ", ".join(map(str, about)) if isinstance(about, list) else str(about)
    return " ".join(filter(None, (kind, where[:80], f"{now():%Y-%m-%d %H:%M:%S}")))


@flow(
    name="ingest",
    flow_run_name=lambda: _named("ingest"),
    task_runner=_CORES,
    persist_result=False,
)
def ingest(
    sources: list[str] | None = None, ask_now: bool = False, dry_run: bool = False, wait: Wait = WAIT_SECONDS
) -> State[Any]:
    """Messy feeds in, dated and deduplicated items in DuckDB out.

    Folders are read by content: what has landed before is not landed again.

    Args:
        sources: Names of sources in feedmill.toml. Empty: all of them.
        ask_now: Ask addresses although they are not due yet. What a server asked for is kept to.
        dry_run: Do everything but land.
        wait: Seconds to wait for a warehouse that somebody else writes to.
    """
    end_with_parent()
    _skip_overdue()
    settings = _chosen(load(), sources, ask_now=ask_now)
    return carry_out(request_for(settings, dry_run=dry_run, wait=wait))


@flow(name="reprocess", flow_run_name=lambda: _named("reprocess"), persist_result=False)
def reprocess(source: str | None = None, dry_run: bool = True, wait: Wait = WAIT_SECONDS) -> State[Any]:
    """Clean what has landed again with the present cleaners; former versions stay as history.

    Args:
        source: Only documents of this source. Empty: all documents.
        dry_run: Show what would be different, and write nothing.
        wait: Seconds to wait for a warehouse that somebody else writes to.
    """
    end_with_parent()
    request, select = upkeep_request(load(), wait), Selection(source=source or None)
    if dry_run:
        count = differences(request, select)
        return Completed(message=f"{count:,} fields of items would change. Nothing was written.")
    done = clean_stored(request, select)
    state = Failed if done.exit_status else Completed
    return state(message=str(done))


@flow(name="maintain", flow_run_name=lambda: _named("maintain"), persist_result=False)
def maintain(
    keep_days: Annotated[int, Field(ge=1)] | None = None,
    sample: Annotated[int, Field(ge=0)] = SAMPLE,
    wait: Wait = WAIT_SECONDS,
) -> State[Any]:
    """Check every promise, forget old runs that changed nothing, give back free blocks, and publish.

    Args:
        keep_days: Forget runs that changed nothing after so many days. Empty: as feedmill.toml says.
        sample: Derive so many items again from their stored bytes; 0: all of them.
        wait: Seconds to wait for a warehouse that somebody else writes to.
    """
    end_with_parent()
    settings = load()
    request = upkeep_request(settings, wait)
    done = compacted(request, keep_days or settings.serve.keep_days)
    verdicts = checked(request, sample)
    broken = [one for one in verdicts if one.state == "broken"]
    said = f"{done.forgotten:,} old runs forgotten; the file has {done.after:,} bytes (was {done.before:,}). "
    if broken:
        return Failed(
            message=f"{said}{len(broken)} of {len(verdicts)} promises are broken: {broken[0].found}."
        )
    return Completed(message=f"{said}All {len(verdicts)} promises are kept.")


@flow(name="export", flow_run_name=lambda: _named("export"), persist_result=False)
def export(
    target: str = "export/items",
    view: Literal["items", "unique_items", "item_versions"] = "items",
    form: Literal["parquet", "csv", "jsonl"] = "parquet",
    excel_safe: bool = False,
) -> State[Any]:
    """Write a view to files. The new export takes the place of the old one in one step.

    Args:
        target: A folder for Parquet (made if missing), else a file.
        view: What to write: items, items without copies, or every version of every item.
        form: Parquet is partitioned by month; the others are one file.
        excel_safe: CSV only: put an apostrophe before text that a spreadsheet takes for a formula.
    """
    end_with_parent()
    return Completed(message=exported(Path(target), view, form, excel_safe=excel_safe))


@task(name="compare", cache_policy=NO_CACHE, persist_result=False)
def differences(request: IngestRequest, select: Selection) -> int:
    """Show what cleaning again would change; return how many fields."""
    count, rows = 0, []
    for change in would_change(request, select, learned=load().learned):
        count += 1
        if count <= _CHANGES_SHOWN:
            row = dataclasses.asdict(change)
            rows.append({name: cell("" if value is None else str(value)) for name, value in row.items()})
    create_table_artifact(
        rows, key="would-change", description=f"The first of {count:,} fields that would change."
    )
    return count


@task(name="clean again", cache_policy=NO_CACHE, persist_result=False)
def clean_stored(request: IngestRequest, select: Selection) -> Reprocessed:
    """Clean again what has landed."""
    return clean_again(request, select, learned=load().learned)


@task(name="forget, compact and publish", cache_policy=NO_CACHE, persist_result=False)
def compacted(request: IngestRequest, keep_days: int) -> Maintained:
    """Keep the file small."""
    return compact(request, keep_days)


@task(name="check", cache_policy=NO_CACHE, persist_result=False)
def checked(request: IngestRequest, sample: int) -> list[Verdict]:
    """Check every promise and leave the verdicts as an artifact."""
    verdicts = check(request, sample)
    rows = [
        {
            "verdict": one.state,
            "what": cell(one.check),
            "found": cell(one.found),
            "mend": cell(one.mend or ""),
        }
        for one in verdicts
    ]
    create_table_artifact(rows, key="promises", description="What the warehouse promises, checked.")
    return verdicts


@task(name="write files", cache_policy=NO_CACHE, persist_result=False)
def exported(target: Path, view: str, form: Literal["parquet", "csv", "jsonl"], *, excel_safe: bool) -> str:
    """Write the files; return what was written."""
    done = write_files(load().warehouse, target, view=view, kind=form, excel_safe=excel_safe)
    get_run_logger().info("%s", done)
    return str(done)


def _chosen(settings: Settings, wanted: list[str] | None, *, ask_now: bool) -> Settings:
    known = [source.name for source in settings.sources]
    strange = [name for name in wanted or () if name not in known]
    if strange:
        raise ConfigError(
            f"feedmill.toml names no source {strange[0]!r}. It names: {', '.join(known) or 'none'}."
        )
    kept = [source for source in settings.sources if not wanted or source.name in wanted]
    return dataclasses.replace(
        settings, sources=tuple(dataclasses.replace(source, insist=ask_now) for source in kept)
    )


def _skip_overdue() -> None:
    """Cancel runs of the same deployment that came due meanwhile: this one does their work."""
    deployment, own = runtime.deployment.id, runtime.flow_run.id
    if deployment is None:
        return
    overdue = FlowRunFilter.model_validate(
        {"state": {"type": {"any_": ["SCHEDULED"]}}, "expected_start_time": {"before_": now().isoformat()}}
    )
    which = DeploymentFilter.model_validate({"id": {"any_": [str(deployment)]}})
    with contextlib.suppress(Exception), get_client(sync_client=True) as client:  # next time will do
        for run in client.read_flow_runs(flow_run_filter=overdue, deployment_filter=which):
            if str(run.id) != str(own) and run.auto_scheduled:
                client.set_flow_run_state(run.id, Cancelled(message="Skipped: a later run does its work."))
