"""Ended at any moment, in any way: what was committed is there, and a later run ends where a clean one does.

The disk that is full is made with a limit on the size of files (RLIMIT_FSIZE): unlike a small tmpfs or a
quota it works as any user, in any container, and it hits the database, its log and the published copy alike.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.cli import main
from warehouse.checks import run_checks
from warehouse.connection import connect
from warehouse.lock import lock_holder, locked
from warehouse.paths import WarehousePaths, wal_of
from warehouse.reader import reading

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KILLS, STOPS = 32, 6
BODY = (
    "On {day} March 2024, the {what} of Lower Ash opened its doors after the repairs of the {how} winter.\n"
    "The council of the {what} thanked {day} of its helpers and named the next meeting.\n"
)


class Zygote:
    """A process that runs feedmill in processes of its own, and ends them."""

    def __init__(self, home: Path) -> None:
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(("FEEDMILL", "PREFECT"))
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", HERE / "zygote.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environ | {"PYTHONPATH": str(home), "OPENBLAS_NUM_THREADS": "1"},
            text=True,
        )
        assert self._answer() == "ready"

    def run(self, *words: str, environ: dict[str, str] | None = None, **job: Any) -> dict[str, Any]:
        """Run one command line."""
        assert self._process.stdin is not None
        line = {"words": list(words), "environ": environ or {}, **job}
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = self._answer()
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    # Of a copy of the program: workers import it anew each time, and a checkout may be edited meanwhile.
    # With what is compiled: the copies have the dates of the originals, and to compile takes many seconds.
    home = tmp_path_factory.mktemp("program")
    for name in ("schemas", "cleaners", "warehouse", "flows"):
        shutil.copytree(ROOT / name, home / name)
    one = Zygote(home)
    yield one
    one.close()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Small files with copies in them and between them, one with bytes that are no text."""
    place = tmp_path_factory.mktemp("in")
    for number in range(8):
        text = ""
        for what in ("mill", "ferry", "bridge")[: 1 + number % 3]:
            body = BODY.format(day=number + 3, what=what, how="long" if number % 2 else "mild")
            text += f"Forwarded from Gazette {number % 4}\n{body}{body}\n"
        (place / f"{number}.txt").write_text(text)
    (place / "bad.txt").write_bytes(
        b"A line that is sound.\n\x00\x01\x02\x00\xff\xfe\x00 broken\nAnother line.\n"
    )
    return sorted(map(str, place.iterdir()))


@dataclass(frozen=True)
class Clean:
    """What a clean run lands, and the seconds that it takes in small batches, alone and with workers."""

    hashes: dict[str, str]
    seconds: float
    with_workers: float


@pytest.fixture(scope="module")
def clean(zygote: Zygote, inputs: list[str], tmp_path_factory: pytest.TempPathFactory) -> Clean:
    landed, seconds = [], []
    for workers in (False, True):
        path = tmp_path_factory.mktemp("clean") / "w.duckdb"
        environ = {"FEEDMILL_BATCH_BYTES": "2000", "FEEDMILL_WORKERS": "1"}
        answer = zygote.run(*command(path, inputs), environ=environ, workers=workers)
        assert answer["status"] == 3, answer["said"]
        landed.append(fingerprint(path))
        seconds.append(answer["seconds"])
    assert landed[0] == landed[1]
    return Clean(landed[0], *seconds)


def command(path: Path, inputs: list[str]) -> list[str]:
    return ["ingest", *inputs, "--source", "s", "--warehouse", str(path), "--prefect", "off", "-q"]


def fingerprint(path: Path) -> dict[str, str]:
    """Return a hash of the rows of each table that depends on the input alone."""
    with reading(path) as con:
        return hashes(con)


def hashes(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    tables = con.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() "
        "WHERE schema_name IN ('raw', 'core', 'dedup')"
    ).fetchall()
    assert len(tables) > 10
    return {
        name: hashlib.sha256(
            repr(sorted(map(repr, con.execute(f"FROM {name}").fetchall()))).encode()
        ).hexdigest()
        for (name,) in tables
    }


