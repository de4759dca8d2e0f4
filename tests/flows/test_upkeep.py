"""Verify, reprocess, diff and quarantine on a real warehouse, former rules in the place of old cleaners."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cleaners.chain import CLEANER, clean
from flows import again, pipeline
from flows.cleaning import clean_batch
from flows.cli import main
from schemas.documents import Blob
from schemas.items import CleanedDocument
from schemas.options import CleanOptions
from warehouse.paths import WarehousePaths
from warehouse.publish import publish
from warehouse.reader import query, reading

POSTS = {
    "a.txt": "On 3 March 2024 the mill opened.\n\nThe council was there.\n",
    "b.txt": "On 5 March 2024 the ferry sailed.\n\nNobody was there.\n",
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two documents and no settings from outside."""
    for name in ("FEEDMILL_WAREHOUSE", "FEEDMILL_CONFIG", "PREFECT_API_URL", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for name, text in POSTS.items():
        (tmp_path / "in" / name).write_text(text)
    return tmp_path


def former(blob: Blob, options: CleanOptions) -> CleanedDocument:
    """Rules that were in force once: they gave every item a title of their own."""
    document = clean(blob, options)
    return replace(document, items=tuple(replace(item, title="A title") for item in document.items))


def failing(blob: Blob, options: CleanOptions) -> CleanedDocument:
    """Rules that could not take documents of a certain kind."""
    if b"ferry" in blob.data:
        raise ValueError("no ferries")
    return clean(blob, options)


@pytest.fixture
def landed_by(place: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], int]:
    """Return how to ingest the folder by former rules."""

    def land(rules: Any) -> int:
        with monkeypatch.context() as once:
            once.setattr(pipeline, "clean_batch", partial(clean_batch, clean=rules))
            return main(["ingest", "in", "-q"])

    return land


def ask(sql: str, warehouse: str = "warehouse/feedmill.duckdb") -> list[dict[str, Any]]:
    with reading(Path(warehouse)) as con:
        rows: list[dict[str, Any]] = query(con, sql).to_pylist()
    return rows


def out(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]], str]:
    """Run a command; return its status, its rows and what it said."""
    capsys.readouterr()
    status = main(list(words))
    said = capsys.readouterr()
    return status, [json.loads(line) for line in said.out.splitlines()], said.err


def spoil(sql: str) -> None:
    """Change the working file behind feedmill's back, and publish it."""
    paths = WarehousePaths.of(Path("warehouse/feedmill.duckdb"))
    with duckdb.connect(str(paths.work)) as con:
        con.execute(sql)
        con.execute("CHECKPOINT")
    publish(paths)


def test_a_sound_warehouse_is_verified(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", "in", "-q"]) == 0
    status, rows, said = out(capsys, "verify")
    assert (status, {row["state"] for row in rows}) == (0, {"kept"})
    assert rows[0]["found"] == "2 items of 2 documents derived again are as they landed"
    assert "All promises are kept." in said
    status, rows, _ = out(capsys, "verify", "--sample", "1")
    assert (status, rows[0]["found"]) == (0, "1 items of 1 documents derived again are as they landed")


def test_the_seeds_keep_all_promises(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seeds = str(Path(__file__).parents[2] / "seeds")
    assert main(["ingest", seeds, "-q"]) == 0
    status, rows, _ = out(capsys, "verify")
    assert (status, {row["state"] for row in rows}) == (0, {"kept"})
    assert rows[0]["found"] == "17 items of 5 documents derived again are as they landed"


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("UPDATE core.versions SET version_id = gen_random_uuid()", "versions_seen"),
        ("UPDATE core.sightings SET boundary_confidence = 0.25", "rederived"),
        ("UPDATE core.paragraphs SET fate = 'boilerplate' WHERE ordinal = 0", "rederived"),
        ("UPDATE raw.bodies SET body = 'other'::BLOB", "bodies_whole"),
        ("DELETE FROM raw.bodies", "rederived"),
    ],
)
def test_what_is_broken_is_named(
    place: Path, capsys: pytest.CaptureFixture[str], damage: str, check: str
) -> None:
    assert main(["ingest", "in", "-q"]) == 0
    spoil(damage)
    status, rows, said = out(capsys, "verify")
    broken = {row["check"] for row in rows if row["state"] == "broken"}
    assert status == 1
    assert check in broken
    assert f"{len(broken)} of {len(rows)} promises are broken." in said


