"""Prefect's server goes away in the middle of a run: what is said, and what is left."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

# conftest.py puts this folder on the path.
from relay import Relay

from flows.pipeline import ingest
from flows.runs import request_for
from flows.settings import load

HERE = Path(__file__).parent
SEEDS = HERE.parents[1] / "seeds"

pytestmark = [pytest.mark.prefect, pytest.mark.slow]


def cut_off(server: Any, folder: Path, stage: str, **environ: str) -> tuple[dict[str, Any], str]:
    """Run the flow, and take the server away when a stage is told; return the answer and what was said."""
    door = Relay(server.port)
    command = [sys.executable, str(HERE / "driver.py"), "prefect", str(folder / "w.duckdb"), str(SEEDS)]
    # The client asks again for a minute otherwise.
    more = {
        "PREFECT_API_URL": f"http://me:secret@127.0.0.1:{door.port}/api",
        "PREFECT_CLIENT_MAX_RETRIES": "1",
    }
    said = folder / "said"
    with (
        said.open("w") as err,
        subprocess.Popen(
            command,
            env=server.environ | more | environ,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
        ) as running,
    ):
        while f'"stage": "{stage}"' not in said.read_text():
            assert running.poll() is None, said.read_text()
            time.sleep(0.02)
        door.cut()
        assert running.stdout is not None
        answer: dict[str, Any] = json.loads(running.stdout.readline())
        running.kill()  # it would go on to offer its events to nobody
    return answer, said.read_text()


def test_while_it_lands_the_error_says_what_next_and_the_next_run_goes_on(
    prefect_server: Any, tmp_path: Path
) -> None:
    answer, said = cut_off(prefect_server, tmp_path, "clean", FEEDMILL_BATCH_BYTES="10000")
    assert answer["error"] == "ServerVanished"
    for words in (
        "stopped answering",
        "127.0.0.1",
        "What has landed stays",
        "nothing lands twice",
        "--prefect off",
    ):
        assert words in answer["message"]
    assert "secret" not in answer["message"]
    assert all(line.startswith('{"stage": ') for line in said.splitlines()), said
    again = ingest(request_for(load(tmp_path, {}, warehouse=tmp_path / "w.duckdb"), [str(SEEDS)])).as_dict()
    assert again["items_new"] + again["items_unchanged"] == 17
    assert again["items_unchanged"] > 0, "a batch had landed before the server went away"


def test_when_all_has_landed_the_run_is_done_and_says_what_is_missing(
    prefect_server: Any, tmp_path: Path
) -> None:
    answer, said = cut_off(prefect_server, tmp_path, "publish")
    assert (answer["state"], answer["items_new"]) == ("completed", 17)
    assert "went away before it was told of the end" in answer["notes"][0]
    assert all(line.startswith('{"stage": ') for line in said.splitlines()), said
