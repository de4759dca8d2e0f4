"""Keep child processes alive, pass on what they say, and end them all."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from schemas.errors import FeedmillError

# A child that ends again and again has a reason that starting it once more does not mend.
_MOST_STARTS = 5
_WITHIN_SECONDS = 300.0
_FIRST_PAUSE = 1.0


@dataclass(slots=True)
class Child:
    """A process and how to start it. `grace`: seconds that it has to end by itself."""

    name: str
    module: str
    arguments: Sequence[str]
    environ: Mapping[str, str]
    hear: Callable[[str, str], None]
    grace: float
    process: subprocess.Popen[str] | None = None
    starts: list[float] = field(default_factory=list)
    due: float = 0.0

    def start(self) -> None:
        """Start the process in a session of its own: Ctrl-C in a terminal is for the parent alone."""
        self.starts.append(time.monotonic())
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
            [sys.executable, "-P", "-m", self.module, *self.arguments],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        threading.Thread(target=self._listen, args=(self.process,), daemon=True).start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for above
        with contextlib.suppress(ValueError, OSError):
            for line in process.stdout:
                self.hear(self.name, line.rstrip("\n"))

    def revive(self) -> None:
        """Start it again if it has ended, after a pause that grows. Raises FeedmillError if it goes on so."""
        if self.process is None or self.process.poll() is None:
            return
        now = time.monotonic()
        if not self.due:
            self._sweep()
            recent = [one for one in self.starts if now - one < _WITHIN_SECONDS]
            if len(recent) >= _MOST_STARTS:
                raise FeedmillError(
                    f"the {self.name} ended {len(recent)} times within {_WITHIN_SECONDS:.0f} s "
                    f"(status {self.process.returncode}). The log says why."
                )
            self.due = now + _FIRST_PAUSE * 2 ** (len(recent) - 1)
            self.hear(
                "serve", f"the {self.name} ended (status {self.process.returncode}); it is started again"
            )
        elif now >= self.due:
            self.due = 0.0
            self.start()

    def stop(self) -> None:
        """End the process: politely, then not."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(self.grace)
        self._sweep()
        self.process.wait()

    def _sweep(self) -> None:
        """Kill whatever is left of its process group."""
        assert self.process is not None  # noqa: S101 - both callers have seen it
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


def module_environ() -> dict[str, str]:
    """Return the environment in which children import the same modules from the same place."""
    home = str(Path(__file__).resolve().parent.parent)
    paths = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": paths}
