"""Which server a run goes to, and what is said when it does not answer. No Prefect is needed for that."""

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.prefect_server import configured_server, require_server
from schemas.errors import ConfigError, FeedmillError

PROFILES = """
active = "work"
[profiles.work]
PREFECT_API_URL = "http://of-profile:4200/api"
[profiles.other]
"""


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response({"/api/health": 200, "/sick/health": 503, "/shut/health": 401}.get(self.path, 404))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
        """Keep the test's output clean."""


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["/api", "/api/", "/shut"])
def test_a_server_that_answers(server: str, path: str) -> None:
    require_server(server + path)


def test_a_server_that_is_not_ready(server: str) -> None:
    with pytest.raises(FeedmillError, match=r"no Prefect server is ready .*it answers 503.*--prefect off"):
        require_server(f"{server}/sick")


def test_no_server_and_no_password_in_the_message() -> None:
    with pytest.raises(FeedmillError, match="Connection refused") as caught:
        require_server("http://me:secret@127.0.0.1:9/api")
    assert "http://127.0.0.1:9/api" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "prefect server start" in str(caught.value)


@pytest.mark.parametrize("url", ["127.0.0.1:4200", "ftp://x/api", "http://", "http://host:port/api"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ConfigError, match=r"PREFECT_API_URL: .* is no address of a Prefect API"):
        require_server(url)


def test_which_server_is_configured(tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").write_text(PROFILES, encoding="utf-8")
    home = {"PREFECT_HOME": str(tmp_path)}
    assert configured_server(home) == "http://of-profile:4200/api"
    assert configured_server(home | {"PREFECT_PROFILE": "other"}) is None
    assert configured_server(home | {"PREFECT_API_URL": "http://x/api"}) == "http://x/api"
    assert configured_server({"PREFECT_HOME": str(tmp_path / "none")}) is None


@pytest.mark.parametrize("text", ["active = ", "profiles = 3", "active = 'a'\n[profiles]\na = 1"])
def test_a_broken_profile_names_no_server(tmp_path: Path, text: str) -> None:
    (tmp_path / "profiles.toml").write_text(text, encoding="utf-8")
    assert configured_server({"PREFECT_HOME": str(tmp_path)}) is None


def test_light_modules_stay_light() -> None:
    home = Path(__file__).parents[2]
    for module, heavy in (
        ("flows.prefect_server", {"prefect", "duckdb", "pyarrow"}),
        ("flows.sources", {"prefect", "duckdb", "pyarrow", "numpy"}),
        ("flows.runs", {"prefect", "duckdb", "pyarrow", "numpy"}),
        ("flows.worker", {"prefect", "duckdb", "httpx"}),
        ("flows.pipeline", {"prefect", "httpx"}),
    ):
        code = f"import {module}, sys; print(*({{name.partition('.')[0] for name in sys.modules}} & {heavy}))"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=home, capture_output=True, text=True, check=True
        )
        assert done.stdout.split() == [], f"{module} imports {done.stdout}"
