"""What is installed, where the warehouse is and who holds its lock; what is wrong, and how to mend it."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from flows.configured import Finding, configuration
from flows.output import Row
from flows.settings import Settings
from schemas.errors import FeedmillError
from schemas.signatures import DEFAULT_RECIPE

#: Publishing copies the warehouse: for a moment there are the working file, the old copy and the new one.
_COPIES_AT_PEAK = 3
_LAST_RUN = (
    "SELECT run_id, state, started_at, finished_at, items_new FROM runs ORDER BY started_at DESC LIMIT 1"
)
#: What to do after a run, by the state that it ended in.
_AFTER = {
    "completed-with-quarantine": "`feedmill sql 'select reason, detail from quarantine'` tells why.",
    "completed-with-failures": "Some input could not be read. Mend that, and run it again for the rest.",
    "running": "If nobody holds the lock it was killed. Run it again: nothing is landed twice.",
    "failed": "Run it again: what has landed is not landed twice.",
    "killed": "Run it again: what has landed is not landed twice.",
}


def examine(settings: Settings) -> list[Finding]:
    """Return what was found, in the order in which a person would ask. Changes nothing."""
    warehouse = settings.warehouse
    return [
        *_installation(),
        *configuration(settings),
        *_files(warehouse),
        *_content(warehouse),
    ]


def brief(row: Row) -> Row:
    """Return what a table shows of a finding."""
    return {"": {"ok": "✓", "note": "·", "wrong": "✗"}[str(row["state"])]} | {
        name: row[name] for name in ("check", "found", "mend")
    }


def _installation() -> Iterator[Finding]:
    yield Finding(check="python", state="ok", found=f"{platform.python_version()} at {sys.executable}")
    try:
        needed = distribution("feedmill").requires or []
    except PackageNotFoundError:
        yield Finding(
            check="feedmill",
            state="note",
            found="run from a checkout that is not installed: the versions of its libraries are not checked",
            mend="Run `make install` in the checkout, or `pip install -e .`.",
        )
        return
    yield Finding(check="feedmill", state="ok", found=version("feedmill"))
    for text in needed:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _package(requirement)


def _package(requirement: Requirement) -> Finding:
    bounds = f"needs {requirement.specifier}" if requirement.specifier else "any version will do"
    try:
        found = version(requirement.name)
    except PackageNotFoundError:
        found = None
    if found and requirement.specifier.contains(found, prereleases=True):
        return Finding(check=requirement.name, state="ok", found=f"{found} ({bounds})")
    return Finding(
        check=requirement.name,
        state="wrong",
        found=f"{found or 'not installed'} ({bounds})",
        mend=f"`make install` installs the tested set, `pip install '{requirement}'` this one alone.",
    )


def _files(warehouse: Path) -> Iterator[Finding]:
    from warehouse.lock import lock_holder  # noqa: PLC0415 - brings DuckDB
    from warehouse.paths import WarehousePaths, wal_of  # noqa: PLC0415 - as above
    from warehouse.publish import is_published, leftovers  # noqa: PLC0415 - as above

    paths = WarehousePaths.of(warehouse)
    if not paths.published.exists() and not paths.work.exists():
        yield Finding(
            check="warehouse",
            state="note",
            found=f"{paths.published} does not exist yet",
            mend="`feedmill ingest INPUT` makes it.",
        )
        return
    if paths.bands.exists():
        found = f"{paths.bands}, {paths.bands.stat().st_size:,} bytes: made anew from the warehouse if lost"
        yield Finding(check="index of bands", state="ok", found=found)
    holder = lock_holder(warehouse)
    there = paths.published.exists()
    size = paths.published.stat().st_size if there else 0
    if there:
        yield Finding(check="warehouse", state="ok", found=f"{paths.published}, {size:,} bytes")
    elif holder:
        yield Finding(
            check="warehouse", state="note", found=f"{paths.published} is being made", mend="Look again soon."
        )
    else:
        yield Finding(
            check="warehouse",
            state="wrong",
            found=f"{paths.published} does not exist: the run that was to make it was ended early",
            mend="Run `feedmill ingest` again, on the same inputs: it goes on where that run stopped.",
        )
    if holder:
        yield Finding(
            check="lock",
            state="note",
            found=f"held by {holder}",
            mend="Reading works meanwhile. To write, wait for it: `feedmill ingest --wait 60`.",
        )
    else:
        yield Finding(check="lock", state="ok", found="free")
        # A log beside the working file holds what landed last, and the file itself does not show it.
        if there and paths.work.exists() and (wal_of(paths.work).exists() or not is_published(paths)):
            yield Finding(
                check="published copy",
                state="wrong",
                found="older than the working file: a run was ended between landing and publishing",
                mend="Run `feedmill ingest` again, on anything: it publishes what has landed.",
            )
        dead = leftovers(paths)
        if dead:
            yield Finding(
                check="leftovers",
                state="note",
                found=f"{', '.join(map(str, dead))}: of a run that was killed",
                mend="The next `feedmill ingest` removes them.",
            )
    if not os.access(paths.folder, os.W_OK):
        yield Finding(
            check="folder",
            state="wrong",
            found=f"{paths.folder} is not writable for this user",
            mend="Give write permission (chmod u+w), or choose another place with --warehouse.",
        )
    free = shutil.disk_usage(paths.folder).free
    # What is to be published is the working file with its log; after a full disk the old copy is far smaller.
    parts = (paths.work, wal_of(paths.work))
    size = max(size, sum(part.stat().st_size for part in parts if part.exists()))
    enough = free > _COPIES_AT_PEAK * size
    yield Finding(
        check="disk",
        state="ok" if enough else "wrong",
        found=f"{free:,} bytes free",
        mend=None if enough else f"Publishing needs up to {_COPIES_AT_PEAK} x {size:,} bytes: make room.",
    )


def _content(warehouse: Path) -> Iterator[Finding]:
    from warehouse.checks import run_checks  # noqa: PLC0415 - brings DuckDB
    from warehouse.reader import query, reading  # noqa: PLC0415 - as above
    from warehouse.recipes import check_recipe  # noqa: PLC0415 - as above

    if not warehouse.exists():
        return
    try:
        with reading(warehouse) as con:
            runs = query(con, _LAST_RUN).to_pylist()
            failures = run_checks(con)
    except FeedmillError as error:
        yield Finding(
            check="content", state="wrong", found=str(error), mend="See above; the file was not changed."
        )
        return
    try:
        with reading(warehouse) as con:
            check_recipe(con, DEFAULT_RECIPE.name)
    except FeedmillError as error:
        yield Finding(
            check="signatures",
            state="wrong",
            found=str(error),
            mend="`feedmill ingest --rematch`, once. Until then each run fails, and lands nothing.",
        )
    yield _last_run(runs[0] if runs else None)
    for failure in failures:
        yield Finding(
            check=f"check {failure.check}",
            state="wrong",
            found=str(failure),
            mend="Keep this file and report this line. Ingesting the inputs into a new file is safe.",
        )
    if not failures:
        yield Finding(check="data checks", state="ok", found="all hold")


def _last_run(last: dict[str, Any] | None) -> Finding:
    if last is None:
        return Finding(check="last run", state="note", found="none yet", mend="`feedmill ingest INPUT`.")
    when = last["finished_at"] or last["started_at"]
    return Finding(
        check="last run",
        state="ok" if last["state"] == "completed" else "note",
        found=f"{last['run_id']} {last['state']} {when:%Y-%m-%d %H:%M} UTC, {last['items_new']} new items",
        mend=_AFTER.get(last["state"]),
    )
