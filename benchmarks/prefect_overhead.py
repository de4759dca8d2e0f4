"""What Prefect adds to a run: CPU seconds of client, workers and server, beside the functions without it.

    python benchmarks/prefect_overhead.py                            seeds, new and known
    python benchmarks/prefect_overhead.py --megabytes 100            and a large input: some ten minutes,
                                                                     on a machine that does nothing else

The server is the one of `feedmill serve`, running before the first run and idle. Its CPU is read before and
some seconds after each run, because events trickle in; what it takes anyway in that time is taken off. On a
machine that is busy with other things, CPU seconds of the same work differ by a third. Each figure is the
median of `--times` runs, in turns with and without Prefect; the large input is run once. Ends with status 1
if Prefect adds more than we promise: 5 CPU seconds to a small run, a tenth to a large one.
"""

import argparse
import datetime as dt
import http.client
import os
import random
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from flows.serve import environment
from flows.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
TICK = os.sysconf("SC_CLK_TCK")
#: Seconds until the last event of a run has been written down.
SETTLE = 8.0
#: What is promised: CPU seconds added to the smallest run, and the share added to one of 100 MB.
MOST_SECONDS, MOST_SHARE = 5.0, 0.1


def main() -> int:
    """Print one row a size; return 1 if one of them is above what is promised."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--megabytes", type=float, default=0.0, help="size of a large input as well")
    options.add_argument("--times", type=int, default=3, help="runs of each small input")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name, server(Path(name)) as running:
        folder = Path(name)
        inputs = [
            ("seeds, 50 kB", ROOT / "seeds", chosen.times, False),
            ("seeds, known", ROOT / "seeds", chosen.times, True),
        ]
        if chosen.megabytes:
            generate(folder / "large", int(chosen.megabytes * 1e6))
            inputs.append((f"{chosen.megabytes:g} MB", folder / "large", 1, False))
        print(f"{'input':<14}{'without':>9}{'client':>9}{'server':>9}{'added':>9}{'share':>8}", flush=True)
        kept = True
        for title, source, times, known in inputs:
            rows = [measure(folder, source, running, known=known) for _ in range(times)]
            plain, client, served = (statistics.median(row[place] for row in rows) for place in range(3))
            added = client + served - plain
            share = added / plain
            print(
                f"{title:<14}{plain:>9.2f}{client:>9.2f}{served:>9.2f}{added:>9.2f}{share:>8.1%}", flush=True
            )
            kept &= share <= MOST_SHARE if title.endswith("MB") else added <= MOST_SECONDS
        print(
            f"CPU seconds. Promised: {MOST_SECONDS:g} s for a small input, {MOST_SHARE:.0%} of 100 MB: "
            f"{'kept' if kept else 'BROKEN'}."
        )
    return 0 if kept else 1


class server:  # noqa: N801 - used as a function
    """Prefect's server as `feedmill serve` starts it."""

    def __init__(self, folder: Path) -> None:
        """Take a free port."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        home = folder / "home"
        home.mkdir()
        self.environ = environment(Settings(), folder / "none.duckdb", home, self.port)

    def __enter__(self) -> "server":
        """Start it and wait until it is idle."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flows.api_server", str(self.port)], env=self.environ, cwd=ROOT
        )
        while not self._healthy():
            assert self.process.poll() is None, "the server ended"
            time.sleep(0.5)
        time.sleep(SETTLE)
        begun, cpu = time.monotonic(), self.cpu()
        time.sleep(SETTLE)
        self.idle = (self.cpu() - cpu) / (time.monotonic() - begun)
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()

    def cpu(self) -> float:
        """Return the CPU seconds that it has taken so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def _healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/api/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def measure(folder: Path, source: Path, running: server, *, known: bool) -> tuple[float, float, float]:
    """Return CPU seconds of a run without Prefect, of one with it, and of the server meanwhile."""
    plain = folder / f"plain-{time.monotonic_ns()}.duckdb"
    flow = folder / f"flow-{time.monotonic_ns()}.duckdb"
    if known:
        ingest(source, plain, "off", running)
        ingest(source, flow, "off", running)
    without = ingest(source, plain, "off", running)
    begun, cpu = time.monotonic(), running.cpu()
    client = ingest(source, flow, "on", running)
    time.sleep(SETTLE)
    served = running.cpu() - cpu - running.idle * (time.monotonic() - begun)
    return without, client, max(0.0, served)


def ingest(source: Path, warehouse: Path, prefect: str, running: server) -> float:
    """Run one ingest; return the CPU seconds of it and its workers."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "flows.cli",
            "-q",
            "ingest",
            str(source),
            "--warehouse",
            str(warehouse),
            "--prefect",
            prefect,
        ],
        env=running.environ,
        cwd=ROOT,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def generate(folder: Path, size: int) -> None:
    """Write dumps of made-up posts, half a megabyte a file."""
    dice = random.Random(1)  # noqa: S311 - a fixed text
    folder.mkdir()
    stems = ("bra", "cho", "dri", "fle", "gru", "hol", "jan", "kel")
    words = [
        f"{a}{b}{c}" for a in stems for b in ("mon", "ter", "lin", "vas") for c in ("ed", "ing", "os", "al")
    ]
    number = written = 0
    while written < size:
        posts: list[str] = []
        long = 0
        while long < min(500_000, size - written):
            day = dt.date(2020, 1, 1) + dt.timedelta(days=dice.randrange(1500))
            body = " ".join(dice.choices(words, k=dice.randrange(30, 120)))
            posts.append(
                f"On {day:%B} {day.day}, {day.year} {body}.\n\nForwarded from {dice.choice(words)}\n\n"
            )
            long += len(posts[-1])
        (folder / f"{number:04}.txt").write_text("".join(posts), encoding="utf-8")
        number, written = number + 1, written + long


if __name__ == "__main__":
    sys.exit(main())
