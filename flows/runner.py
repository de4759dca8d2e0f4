"""What runs the flows, as a child of `feedmill serve`: `python -m flows.runner`.

It makes deployments and automations what feedmill.toml asks for, clears away what is left of a former life,
and starts one run at a time, each in a process of its own. Nothing is paused when it stops.
"""

import asyncio
import os
from typing import Any

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, FlowRunFilter
from prefect.client.schemas.objects import State
from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.states import Crashed
from prefect.types.entrypoint import EntrypointType

from flows import schedule
from flows.automations import set_up
from flows.parent import PARENT, end_with_parent
from flows.pipeline import now
from flows.serve import READY, SAYS
from flows.settings import Settings, load

#: Marks the deployments of `feedmill serve`, so that others on the same server are left alone.
TAG = "feedmill-serve"
_PAGE = 200


def deployments(settings: Settings) -> list[RunnerDeployment]:
    """Return a deployment of ingest for each source with a schedule and for all, and of each other flow."""
    found = [
        _deployment(
            schedule.ingest,
            source.name,
            cron=source.schedule,
            tags=[f"source:{source.name}"],
            parameters={"sources": [source.name]},
        )
        for source in settings.sources
        if source.schedule
    ]
    if settings.sources:
        found.append(_deployment(schedule.ingest, "all-sources"))
    return [
        *found,
        _deployment(schedule.reprocess, "by-hand"),
        _deployment(schedule.maintain, "nightly", cron=settings.serve.maintain),
        _deployment(schedule.export, "by-hand"),
    ]


def _deployment(
    flow: Flow[Any, Any],
    name: str,
    *,
    cron: str | None = None,
    tags: list[str] | None = None,
    parameters: dict[str, Any] | None = None,
) -> RunnerDeployment:
    made = flow.to_deployment(
        name=name.replace("/", "_").replace("%", "_"),
        # The slug is what the page of the deployment shows.
        schedules=[Cron(cron, timezone="UTC", slug=f"{cron} UTC")] if cron else [],
        tags=["feedmill", TAG, *(tags or [])],
        parameters=parameters,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    assert isinstance(made, RunnerDeployment)  # noqa: S101 - it is a coroutine only inside of a loop
    return made


def clear_away(kept: set[str]) -> None:
    """Delete deployments that feedmill.toml no longer asks for, and what came due meanwhile; mark dead runs.

    Runs of ours end with the runner that started them, so none of them is alive now. One that a person asked
    for and that did not begin yet is done.
    """
    ours = DeploymentFilter.model_validate({"tags": {"all_": [TAG]}})
    unfinished = FlowRunFilter.model_validate(
        {"state": {"type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]}}}
    )
    late = FlowRunFilter.model_validate(
        {
            "state": {"type": {"any_": ["SCHEDULED"]}},
            "tags": {"all_": ["auto-scheduled"]},  # Prefect's own
            "expected_start_time": {"before_": now().isoformat()},
        }
    )
    gone: State[Any] = Crashed(
        message="Its process ended with an earlier feedmill serve. What landed is kept."
    )
    with get_client(sync_client=True) as client:
        for run in client.read_flow_runs(flow_run_filter=unfinished, deployment_filter=ours, limit=_PAGE):
            client.set_flow_run_state(run.id, gone, force=True)
        while runs := client.read_flow_runs(flow_run_filter=late, deployment_filter=ours, limit=_PAGE):
            for run in runs:
                client.delete_flow_run(run.id)
        for one in client.read_deployments(deployment_filter=ours, limit=_PAGE):
            if str(one.id) not in kept:
                client.delete_deployment(one.id)


def main() -> None:
    """Set up, say that all is ready, and run until a signal comes or the parent is gone."""
    end_with_parent()
    settings = load()
    runner = Runner(name="feedmill", limit=1, pause_on_shutdown=False)
    wanted = deployments(settings)
    kept = {str(runner.add_deployment(one)) for one in wanted}
    clear_away(kept)
    set_up(settings)
    for one in wanted:
        crons = [str(getattr(each.schedule, "cron", "")) for each in one.schedules or []]
        if crons:
            say(f"  {one.flow_name} {one.name}: {crons[0]} (UTC)")
    if not any(source.schedule for source in settings.sources):
        say('  No source has a schedule: add a line like schedule = "*/5 * * * *" to it in feedmill.toml.')
    say(READY)
    # Processes of runs end with this one, not with the one above it.
    os.environ[PARENT] = str(os.getpid())
    asyncio.run(runner.start())


def say(text: str) -> None:
    """Say something to the person at the terminal."""
    print(SAYS + text, flush=True)


if __name__ == "__main__":
    main()
