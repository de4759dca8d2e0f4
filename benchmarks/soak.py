"""Days of `feedmill serve` in minutes: does anything grow, and does every automation fire?

    nice -n 19 python benchmarks/soak.py --runs 300            some 9 s a run, 15 on a busy machine
    nice -n 19 python benchmarks/soak.py --runs 500 --light    some 3 s a run: three clients at a time, forked
    nice -n 19 python benchmarks/soak.py --runs 0              the automations only: three minutes

A real `feedmill serve` in a folder of its own runs a small source again and again; every tenth run finds
something new. Runs follow upon each other as fast as they go, and finished ones are made older in Prefect's
database, so that retention (here: of the last `--keep` runs and two minutes of events, every 30 s) has work
to do: Prefect itself keeps runs for an hour at the least. Printed are the resident memory of server and
runner, their open files, the size of Prefect's database and of the folders, and what all of it took of CPU.

Then each automation is made to fire with real processes: an expectation is broken, a run fails, a process is
killed and its run is marked as dead 90 s later, a source stays silent. Ends with status 1 if one does not.
"""

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from soak_served import SILENT, Served, patiently

#: What a person is told in the end, by the name of the automation.
FIRED = ("a run failed or crashed", "expectations broken", "quiet is silent")
HOLDER = (
    "import sys, pathlib\nfrom warehouse.lock import locked\n"
    "with locked(pathlib.Path(sys.argv[1]), command='soak', started_at='now', wait=60):\n"
    "    print('held', flush=True)\n    sys.stdin.read()\n"
)


def main() -> int:
    """Soak, make the automations fire, and say what came of it."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--runs", type=int, default=300)
    options.add_argument("--keep", type=int, default=40, help="finished runs that retention leaves alone")
    options.add_argument("--every", type=int, default=20, help="runs between two lines of the table")
    options.add_argument("--light", action="store_true", help="with forked clients")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name, told() as (port, heard):
        one = Served(Path(name), port)
        try:
            ended = light(one, chosen.runs) if chosen.light else scheduled(one, chosen.runs)
            soak(one, ended, chosen.keep, chosen.every)
            status = fire(one, heard)
            for words, count in one.errors().most_common(10):
                print(f"said {count} times: {words}")
            return status
        finally:
            one.process.send_signal(signal.SIGINT)
            one.process.wait(60)


def soak(one: Served, ended: Iterator[str], keep: int, every: int) -> None:
    """Print a line now and then, while runs end again and again."""
    head = ("server MB", "runner", "parent", "files", "files", "db MB", "runs", "events", "home MB")
    print(f"{'runs':>5}{'min':>6}", *(f"{one:>9}" for one in (*head, "wh. MB", "CPU s")), flush=True)
    begun, states = time.monotonic(), Counter[str]()
    for number, state in enumerate(ended, start=1):
        states[state] += 1
        if number % every == 0 or number == 1:
            one.age(keep)
            row = "".join(f"{value:>10,.1f}" for value in one.row())
            print(f"{number:>5}{(time.monotonic() - begun) / 60:>6.1f}{row}", flush=True)
    if runs := states.total():
        print(f"ended: {dict(states)}; wall {(time.monotonic() - begun) / runs:.1f} s a run", flush=True)


def scheduled(one: Served, runs: int) -> Iterator[str]:
    """Run by the runner, as a schedule does; yield the states that runs end in."""
    waiting: list[str] = []
    for number in range(1, runs + 1):
        if number % 10 == 0:
            text = f"On 4 May 2024, item {number} came by the ferry.\n"
            (one.folder / f"small/{number}.txt").write_text(text, encoding="utf-8")
        waiting.append(one.run("small"))
        if len(waiting) > 2:  # one that runs, two that wait: the runner never looks in vain
            yield one.ended(waiting.pop(0))
    yield from map(one.ended, waiting)


def light(one: Served, runs: int) -> Iterator[str]:
    """Run in forked clients; yield the states that runs end in."""
    api = {"PREFECT_API_URL": f"http://127.0.0.1:{one.port}/api", "PREFECT_HOME": str(one.folder / "client")}
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("soak_clients.py")), str(runs), "3"],
        cwd=one.folder,
        env=one.environ | api,
        stdout=subprocess.PIPE,
        text=True,
    ) as clients:
        assert clients.stdout is not None
        yield from map(str.strip, clients.stdout)


def fire(one: Served, heard: list[str]) -> int:
    """Make every automation fire; return 1 if one does not."""
    assert one.ended(one.run("poor")) == "FAILED"
    warehouse = one.folder / "warehouse/feedmill.duckdb"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(warehouse)],
        env=one.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        victim = one.feedmill("ingest", "small", "--wait", "300")
        here = {"flow_runs": {"name": {"like_": "ingest small 20"}, "state": {"type": {"any_": ["RUNNING"]}}}}
        (run,) = patiently("the run by hand", lambda: one.ask("/flow_runs/filter", here), 60)
        event = {"id": [f"prefect.flow-run.{run['id']}"]}
        beats = {"filter": {"event": {"name": ["prefect.flow-run.heartbeat"]}, "resource": event}}
        patiently("its heartbeat", lambda: one.ask("/events/filter", beats)["total"], 60)
        victim.kill()
        victim.wait()
        holder.communicate()
    begun = time.monotonic()
    state = one.ended(run["id"])
    said = one.ask(f"/flow_runs/{run['id']}")["state"]["message"]
    dead = state == "CRASHED" and "no heartbeat" in said
    print(f"mark dead runs: {state} after {time.monotonic() - begun:.0f} s ({said})")
    missing = []
    for name in FIRED:
        with contextlib.suppress(AssertionError):
            patiently(name, lambda name=name: any(name in one for one in heard), SILENT + 60)
        times = [text for text in heard if name in text]
        missing += [] if times else [name]
        print(f"{name}: told {len(times)} times; {times[0] if times else 'NEVER'}")
    return 1 if missing or not dead else 0


@contextlib.contextmanager
def told() -> Iterator[tuple[int, list[str]]]:
    """Take notifications."""
    got: list[str] = []

    class Sink(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the name that it has
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Sink) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, got
        server.shutdown()


if __name__ == "__main__":
    sys.exit(main())