def assert_whole(path: Path, place: Path) -> None:
    """Open a copy of what a dead writer left: exactly the batches that were committed, whole."""
    paths = WarehousePaths.of(path)
    if not paths.work.exists():
        return
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    copy = shutil.copy(paths.work, place / "copy")
    if wal_of(paths.work).exists():
        shutil.copy(wal_of(paths.work), wal_of(copy))
    con = connect(copy, read_only=False, spill=place / "spill")
    try:
        if not con.execute("FROM duckdb_tables() WHERE table_name = 'checked'").fetchall():
            return  # ended while the tables were made
        assert con.execute(
            "SELECT (SELECT count(*) FROM raw.documents) = coalesce(sum(documents_new), 0) FROM ops.batches"
        ).fetchall() == [(True,)]
        if con.execute("FROM duckdb_views() WHERE view_name = 'byte_accounts' AND NOT internal").fetchall():
            assert run_checks(con) == []
    finally:
        con.close()


def attempt(
    zygote: Zygote, path: Path, inputs: list[str], dice: random.Random, **ending: Any
) -> dict[str, Any]:
    """Run with a batch size, workers, files and an order of them that the dice choose."""
    given = dice.sample(inputs, dice.randint(1, len(inputs)))
    return zygote.run(
        *command(path, given),
        environ={
            "FEEDMILL_BATCH_BYTES": str(dice.choice([1000, 1500, 2500, 4000, 100_000])),
            "FEEDMILL_WORKERS": str(dice.choice([1, 2])),
        },
        **ending,
    )


def end_all_the_way(
    zygote: Zygote, inputs: list[str], clean: Clean, place: Path, ending: signal.Signals, times: int
) -> None:
    """End runs at random moments until `times` were hit, and see that each warehouse ends as a clean one."""
    dice = random.Random(int(ending))  # noqa: S311 - the same attempts each time
    hit = warehouse = 0
    while hit < times:
        path = place / f"{warehouse}.duckdb"
        warehouse += 1
        # How long a run takes here, alone and in worker processes: less and less, for most has landed.
        lasts = [clean.seconds, clean.with_workers]
        for _ in range(6):
            # Workers start for seconds, so that few of the runs have them.
            workers = dice.random() < 0.2
            after = dice.uniform(0.0, lasts[workers])
            answer = attempt(zygote, path, inputs, dice, after=after, signal=int(ending), workers=workers)
            ended = answer["status"] in {-int(ending), 128 + int(ending)}
            assert ended or answer["status"] in {0, 3}, answer
            hit += ended
            assert lock_holder(path) is None
            if not ended:
                lasts[workers] = min(lasts[workers], answer["seconds"])
            elif hit % 6 == 0:
                assert_whole(path, place / "copy")
        answer = attempt_all(zygote, path, inputs)
        assert answer["status"] in {0, 3}, answer
        assert fingerprint(path) == clean.hashes
        assert [file.name for file in place.iterdir() if ".pub." in file.name or "scratch" in file.name] == []


def attempt_all(zygote: Zygote, path: Path, inputs: list[str]) -> dict[str, Any]:
    return zygote.run(*command(path, inputs))


@pytest.mark.slow
def test_killed_at_any_moment(zygote: Zygote, inputs: list[str], clean: Clean, tmp_path: Path) -> None:
    end_all_the_way(zygote, inputs, clean, tmp_path, signal.SIGKILL, KILLS)


@pytest.mark.slow
def test_stopped_at_any_moment(zygote: Zygote, inputs: list[str], clean: Clean, tmp_path: Path) -> None:
    end_all_the_way(zygote, inputs, clean, tmp_path, signal.SIGTERM, STOPS)


@pytest.mark.slow
def test_a_stopped_run_says_so_and_publishes_what_landed(
    zygote: Zygote, inputs: list[str], clean: Clean, tmp_path: Path
) -> None:
    path = tmp_path / "w.duckdb"
    words = command(path, inputs)
    environ = {"FEEDMILL_BATCH_BYTES": "1000"}
    for part in (0.5, 0.6, 0.7, 0.8, 0.4, 0.3):
        answer = zygote.run(*words, environ=environ, after=part * clean.seconds, signal=int(signal.SIGTERM))
        if answer["status"] == 143 and path.exists():  # before the first batch nothing has been published
            break
    assert (answer["status"], "stopped. What has landed stays" in answer["said"]) == (143, True)
    with reading(path) as con:
        assert con.execute("SELECT state FROM runs ORDER BY started_at DESC LIMIT 1").fetchall() == [
            ("failed",)
        ]
        assert run_checks(con) == []


