"""Clients for `soak.py --light`: forked from a process that has loaded what they need, some at a time.

    python benchmarks/soak_clients.py RUNS LANES     in the folder of a `feedmill serve`, PREFECT_API_URL set

A run takes a second of CPU this way, and four where Python and Prefect start for each: the server does not
see the difference. Runs side by side write to a warehouse each. Printed is one word a run: how it ended.
"""

import os
import sys
from pathlib import Path

# Forking is for processes with one thread.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from flows.prefect_server import QUIET

for name, value in QUIET.items():
    os.environ.setdefault(name, value)

# Prefect reads the environment set above.
from flows.ingest import run_flow  # noqa: E402
from flows.runs import request_for  # noqa: E402
from flows.settings import load  # noqa: E402


def main(runs: int, lanes: int) -> None:
    """Run again and again; every tenth time there is something new."""
    begun, busy = 0, dict[int, int]()
    free = list(range(lanes))
    while busy or begun < runs:
        while free and begun < runs:
            begun += 1
            if begun % 10 == 0:
                text = f"On 4 May 2024, item {begun} came by the ferry.\n"
                Path(f"small/{begun}.txt").write_text(text, encoding="utf-8")
            lane = free.pop()
            busy[start(lane)] = lane
        pid, status = os.wait()
        free.append(busy.pop(pid))
        print("COMPLETED" if status == 0 else f"status-{os.waitstatus_to_exitcode(status)}", flush=True)


def start(lane: int) -> int:
    """Fork a run; return its process."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        os.environ["FEEDMILL_WAREHOUSE"] = f"warehouse/lane-{lane}.duckdb"
        summary = run_flow(request_for(load(), ["small"], wait=60))
        status = summary.exit_status
    finally:
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
