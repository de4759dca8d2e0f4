"""What doctor looks at before there is a warehouse: feedmill.toml, its sources, and the Prefect server."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from flows.addresses import is_address
from flows.prefect_server import configured_server
from flows.serving import served
from flows.settings import Settings, SourceSettings
from flows.timetable import names


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `mend` says what to do about it where something is to be done."""

    check: str
    state: Literal["ok", "note", "wrong"]
    found: str
    mend: str | None = None


def configuration(settings: Settings) -> Iterator[Finding]:
    """Yield what there is to say about settings and servers, without asking anybody."""
    file = settings.config_file
    if file:
        listed = ", ".join(source.name for source in settings.sources) or "no sources"
        yield Finding(check="feedmill.toml", state="ok", found=f"{file.resolve()}: {listed}")
    else:
        yield Finding(
            check="feedmill.toml",
            state="note",
            found=f"none in {Path.cwd()}",
            mend="Not needed; with one, `feedmill ingest` alone knows its sources.",
        )
    for source in settings.sources:
        yield from _source(source)
    yield _server(settings.warehouse)


def _source(source: SourceSettings) -> Iterator[Finding]:
    """Yield what is wrong with a source."""
    place = source.location
    if is_address(place):
        for name in names(place):
            if name not in os.environ:
                yield Finding(
                    check=f"source {source.name}",
                    state="wrong",
                    found=f"its address needs the variable {name}, which is not set here",
                    mend=f"Set {name} in the environment of `feedmill serve` or `feedmill ingest`.",
                )
    elif place != "-" and not os.path.lexists(place) and "*" not in place:
        yield Finding(
            check=f"source {source.name}",
            state="wrong",
            found=f"{place} does not exist",
            mend="Correct its `path` in feedmill.toml, or remove the source.",
        )


def _server(warehouse: Path) -> Finding:
    address, running = configured_server(), served(warehouse)
    if address:
        # Only host and port: an address may hold a password.
        place = urlsplit(address)
        server = f"{place.hostname}{f':{place.port}' if place.port else ''}"
        found = f"PREFECT_API_URL names {server}: ingest runs as a flow"
    elif running:
        found = f"`feedmill serve` (process {running.pid}) at {running.page}: ingest runs as a flow"
    else:
        return Finding(
            check="prefect server",
            state="note",
            found="none: ingest runs without Prefect",
            mend="`feedmill serve` lets you watch runs in a browser, and runs them on their schedules.",
        )
    return Finding(check="prefect server", state="ok", found=found)
