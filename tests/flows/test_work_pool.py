"""`prefect.yaml` on a real server with a real worker: the commands of docs/operate.md, as they stand."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# conftest.py puts this folder on the path.
from prefect_api import PrefectServer
from served import feedmill, wait_for

ROOT = Path(__file__).parents[2]
#: The commands of the page, without its remarks.
PAGE = (ROOT / "docs/operate.md").read_text(encoding="utf-8").partition("## With a work pool of your own")[2]
COMMANDS = [re.split(r"\s+#", line)[0] for line in PAGE.split("```")[1].splitlines()[1:]]
CRON = 'cron: "*/5 * * * *", timezone: UTC'
#: Nobody waits for five minutes; and while one run is under way, others come due.
SHORT = "interval: 5"
ENDS = ("COMPLETED", "FAILED", "CRASHED")
SKIPPED = "Skipped: a later run does its work."
pytestmark = [pytest.mark.prefect, pytest.mark.slow]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What of a checkout the page speaks of, with a shorter schedule."""
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    shutil.copy(ROOT / "feedmill.toml", tmp_path)
    text = (ROOT / "prefect.yaml").read_text(encoding="utf-8")
    assert text.count(CRON) == 1
    (tmp_path / "prefect.yaml").write_text(text.replace(CRON, SHORT), encoding="utf-8")
    return tmp_path


@pytest.fixture
def environ(prefect_server: PrefectServer, checkout: Path) -> Iterator[dict[str, str]]:
    """A shell in the checkout in which the virtual environment is active. The server is left as it was."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    yield prefect_server.environ | {"PATH": path, "PWD": str(checkout)}
    for one in prefect_server.ask("/deployments/filter", {}):
        prefect_server.delete(f"/deployments/{one['id']}")
    for one in prefect_server.ask("/automations/filter", {}):
        prefect_server.delete(f"/automations/{one['id']}")
    prefect_server.delete("/work_pools/feedmill")


def test_a_worker_runs_the_schedule_of_a_deployment_one_run_at_a_time(
    prefect_server: PrefectServer, checkout: Path, environ: dict[str, str]
) -> None:
    export, *commands, worker = COMMANDS
    assert export == "export PREFECT_API_URL=http://127.0.0.1:4200/api"  # ours has another port
    assert worker == "prefect worker start --pool feedmill"
    assert "prefect --no-prompt deploy --all" in commands
    for line in commands:
        done = subprocess.run(
            shlex.split(line), cwd=checkout, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
    assert prefect_server.ask("/work_pools/feedmill")["concurrency_limit"] == 1
    names = {one["name"] for one in prefect_server.ask("/automations/filter", {})}
    assert "feedmill: mark dead runs" in names
    log = (checkout / "worker.log").open("wb")
    with subprocess.Popen(
        shlex.split(worker), cwd=checkout, env=environ, stdout=log, stderr=log, start_new_session=True
    ) as process:
        try:
            run = wait_for("a scheduled run to end", lambda: _runs(prefect_server, *ENDS))[-1]
            # On a fast machine the first run ends before another comes due: a later one finds some.
            wait_for("a run to be skipped", lambda: SKIPPED in _messages(prefect_server, "CANCELLED"))
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            log.close()
    assert run["auto_scheduled"]
    assert run["state"]["type"] == "COMPLETED", (checkout / "worker.log").read_text(errors="replace")
    assert run["name"].startswith("ingest all sources 20")
    assert "feedmill" in run["tags"]  # what the automations look for
    found = feedmill(checkout, "sql", "select count(*) as items from unique_items", "--format", "jsonl")
    assert json.loads(found.stdout) == {"items": 17}, found.stderr


def _runs(server: PrefectServer, *states: str) -> list[dict[str, Any]]:
    """Return the runs of the schedule that are in one of these states."""
    which = {
        "deployments": {"name": {"any_": ["pool-all-sources"]}},
        "flow_runs": {"state": {"type": {"any_": states}}},
    }
    found: list[dict[str, Any]] = server.ask("/flow_runs/filter", which)
    return found


def _messages(server: PrefectServer, state: str) -> list[str]:
    """Return what the runs of the schedule that are in this state say of it."""
    return [one["state"]["message"] for one in _runs(server, state)]
