"""The one process that writes: lock, working file, landing, publishing."""

import contextlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import duckdb

from schemas.errors import WarehouseError
from schemas.findings import Delivery, Finding
from schemas.polls import Poll
from schemas.signatures import Recipe
from warehouse import holdings, migrate
from warehouse.batch import Batch, Receipt
from warehouse.bodies import document_bytes
from warehouse.booking import Landed, note_unchanged
from warehouse.checks import Failure, check_new
from warehouse.connection import connect, first_line
from warehouse.findings import delivered, note_checked, note_findings
from warehouse.holdings import Held
from warehouse.judges import Matcher
from warehouse.land import land
from warehouse.lock import locked
from warehouse.paths import WarehousePaths, wal_of
from warehouse.polls import note_polls, polls
from warehouse.publish import prepare, publish
from warehouse.quarantine import QuarantinedRange, QuarantineSelection, Status, decide, ranges
from warehouse.recipes import check_recipe
from warehouse.rederive import rederive
from warehouse.rematch import Rematched, Sign, rematch
from warehouse.retention import forget_runs
from warehouse.stored import Selection, Stored, stored
from warehouse.uninterrupted import uninterrupted

#: Where raw bytes are kept.
BodyPlace = Literal["warehouse", "folder"]
#: How a run can end. Runs that did not get so far are `running` or, found dead later, `killed`.
RunState = Literal["completed", "completed-with-quarantine", "completed-with-failures", "failed"]


class Writer:
    """Lands batches in the working file. Use it through `writing`, from one thread."""

    def __init__(
        self, paths: WarehousePaths, memory_limit: str | None, bodies: BodyPlace = "warehouse"
    ) -> None:
        """Open the working file and bring it to this program's tables and views."""
        self._paths = paths
        self._folder = paths.bodies if bodies == "folder" else None
        self._memory_limit = memory_limit
        self._con = self._open()
        try:
            self.migrated = migrate.apply(self._con)
        except BaseException:
            self._con.close()
            raise

    def _open(self) -> duckdb.DuckDBPyConnection:
        return connect(
            self._paths.work, read_only=False, spill=self._paths.spill, memory_limit=self._memory_limit
        )

    @property
    def scratch(self) -> Path:
        """The folder for what a run needs only while it lasts. It goes with the writer, or the next one."""
        return self._paths.scratch

    def polls(self) -> list[Poll]:
        """Return the last poll of every address."""
        return polls(self._con)

    def note_polls(self, found: Sequence[Poll]) -> None:
        """Remember polls, each in the place of the one before."""
        note_polls(self._con, found)

    def start_run(self, run_id: str, started_at: str, command: str) -> None:
        """Note a run. Runs that still seem to be running are dead, for this process holds the lock."""
        self._con.execute(
            "UPDATE ops.runs SET state = 'killed' WHERE state = 'running' AND run_id <> ?", [run_id]
        )
        self._con.execute(
            "INSERT INTO ops.runs BY NAME SELECT ? AS run_id, ? AS command, ?::TIMESTAMPTZ AS started_at, "
            "'running' AS state, (SELECT coalesce(max(place), -1) + 1 FROM ops.runs) AS place "
            "WHERE ? NOT IN (SELECT run_id FROM ops.runs)",
            [run_id, command, started_at, run_id],
        )

    def finish_run(self, run_id: str, finished_at: str, state: RunState) -> None:
        """Note the end of a run. What it landed is counted from its batches (view `runs`)."""
        self._con.execute(
            "UPDATE ops.runs SET finished_at = ?::TIMESTAMPTZ, state = ? WHERE run_id = ?",
            [finished_at, state, run_id],
        )

    def known(self, document_ids: Iterable[str]) -> set[str]:
        """Return those documents that have landed. A document lands whole or not at all."""
        return holdings.known(self._con, document_ids)

    def held(self, document_ids: Iterable[str]) -> Held:
        """Return what the landed ones among these documents hold."""
        return holdings.held(self._con, document_ids)

    def land(self, batch: Batch, *, run_id: str, at: str, matcher: Matcher) -> Landed:
        """Land a batch in one transaction; see `warehouse.land.land`."""
        return uninterrupted(
            lambda: land(self._con, batch, run_id=run_id, at=at, matcher=matcher, folder=self._folder)
        )

    def rederive(self, batch: Batch, *, run_id: str, at: str, matcher: Matcher) -> Landed:
        """Replace what cleaning made of documents that have landed; see `warehouse.rederive.rederive`."""
        return uninterrupted(lambda: rederive(self._con, batch, run_id=run_id, at=at, matcher=matcher))

    def check_recipe(self, name: str) -> None:
        """Raise WarehouseError if what is stored was signed by another recipe; see `warehouse.recipes`."""
        check_recipe(self._con, name)

    def rematch(self, sign: Sign, recipe: Recipe, *, run_id: str, at: str, matcher: Matcher) -> Rematched:
        """Sign and match all stored texts anew in one transaction; see `warehouse.rematch.rematch`."""
        return uninterrupted(lambda: rematch(self._con, sign, recipe, run_id=run_id, at=at, matcher=matcher))

    def stored(self, select: Selection) -> list[Stored]:
        """Return landed documents; see `warehouse.stored.stored`."""
        return stored(self._con, select)

    def bytes_of(self, document_id: str) -> bytes:
        """Return the bytes of a landed document."""
        return document_bytes(self._con, document_id)

    def check_new(self, run_id: str) -> list[Failure]:
        """Run the data checks on all that no check has passed yet; return those that fail."""
        failures = check_new(self._con)
        if failures == []:
            note_checked(self._con, run_id)
        return failures or []

    def delivered(self, run_id: str, source: str) -> Delivery:
        """Return what a run was given by one source, in figures."""
        return delivered(self._con, run_id, source)

    def note_findings(self, run_id: str, found: Sequence[Finding]) -> None:
        """Store what checks and expectations found."""
        note_findings(self._con, run_id, found)

    def quarantined(self, select: QuarantineSelection) -> list[QuarantinedRange]:
        """Return ranges in quarantine; see `warehouse.quarantine.ranges`."""
        return ranges(self._con, select)

    def decide(
        self, chosen: Sequence[QuarantinedRange], status: Status, *, note: str | None, by: str, at: str
    ) -> None:
        """Write down what a person decided about ranges in quarantine."""
        decide(self._con, chosen, status, note=note, by=by, at=at)

    def forget_runs(self, before: str) -> int:
        """Delete what is known of runs that changed nothing; see `warehouse.retention.forget_runs`."""
        return forget_runs(self._con, before)

    def note_unchanged(self, received: Sequence[Receipt], *, run_id: str, at: str) -> Landed:
        """Note that the run was given documents that have landed before; they need no cleaning."""
        return uninterrupted(lambda: note_unchanged(self._con, list(received), run_id=run_id, at=at))

    def publish(self) -> bool:
        """Let readers see what has landed so far; return whether there was anything to publish.

        For long runs, every few minutes: it copies the whole file. The end of `writing` does it in any case.
        """
        self.close()
        try:
            return publish(self._paths)
        finally:
            self._con = self._open()

    def close(self) -> None:
        """Merge the log into the working file and close it."""
        try:
            self._con.execute("CHECKPOINT")
        finally:
            self._con.close()
        if wal_of(self._paths.work).exists():
            # A checkpoint that came at a bad moment leaves the log. Opening replays it; the next one ends it.
            with contextlib.closing(self._open()) as con:
                con.execute("CHECKPOINT")


