"""Automations as code: what they wait for, and that setting them up again touches nothing."""

import json
from types import SimpleNamespace

import pytest
from prefect.events.actions import DoNothing
from prefect.events.schemas.automations import EventTrigger
from prefect.server.utilities.user_templates import render_user_template_sync

from flows import events
from flows.automations import _PAYLOAD, _covers, automations
from flows.settings import SourceSettings


def test_a_run_that_ended_in_any_state_of_ours_is_not_taken_for_dead() -> None:
    dead = automations([], [DoNothing()])[0]
    assert isinstance(dead.trigger, EventTrigger)
    for name in ("heartbeat", "Completed", "CompletedWithQuarantine", "CompletedWithFailures", "Failed"):
        assert f"prefect.flow-run.{name}" in dead.trigger.expect


def test_each_source_with_a_limit_has_its_own_whatever_its_name() -> None:
    sources = [
        SourceSettings(name="a/b *", location="x", silent_hours=2.0),
        SourceSettings(name="quiet", location="y"),
    ]
    found = {one.name: one for one in automations(sources, [DoNothing()])}
    silent = found["feedmill: a/b * is silent"]
    assert "feedmill: quiet is silent" not in found
    assert isinstance(silent.trigger, EventTrigger)
    assert silent.trigger.expect == {events.NEW}
    assert silent.trigger.match["prefect.resource.id"] == ["feedmill.source.a%2Fb%20%2A"]
    assert silent.trigger.within.total_seconds() == 7200


def test_what_the_server_adds_is_no_difference() -> None:
    wanted = {"name": "x", "trigger": {"expect": ["b", "a"], "within": 5.0}}
    there = {"id": 1, "name": "x", "trigger": {"id": 2, "expect": ["a", "b"], "within": 5.0, "more": None}}
    assert _covers(there, wanted)
    assert _covers({"label": "a"}, {"label": ["a"]})
    assert not _covers(there | {"name": "y"}, wanted)
    assert not _covers({"name": "x", "trigger": {"expect": ["a"], "within": 5.0}}, wanted)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            {
                "event": "feedmill.expectation.failed",
                "resource": {"name": 'a "b"\n</script>', "id": "x"},
                "payload": {"detail": "1 items"},
            },
            'feedmill: x: feedmill.expectation.failed of a "b"\n</script> 1 items',
        ),
        (
            {"event": "prefect.flow-run.Failed", "resource": {"id": "x"}, "payload": {}},
            "feedmill: x: prefect.flow-run.Failed of x",
        ),
        # What did not happen is an event without a name.
        ({"event": "", "resource": {}, "payload": {}}, "feedmill: x: Nothing new came."),
    ],
)
def test_what_a_person_is_told(event: dict[str, object], text: str) -> None:
    about = SimpleNamespace(name="feedmill: x", description="Nothing new came.")
    said = render_user_template_sync(_PAYLOAD, {"automation": about, "event": event})
    assert json.loads(said) == {"text": text}
