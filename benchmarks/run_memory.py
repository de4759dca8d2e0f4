"""Memory that `feedmill ingest` takes, all its processes together, on a large file of each format.

usage: python benchmarks/run_memory.py FORMAT [...] [--megabytes 250] [--seconds 600] [--folder FOLDER]

Makes a file of so many megabytes of random words in each FORMAT, ingests it into a warehouse in a temporary
folder (of FOLDER) by the default settings, and looks at the processes every half a second. Memory is what
Linux calls proportional: a page that several processes share is counted once. Prints the peak of all, of the
process that lands and of the largest worker; the peak in each tenth of the run, which says whether it is
flat; and CPU seconds. After --seconds of wall time a run is ended. `near`: one post again and again with
small edits; `same`: without; `bomb-gz`: zeros.
"""

import argparse
import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from large_files import KINDS, SPECIAL, made

HERE = Path(__file__).resolve().parent
MB = 1e6


def family(root: int) -> list[int]:
    """Return the ids of a process and of all its children."""
    parents: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
                parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = [], [root]
    while todo:
        found.append(one := todo.pop())
        todo += parents.get(one, [])
    return found


def taken(process: int) -> float:
    """Return the megabytes of a process, shared pages in proportion; 0 once it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / MB
    return 0.0


def run(path: Path, folder: Path, seconds: float) -> None:
    """Ingest a file and print what that took."""
    words: list[str | Path] = ["ingest", path, "--warehouse", folder / "w.duckdb", "--json"]
    environ = {"PYTHONPATH": str(HERE.parent), "PATH": os.environ.get("PATH", "")}
    before, began, ended = os.times(), time.monotonic(), "to the end"
    # megabytes of all, of the process that lands, of a worker
    seen: list[tuple[float, float, float]] = []
    with (folder / "out").open("w+b") as out, (folder / "err").open("w+b") as said:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "flows.cli", *words],
            cwd=folder,
            env=environ,
            stdout=out,
            stderr=said,
        )
        while process.poll() is None:
            each = {one: taken(one) for one in family(process.pid)}
            lands = each.pop(process.pid, 0.0)
            seen.append((lands + sum(each.values()), lands, max(each.values(), default=0.0)))
            if time.monotonic() - began > seconds:
                ended = "stopped"
                process.terminate()
                process.wait()
            time.sleep(0.5)
    took, after = time.monotonic() - began, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    edges = [at * len(seen) // 10 for at in range(11)]
    tenths = [max((one[0] for one in seen[a:b]), default=0.0) for a, b in itertools.pairwise(edges)]
    peak, lands, worker = (max(column) for column in zip(*seen, strict=True))
    print(
        f"{path.name}, {path.stat().st_size / MB:.0f} MB, {ended}: peak {peak:.0f} MB, of the process "
        f"that lands {lands:.0f}, of the largest other {worker:.0f}; {cpu:.0f} CPU s, {took:.0f} s\n"
        f"  by tenths: {' '.join(f'{one:.0f}' for one in tenths)}\n"
        f"  {told(folder)}",
        flush=True,
    )


def told(folder: Path) -> str:
    """Return what the run said of itself."""
    try:
        summary = json.loads((folder / "out").read_text())
    except ValueError:
        return (folder / "err").read_text().strip().rpartition("\n")[2]
    return (
        f"{summary['state']}, {summary['items_new']:,} items, {summary['duplicates']:,} copies, "
        f"{summary['quarantined']:,} in quarantine"
    )


def main() -> None:
    """Measure each format."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("formats", nargs="+", choices=(*KINDS, *SPECIAL), metavar="FORMAT")
    options.add_argument("--megabytes", type=float, default=250)
    options.add_argument("--seconds", type=float, default=600)
    options.add_argument("--folder", type=Path)
    asked = options.parse_args()
    for kind in asked.formats:
        with tempfile.TemporaryDirectory(prefix="feedmill-memory-", dir=asked.folder) as folder:
            run(made(kind, int(asked.megabytes * MB), Path(folder)), Path(folder), asked.seconds)


if __name__ == "__main__":
    main()
