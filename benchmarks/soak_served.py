"""A real `feedmill serve` in a folder, with what `soak.py` asks of it and of its processes."""

import contextlib
import http.client
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TICK = os.sysconf("SC_CLK_TCK")
CONFIG = """
[serve]
notify = "http://127.0.0.1:{sink}/"
maintain = "never"

[[sources]]
name = "small"
path = "small"

[[sources]]
name = "quiet"
path = "quiet"
silent_hours = {silent}

[[sources]]
name = "poor"
path = "poor"
[sources.expect]
min_items = 1000
"""
#: Seconds that the source may be silent: the automation is looked at every few seconds.
SILENT = 45
# Prefect's retention, sped up. Its own lower bound for runs is an hour, so runs are made older.
HURRY = {
    "PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS": "30",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ORPHAN_CLEANUP_LOOP_SECONDS": "60",
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "PT2M",
    "PREFECT_RUNNER_POLL_FREQUENCY": "1",
}


class Served:
    """`feedmill serve` in a folder, and the questions that are asked of it."""

    def __init__(self, folder: Path, sink: int) -> None:
        """Lay out the folder and start."""
        self.folder, self.port = folder, free_port()
        self.home = folder / "warehouse/.feedmill.duckdb.prefect"
        for name in ("small", "quiet", "poor"):
            (folder / name).mkdir()
            (folder / name / "0.txt").write_text(f"On 3 May 2024, the mill of {name} opened its doors.\n")
        text = CONFIG.format(sink=sink, silent=SILENT / 3600)
        (folder / "feedmill.toml").write_text(text, encoding="utf-8")
        kept = {name: text for name, text in os.environ.items() if not name.startswith("PREFECT")}
        self.environ = kept | {"PYTHONPATH": str(ROOT)}
        self.process = self.feedmill("serve", "--port", str(self.port), environ=self.environ | HURRY)
        patiently("feedmill serve", self.ready, 240)

    def feedmill(self, *words: str, environ: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start one command in the folder; what it says is in `said`."""
        with (self.folder / "said").open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "flows.cli", *words],
                cwd=self.folder,
                env=environ or self.environ,
                stdout=said,
                stderr=said,
            )

    def ask(self, path: str, query: object = None) -> Any:
        """Return what the API answers: GET, or POST with a query."""
        for pause in (1, 2, 4, None):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                body = None if query is None else json.dumps(query)
                method = "GET" if body is None else "POST"
                connection.request(method, f"/api{path}", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                text = answer.read()
            finally:
                connection.close()
            if answer.status != 503 or pause is None:  # SQLite was locked by itself
                break
            time.sleep(pause)
        assert answer.status < 300, text
        return json.loads(text)

    def ready(self) -> bool:
        """Say whether it has told where to look."""
        assert self.process.poll() is None, (self.folder / "said").read_text()
        return "Runs, report and schedules" in (self.folder / "said").read_text()

    def run(self, source: str) -> str:
        """Start a run as the button in the browser does."""
        deployment = self.ask("/deployments/name/ingest/all-sources")["id"]
        query = {"state": {"type": "SCHEDULED"}, "parameters": {"sources": [source]}}
        made: str = self.ask(f"/deployments/{deployment}/create_flow_run", query)["id"]
        return made

    def ended(self, run: str) -> str:
        """Return the type of the state that a run ends in."""

        def final() -> str | None:
            kind: str = self.ask(f"/flow_runs/{run}")["state"]["type"]
            return kind if kind in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"} else None

        found: str = patiently("the end of a run", final, 300)
        return found

    def runner(self) -> int | None:
        """Return the process that starts runs."""
        return next((pid for pid in children(self.process.pid) if "flows.runner" in command(pid)), None)

    def server(self) -> int:
        """Return the process of Prefect's server."""
        return next(pid for pid in children(self.process.pid) if "flows.api_server" in command(pid))

    def row(self) -> tuple[float, ...]:
        """Return the figures of this moment, in the order of the table."""
        runner = self.runner()
        assert runner
        with sqlite3.connect(f"file:{self.home}/prefect.db?mode=ro", uri=True) as con:
            ((runs, events),) = con.execute(
                "SELECT (SELECT count(*) FROM flow_run), (SELECT count(*) FROM events)"
            ).fetchall()
        con.close()
        database = sum(file.stat().st_size for file in self.home.glob("prefect.db*"))
        return (
            resident(self.server()),
            resident(runner),
            resident(self.process.pid),
            files(self.server()),
            files(runner),
            database / 1e6,
            runs,
            events,
            weight(self.home) / 1e6 - database / 1e6,
            weight(self.folder / "warehouse") / 1e6 - weight(self.home) / 1e6,
            cpu(self.server()),
        )

    def errors(self) -> Counter[str]:
        """Return what its log complains of."""
        found = Counter[str]()
        for line in (self.home / "serve.log").read_text(encoding="utf-8").splitlines():
            said = json.loads(line)["said"]
            if isinstance(said, dict) and said.get("levelno", 0) >= 40:
                why = (said.get("exc_info") or {}).get("message", "")
                found[f"{said['name']}: {said.get('msg', '')[:70]} {why[:80]}"] += 1
        return found

    def age(self, keep: int) -> None:
        """Make all runs but the last ones two months older."""
        with contextlib.closing(sqlite3.connect(self.home / "prefect.db", timeout=60)) as con, con:
            con.execute(
                "UPDATE flow_run SET end_time = datetime(end_time, '-60 days') || '.000000' WHERE id IN "
                "(SELECT id FROM flow_run WHERE end_time > datetime('now', '-30 days') "
                "ORDER BY end_time DESC LIMIT -1 OFFSET ?)",
                [keep],
            )


def patiently(what: str, done: Callable[[], Any], seconds: float) -> Any:
    """Return the first answer that is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := done():
            return answer
        time.sleep(0.5)
    raise AssertionError(f"waited {seconds:.0f} s for {what}")


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def children(pid: int) -> list[int]:
    """Return the children of a process."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command(pid: int) -> str:
    """Return its command line."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def resident(pid: int) -> float:
    """Return its memory in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def files(pid: int) -> int:
    """Return how many files it has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def cpu(pid: int) -> float:
    """Return its CPU seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def weight(folder: Path) -> int:
    """Return the bytes of the files below a folder."""
    total = 0
    for file in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += file.stat().st_size if file.is_file() else 0
    return total
