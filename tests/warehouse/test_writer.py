"""The writer: one at a time, killed at any moment, never in a reader's way."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import duckdb
import pytest
from warehouse_cases import AT, batch_of, document, ingest, published_fingerprint

from schemas.errors import WarehouseBusy, WarehouseError
from warehouse.checks import run_checks
from warehouse.lock import LockHolder, lock_holder, locked
from warehouse.paths import WarehousePaths, wal_of
from warehouse.publish import leftovers
from warehouse.reader import query, reading
from warehouse.writer import RunState, Writer, writing

HERE = Path(__file__).parent
#: What the helper processes land: batches of near copies, so that every part of the landing has work.
BATCHES = [
    batch_of(
        *[
            document(
                [f"story {number} of the town"],
                [f"story {number} of the town {part}"],
                name=f"{number}-{part}",
            )
            for number in range(3)
        ]
    )
    for part in range(4)
]
HELPER = """
import sys
sys.path[:0] = [{root!r}, {here!r}]
from pathlib import Path
from test_writer import BATCHES
from warehouse_cases import AT, Words, batch_of, document
from warehouse.reader import reading
from warehouse.writer import writing
path = Path({path!r})
"""
LANDING = """
def wait(what):
    print(what, flush=True)
    sys.stdin.readline()
with writing(path, command="feedmill ingest", started_at=AT) as writer:
    writer.start_run("run-1", AT, "feedmill ingest")
    for number, batch in enumerate(BATCHES):
        writer.land(batch, run_id="run-1", at=AT, matcher=Words())
        wait(f"landed {number}")
    writer.finish_run("run-1", AT, "completed")
print("done", flush=True)
"""


def helper(path: Path, script: str) -> "subprocess.Popen[str]":
    """Start a Python process that runs `script` on the warehouse at `path`."""
    head = HELPER.format(root=str(HERE.parent.parent), here=str(HERE), path=str(path))
    return subprocess.Popen(
        [sys.executable, "-c", head + script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def line_of(process: "subprocess.Popen[str]") -> str:
    """Return the next line that the process prints."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def go_on(process: "subprocess.Popen[str]") -> None:
    """Let the process go on after `wait`."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@contextmanager
def opened(path: Path):  # type: ignore[no-untyped-def]  # a generator for with
    with writing(path, command="feedmill ingest", started_at=AT) as writer:
        yield writer


def land_cleanly(path: Path) -> dict[str, str]:
    """Land BATCHES without any trouble and return the fingerprint."""
    with opened(path) as writer:
        ingest(writer, *BATCHES)
    return published_fingerprint(path)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a warehouse holds in which BATCHES landed without any trouble."""
    return land_cleanly(tmp_path_factory.mktemp("clean") / "feed.duckdb")


def items(path: Path) -> int:
    """Return the number of items that readers see."""
    with reading(path) as con:
        return int(query(con, "SELECT count(*) AS n FROM items")["n"][0].as_py())


