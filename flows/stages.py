"""How long each stage of a run took, for `/metrics`."""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from flows.serving import last_run_of


class Stages:
    """Wall seconds by stage, in the order in which they began."""

    def __init__(self) -> None:
        """Start the clock."""
        self._begun = time.monotonic()
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time that the block takes to a stage."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.monotonic() - begun

    def leave(self, warehouse: Path) -> None:
        """Write the figures beside the warehouse. A run does not fail because that cannot be done."""
        file = last_run_of(warehouse)
        passing = file.with_name(f"{file.name}.{os.getpid()}")
        figures = {
            "seconds": round(time.monotonic() - self._begun, 3),
            "ended": round(time.time(), 3),
            "stages": {name: round(value, 3) for name, value in self.seconds.items()},
        }
        with contextlib.suppress(OSError):
            passing.write_text(json.dumps(figures), encoding="utf-8")
            passing.replace(file)