@pytest.mark.slow
def test_a_full_disk(zygote: Zygote, inputs: list[str], clean: Clean, tmp_path: Path) -> None:
    full = 0
    empty = tmp_path / "empty.duckdb"
    zygote.run(*command(empty, inputs[:1]))
    size = WarehousePaths.of(empty).work.stat().st_size
    for share in (0.02, 0.5, 0.95, 0.99):
        path = tmp_path / f"w{share}.duckdb"
        words, environ = command(path, inputs), {"FEEDMILL_BATCH_BYTES": "1500"}
        answer = zygote.run(*words, environ=environ, limit=int(size * share))
        if answer["status"] == 3:
            continue  # there was room for everything
        full += 1
        assert answer["status"] == 1, answer
        assert "File too large" in answer["said"], answer["said"]
        assert "run the command again" in answer["said"], answer["said"]
        assert_whole(path, tmp_path / "copy")
        answer = zygote.run(*words, environ=environ)
        assert answer["status"] in {0, 3}, answer
        assert fingerprint(path) == clean.hashes
    assert full >= 2


READER = """
import sys, time
from pathlib import Path
from warehouse.reader import reading
path, stop = Path(sys.argv[1]), Path(sys.argv[2])
opened, last, changes = 0, -1, 0
while not stop.exists():
    with reading(path) as con:
        for again in range(2):
            ((documents, landed, items, shown, gap, orphans),) = con.execute('''
                SELECT
                    (SELECT count(*) FROM documents),
                    (SELECT coalesce(sum(documents_new), 0) FROM ops.batches),
                    (SELECT coalesce(sum(items_new), 0) FROM ops.batches),
                    (SELECT count(*) FROM items),
                    (SELECT coalesce(sum(gap), 0) FROM byte_accounts),
                    (SELECT count(*) FROM core.paragraphs ANTI JOIN raw.documents USING (document_key))
            ''').fetchall()
            assert (documents, items, gap, orphans) == (landed, shown, 0, 0)
            assert documents >= last, (documents, last)
            changes += documents != last
            assert not again or documents == last, "a snapshot changed while it was read"
            last = documents
    opened += 1
    time.sleep(0.1)
print(opened, changes, last)
"""


@pytest.mark.slow
def test_readers_see_whole_batches_all_through_runs_and_kills(
    zygote: Zygote, inputs: list[str], clean: Clean, tmp_path: Path
) -> None:
    path, stop = tmp_path / "w.duckdb", tmp_path / "stop"
    dice = random.Random(7)  # noqa: S311 - as above
    zygote.run(*command(path, inputs[:1]))
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, path, stop],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    try:
        for part in (0.3, 0.5, 0.4, 0.7, 0.6):
            attempt(
                zygote, path, inputs, dice, after=part * clean.seconds, signal=int(signal.SIGKILL), eager=True
            )
        assert zygote.run(*command(path, inputs), environ={"FEEDMILL_BATCH_BYTES": "1000"}, eager=True)[
            "status"
        ] in {0, 3}
        time.sleep(0.3)
    finally:
        stop.touch()
    for one in readers:
        out, err = one.communicate(timeout=60)
        assert (one.returncode, err) == (0, "")
        opened, changes, last = map(int, out.split())
        assert opened > 3
        assert changes >= 1
        assert last == len(inputs)
    assert fingerprint(path) == clean.hashes


def test_a_second_writer_waits_if_it_is_told_to(
    tmp_path: Path, inputs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "w.duckdb"
    words = ["ingest", inputs[0], "--warehouse", str(path), "--prefect", "off"]
    let_go = threading.Event()

    def hold() -> None:
        with locked(path, command="feedmill ingest", started_at="2024-05-01T10:00:00Z", wait=0):
            let_go.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        while lock_holder(path) is None or lock_holder(path).pid is None:  # type: ignore[union-attr]  # held, above
            time.sleep(0.01)
        assert main(words) == 4
        said = capsys.readouterr().err
        assert (
            f"is being written by process {os.getpid()} (feedmill ingest, since 2024-05-01T10:00:00Z)" in said
        )
        threading.Timer(0.2, let_go.set).start()
        assert main([*words, "--wait", "60"]) in {0, 3}
    finally:
        let_go.set()
        holder.join()
