"""Automations as code: dead runs are marked, and who is responsible hears of what needs a person.

`feedmill serve` sets them up; `python -m flows.automations` does it on the server that PREFECT_API_URL names.
"""

import os
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes, CallWebhook, ChangeFlowRunState, DoNothing
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from pydantic import SecretStr

from flows import events
from flows.settings import Settings, SourceSettings, load

#: Runs say that they live every thirty seconds (PREFECT_FLOWS_HEARTBEAT_FREQUENCY); three are waited for.
_DEAD_AFTER = timedelta(seconds=90)
_PREFIX = "feedmill: "
_BLOCK = "feedmill-notify"
#: The states that end a run; two are of `flows.ingest`. In one that is missing here, a run is taken for dead.
_ENDS = (
    *("Completed", "CompletedWithQuarantine", "CompletedWithFailures"),
    *("Failed", "TimedOut", "Crashed", "Cancelled", "Cancelling", "Suspended", "AwaitingRetry"),
)
_BAD_ENDS = {f"prefect.flow-run.{name}" for name in ("Failed", "TimedOut", "Crashed")}
_OURS: dict[str, str | list[str]] = {
    "prefect.resource.id": "prefect.tag.feedmill",
    "prefect.resource.role": "tag",
}
# Read by people and by chat systems, which look for `text`. What did not happen is no event: then the
# description says what is wrong.
_PAYLOAD = (
    '{"text": {{ (automation.name ~ ": " ~ ((event.event ~ " of "'
    ' ~ (event.resource.name or event.resource.id) ~ " " ~ (event.payload.detail or ""))'
    " if event.event else automation.description)) | trim | tojson }}}"
)


def automations(sources: Iterable[SourceSettings], actions: Sequence[ActionTypes]) -> list[AutomationCore]:
    """Return all automations. `actions` are what tells a person."""
    runs: dict[str, str | list[str]] = {"prefect.resource.id": "prefect.flow-run.*"}

    def told(name: str, description: str, trigger: EventTrigger) -> AutomationCore:
        return AutomationCore(
            name=_PREFIX + name, description=description, trigger=trigger, actions=list(actions)
        )

    return [
        AutomationCore(
            name=f"{_PREFIX}mark dead runs",
            description="A run whose process is gone cannot say so: it is marked Crashed.",
            trigger=EventTrigger(
                posture=Posture.Proactive,
                match=runs,
                match_related=_OURS,
                after={"prefect.flow-run.heartbeat"},
                expect={"prefect.flow-run.heartbeat", *(f"prefect.flow-run.{name}" for name in _ENDS)},
                for_each={"prefect.resource.id"},
                within=_DEAD_AFTER,
            ),
            actions=[
                ChangeFlowRunState(
                    name=None,
                    state=StateType.CRASHED,
                    message="Its process is gone: no heartbeat for 90 s. What landed is kept.",
                    force=False,
                )
            ],
        ),
        told(
            "a run failed or crashed",
            "The run's page says why, and what has landed is kept. The next run tries again.",
            EventTrigger(match=runs, match_related=_OURS, expect=_BAD_ENDS),
        ),
        told(
            "expectations broken",
            "A source did not deliver what feedmill.toml expects of it, or a data check failed.",
            EventTrigger(expect={events.UNMET, events.WARNED, events.BROKEN}),
        ),
        *(
            told(
                f"{source.name} is silent",
                f"Nothing new came from it for {source.silent_hours:g} h (silent_hours).",
                EventTrigger(
                    posture=Posture.Proactive,
                    match={"prefect.resource.id": events.source_resource(source.name)},
                    expect={events.NEW},
                    within=timedelta(hours=source.silent_hours),
                ),
            )
            for source in sources
            if source.silent_hours is not None
        ),
    ]


def set_up(settings: Settings) -> list[str]:
    """Make the automations what they should be, and return their names.

    What is right is not touched: one that waits for a silent source goes on waiting. One that a person has
    switched off stays so.
    """
    wanted = automations(settings.sources, [_action(settings.serve.notify)])
    with get_client(sync_client=True) as client:
        there = {
            one["name"]: one
            for one in client.request("POST", "/automations/filter", json={"limit": 200}).json()
            if one["name"].startswith(_PREFIX)
        }
        for one in wanted:
            known = there.pop(one.name, None)
            body = one.model_dump(mode="json")
            if known is None:
                client.create_automation(one)
            elif not _covers(known, body | {"enabled": known["enabled"]}):
                one.enabled = known["enabled"]
                client.update_automation(UUID(known["id"]), one)
        for stale in there.values():
            client.delete_automation(UUID(stale["id"]))
    return [one.name for one in wanted]


def _action(address: str | None) -> ActionTypes:
    """Return what tells a person: a POST if there is an address, else a mark in the event feed."""
    if not address:
        return DoNothing()
    filled = re.sub(r"\$\{(\w+)\}", lambda match: os.environ.get(match[1], ""), address)
    block = Webhook(method="POST", url=SecretStr(filled))
    saved = block.save(_BLOCK, overwrite=True)
    assert isinstance(saved, UUID)  # noqa: S101 - it is a coroutine only inside of a loop
    return CallWebhook(block_document_id=saved, payload=_PAYLOAD)


def _covers(there: object, wanted: object) -> bool:
    """Say whether what is there says all that is wanted; a server adds defaults and ids of its own."""
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(
            _covers(there.get(key), value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        there = [there] if isinstance(there, str) else there  # one label may be written either way
        if not isinstance(there, list) or len(there) != len(wanted):
            return False
        if all(isinstance(one, str) for one in (*there, *wanted)):
            return sorted(there) == sorted(wanted)  # sets, in any order
        return all(map(_covers, there, wanted))
    return there == wanted


if __name__ == "__main__":
    print("\n".join(set_up(load())))
