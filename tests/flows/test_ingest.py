"""The flow on a real Prefect server: states, names, tags, logs and artifacts as the UI gets them."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flows.pipeline import ingest
from flows.runs import request_for
from flows.settings import load

# These fixtures and helpers come from conftest.py, which pytest loads and Python cannot import by name.
HERE = Path(__file__).parent
SEEDS = HERE.parents[1] / "seeds"

pytestmark = pytest.mark.prefect


class Ran:
    """A flow run as its caller and as the server saw it."""

    def __init__(self, server: Any, done: subprocess.CompletedProcess[str], since: set[str]) -> None:
        self.status = done.returncode
        self.stderr = done.stderr
        self.printed = json.loads(done.stdout)
        (self.run,) = [run for run in server.ask("/flow_runs/filter", {}) if run["id"] not in since]
        within = {"flow_runs": {"id": {"any_": [self.run["id"]]}}}
        self.tasks = server.ask("/task_runs/filter", within)
        self.artifacts = {one["key"]: one for one in server.ask("/artifacts/filter", within)}
        logs = {"logs": {"flow_run_id": {"any_": [self.run["id"]]}}, "sort": "TIMESTAMP_ASC"}
        self.log = [one["message"] for one in server.ask("/logs/filter", logs)]

    @property
    def states(self) -> dict[str, str]:
        return {task["name"]: task["state"]["type"] for task in self.tasks}


def run_flow(server: Any, folder: Path, *inputs: str, **environ: str) -> Ran:
    since = {run["id"] for run in server.ask("/flow_runs/filter", {})}
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            str(HERE / "driver.py"),
            "prefect",
            str(folder / "w.duckdb"),
            *inputs,
        ],
        env=server.environ | environ,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.stdout, done.stderr
    return Ran(server, done, since)


def test_the_seeds_as_a_person_sees_them(prefect_server: Any, tmp_path: Path) -> None:
    ran = run_flow(
        prefect_server, tmp_path, str(SEEDS), FEEDMILL_BATCH_BYTES="20000", TEST_REFRESH_SECONDS="0"
    )
    assert ran.status == 0, ran.stderr
    assert ran.printed["items_new"] == 17
    assert (ran.run["state"]["type"], ran.run["state"]["name"]) == ("COMPLETED", "Completed")
    assert ran.run["name"].startswith("ingest seeds 20")
    assert set(ran.run["tags"]) == {"feedmill", "source:seeds"}
    assert ran.run["state"]["message"].startswith(
        "17 new, 0 changed and 0 known items; 0 ranges in quarantine"
    )
    count = len([name for name in ran.states if name.startswith("clean batch")])
    assert count > 1
    batches = [f"batch {number} of {count}" for number in range(1, count + 1)]
    assert ran.states == dict.fromkeys(
        [
            "open warehouse",
            "read",
            *(f"clean {batch}" for batch in batches),
            f"match and land batch 1 to {count} of {count}",
            "publish",
            "report",
        ],
        "COMPLETED",
    )
    report = ran.artifacts["run-report"]
    assert report["type"] == "markdown"
    assert "| new items | **17** |" in report["data"]
    assert "| copied paragraphs collapsed | 74 |" in report["data"]
    table = json.loads(ran.artifacts["run-sources"]["data"])
    assert [(row["source"], row["documents"], row["items"]) for row in table] == [("seeds", 5, 17)]
    assert ran.artifacts["overview"]["data"].startswith("data:image/svg+xml;base64,")
    checked = json.loads(ran.artifacts["data-checks"]["data"])
    assert len(checked) > 10
    assert {row["verdict"] for row in checked} == {"met"}
    assert any(line.startswith("5 new documents (49,996 bytes) in") for line in ran.log)
    assert "Published what landed before batch 1." in ran.log
    assert f"Published {tmp_path / 'w.duckdb'}." in ran.log
    # The arguments of a run are what the UI shows; nothing that was read is among them.
    assert len(json.dumps(ran.run["parameters"])) < 2000


def test_a_second_run_lands_nothing_and_keeps_the_history_of_its_report(
    prefect_server: Any, tmp_path: Path
) -> None:
    ingest(request_for(load(tmp_path, {}, warehouse=tmp_path / "w.duckdb"), [str(SEEDS)]))
    again = run_flow(prefect_server, tmp_path, str(SEEDS))
    assert (again.status, again.printed["items_new"], again.printed["items_unchanged"]) == (0, 0, 17)
    assert not any(name.startswith("clean") for name in again.states)
    assert set(again.artifacts) == {
        *("run-report", "run-sources", "newest-duplicates", "quarantine", "data-checks", "overview")
    }


def test_bad_input_shows_in_the_state_and_cannot_forge_the_report(
    prefect_server: Any, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/good.txt").write_text("A post of 12 July 2023.\n", encoding="utf-8")
    (tmp_path / "in/nul.txt").write_bytes(b"\0" * 100)
    (tmp_path / "in/![x](http:||evil) `<img src=x>`\n# not a heading").symlink_to("nowhere")
    ran = run_flow(prefect_server, tmp_path, "in")
    assert ran.status == 3, ran.stderr
    assert (ran.run["state"]["type"], ran.run["state"]["name"]) == ("COMPLETED", "CompletedWithFailures")
    report = ran.artifacts["run-report"]["data"]
    assert "<img" not in report
    assert "![x]" not in report
    assert "\n# not a heading" not in report
    assert "| ranges in quarantine | **1** |" in report


def test_nothing_readable_fails_and_leaves_no_warehouse(prefect_server: Any, tmp_path: Path) -> None:
    ran = run_flow(prefect_server, tmp_path, "nowhere")
    assert ran.status == 1
    assert ran.run["state"]["type"] == "FAILED"
    assert ran.printed["failures"][0]["reason"] == "there is no such file or folder"
    assert not (tmp_path / "w.duckdb").exists()
    assert "Traceback" not in ran.stderr


def test_a_busy_warehouse_is_tried_again_and_then_told(prefect_server: Any, tmp_path: Path) -> None:
    holder = (
        "import sys, pathlib\nfrom warehouse.lock import locked\n"
        "with locked(pathlib.Path(sys.argv[1]), command='another ingest', started_at='now', wait=0):\n"
        "    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(tmp_path / "w.duckdb")],
        env=prefect_server.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        ran = run_flow(prefect_server, tmp_path, str(SEEDS))
        other.communicate()
    assert ran.printed["error"] == "WarehouseBusy"
    assert "another ingest" in ran.printed["message"]
    (opening,) = ran.tasks
    assert (opening["name"], opening["state"]["type"], opening["run_count"]) == (
        "open warehouse",
        "FAILED",
        4,
    )
    assert ran.run["state"]["type"] == "FAILED"


def test_without_a_server_the_embedded_one_runs_quietly(tmp_path: Path, prefect_server: Any) -> None:
    environ = {name: value for name, value in prefect_server.environ.items() if name != "PREFECT_API_URL"}
    home = tmp_path / "home"
    home.mkdir()
    # A database like the other server's: to make an empty one takes most of the time.
    with (
        closing(sqlite3.connect(Path(environ["PREFECT_HOME"]) / "prefect.db")) as theirs,
        closing(sqlite3.connect(home / "prefect.db")) as ours,
    ):
        theirs.backup(ours)
    before = runs_of(home)
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            str(HERE / "driver.py"),
            "prefect",
            str(tmp_path / "w.duckdb"),
            str(SEEDS),
        ],
        env=environ | {"PREFECT_HOME": str(home)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["items_new"] == 17
    # The terminal belongs to the command line: only our own progress is there.
    assert all(line.startswith('{"stage": ') for line in done.stderr.splitlines())
    # The run is in Prefect's usual database, where `prefect server start` finds it.
    (run,) = runs_of(home) - before
    assert run.startswith("ingest seeds 20")


def runs_of(home: Path) -> set[str]:
    """Return the names of the runs in a database of Prefect's."""
    with closing(sqlite3.connect(home / "prefect.db")) as con:
        return {name for (name,) in con.execute("SELECT name FROM flow_run")}