def test_the_first_landing_makes_folders_and_publishes(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "feed.duckdb"
    with opened(path) as writer:
        assert writer.migrated[:5] == [1, 2, 3, 4, 5]
        ingest(writer, *BATCHES)
    assert sorted(file.name for file in path.parent.iterdir()) == [
        ".feed.duckdb.lock",
        ".feed.duckdb.work",
        "feed.duckdb",
    ]
    assert path.stat().st_mode & 0o777 == 0o644
    with reading(path) as con:
        assert run_checks(con) == []
        assert query(con, "SELECT state, documents, items_new FROM runs").to_pylist() == [
            {"state": "completed", "documents": 12, "items_new": 24}
        ]


@pytest.mark.parametrize(
    "name",
    [
        "it's.duckdb",
        'a "b" c.duckdb',
        "путь ☃.duckdb",
        "a;b--c.db",
        "$1 %s.duckdb",
        "[*].duckdb",
        "a\nb.duckdb",
    ],
)
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / name
    with opened(path) as writer:
        ingest(writer, BATCHES[0])
        assert writer.publish() is True
        ingest(writer, BATCHES[1], run="run-2")
    assert items(path) == 12


def test_a_second_session_adds(tmp_path: Path) -> None:
    path, other = tmp_path / "two.duckdb", tmp_path / "one.duckdb"
    with opened(path) as writer:
        ingest(writer, *BATCHES[:2])
    with opened(path) as writer:
        assert writer.migrated == []
        known = [cleaned for batch in BATCHES for cleaned in batch.document_ids]
        assert writer.known(known) == set(known[:6])
        assert writer.known([]) == set()
        ingest(writer, *BATCHES, run="run-2")
    expect = land_cleanly(other)
    assert published_fingerprint(path) == expect


def test_publishing_shows_what_landed_so_far_and_old_readers_keep_theirs(tmp_path: Path) -> None:
    path = tmp_path / "feed.duckdb"
    with opened(path) as writer:
        ingest(writer, BATCHES[0])
        assert items(path) == 0  # a new warehouse can be opened from the start
        writer.publish()
        with reading(path) as old:
            ingest(writer, BATCHES[1], run="run-2")
            assert items(path) == 6
            assert writer.publish() is True
            assert writer.publish() is False
            assert items(path) == 12
            assert query(old, "SELECT count(*) AS n FROM items")["n"].to_pylist() == [6]


def test_an_error_in_a_run_keeps_and_publishes_what_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "feed.duckdb"

    def land_and_fail() -> None:
        with opened(path) as writer:
            ingest(writer, BATCHES[0])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        land_and_fail()
    assert items(path) == 6
    assert lock_holder(path) is None


def test_a_second_writer_is_told_who_writes(tmp_path: Path) -> None:
    path = tmp_path / "feed.duckdb"
    with helper(path, LANDING) as process:
        assert line_of(process) == "landed 0"
        with (
            pytest.raises(WarehouseBusy, match=rf"process {process.pid} \(feedmill ingest, since {AT}\)"),
            opened(path),
        ):
            pass
        assert lock_holder(path) == LockHolder(pid=process.pid, command="feedmill ingest", started_at=AT)
        process.kill()
    assert lock_holder(path) is None


def test_a_second_writer_may_wait(tmp_path: Path) -> None:
    path = tmp_path / "feed.duckdb"
    with helper(path, LANDING) as process:
        assert line_of(process) == "landed 0"
        for _ in BATCHES:
            go_on(process)
        with writing(path, command="other", started_at=AT, wait=60) as writer:
            assert writer.known(BATCHES[-1].document_ids) == set(BATCHES[-1].document_ids)


def test_a_forked_child_does_not_keep_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "feed.duckdb"
    read, write = os.pipe()
    with locked(path, command="test", started_at=AT, wait=0):
        child = os.fork()
        if child == 0:
            os.close(write)
            os.read(read, 1)  # until the parent closes its end
            os._exit(0)
        assert lock_holder(path) is not None
    try:
        with locked(path, command="again", started_at=AT, wait=0):
            pass
    finally:
        os.close(write)
        os.close(read)
        os.waitpid(child, 0)


def test_a_lock_file_with_nonsense_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "feed.duckdb"
    lock = WarehousePaths.of(path).lock
    lock.write_text("{nonsense")
    assert lock_holder(path) is None
    with lock.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert lock_holder(path) == LockHolder()
        with pytest.raises(WarehouseBusy, match="written by another process"), opened(path):
            pass


@pytest.mark.parametrize("batch", range(len(BATCHES)))
def test_a_kill_between_commit_and_publish_loses_nothing(
    tmp_path: Path, clean: dict[str, str], batch: int
) -> None:
    path = tmp_path / "feed.duckdb"
    with opened(path) as writer:
        ingest(writer, run="run-0")
    with helper(path, LANDING) as process:
        for number in range(batch + 1):
            if number:
                go_on(process)
            assert line_of(process) == f"landed {number}"
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert items(path) == 0
    with opened(path) as writer:
        # Nothing lands, and yet the published copy must catch up.
        assert writer.known(BATCHES[batch].document_ids) == set(BATCHES[batch].document_ids)
    assert items(path) == 6 * (batch + 1)
    with opened(path) as writer:
        ingest(writer, *BATCHES, run="run-2")
    with reading(path) as con:
        states = query(con, "SELECT run_id, state FROM runs ORDER BY run_id").to_pylist()
        assert run_checks(con) == []
    assert [row["state"] for row in states] == ["completed", "killed", "completed"]
    assert published_fingerprint(path) == clean


@pytest.mark.slow
def test_kills_at_any_moment(tmp_path: Path, clean: dict[str, str]) -> None:
    path = tmp_path / "feed.duckdb"
    script = LANDING.replace("    sys.stdin.readline()\n", "")
    with helper(tmp_path / "timed.duckdb", script) as process:
        assert line_of(process) == "landed 0"
        begun = time.monotonic()
        process.wait()
        length = time.monotonic() - begun
    for moment in range(8):
        with helper(path, script) as process:
            if moment % 2:
                assert line_of(process) in {"landed 0", "done"}
            time.sleep(length * moment / 8)
            process.kill()
    with opened(path) as writer:
        ingest(writer, *BATCHES, run="run-2")
    assert published_fingerprint(path) == clean


READING = """
import os
seen, last = 0, 0
print("ready", flush=True)
while not os.path.exists({stop!r}):
    with reading(path) as con:
        (n,), = con.execute("SELECT count(*) FROM items").fetchall()
        (g,), = con.execute("SELECT sum(gap) FROM byte_accounts").fetchall()
        assert n >= last and n % 6 == 0 and not g, (n, last, g)
        last, seen = n, seen + 1
print(seen, last, flush=True)
"""


def test_readers_never_fail_while_a_writer_publishes(tmp_path: Path) -> None:
    path, stop = tmp_path / "feed.duckdb", tmp_path / "stop"
    with opened(path) as writer:
        ingest(writer, run="run-0")
        writer.publish()
        with helper(path, READING.format(stop=str(stop))) as reader:
            assert line_of(reader) == "ready"
            for number, batch in enumerate(BATCHES):
                for again in range(3):
                    ingest(writer, batch, run=f"run-{number}-{again}")
                    assert writer.publish() is True
            stop.touch()
            seen, last = line_of(reader).split()
    assert reader.returncode == 0
    assert int(seen) > 0
    assert int(last) in {0, 6, 12, 18, 24}


def test_a_lost_working_file_is_made_from_the_published_one(tmp_path: Path) -> None:
    path = tmp_path / "feed.duckdb"
    before = land_cleanly(path)
    WarehousePaths.of(path).work.unlink()
    with opened(path) as writer:
        ingest(writer, *BATCHES, run="run-2")
    assert published_fingerprint(path) == before


@pytest.mark.parametrize("size", [0, 100, 4096])
def test_a_working_file_that_was_never_finished_is_made_anew(tmp_path: Path, size: int) -> None:
    path = tmp_path / "feed.duckdb"
    WarehousePaths.of(path).work.write_bytes(b"\0" * size)
    path.touch()  # as mktemp leaves it
    assert set(land_cleanly(path)) >= {"raw.documents", "core.versions", "dedup.pairs"}
    assert items(path) == 24


def test_leftovers_of_dead_publishers_go(tmp_path: Path) -> None:
    path = tmp_path / "feed.duckdb"
    land_cleanly(path)
    leftover, other = tmp_path / ".feed.duckdb.pub.12345", tmp_path / ".other.duckdb.pub.12345"
    leftover.write_bytes(b"half a copy")
    other.write_bytes(b"of another warehouse")
    with opened(path):
        assert not leftover.exists()
    assert other.exists()


def test_the_scratch_folder_goes_with_the_writer_and_after_a_kill_with_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "feed.duckdb"
    scratch = WarehousePaths.of(path).scratch
    with helper(path, LANDING.replace("wait(f", "(writer.scratch / 'batch').touch(); wait(f")) as process:
        assert line_of(process) == "landed 0"
        process.kill()
    assert leftovers(WarehousePaths.of(path)) == [scratch]
    half = WarehousePaths.of(path).bands.with_name(f"{WarehousePaths.of(path).bands.name}.runs")
    half.touch()
    assert leftovers(WarehousePaths.of(path)) == [scratch, half]
    with opened(path) as writer:
        assert list(writer.scratch.iterdir()) == []
        (writer.scratch / "batch").touch()
    assert leftovers(WarehousePaths.of(path)) == []


def test_a_first_run_that_was_killed_before_it_published(tmp_path: Path) -> None:
    path = tmp_path / "feed.duckdb"
    land_cleanly(path)
    path.unlink()  # as if it had never been published
    with pytest.raises(WarehouseError, match=r"was not published.*Run feedmill ingest again"), reading(path):
        pass
    with (
        locked(path, command="feedmill ingest", started_at=AT, wait=0),
        pytest.raises(WarehouseError, match="is being made by process"),
        reading(path),
    ):
        pass
    with opened(path):
        assert items(path) == 24


def test_a_folder_is_no_warehouse(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="is a folder, and a warehouse is a file"), opened(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("state", get_args(RunState))
def test_every_end_of_a_run_can_be_noted(tmp_path: Path, state: RunState) -> None:
    path = tmp_path / "feed.duckdb"
    with opened(path) as writer:
        writer.start_run("r", AT, "c")
        writer.finish_run("r", AT, state)
    with reading(path) as con:
        assert query(con, "SELECT state FROM runs").to_pylist() == [{"state": state}]


def test_a_stray_log_beside_the_published_copy_is_not_replayed(tmp_path: Path) -> None:
    path = tmp_path / "feed.duckdb"
    before = land_cleanly(path)
    # An analyst opens the published copy for writing and is killed: a log stays behind.
    script = "import duckdb, os, sys; con = duckdb.connect(sys.argv[1]); "
    script += "con.execute('CREATE TABLE mine (x INTEGER)'); os._exit(0)"
    subprocess.run([sys.executable, "-c", script, path], check=True)
    assert wal_of(path).exists()
    with opened(path) as writer:
        ingest(writer, *BATCHES, run="run-2")
    assert not wal_of(path).exists()
    assert published_fingerprint(path) == before
    with duckdb.connect(str(path), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'mine'").fetchall() == [
            (0,)
        ]


def test_an_unmerged_log_is_never_left_out_of_what_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "feed.duckdb"
    with opened(path) as writer:
        ingest(writer, *BATCHES)
        # Closing without a checkpoint leaves the log, as after a checkpoint that failed.
        writer._con.execute("PRAGMA disable_checkpoint_on_shutdown")
        monkeypatch.setattr(writer, "close", writer._con.close)
        with pytest.raises(WarehouseError, match="has a log that a checkpoint did not merge"):
            writer.publish()
        monkeypatch.undo()
    assert items(path) == 24


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "feed.duckdb"
    WarehousePaths.of(path).lock.mkdir()  # what permissions do to others; root may write anywhere
    with pytest.raises(WarehouseError, match=r"Cannot write in .*write permission"), opened(path):
        pass


@pytest.mark.parametrize("name", ["what?.duckdb", "what?/feed.duckdb"])
def test_a_question_mark_in_the_path_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WarehouseError, match="question mark"), opened(tmp_path / name):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(WarehouseError, match="Cannot make the folder"),
        opened(tmp_path / "file" / "feed.duckdb"),
    ):
        pass


