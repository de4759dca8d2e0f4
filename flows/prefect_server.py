"""Running ingest as a Prefect flow: on the server that is configured, or else on Prefect's embedded one.

Nothing here imports Prefect before it is needed: it takes two seconds, and reads its settings from the
environment while it is imported.
"""

import http.client
import logging
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from flows.progress import Tell
from flows.runs import IngestRequest, RunSummary
from flows.serving import served_api
from schemas.errors import ConfigError, FeedmillError

#: What a run wants of Prefect, unless the user has set it otherwise. PREFECT_HOME is left alone: runs on
#: the embedded server are in its usual database, so that `prefect server start` shows them afterwards.
QUIET = {
    # The embedded server takes 11 to 17 s to start, 28 s on a busy machine; Prefect gives up after 20 s.
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # Nothing of ours calls home, and offline it would print errors.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # The log of a run goes to the server; the terminal belongs to the command line.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_CLI_COLORS": "false",
    # `feedmill serve` takes a run for dead that has said nothing for 90 s; Prefect's own pace is 180.
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}
_ANSWER_SECONDS = 10.0


def ingest_with_prefect(request: IngestRequest, progress: Tell | None = None) -> RunSummary:
    """Run `request` as the flow `ingest` and return its summary.

    Raises FeedmillError where no server answers, none can be started, or it goes away; WarehouseBusy like
    the pipeline.
    """
    url = server_for(request.warehouse)
    if url:
        require_server(url)
        os.environ["PREFECT_API_URL"] = url
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    # Prefect writes to the terminal, past all settings, when a server that went away misses lines of a log.
    logging.raiseExceptions = False
    from flows.ingest import run_flow  # noqa: PLC0415 - imports Prefect, which reads the environment set above

    try:
        return run_flow(request, progress)
    except RuntimeError as error:
        if "ephemeral" not in str(error):
            raise
        raise FeedmillError(
            f"Prefect's embedded server did not start: {error}. Try again when the machine is less busy, "
            "start one yourself (`prefect server start`, then set PREFECT_API_URL), or use --prefect off."
        ) from error


def server_for(warehouse: Path) -> str | None:
    """Return the address of the Prefect API to run on: the configured one, else that of a
    `feedmill serve` that runs for this warehouse."""
    return configured_server() or served_api(warehouse)


def configured_server(environ: Mapping[str, str] | None = None) -> str | None:
    """Return the address of the Prefect API that the environment or the active profile names, if any."""
    env = os.environ if environ is None else environ
    if env.get("PREFECT_API_URL"):
        return env["PREFECT_API_URL"]
    home = Path(env.get("PREFECT_HOME") or "~/.prefect").expanduser()
    file = Path(env.get("PREFECT_PROFILES_PATH") or home / "profiles.toml").expanduser()
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        profile = table.get("profiles", {}).get(env.get("PREFECT_PROFILE") or table.get("active"), {})
        url = profile.get("PREFECT_API_URL")
    except (OSError, ValueError, AttributeError):
        return None  # Prefect itself complains of a broken file, and better
    return url if isinstance(url, str) and url else None


def require_server(url: str) -> None:
    """Raise unless a server answers at `url`, the address of its API."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"}:
        raise ConfigError(
            f"PREFECT_API_URL: {url!r} is no address of a Prefect API. Write it as http://127.0.0.1:4200/api."
        )
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(host, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/health")
        status = connection.getresponse().status
        if status < http.HTTPStatus.INTERNAL_SERVER_ERROR:
            return
        why = f"it answers {status}"
    except (OSError, http.client.HTTPException) as error:
        why = str(error) or type(error).__name__
    finally:
        connection.close()
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"  # the rest may be a password
    raise FeedmillError(
        f"no Prefect server is ready at {address} ({why}). "
        "Start it (`prefect server start`), correct PREFECT_API_URL, or run without it: "
        "`feedmill ingest --prefect off`."
    )