def test_rows_of_other_cleaners_are_not_judged(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", "in", "-q"]) == 0
    spoil("UPDATE raw.documents SET cleaner = '0'")
    status, rows, said = out(capsys, "verify")
    assert (status, rows[1]["check"], rows[1]["state"]) == (0, "cleaners", "stale")
    assert "feedmill ingest --reprocess" in said


def test_verify_needs_no_lock_and_no_files(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", "in", "-q"]) == 0
    for file in (place / "in").iterdir():
        file.unlink()
    assert out(capsys, "verify")[0] == 0


def test_rules_that_changed_are_reviewed_as_data(
    place: Path, landed_by: Callable[[Any], int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert landed_by(former) == 0
    for file in (place / "in").iterdir():
        file.unlink()  # the stored bytes must do
    before = (place / "warehouse" / "feedmill.duckdb").read_bytes()
    status, would, said = out(capsys, "ingest", "--reprocess", "--dry-run")
    assert (status, [(row["change"], row["field"]) for row in would]) == (0, [("changed", "title")] * 2)
    assert {(row["before"], row["after"]) for row in would} == {("A title", None)}
    assert "Nothing was written" in said
    assert (place / "warehouse" / "feedmill.duckdb").read_bytes() == before
    status, _, said = out(capsys, "ingest", "--reprocess")
    assert status == 0
    assert "2 documents cleaned again: 0 items are new, 2 changed" in said
    first, second = (row["run_id"] for row in ask("SELECT run_id FROM runs ORDER BY started_at"))
    assert out(capsys, "diff", first, second)[:2] == (0, would)
    assert out(capsys, "diff", second, second)[:2] == (0, [])
    assert out(capsys, "verify")[0] == 0
    assert ask("SELECT count(*) AS n FROM item_versions WHERE is_superseded") == [{"n": 2}]
    status, _, said = out(capsys, "ingest", "--reprocess", "--source", "in")
    assert (status, "0 items are new, 0 changed, 2 are as they were" in said) == (0, True)


def test_reprocessing_one_source_leaves_the_others(
    place: Path, landed_by: Callable[[Any], int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert landed_by(former) == 0
    assert out(capsys, "ingest", "--reprocess", "--source", "other")[2].startswith("0 documents")
    assert main(["ingest", "--reprocess", "--source", "in", "--json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out)["items_changed"] == 2


def losing(blob: Blob, options: CleanOptions) -> CleanedDocument:
    """Rules with a defect: the bytes of the last paragraph have no fate."""
    document = clean(blob, options)
    return replace(document, paragraphs=document.paragraphs[:-1]) if b"ferry" in blob.data else document


def test_a_failed_check_fails_the_run_after_landing_and_every_run_until_it_is_mended(
    place: Path, landed_by: Callable[[Any], int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert landed_by(losing) == 1
    assert ask("SELECT count(*) AS n FROM items") == [{"n": 2}]
    (place / "in" / "c.txt").write_text("On 9 March 2024 the bridge fell.\n")
    status, _, said = out(capsys, "ingest", "in")
    assert (status, "FAILED      bytes_accounted: Every byte of every document" in said) == (1, True)
    assert ask("SELECT DISTINCT state FROM runs") == [{"state": "failed"}]
    assert ask("SELECT DISTINCT kind, name, level FROM findings") == [
        {"kind": "check", "name": "bytes_accounted", "level": "failed"}
    ]
    assert out(capsys, "verify")[0] == 1
    assert main(["ingest", "--reprocess", "-q"]) == 0
    assert out(capsys, "ingest", "in")[0] == 0
    assert out(capsys, "verify")[0] == 0


def test_reprocess_takes_no_input(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert out(capsys, "ingest", "in", "--reprocess")[0] == 2
    assert out(capsys, "ingest", "--reprocess")[0] == 1  # no warehouse


def test_an_unknown_run_is_said_to_be_unknown(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", "in", "-q"]) == 0
    status, _, said = out(capsys, "diff", "nonsense", "other")
    assert (status, "no run nonsense" in said) == (1, True)


def test_quarantine_is_worked_off_under_the_same_ids(
    place: Path, landed_by: Callable[[Any], int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ingest", "in", "-q", "--warehouse", "clean.duckdb"]) == 0
    assert landed_by(failing) == 3
    _, rows, _ = out(capsys, "quarantine", "list")
    ((one),) = rows
    assert {
        name: one[name] for name in ("reason", "stage", "byte_start", "byte_end", "status", "cleaner_version")
    } == {
        "reason": "cleaner-failed",
        "stage": "clean",
        "byte_start": 0,
        "byte_end": len(POSTS["b.txt"]),
        "status": "open",
        "cleaner_version": CLEANER,
    }
    _, (shown,), _ = out(capsys, "quarantine", "show", one["quarantine_id"])
    assert shown["begins"] == repr(POSTS["b.txt"])[1:-1]
    status, _, said = out(capsys, "quarantine", "replay")
    assert (status, "1 of 1 open ranges could be used; 1 new" in said) == (0, True)
    assert out(capsys, "quarantine", "list")[1] == []
    ids = "SELECT item_id, version_id, document_id FROM items ORDER BY ALL"
    assert ask(ids) == ask(ids, "clean.duckdb")
    assert out(capsys, "verify")[0] == 0
    status, _, said = out(capsys, "quarantine", "replay")
    assert (status, "Nothing is open" in said) == (0, True)


def test_a_range_that_cannot_be_used_stays_open_and_may_be_discarded(
    place: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    bad = b"A line that is sound.\n\x00\x01\x02\x00\xff\xfe\x00 broken\nAnother line, said plainly.\n"
    (place / "in" / "bad.txt").write_bytes(bad)
    assert main(["ingest", "in", "-q"]) == 3
    assert main(["quarantine", "replay"]) == 3
    ((one),) = ask("SELECT * FROM quarantine")
    capsysbinary.readouterr()
    assert main(["quarantine", "show", one["quarantine_id"], "--raw"]) == 0
    assert capsysbinary.readouterr().out == bad[one["byte_start"] : one["byte_end"]] == one["raw"]
    assert main(["quarantine", "discard"]) == 2
    assert main(["quarantine", "discard", "0123456789abcdef"]) == 1
    assert main(["quarantine", "discard", one["quarantine_id"], "--note", "a broken disk"]) == 0
    ((noted),) = ask("SELECT status, note, raw FROM quarantine")
    assert noted == {"status": "discarded", "note": "a broken disk", "raw": one["raw"]}
    assert main(["quarantine", "replay"]) == 0  # nothing is open
    assert main(["quarantine", "replay", one["quarantine_id"]]) == 3  # unless it is named
    assert main(["verify", "-q"]) == 0


def test_large_inputs_are_derived_again_in_worker_processes(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ingest", "in", "-q"]) == 0
    monkeypatch.setattr(pipeline, "IN_PROCESS_BYTES", 10)
    monkeypatch.setattr(again, "clean_batch", None)  # whoever cleans in this process fails
    assert out(capsys, "verify")[0] == 0


def test_bytes_in_a_folder_beside_the_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "feedmill.toml").write_text('bodies = "folder"\n')
    assert main(["ingest", "in", "-q"]) == 0
    (place / "feedmill.toml").unlink()
    (place / "in" / "c.txt").write_text("On 9 March 2024 the bridge fell.\n")
    assert main(["ingest", "in", "-q"]) == 0  # the switch may be turned at any time
    assert ask("SELECT body_in, count(*) AS n FROM documents GROUP BY ALL ORDER BY ALL") == [
        {"body_in": "folder", "n": 2},
        {"body_in": "warehouse", "n": 1},
    ]
    files = sorted((place / "warehouse" / "feedmill.duckdb.bodies").rglob("*.zst"))
    assert {file.stem for file in files} < {row["document_id"] for row in ask("FROM documents")}
    assert out(capsys, "verify")[0] == 0
    assert main(["ingest", "--reprocess", "-q"]) == 0
    item = ask(
        "SELECT item_id FROM items JOIN documents USING (document_id) WHERE body_in = 'folder' LIMIT 1"
    )
    assert main(["explain", item[0]["item_id"]]) == 0
    files[0].write_bytes(b"damaged")
    files[1].unlink()
    status, rows, said = out(capsys, "verify")
    assert (status, rows[0]["check"], rows[0]["state"]) == (1, "rederived", "broken")
    assert "belongs to the warehouse" in said


def test_a_setting_that_makes_no_sense(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "feedmill.toml").write_text('bodies = "cloud"\n')
    status, _, said = out(capsys, "ingest", "in")
    assert (status, "bodies = 'cloud'" in said) == (2, True)