def test_a_working_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "feed.duckdb"
    WarehousePaths.of(path).work.write_bytes(b"text" * 10_000)
    with pytest.raises(WarehouseError, match="cannot be opened as a warehouse"), opened(path):
        pass
    assert lock_holder(path) is None


def test_a_link_and_its_target_are_one_warehouse(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    link = tmp_path / "link.duckdb"
    link.symlink_to(tmp_path / "data" / "feed.duckdb")
    with opened(link) as writer:
        ingest(writer, BATCHES[0])
        with pytest.raises(WarehouseBusy), opened(tmp_path / "data" / "feed.duckdb"):
            pass
    assert link.is_symlink()
    assert items(link) == items(tmp_path / "data" / "feed.duckdb") == 6


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "ATTACH '{folder}/other.duckdb'",
        "SELECT * FROM read_text('{folder}/feed.duckdb')",
        "INSTALL httpfs",
        "SET lock_configuration = false",
    ],
)
def test_the_writer_is_locked_down_too(tmp_path: Path, sql: str) -> None:
    with opened(tmp_path / "feed.duckdb") as writer:
        ingest(writer, BATCHES[0])
        with pytest.raises((duckdb.PermissionException, duckdb.InvalidInputException)):
            writer._con.execute(sql.format(folder=tmp_path))


def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "feed.duckdb"
    land_cleanly(path)
    with reading(path) as con:
        con.execute("SELECT count(*) FROM range(20000000) WHERE range % 7 = 1").fetchall()
        assert query(con, "SELECT current_setting('enable_progress_bar') AS bar")["bar"].to_pylist() == [
            False
        ]
    assert capfd.readouterr() == ("", "")


def run_states(writer: Writer) -> Sequence[tuple[str, str]]:
    """Return run ids and states."""
    rows: list[tuple[str, str]] = writer._con.execute(
        "SELECT run_id, state FROM runs ORDER BY ALL"
    ).fetchall()
    return rows


def test_a_run_is_noted_once_and_ends_as_told(tmp_path: Path) -> None:
    with opened(tmp_path / "feed.duckdb") as writer:
        writer.start_run("a", AT, "ingest")
        writer.start_run("a", AT, "ingest")  # a task that is tried again
        assert run_states(writer) == [("a", "running")]
        writer.start_run("b", AT, "ingest")
        writer.finish_run("b", AT, "failed")
        assert run_states(writer) == [("a", "killed"), ("b", "failed")]