@contextmanager
def writing(
    path: Path,
    *,
    command: str,
    started_at: str,
    wait: float = 0.0,
    memory_limit: str | None = None,
    bodies: BodyPlace = "warehouse",
) -> Iterator[Writer]:
    """Be the writer of the warehouse at `path`, and publish at the end, also after an error.

    A warehouse that is new is published at once, empty: readers have something to open during its first run.
    `command` and `started_at` (ISO) are what other processes are told; `wait` is in seconds. `bodies`: where
    the bytes of new documents are kept, in the file or in a folder beside it.
    Folders that are missing are made. What was committed before an error or a kill stays.
    Raises WarehouseBusy if another process writes, WarehouseError if the file is newer than this program,
    is no warehouse, or cannot be written.
    """
    paths = WarehousePaths.of(path)
    try:
        paths.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(
            f"Cannot make the folder {paths.folder}: {error.strerror}. Name another file with --warehouse."
        ) from error
    with locked(path, command=command, started_at=started_at, wait=wait), _told_plainly(paths):
        prepare(paths)
        writer = Writer(paths, memory_limit, bodies)
        try:
            paths.scratch.mkdir(exist_ok=True)
            if not paths.published.exists():
                writer.publish()
            yield writer
        except BaseException as error:
            try:
                writer.close()
                publish(paths)
            except (duckdb.Error, WarehouseError) as second:
                error.add_note(f"What was landed before could not be published either: {second}")
            raise
        else:
            writer.close()
            publish(paths)
        finally:
            shutil.rmtree(paths.scratch, ignore_errors=True)


@contextmanager
def _told_plainly(paths: WarehousePaths) -> Iterator[None]:
    """Say what DuckDB could not do in words; nearly always there was no room, or no permission."""
    try:
        yield
    except duckdb.Error as error:
        raise WarehouseError(
            f"{paths.published} could not be written: {first_line(error)}. Free some disk space or mend "
            "permissions, and run the command again: what was landed before stays."
        ) from error
