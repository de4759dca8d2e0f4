"""`feedmill serve` with real processes: what is set up, what a browser shows, and what a kill leaves behind.

One server for the module. The tests are in the order of a day: it comes up, works, is hurt, and goes down.
"""

import contextlib
import datetime as dt
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

# conftest.py puts this folder on the path.
from served import (
    Serve,
    alive,
    descendants,
    environ,
    feedmill,
    free_port,
    ingested,
    look,
    rows,
    shown,
    wait_for,
)

ROOT = Path(__file__).parents[2]
SECRET = environ()["TOKEN_OF_TEST"]
NASTY = "big <img src=x>"
CONFIG = """
[serve]
notify = "http://127.0.0.1:{sink}/${{TOKEN_OF_TEST}}"

[[sources]]
name = "seeds"
path = "seeds"
include = ["*.txt"]
schedule = "* * * * *"

[[sources]]
name = "big <img src=x>"
path = "big"
silent_hours = 48

[[sources]]
name = "quiet"
path = "quiet"
silent_hours = 0.01
[sources.expect]
max_undated = 0.0

[[sources]]
name = "titles"
path = "titles"

[[sources]]
name = "down"
path = "http://127.0.0.1:{dead}/feed?key=${{TOKEN_OF_TEST}}"
allow_private = true
"""
#: Titles of a feed that means no good; what a person reads of each in the table of duplicates.
TITLES = {
    # Tags do not come so far: cleaners take them out.
    "Is 3 < 4 > 2, and &lt;img src=x&gt; no image?<script>alert(2)</script>": "Is 3 ‹ 4 › 2, and &lt;img src",
    "| a | b |\n|---|---|\n| c | d |": "| a | b | |---|---|",
    "![x](http://evil.example/p.png) [click](javascript:alert(1))": "!［x］(http://",
    "\u202egnp.exe \u2066turned\u2069 \x07\x1b[31m**bold**": "gnp.exe turned ∗∗bold∗∗",
    "# A heading of " + "very " * 1000 + "many words": "# A heading of very very",
}
#: Documents of one delivery, a batch each: enough work for a process to be hit in the middle of it.
FILES, BATCH_BYTES = 20, 12_000
ENDED_WITH_RUNNER = "Its process ended with an earlier feedmill serve. What landed is kept."
pytestmark = [pytest.mark.prefect, pytest.mark.slow]


