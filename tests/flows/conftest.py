"""A real Prefect server for the tests marked `prefect`: one for the session, with a home of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]
# Helper processes of these tests import the same modules from the same place.
sys.path.append(str(Path(__file__).parent))

from prefect_api import PrefectServer  # noqa: E402 - from the folder of the line above

# A start takes 17 to 33 s of wall time on a busy machine.
START_SECONDS = 240


def plain_environ(**more: str) -> dict[str, str]:
    """Return an environment without the settings of whoever runs the tests."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "FEEDMILL_"))
    }
    return kept | {"PYTHONPATH": str(HOME)} | more


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    home = tmp_path_factory.mktemp("prefect-home")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"PREFECT_HOME": str(home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    log = (home / "server.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
        env=plain_environ(**settings),
        cwd=home,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    server = PrefectServer(
        port, plain_environ(**settings) | {"PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _healthy(server):
            said = (home / "server.log").read_text(errors="replace")
            assert process.poll() is None, f"the Prefect server ended: {said}"
            assert time.monotonic() < deadline, f"the Prefect server is not ready: {said}"
            time.sleep(0.5)
        yield server
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        log.close()


def _healthy(server: PrefectServer) -> bool:
    try:
        return server.ask("/health") is True
    except OSError:
        return False
