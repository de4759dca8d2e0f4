"""What Prefect adds to a run: CPU seconds of client, workers and server, beside the functions without it.

    python benchmarks/prefect_overhead.py                            seeds, new and known
    python benchmarks/prefect_overhead.py --megabytes 100            and a large input: some ten minutes,
                                                                     on a machine that does nothing else
    python benchmarks/prefect_overhead.py --times 0 --folder DUMPS   only a large input of your own
    FEEDMILL_BATCH_BYTES=50000 python benchmarks/prefect_overhead.py --megabytes 1
                                                                     as many tasks as a run of 100 MB has

The server is the one of `feedmill serve`, running before the first run and idle. Its CPU is read before and
some seconds after each run, because events trickle in; what it takes anyway in that time is taken off. On a
machine that is busy with other things, CPU seconds of the same work differ by a third. So the process that
talks to Prefect is compared with the same process without it, and cleaning processes, who do the same in
either case and know nothing of Prefect, count only in what the run takes in all. Each figure is the median of
`--times` runs, in turns with and without Prefect; the large input is run once. Ends with status 1 if Prefect
adds more than we promise: 5 CPU seconds to a small run, a tenth to a large one.
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
    options.add_argument("--folder", type=Path, help="a large input")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name, server(Path(name)) as running:
        folder = Path(name)
        inputs = [
            ("seeds, 50 kB", ROOT / "seeds", chosen.times, False),
            ("seeds, known", ROOT / "seeds", chosen.times, True),
        ]
        inputs = inputs if chosen.times else []
        if chosen.megabytes:
            generate(folder / "large", int(chosen.megabytes * 1e6))
            inputs.append((f"{chosen.megabytes:g} MB", folder / "large", 1, False))
        if chosen.folder:
            size = sum(file.stat().st_size for file in chosen.folder.rglob("*") if file.is_file()) / 1e6
            inputs.append((f"{size:.0f} MB", chosen.folder.resolve(), 1, False))
        head = ("in all", "without", "client", "server", "added")
        print(f"{'input':<14}", *(f"{one:>8}" for one in head), f"{'share':>7}", flush=True)
        kept = True
        for title, source, times, known in inputs:
            rows = [measure(folder, source, running, known=known) for _ in range(times)]
            whole, plain, client, served = map(statistics.median, zip(*rows, strict=True))
            added = client + served - plain
            share = added / whole
            figures = (whole, plain, client, served, added)
            print(f"{title:<14}", *(f"{one:>8.2f}" for one in figures), f"{share:>7.1%}", flush=True)
            if not title.endswith("MB"):
                kept &= added <= MOST_SECONDS
            elif float(title.removesuffix(" MB")) >= 30:
                kept &= share <= MOST_SHARE
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
        time.sleep(2 * SETTLE)
        begun, taken = time.monotonic(), self.cpu()
        time.sleep(4 * SETTLE)
        self.idle = (self.cpu() - taken) / (time.monotonic() - begun)
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()

    def cpu(self) -> float:
        """Return the CPU seconds that it has taken so far."""
        return cpu(self.process.pid)

    def _healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/api/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def measure(folder: Path, source: Path, running: server, *, known: bool) -> tuple[float, ...]:
    """Return CPU seconds: a run without Prefect in all and without its workers, a run with it, the server."""
    plain = folder / f"plain-{time.monotonic_ns()}.duckdb"
    flow = folder / f"flow-{time.monotonic_ns()}.duckdb"
    if known:
        ingest(source, plain, "off", running)
        ingest(source, flow, "off", running)
    whole, without = ingest(source, plain, "off", running)
    begun, taken = time.monotonic(), running.cpu()
    _, client = ingest(source, flow, "on", running)
    time.sleep(SETTLE)
    served = running.cpu() - taken - running.idle * (time.monotonic() - begun)
    return whole, without, client, max(0.0, served)


def ingest(source: Path, warehouse: Path, prefect: str, running: server) -> tuple[float, float]:
    """Run one ingest; return the CPU seconds of it with its workers, and without them."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = ["-q", "ingest", str(source), "--warehouse", str(warehouse), "--prefect", prefect]
    with subprocess.Popen([sys.executable, "-m", "flows.cli", *words], env=running.environ, cwd=ROOT) as run:
        os.waitid(os.P_PID, run.pid, os.WEXITED | os.WNOWAIT)  # its figures go with it
        own = cpu(run.pid)
        assert run.wait() == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, own


def cpu(pid: int) -> float:
    """Return the CPU seconds that a process has taken so far, without those of its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def generate(folder: Path, size: int) -> None:
    """Write dumps of made-up posts, some fifty files of half a megabyte at the most."""
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
        while long < min(500_000, size // 48, size - written):
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