class Sink(BaseHTTPRequestHandler):
    """Takes notifications."""

    got: list[tuple[str, Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, json.loads(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it has
        """Keep quiet."""


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[int, list[tuple[str, Any]]]]:
    got: list[tuple[str, Any]] = []
    handler = type("Told", (Sink,), {"got": got})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, got
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory, told: tuple[int, list[Any]]) -> Iterator[Serve]:
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    for name in ("big", "quiet", "titles"):
        (folder / name).mkdir()
    (folder / "quiet/one.txt").write_text("The mill opened its doors.\n", encoding="utf-8")
    for number in range(2):  # the same posts twice are duplicates
        (folder / f"titles/{number}.jsonl").write_text("\n".join(_rows(number)), encoding="utf-8")
    with (folder / "titles/1.jsonl").open("a", encoding="utf-8") as file:
        file.write('\n{"id": "1-9", "text": "cut <b>off')
    (folder / "feedmill.toml").write_text(CONFIG.format(sink=told[0], dead=free_port()), encoding="utf-8")
    deliver(folder / "big", seed=1)
    one = Serve(folder, free_port())
    try:
        one.start(FEEDMILL_BATCH_BYTES=str(BATCH_BYTES))
        yield one
    finally:
        one.kill()


def _rows(copy: int) -> Iterator[str]:
    """Yield posts with bad titles. Their words are far from each other, so that none is near another."""
    for number, title in enumerate(TITLES):
        text = title + "\n" + " ".join(f"{word}{number}" for word in ("ferry", "mill", "bridge", "weir") * 10)
        yield json.dumps({"id": f"{copy}-{number}", "title": title, "text": text, "date": "2024-05-01"})


def deliver(folder: Path, seed: int, files: int = FILES) -> None:
    """Put documents of many posts into a folder."""
    dice = random.Random(seed)  # noqa: S311 - a fixed text
    words = [
        f"{a}{b}{c}"
        for a in ("bra", "cho", "dri", "fle")
        for b in ("mon", "ter", "lin", "vas")
        for c in ("ed", "ing", "os")
    ]
    for number in range(files):
        posts = []
        while sum(map(len, posts)) < BATCH_BYTES - 1000:
            day = dt.date(2024, 1, 1) + dt.timedelta(days=dice.randrange(300))
            text = " ".join(dice.choices(words, k=60))
            posts.append(
                f"On {day:%B} {day.day}, {day.year} {text}.\n\nForwarded from {dice.choice(words)}\n\n"
            )
        (folder / f"{seed}-{number}.txt").write_text("".join(posts), encoding="utf-8")


@contextlib.contextmanager
def held(warehouse: Path) -> Iterator[None]:
    """Let another process write to the warehouse."""
    holder = (
        "import sys, pathlib\nfrom warehouse.lock import locked\n"
        "with locked(pathlib.Path(sys.argv[1]), command='somebody else', started_at='now', wait=60):\n"
        "    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(warehouse)],
        env=environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        try:
            yield
        finally:
            other.communicate()


def begun(serve: Serve) -> str:
    """Start a run on the big source; return it when two of its batches have landed.

    What its process says is in the log at once; what the API tells of tasks may come when all is over.
    """
    before = serve.log.stat().st_size
    run = serve.run("ingest/all-sources", sources=[NASTY])

    def landed() -> bool:
        assert serve.state(run)["type"] not in {"FAILED", "CRASHED", "COMPLETED"}, serve.state(run)
        said = serve.log.read_bytes()[before:].decode(errors="replace")
        return said.count("items are new; %d duplicates") >= 2

    wait_for("two batches", landed)
    return run


def process(serve: Serve, words: str) -> int:
    """Return the process below the server whose command line holds these words."""
    assert serve.process is not None
    return next(pid for pid, line in descendants(serve.process.pid) if words in line)


def test_deployments_schedules_and_automations_are_set_up(serve: Serve) -> None:
    found = {
        f"{one['entrypoint'].rpartition('.')[2]}/{one['name']}": one
        for one in serve.ask("/api/deployments/filter", {})
    }
    assert set(found) == {
        *("ingest/seeds", "ingest/all-sources", "reprocess/by-hand", "maintain/nightly", "export/by-hand")
    }
    assert "source:seeds" in found["ingest/seeds"]["tags"]
    (schedule,) = found["ingest/seeds"]["schedules"]
    assert (schedule["schedule"]["cron"], schedule["active"]) == ("* * * * *", True)
    names = {one["name"]: one for one in serve.ask("/api/automations/filter", {})}
    assert set(names) == {
        "feedmill: mark dead runs",
        "feedmill: a run failed or crashed",
        "feedmill: expectations broken",
        f"feedmill: {NASTY} is silent",
        "feedmill: quiet is silent",
    }
    assert all(one["enabled"] for one in names.values())
    # The form of a run: every parameter has a type and a sentence.
    forms = [one["parameter_openapi_schema"]["properties"] for one in found.values()]
    assert sorted(map(len, forms)) == [3, 3, 4, 4, 4]
    for name, field in (pair for form in forms for pair in form.items()):
        assert field["type"] if "type" in field else field["anyOf"], name
        assert len(field["description"]) > 20, name


def test_a_run_dies_with_its_process(serve: Serve) -> None:
    """The first half: a run by hand is killed. The second is below, when 90 s without a sign are over."""
    with held(serve.folder / "warehouse/feedmill.duckdb"):
        words = ["ingest", "quiet", "--wait", "300"]
        with subprocess.Popen(
            [sys.executable, "-m", "flows.cli", *words],
            cwd=serve.folder,
            env=environ(),
            stderr=subprocess.DEVNULL,
        ) as victim:
            here = {"flow_runs": {"name": {"like_": "ingest quiet 20"}}}
            run = wait_for("the run", lambda: serve.ask("/api/flow_runs/filter", here))[0]["id"]
            event = {"id": [f"prefect.flow-run.{run}"]}
            beats = {"filter": {"event": {"name": ["prefect.flow-run.heartbeat"]}, "resource": event}}
            wait_for("a sign of life", lambda: serve.ask("/api/events/filter", beats)["total"])
            victim.kill()
    assert serve.state(run)["type"] == "RUNNING"
    (serve.folder / "dead-run").write_text(run)


def test_a_second_one_and_a_taken_port_are_named(serve: Serve, tmp_path: Path) -> None:
    again = feedmill(serve.folder, "serve", "--port", str(free_port()))
    assert again.returncode == 1
    assert f"already at http://127.0.0.1:{serve.port}" in again.stderr
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        other = feedmill(tmp_path, "serve", "--port", str(port))
    assert other.returncode == 1
    assert f"port {port} cannot be used" in other.stderr
    assert "Traceback" not in other.stderr


def test_an_ingest_by_hand_is_seen_too(serve: Serve) -> None:
    done = feedmill(serve.folder, "ingest", "seeds", "--json", "--wait", "60")
    assert done.returncode == 0, done.stderr
    assert f"http://127.0.0.1:{serve.port}" in done.stderr
    runs = serve.ask("/api/flow_runs/filter", {"flow_runs": {"name": {"like_": "ingest seeds 20"}}})
    assert any(run["deployment_id"] is None and run["state"]["type"] == "COMPLETED" for run in runs)


def test_a_full_disk_fails_the_run_and_loses_nothing(serve: Serve, tmp_path: Path) -> None:
    """The limit is one on the size of files: writing fails as on a full disk, with another number."""
    deliver(tmp_path / ".", seed=9, files=4)
    files = [f"9-{number}.txt" for number in range(4)]
    words = ["ingest", *files, "--warehouse", "w.duckdb", "--json"]
    assert ingested(tmp_path, "w.duckdb", files[0]).exit_status == 0
    size = (tmp_path / ".w.duckdb.work").stat().st_size
    full = subprocess.run(
        [
            "bash",
            "-c",
            f'ulimit -f {size // 1024}; exec "$@"',
            "-",
            sys.executable,
            "-m",
            "flows.cli",
            *words,
        ],
        cwd=tmp_path,
        env=environ(PREFECT_API_URL=f"http://127.0.0.1:{serve.port}/api"),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert full.returncode == 1, full.stderr
    assert "too large" in full.stderr
    failed = serve.ask("/api/flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": ["FAILED"]}}}})
    assert any("too large" in (one["state"]["message"] or "") for one in failed)
    assert ingested(tmp_path, "w.duckdb", *files).exit_status == 0
    assert ingested(tmp_path, "direct.duckdb", *files).exit_status == 0
    query = "select item_id, cluster_id from items order by item_id"
    assert rows(tmp_path / "w.duckdb", query) == rows(tmp_path / "direct.duckdb", query) != []


