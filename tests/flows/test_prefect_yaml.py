"""prefect.yaml says of each deployment what is so: the flow, its parameters, its schedule, one writer."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import Flow
from prefect.client.schemas.schedules import CronSchedule

from flows.runner import deployments
from flows.settings import Settings, load

ROOT = Path(__file__).parents[2]
FILE: dict[str, Any] = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
DEPLOYED: list[dict[str, Any]] = FILE["deployments"]


@pytest.mark.parametrize("one", DEPLOYED, ids=lambda one: one["name"])
def test_a_deployment_names_a_flow_parameters_that_it_takes_and_a_schedule(one: dict[str, Any]) -> None:
    module, _, name = one["entrypoint"].rpartition(".")
    found = getattr(importlib.import_module(module), name)
    assert isinstance(found, Flow)
    found.validate_parameters(one.get("parameters", {}))
    for schedule in one.get("schedules", []):
        assert CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"]).cron == schedule["cron"]
        assert set(schedule) == {"cron", "timezone", "slug"}  # another key is refused with no hint at it
    assert one["work_pool"]["name"] == "feedmill"
    assert "feedmill" in one["tags"]  # what the automations look for
    assert one["description"]


def test_every_flow_is_there_and_no_name_is_one_of_serve() -> None:
    served = deployments(load(ROOT, {}))
    assert {one["entrypoint"].rpartition(".")[2] for one in DEPLOYED} == {one.flow_name for one in served}
    assert not {one["name"] for one in DEPLOYED} & {one.name for one in served}


def test_without_sources_there_is_nothing_to_ingest() -> None:
    assert {one.flow_name for one in deployments(Settings())} == {"reprocess", "maintain", "export"}
