"""Helpers for tests of `feedmill serve`: a real one in a folder, its processes, its API and its pages."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# conftest.py puts this folder on the path.
from prefect_api import answered

from flows.pipeline import ingest
from flows.runs import RunSummary, request_for
from flows.settings import load
from warehouse.reader import query, reading

HOME = Path(__file__).parents[2]
#: A start takes 15 s on a machine that is idle, several times that on one that is not.
PATIENCE = 240.0


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def wait_for(what: str, done: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Return the first answer that is true. What takes longer than `seconds` is not coming."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = done()
        if answer:
            return answer
        time.sleep(0.2)
    raise AssertionError(f"waited {seconds:.0f} s for: {what}")


def environ(**more: str) -> dict[str, str]:
    """Return an environment without the settings of whoever runs the tests."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("PREFECT_", "FEEDMILL_"))}
    ours = {
        "PYTHONPATH": str(HOME),
        "TOKEN_OF_TEST": "s3cr3t-of-the-test",
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",  # seconds until a run that was asked for begins; 5 by default
    }
    return kept | ours | more


class Serve:
    """`feedmill serve` in a folder."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.process: subprocess.Popen[str] | None = None
        self.out = folder / "serve.out"
        self.log = folder / "warehouse/.feedmill.duckdb.prefect/serve.log"

    def start(self, **more: str) -> None:
        """Start it and wait until it says that it is ready."""
        with self.out.open("w", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flows.cli", "serve", "--port", str(self.port)],
                cwd=self.folder,
                env=environ(**more),
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

        def ready() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, self.said()
            return "Runs, report and schedules" in self.said()

        wait_for("serve to be ready", ready)

    def said(self) -> str:
        """Return what the terminal shows, with the log where there is one."""
        log = self.log.read_text(encoding="utf-8", errors="replace")[-4000:] if self.log.exists() else ""
        return self.out.read_text(encoding="utf-8") + ("" if "Runs, report" in self.out.read_text() else log)

    def stop(self) -> None:
        """Ask it to end as Ctrl-C does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(60)
        assert status == 0, self.said()

    def kill(self) -> None:
        """Leave nothing behind, whatever a test did."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def ask(self, path: str, query: object = None, *, raw: bool = False) -> Any:
        """Return the answer of the API, or of a page: GET, or POST with a query."""
        text = answered(self.port, path, query)
        return text if raw else json.loads(text)

    def run(self, deployment: str, **parameters: object) -> str:
        """Start a run as the button in the browser does; return its id."""
        made = self.ask(f"/api/deployments/name/{deployment}")
        query = {"state": {"type": "SCHEDULED"}, "parameters": parameters}
        one: str = self.ask(f"/api/deployments/{made['id']}/create_flow_run", query)["id"]
        return one

    def state(self, run: str) -> dict[str, Any]:
        """Return the state of a run."""
        found: dict[str, Any] = self.ask(f"/api/flow_runs/{run}")["state"]
        return found

    def ended(self, run: str) -> dict[str, Any]:
        """Return the state that a run ends in. A server that is being started again is waited for."""

        def final() -> dict[str, Any] | None:
            try:
                state = self.state(run)
            except OSError:
                return None
            return state if state["type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"} else None

        found: dict[str, Any] = wait_for("the run to end", final)
        return found

    def artifacts(self, run: str) -> dict[str, Any]:
        """Return the artifacts of a run by key."""
        found = self.ask("/api/artifacts/filter", {"flow_runs": {"id": {"any_": [run]}}})
        return {one["key"]: one for one in found}

    def sql(self, text: str) -> list[dict[str, Any]]:
        """Ask the published copy."""
        return rows(self.folder / "warehouse/feedmill.duckdb", text)


def feedmill(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run one command in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", *words],
        cwd=folder,
        env=environ(**more),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def ingested(folder: Path, warehouse: str, *inputs: str) -> RunSummary:
    """Ingest files of a folder without Prefect, in this process: what a run under test is held against."""
    with contextlib.chdir(folder):
        return ingest(request_for(load(folder, environ(), warehouse=warehouse), inputs))


def rows(warehouse: Path, text: str) -> list[dict[str, Any]]:
    """Return the rows of a query on a published copy."""
    with reading(warehouse) as con:
        found: list[dict[str, Any]] = query(con, text).to_pylist()
    return found


def descendants(pid: int) -> Iterator[tuple[int, str]]:
    """Yield the processes below one, with their command lines."""
    for child in children(pid):
        yield child, command(child)
        yield from descendants(child)


def children(pid: int) -> list[int]:
    """Return the children of a process."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def command(pid: int) -> str:
    """Return the command line of a process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def alive(pid: int) -> bool:
    """Say whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def browser() -> str:
    """Return the path of a Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, (
        "This test looks at Prefect's pages with Chromium, which is not installed. On Debian, as root: "
        "apt-get install chromium (`make test` does that by itself if it may)."
    )
    return found


def shown(url: str, folder: Path, *words: str) -> str:
    """Return the DOM of a page once it shows all these words: its data may come after it was dumped."""

    def dumped() -> str | None:
        page = look(url, folder)
        return page if all(one in page for one in words) else None

    page: str = wait_for(f"{url} to show {words}", dumped, 120)
    return page


def look(url: str, folder: Path, *, picture: Path | None = None) -> str:
    """Return the DOM of a page after its scripts ran. With `picture`, save what is visible."""
    flags = [
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *(
            "--virtual-time-budget=20000",
            "--window-size=1400,1000",
            f"--user-data-dir={folder / 'chromium'}",
        ),
    ]
    what = f"--screenshot={picture}" if picture else "--dump-dom"
    done = subprocess.run(
        [browser(), *flags, what, url],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=120,
    )
    return done.stdout