def test_the_schedule_runs_and_a_browser_shows_it(serve: Serve, tmp_path: Path) -> None:
    deployment = serve.ask("/api/deployments/name/ingest/seeds")["id"]
    of_schedule = {
        "sort": "START_TIME_ASC",  # the first one has something to clean
        "deployments": {"id": {"any_": [deployment]}},
        "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}},
    }
    run = wait_for("a scheduled run", lambda: serve.ask("/api/flow_runs/filter", of_schedule))[0]
    page = f"http://127.0.0.1:{serve.port}"
    assert run["auto_scheduled"]
    shown(f"{page}/runs", tmp_path, "ingest seeds 20", "source:seeds", "Completed")
    # The canvas is the graph; what it draws is asked for below.
    words = ("<canvas", run["name"], "documents (", "open warehouse", "publish", "report")
    shown(f"{page}/runs/flow-run/{run['id']}", tmp_path, *words)
    graph = serve.ask(f"/api/flow_runs/{run['id']}/graph-v2")
    drawn = {node["label"] for _, node in graph["nodes"]}
    assert {"open warehouse", "read", "publish", "report"} <= drawn
    artifacts = serve.artifacts(run["id"])
    keys = {"run-report", "run-sources", "newest-duplicates", "quarantine", "data-checks", "overview"}
    # The first run has enough batches to show how far it is, those behind it have none.
    assert set(artifacts) - {"progress"} == keys
    artifact = f"{page}/artifacts/artifact"
    shown(f"{artifact}/{artifacts['run-report']['id']}", tmp_path, "copied paragraphs collapsed")
    shown(f"{artifact}/{artifacts['overview']['id']}", tmp_path, 'src="data:image/svg+xml;base64,')
    shown(f"{page}/deployments/deployment/{deployment}", tmp_path, "* * * * * UTC", "Next Run")
    # From here on it would be in the way; a restart, below, switches it on again, as feedmill.toml says.
    serve.ask(f"/api/deployments/{deployment}/pause_deployment", {}, raw=True)
    # Those of README are the upper parts of these: FEEDMILL_PICTURES=FOLDER, and look at them.
    pictures = Path(os.environ.get("FEEDMILL_PICTURES", tmp_path))
    for name, place in (
        ("prefect-run", f"runs/flow-run/{run['id']}"),
        ("prefect-overview", f"artifacts/artifact/{artifacts['overview']['id']}"),
    ):
        shot = pictures / f"{name}.png"
        look(f"{page}/{place}", tmp_path, picture=shot)
        assert shot.stat().st_size > 20_000  # a blank page has some 5,000 bytes


