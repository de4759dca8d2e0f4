"""Each data check finds the fault that it is for, and nothing in a sound warehouse."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from warehouse_cases import AT, RECIPE, Words, batch_of, document, sign

from schemas.documents import Refusal
from warehouse.checks import check_new, checks, run_checks
from warehouse.connection import connect
from warehouse.land import land
from warehouse.packing import unpack
from warehouse.tabulate import tabulate

CASES = json.loads((Path(__file__).parent / "cases" / "checks.json").read_text())


@pytest.fixture
def sound(empty: Callable[[], Path]) -> Any:
    """A warehouse with a copy inside a document, near-duplicates, dates and quarantine."""
    path = empty()
    con = connect(path, read_only=False, spill=path.parent)
    con.execute("INSERT INTO ops.runs VALUES ('run-1', 'test', now(), NULL, 'running', 0)")
    cleaned, data = document(
        ["Big fire in town", "> Big fire in town"],
        ["big fire in town today"],
        days=["2023-01-01", "2023-01-02"],
        refused=b"\xff\x00",
    )
    object.__setattr__(
        cleaned, "quarantine", (Refusal(len(data) - 2, len(data), "decode", "binary", "not text"),)
    )
    signed = {item.text: sign(item.text) for item in cleaned.items}
    batch = tabulate([cleaned], {cleaned.document_id: data}, signed, RECIPE, {}, "test-1")
    land(con, batch, run_id="run-1", at=AT, matcher=Words())
    yield con
    con.close()


def test_a_sound_warehouse_passes(sound: duckdb.DuckDBPyConnection) -> None:
    assert sound.execute("SELECT count(*) FROM duplicates").fetchall() == [(1,)]
    assert run_checks(sound) == []
    assert check_new(sound) == []


def test_what_was_checked_is_not_checked_again_and_what_is_new_is(sound: duckdb.DuckDBPyConnection) -> None:
    sound.execute("INSERT INTO ops.checked VALUES ('run-1', 'run-1')")
    assert check_new(sound) is None
    sound.execute("INSERT INTO ops.runs VALUES ('run-2', 'test', now(), NULL, 'running', 1)")
    land(sound, batch_of(document(["A fire in town"])), run_id="run-2", at=AT, matcher=Words())
    assert check_new(sound) == []
    sound.execute("DELETE FROM core.paragraphs WHERE ordinal = 1")  # of the document that was checked
    assert check_new(sound) == []
    assert [failure.check for failure in run_checks(sound)] == ["bytes_accounted"]


def test_in_however_many_parts_new_documents_are_checked_the_same_is_found(
    sound: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("A flood in town", "Nothing new today"):
        land(sound, batch_of(document([text])), run_id="run-1", at=AT, matcher=Words())
    sound.execute("DELETE FROM core.paragraphs WHERE ordinal = 0")  # of each document
    (whole,) = [failure for failure in check_new(sound) or () if failure.check == "bytes_accounted"]
    monkeypatch.setattr("warehouse.checks.PART_ITEMS", 1)
    (parts,) = [failure for failure in check_new(sound) or () if failure.check == "bytes_accounted"]
    assert parts.rows == whole.rows == 3


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_a_fault_is_found(sound: duckdb.DuckDBPyConnection, case: dict[str, str]) -> None:
    sound.execute(case["input"])
    failures = {failure.check: failure for failure in run_checks(sound)}
    assert case["expect"] in failures
    assert failures[case["expect"]].rule in str(failures[case["expect"]])
    assert failures[case["expect"]].examples
    # The same at the end of a run, where only what it landed is looked at.
    assert case["expect"] in {failure.check for failure in check_new(sound) or ()}


def test_every_check_has_a_fault() -> None:
    assert set(checks()) == {case["expect"] for case in CASES}


def test_each_check_says_what_should_hold() -> None:
    for name, sql in checks().items():
        assert sql.startswith("-- "), name
        assert sql.partition("\n")[0].endswith("."), name


def test_batches_of_the_helper_are_whole() -> None:
    cleaned, data = document(["one"], ["two"])
    frame = b"".join(batch_of((cleaned, data)).bodies["body"].to_pylist())
    assert unpack(frame, len(data)) == data
