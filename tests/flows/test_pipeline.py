"""The whole line without Prefect: what lands, what is refused, and what must not matter."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows import pipeline, refresh
from flows.pipeline import ingest
from flows.progress import Progress
from flows.runs import IngestRequest, RunSummary
from flows.settings import SourceSettings
from schemas.errors import WarehouseBusy
from warehouse.lock import locked
from warehouse.reader import query, reading

HERE = Path(__file__).parent
SEEDS = HERE.parents[1] / "seeds"


def request(warehouse: Path, *locations: Path | str, name: str = "s", **more: Any) -> IngestRequest:
    inputs = tuple(SourceSettings(name=name, location=str(location)) for location in locations)
    return IngestRequest(inputs=inputs, warehouse=warehouse, **more)


def rows(warehouse: Path, sql: str) -> list[dict[str, Any]]:
    with reading(warehouse) as con:
        found: list[dict[str, Any]] = query(con, sql).to_pylist()
    return found


def content(warehouse: Path) -> dict[str, list[str]]:
    """Return all that must depend on the input alone: every row of every table but the books of runs."""
    tables = rows(
        warehouse,
        "SELECT schema_name AS s, table_name AS t FROM duckdb_tables() "
        "WHERE schema_name IN ('raw', 'core', 'dedup')",
    )
    assert len(tables) > 10
    return {
        f"{t['s']}.{t['t']}": sorted(map(repr, rows(warehouse, f"FROM {t['s']}.{t['t']}"))) for t in tables
    }


def test_the_seeds_land_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    first = ingest(request(warehouse, SEEDS))
    assert (first.state, first.exit_status, first.items_new, first.total.documents) == ("completed", 0, 17, 5)
    assert first.total.copies == 74
    assert sum(first.dates.values()) == 17
    before = content(warehouse)
    again = ingest(request(warehouse, SEEDS))
    assert (again.state, again.items_new, again.items_unchanged) == ("completed", 0, 17)
    assert (again.total.documents, again.documents_unchanged) == (0, 5)
    assert content(warehouse) == before
    assert rows(
        warehouse, "SELECT run_id, items_new, items_unchanged, documents FROM runs ORDER BY run_id"
    ) == [
        {"run_id": first.run_id, "items_new": 17, "items_unchanged": 0, "documents": 5},
        {"run_id": again.run_id, "items_new": 0, "items_unchanged": 17, "documents": 5},
    ]


def test_what_must_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = sorted(SEEDS.glob("*.txt"))
    ingest(request(tmp_path / "a.duckdb", *files))
    monkeypatch.setattr(pipeline, "IN_PROCESS_BYTES", 0)
    files = [files[at] for at in (3, 0, 4, 2, 1)]
    ingest(request(tmp_path / "b.duckdb", *files, workers=2, batch_bytes=1000))
    for file in reversed(files):
        ingest(request(tmp_path / "c.duckdb", file, workers=1))
    landed = content(tmp_path / "a.duckdb")
    assert content(tmp_path / "b.duckdb") == landed
    assert content(tmp_path / "c.duckdb") == landed


def test_a_run_killed_at_any_batch_goes_on_where_it_stopped(tmp_path: Path) -> None:
    ingest(request(tmp_path / "whole.duckdb", SEEDS, name="seeds"))
    warehouse = tmp_path / "killed.duckdb"
    environ = os.environ | {
        "PYTHONPATH": str(HERE.parents[1]),
        "FEEDMILL_BATCH_BYTES": "1000",
        "TEST_IN_PROCESS_BYTES": "0",
    }
    for batches in (1, 2):
        with subprocess.Popen(
            [sys.executable, str(HERE / "driver.py"), "direct", str(warehouse), str(SEEDS)],
            env=environ,
            cwd=SEEDS.parent,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            cleaned = (line for line in process.stderr if json.loads(line)["stage"] == "clean")
            for _ in range(batches):
                next(cleaned)
            process.send_signal(signal.SIGKILL)
    last = ingest(request(warehouse, SEEDS, name="seeds"))
    assert (last.items_new + last.items_unchanged, last.documents_unchanged >= 3) == (17, True)
    assert content(warehouse) == content(tmp_path / "whole.duckdb")


def test_bad_input_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "in"
    folder.mkdir()
    bad = {
        "empty.txt": b"",
        "binary.bin": bytes(range(256)) * 40,
        "nul.txt": b"\0" * 5000,
        "blank.txt": b"\n \n\n",
    }
    for name, data in bad.items():
        (folder / name).write_bytes(data)
    (folder / "invalid-utf8.txt").write_bytes(
        "Первая строка.\n".encode() + b"\xff\xfe\xc3\x28 bad\nlast line\n"
    )
    (folder / "good.txt").write_text("A post of 12 July 2023.\n", encoding="utf-8")
    os.mkfifo(folder / "pipe")
    summary = ingest(request(tmp_path / "w.duckdb", "in", "missing.txt"))
    assert (summary.state, summary.exit_status) == ("completed-with-failures", 3)
    assert [row["state"] for row in rows(tmp_path / "w.duckdb", "SELECT state FROM runs")] == [summary.state]
    assert {failure.uri: failure.reason for failure in summary.failures} == {
        "in/pipe": "this is a pipe, not a file",
        "missing.txt": "there is no such file or folder",
    }
    found = rows(
        tmp_path / "w.duckdb",
        "SELECT uri, reason, raw, byte_start FROM quarantine JOIN documents USING (document_id) ORDER BY uri",
    )
    whole = {
        row["uri"].removeprefix("in/"): row["raw"] for row in found if row["uri"].removeprefix("in/") in bad
    }
    assert whole == bad
    assert "cleaner-failed" not in {row["reason"] for row in found}
    texts = [row["text"] for row in rows(tmp_path / "w.duckdb", "SELECT text FROM items")]
    assert "A post of 12 July 2023." in texts
    assert any("Первая строка." in text for text in texts)
    assert rows(tmp_path / "w.duckdb", "SELECT sum(abs(gap)) AS gap FROM byte_accounts")[0]["gap"] == 0


def test_nothing_readable_fails_and_leaves_no_warehouse(tmp_path: Path) -> None:
    summary = ingest(request(tmp_path / "w.duckdb", tmp_path / "missing"))
    assert (summary.state, summary.exit_status, len(summary.failures)) == ("failed", 1, 1)
    assert not (tmp_path / "w.duckdb").exists()


def test_a_failed_run_is_in_the_books_of_a_warehouse_that_is_there(tmp_path: Path) -> None:
    ingest(request(tmp_path / "w.duckdb", SEEDS))
    failed = ingest(request(tmp_path / "w.duckdb", tmp_path / "missing"))
    states = rows(tmp_path / "w.duckdb", "SELECT run_id, state FROM runs ORDER BY run_id")
    assert [row["state"] for row in states] == ["completed", "failed"]
    assert states[1]["run_id"] == failed.run_id


def test_an_error_in_the_middle_keeps_what_landed_and_is_noted(tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.stage == "clean":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(request(tmp_path / "w.duckdb", SEEDS, batch_bytes=1000), stop)
    (run,) = rows(tmp_path / "w.duckdb", "SELECT state, documents FROM runs")
    assert run == {"state": "failed", "documents": 1}


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    summary = ingest(request(tmp_path / "w.duckdb", SEEDS, dry_run=True))
    assert (summary.items_new, summary.total.documents, summary.dry_run) == (17, 5, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, [0, 1, 2]), (3600.0, [0, 0, 0])])
def test_readers_can_query_while_the_first_run_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, shown: list[int]
) -> None:
    monkeypatch.setattr(refresh, "REFRESH_SECONDS", seconds)
    monkeypatch.setattr(refresh, "SHARE", float("inf"))
    warehouse = tmp_path / "w.duckdb"
    seen: list[int] = []

    def look(progress: Progress) -> None:
        (row,) = rows(warehouse, "SELECT count(*) AS n, coalesce(sum(gap), 0) AS gap FROM byte_accounts")
        assert row["gap"] == 0
        if progress.stage == "clean":
            seen.append(row["n"])

    summary = ingest(request(warehouse, SEEDS, batch_bytes=1000), look)
    assert seen[:3] == shown
    assert rows(warehouse, "SELECT count(*) AS n FROM documents") == [{"n": 5}]
    assert summary.items_new == 17


def test_a_killed_run_leaves_nothing_outside_and_the_next_run_sweeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    warehouse = tmp_path / "w.duckdb"
    scratch = tmp_path / ".w.duckdb.scratch"
    program = [sys.executable, str(HERE / "driver.py"), "direct", str(warehouse), "-"]
    environ = os.environ | {"PYTHONPATH": str(HERE.parents[1]), "TMPDIR": str(tmp_path / "tmp")}
    with subprocess.Popen(
        program, env=environ, cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        process.stdin.write(
            b"A post of 12 July 2023.\n" * 100_000
        )  # more than a pipe holds: it is being read
        process.stdin.flush()
        process.kill()
    assert (scratch / "stdin").stat().st_size > 0
    assert list((tmp_path / "tmp").iterdir()) == []
    assert ingest(request(warehouse, SEEDS)).items_new == 17
    assert not scratch.exists()


def test_a_busy_warehouse(tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    with (
        locked(warehouse, command="another", started_at="now", wait=0),
        pytest.raises(WarehouseBusy, match="another"),
    ):
        ingest(request(warehouse, SEEDS))


def test_the_same_bytes_under_two_names_are_one_document_with_two_names(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt"):
        (tmp_path / name).write_text("A post of 12 July 2023.\n", encoding="utf-8")
    warehouse = tmp_path / "w.duckdb"
    summary = ingest(request(warehouse, tmp_path / "a.txt", tmp_path / "b.txt"))
    assert (summary.total.documents, summary.items_new, summary.duplicates) == (1, 1, 0)
    (document,) = rows(warehouse, "SELECT uri FROM documents")
    assert document["uri"].endswith("a.txt")
    assert len(rows(warehouse, "FROM raw.receipts")) == 2


def test_near_copies_are_counted(tmp_path: Path) -> None:
    words = [f"mot{number}" for number in range(60)]
    for name, last in (("a", "hier"), ("b", "demain")):
        (tmp_path / f"{name}.txt").write_text(" ".join([*words, last]) + "\n", encoding="utf-8")
    summary = ingest(request(tmp_path / "w.duckdb", tmp_path / "a.txt", tmp_path / "b.txt"))
    assert (summary.items_new, summary.duplicates, summary.near_duplicates) == (2, 1, 1)


def test_progress_reaches_its_end_and_never_goes_back(tmp_path: Path) -> None:
    told: list[Progress] = []
    ingest(request(tmp_path / "w.duckdb", SEEDS, batch_bytes=1000), told.append)
    for stage in ("read", "clean"):
        done = [one.done for one in told if one.stage == stage]
        assert done == sorted(done)
        assert done[-1] == told[0].total == 49_996
    assert told[-1].stage == "publish"


def test_run_ids_sort_by_time(tmp_path: Path) -> None:
    ids = [pipeline.begin(request(tmp_path)).run_id for _ in range(50)]
    assert len(set(ids)) == 50
    assert [one[:19] for one in ids] == sorted(one[:19] for one in ids)


@pytest.mark.slow
def test_a_line_of_200_mb_takes_bounded_memory(tmp_path: Path) -> None:
    with (tmp_path / "huge.txt").open("wb") as handle:
        for _ in range(200):
            handle.write(b"word " * 200_000)
    program = (
        "import json, resource, sys\nsys.path.insert(0, sys.argv[1])\nimport driver\n"
        "status = driver.main('direct', *sys.argv[2:])\n"
        # What getrusage says of this process holds the peak of the one that started it.
        "mine = open('/proc/self/status').read().split('VmHWM:')[1].split()[0]\n"
        "print(json.dumps([status, int(mine), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(HERE), str(tmp_path / "w.duckdb"), "huge.txt"],
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    status, mine, workers = json.loads(done.stdout.splitlines()[-1])
    assert status == 3
    # Measured: 0.64 GB here, where DuckDB has no limit, and 0.3 GB in a worker.
    assert mine < 1_000_000, f"{mine} kB"
    assert workers < 600_000, f"{workers} kB"
    found = rows(
        tmp_path / "w.duckdb",
        "SELECT uri, byte_start, byte_end, reason FROM quarantine JOIN documents USING (document_id)",
    )
    assert {row["reason"] for row in found} == {"huge-line"}


def summary_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_run_without_prefect_never_imports_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(HERE / "driver.py"), "direct", str(tmp_path / "w.duckdb"), str(SEEDS)],
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert summary_of(done)["prefect"] is False


def test_a_summary_adds_up(tmp_path: Path) -> None:
    summary: RunSummary = ingest(request(tmp_path / "w.duckdb", SEEDS))
    plain = json.loads(json.dumps(summary.as_dict()))
    (source,) = plain["sources"]
    assert (source["items"], source["documents_new"], source["bytes"]) == (17, 5, 49_996)
    assert plain["items_new"] == 17
    assert plain["dates"] == source["dates"]