def test_a_run_that_is_killed_is_crashed_at_once(serve: Serve, told: tuple[int, list[Any]]) -> None:
    run = begun(serve)
    os.kill(process(serve, "prefect.engine"), signal.SIGKILL)
    assert serve.ended(run)["type"] == "CRASHED"
    assert serve.artifacts(run)["progress"]["data"] < 100
    # Whoever is responsible hears of it, at an address that is in no file and no log.
    wait_for(
        "the notification", lambda: [one for one in told[1] if "failed or crashed" in one[1]["text"]], 60
    )
    assert {path for path, _ in told[1]} == {f"/{SECRET}"}


def test_a_run_that_is_killed_with_what_started_it_is_crashed_and_the_next_goes_on(serve: Serve) -> None:
    run = begun(serve)
    again = serve.run("ingest/all-sources", sources=[NASTY])  # has to wait
    both = process(serve, "flows.runner"), process(serve, "prefect.engine")
    for pid in both:
        os.kill(pid, signal.SIGKILL)
    state = serve.ended(run)
    assert (state["type"], state["message"]) == ("CRASHED", ENDED_WITH_RUNNER)
    assert not any(map(alive, both))
    assert serve.ended(again)["type"] == "COMPLETED"
    assert f"{serve.ask(f'/api/flow_runs/{again}')['name']}".startswith("ingest big")
    table = json.loads(serve.artifacts(again)["run-sources"]["data"])
    assert "<img" not in json.dumps(table)


def test_a_server_that_is_killed_comes_back_and_the_run_ends_well(serve: Serve) -> None:
    deliver(serve.folder / "big", seed=2)
    run = begun(serve)
    os.kill(process(serve, "flows.api_server"), signal.SIGKILL)
    assert serve.ended(run)["type"] == "COMPLETED"


