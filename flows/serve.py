"""`feedmill serve`: Prefect's server, the schedules and what runs them, in one process tree that ends as one.

The parent imports no Prefect. It holds the mark beside the warehouse, starts the server (`flows.api_server`),
then the runner (`flows.runner`), starts either again if it dies, writes their log, and ends both.
"""

import contextlib
import http.client
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from flows.parent import PARENT
from flows.patience import Patience
from flows.serve_log import ServeLog, secrets_of
from flows.serving import Mark, Served, home_of, marked
from flows.settings import Settings
from flows.supervise import Child, module_environ
from flows.voice import Voice
from schemas.errors import FeedmillError

#: A line of the runner that begins so is for the terminal.
SAYS = "feedmill-says: "
#: The last line that a runner says when all is set up.
READY = "ready"
#: A start takes 8 s on an idle machine, 30 s on a busy one, with a database to migrate. One that gets
#: little of the processor is waited for longer (flows/patience.py): with ten others at work it took more.
_START_SECONDS = 180.0
#: Ctrl-C should be over in ten seconds: a run that is under way needs most of them to tell that it was ended.
_RUNNER_GRACE, _SERVER_GRACE = 7.0, 3.0
# Each of the server's many threads has a heap of its own otherwise, and what is freed in one is of no use to
# another: 20 MB after 30 runs.
_FRUGAL = {"MALLOC_ARENA_MAX": "1"}
_PAUSE = 0.2


class Stopped(Exception):  # noqa: N818 - no error
    """A signal asked for the end."""


def serve(settings: Settings, port: int, voice: Voice) -> int:
    """Serve until a signal ends it; return 0. Raises FeedmillError where it cannot start or go on."""
    warehouse = settings.warehouse.resolve()
    with marked(warehouse) as mark, _signals() as stop:
        mark.write(Served(pid=os.getpid(), port=port))
        _require_free(port)
        home = Path(os.environ.get("PREFECT_HOME") or home_of(warehouse)).expanduser().absolute()
        home.mkdir(parents=True, exist_ok=True)
        log = ServeLog(home / "serve.log", secrets_of(settings))
        environ = environment(settings, warehouse, home, port)
        ready = threading.Event()

        def hear(name: str, line: str) -> None:
            if not line.startswith(SAYS):
                log.write(name, line)
            elif (said := line.removeprefix(SAYS)) == READY:
                ready.set()
            else:
                voice.tell(said)

        server = Child("server", "flows.api_server", [str(port)], _FRUGAL | environ, hear, _SERVER_GRACE)
        runner = Child("runner", "flows.runner", [], environ, hear, _RUNNER_GRACE)
        try:
            voice.tell(f"Starting Prefect's server (data: {home}) ...")
            server.start()
            _await(lambda: _healthy(port), server, stop, log)
            runner.start()
            _await(ready.is_set, runner, stop, log)
            mark.write(Served(pid=os.getpid(), port=port, api=f"http://127.0.0.1:{port}/api"))
            page = f"http://127.0.0.1:{port}"
            voice.tell(
                f"Runs, report and schedules: {page}   figures: {page}/metrics\n"
                f"Log: {log.file}   Stop with Ctrl-C: schedules and history are kept."
            )
            while not stop.wait(_PAUSE):
                server.revive()
                runner.revive()
        except Stopped:
            pass
        finally:
            _end(mark, port, (runner, server), voice)
            log.close()
    return 0


def environment(settings: Settings, warehouse: Path, home: Path, port: int) -> dict[str, str]:
    """Return the environment of the children: Prefect's settings for a server that is left alone."""
    days = settings.serve.keep_days
    api = f"http://127.0.0.1:{port}/api"
    defaults = {
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER": "json",
        "PREFECT_LOGGING_COLORS": "false",
        # Runs and their logs go after keep_days, events after two: a run is some dozen events.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(days * 86400),
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P2D",
        "PREFECT_RUNNER_POLL_FREQUENCY": "5",
    }
    fixed = {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": api,
        # Its pages ask port 4200 otherwise, whatever port they come from.
        "PREFECT_SERVER_UI_API_URL": api,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        # In memory, a slot that is taken when the server restarts is taken for ever.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        # The automation that marks dead runs waits for three of them.
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "FEEDMILL_WAREHOUSE": str(warehouse),
        PARENT: str(os.getpid()),
    }
    return defaults | module_environ() | fixed


@contextlib.contextmanager
def _signals() -> Iterator[threading.Event]:
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _await(done: Callable[[], bool], child: Child, stop: threading.Event, log: ServeLog) -> None:
    """Wait until a child is ready. Raises FeedmillError if it ends or takes too long, Stopped on a signal."""
    assert child.process is not None  # noqa: S101 - it was started
    begun = time.monotonic()
    patience = Patience(_START_SECONDS, child.process.pid)
    while not done():
        if stop.wait(_PAUSE):
            raise Stopped
        if child.process.poll() is not None:
            time.sleep(_PAUSE)  # its last words are still on the way
            raise FeedmillError(
                f"the {child.name} ended at once (status {child.process.returncode}): {log.last_words()} "
                f"All of it is in {log.file}."
            )
        if not patience.left():
            raise FeedmillError(
                f"the {child.name} is not ready after {time.monotonic() - begun:.0f} s. Try again when the "
                f"machine is less busy; {log.file} tells how far it came."
            )


def _end(mark: Mark, port: int, children: tuple[Child, ...], voice: Voice) -> None:
    mark.write(Served(pid=os.getpid(), port=port))
    if any(child.process for child in children):
        voice.tell("Stopping ...")
    for child in children:
        child.stop()


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what just closed does not count
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            other = port + 1 if port < 65535 else 4200
            raise FeedmillError(
                f"port {port} cannot be used ({error.strerror}): another program listens there, perhaps a "
                f"Prefect server. Stop it, or choose a port: feedmill serve --port {other}"
            ) from error
