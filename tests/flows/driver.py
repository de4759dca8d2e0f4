"""Runs ingest in its own process and prints the summary: `driver.py direct|prefect WAREHOUSE INPUT ...`."""

import json
import os
import sys
from pathlib import Path

from flows import pipeline, refresh
from flows.prefect_server import ingest_with_prefect
from flows.progress import Progress
from flows.runs import request_for
from flows.settings import load
from schemas.errors import FeedmillError


def tell(progress: Progress) -> None:
    """Say how far it is, one JSON line each, for tests that stop a run at a certain point."""
    line = {"stage": progress.stage, "done": progress.done, "total": progress.total}
    print(json.dumps(line), file=sys.stderr, flush=True)


def main(how: str, warehouse: str, *inputs: str) -> int:
    """Run and report; the environment sets the rest."""
    if os.environ.get("TEST_IN_PROCESS_BYTES"):
        pipeline.IN_PROCESS_BYTES = int(os.environ["TEST_IN_PROCESS_BYTES"])
    if os.environ.get("TEST_REFRESH_SECONDS"):
        refresh.REFRESH_SECONDS = float(os.environ["TEST_REFRESH_SECONDS"])
    request = request_for(load(Path.cwd(), warehouse=warehouse), inputs)
    run = ingest_with_prefect if how == "prefect" else pipeline.ingest
    try:
        summary = run(request, tell)
    except FeedmillError as error:
        print(json.dumps({"error": type(error).__name__, "message": str(error)}))
        return 9
    print(json.dumps(summary.as_dict() | {"prefect": "prefect" in sys.modules}))
    return summary.exit_status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