def test_a_warehouse_that_is_locked_is_named_and_a_source_that_is_down_stops_no_other(serve: Serve) -> None:
    with held(serve.folder / "warehouse/feedmill.duckdb"):
        busy = serve.ended(serve.run("ingest/all-sources", sources=["seeds"], wait=0))
    assert busy["type"] == "FAILED"
    assert "somebody else" in busy["message"]
    run = serve.run("ingest/all-sources", ask_now=True)
    state = serve.ended(run)
    assert (state["type"], state["name"]) == ("COMPLETED", "CompletedWithFailures")

    def logged() -> Any:
        logs = serve.ask("/api/logs/filter", {"logs": {"flow_run_id": {"any_": [run]}}})
        return logs if any("cannot be reached" in one["message"] for one in logs) else None

    logs = wait_for("the log", logged, 60)  # it comes some seconds after the end
    assert SECRET not in json.dumps(logs) + json.dumps(serve.ask(f"/api/flow_runs/{run}"))


def test_titles_that_mean_no_good_are_read_as_they_are(serve: Serve, tmp_path: Path) -> None:
    run = serve.run("ingest/all-sources", sources=["titles"])
    assert serve.ended(run)["type"] == "COMPLETED"
    left = serve.artifacts(run)
    (why,) = json.loads(left["quarantine"]["data"])
    assert (why["ranges"], why["still open"]) == (1, 1)
    table = left["newest-duplicates"]
    stored = [row["title"] for row in json.loads(table["data"])]
    for begins in TITLES.values():
        (title,) = [one for one in stored if one.lstrip("\u200b").replace("\u200b", "").startswith(begins)]
        assert len(title) <= 60
        assert not set("<>[]*`\\\n\r\x07\x1b\u202e\u2066\u2069") & set(title)
    # Both user interfaces: one reads cells as markdown, the other shows them as they are.
    for place in ("artifacts", "v2/artifacts"):
        page = shown(
            f"http://127.0.0.1:{serve.port}/{place}/artifact/{table['id']}",
            tmp_path,
            *("Is 3 ‹ 4 › 2", "| a | b |", "gnp.exe turned ∗∗bold∗∗"),
        )
        assert not re.search(
            r"<img[^>]+src=.?x\b|<script>alert|href=.?(javascript|http://.?evil)|\u202e", page
        )
        assert "&amp;#" not in page, "an entity that is not resolved is no text for people"


def test_whoever_is_responsible_hears_of_it(serve: Serve, told: tuple[int, list[Any]]) -> None:
    """What was due by now: an undated document is not as expected, and a source was silent for 36 s."""

    def heard(name: str) -> Any:
        return [text["text"] for _, text in told[1] if text["text"].startswith(f"feedmill: {name}")]

    broken = wait_for("a broken expectation", lambda: heard("expectations broken"), 60)
    assert "of the items have no date" in broken[0]
    silent = wait_for("a silent source", lambda: heard("quiet is silent"), 90)
    assert "Nothing new came from it for 0.01 h" in silent[0]
    wait_for("a failed run", lambda: heard("a run failed or crashed"), 60)
    names = ("run.completed", "run.completed-with-failures", "source.new", "quarantine.entered")
    for name in (*names, "expectation.warned"):
        ours = {"filter": {"event": {"name": [f"feedmill.{name}"]}}}
        wait_for(name, lambda ours=ours: serve.ask("/api/events/filter", ours)["total"], 60)
    assert not heard(f"{NASTY} is silent")


def test_figures_for_prometheus(serve: Serve) -> None:
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(serve.ask("/metrics", raw=True))
        for sample in family.samples
    }
    assert found["feedmill_up",] == 1
    assert found["feedmill_items",] == serve.sql("select count(*) as n from items")[0]["n"]
    assert found["feedmill_source_documents", NASTY] == 2 * FILES
    assert found["feedmill_source_lag_seconds", "seeds"] >= 0
    assert found["feedmill_source_failures", "down"] >= 1
    assert found["feedmill_last_run_stage_seconds", "publish"] > 0


def test_upkeep_and_export_run_from_the_browser_too(serve: Serve) -> None:
    runs = [serve.run("maintain/nightly", sample=5), serve.run("export/by-hand", view="unique_items")]
    runs.append(serve.run("reprocess/by-hand", source="seeds"))
    states = [serve.ended(run) for run in runs]
    assert [state["type"] for state in states] == ["COMPLETED"] * 3, states
    assert "All " in states[0]["message"]
    assert (serve.folder / "export/items").is_dir()
    assert "0 fields" in states[2]["message"]
    # They were asked for at once, and done one after the other.
    found = [serve.ask(f"/api/flow_runs/{run}") for run in runs]
    times = sorted((one["start_time"], one["end_time"]) for one in found)
    moments = [dt.datetime.fromisoformat(moment) for pair in times for moment in pair]
    assert moments == sorted(moments)


def test_the_dead_run_was_marked(serve: Serve) -> None:
    run = (serve.folder / "dead-run").read_text()
    state = wait_for(
        "the automation", lambda: serve.state(run)["type"] == "CRASHED" and serve.state(run), 150
    )
    assert "no heartbeat" in state["message"]


def test_it_stops_at_once_in_the_middle_of_a_run_and_keeps_its_schedule(serve: Serve) -> None:
    deliver(serve.folder / "big", seed=3)
    run = begun(serve)
    assert serve.process is not None
    below = [pid for pid, _ in descendants(serve.process.pid)]
    assert len(below) >= 3
    done = {"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}
    count = len(serve.ask("/api/flow_runs/filter", done))
    serve.stop()
    wait_for("all processes to end", lambda: not any(map(alive, below)), 30)
    serve.start(FEEDMILL_BATCH_BYTES=str(BATCH_BYTES))
    assert serve.state(run)["type"] in {"CANCELLED", "CRASHED"}
    assert len(serve.ask("/api/flow_runs/filter", done)) >= count
    made = serve.ask("/api/deployments/name/ingest/seeds")
    assert not made["paused"]
    assert made["schedules"][0]["active"]
    serve.ask(f"/api/deployments/{made['id']}/pause_deployment", {}, raw=True)  # as above


def test_a_parent_that_is_killed_leaves_nobody_behind_and_the_next_start_goes_on(serve: Serve) -> None:
    deliver(serve.folder / "big", seed=4, files=10)
    run = begun(serve)
    assert serve.process is not None
    below = [pid for pid, _ in descendants(serve.process.pid)]
    assert len(below) >= 3
    serve.process.kill()
    serve.process.wait()
    wait_for("all processes to end", lambda: not any(map(alive, below)), 40)
    serve.start(FEEDMILL_BATCH_BYTES=str(BATCH_BYTES))
    assert serve.state(run)["type"] in {"CANCELLED", "CRASHED"}
    again = serve.run("ingest/all-sources", sources=[NASTY])
    assert serve.ended(again)["type"] == "COMPLETED"
    serve.stop()
    assert SECRET not in serve.log.read_text(encoding="utf-8")


def test_what_landed_is_what_a_quiet_run_lands(serve: Serve) -> None:
    """After all that: nothing lost, nothing twice."""
    quiet = ingested(serve.folder, "quiet.duckdb", "seeds", "big", "quiet", "titles")
    assert quiet.exit_status == 3  # the broken line
    query = (
        "select item_id, source, ordinal, cluster_id, is_primary, published_edtf from items order by item_id"
    )
    assert rows(serve.folder / "quiet.duckdb", query) == serve.sql(query) != []
    verdict = feedmill(serve.folder, "verify", "--sample", "10")
    assert verdict.returncode == 0, verdict.stderr
