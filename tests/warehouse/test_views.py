"""The views are the contract's, column by column, and count what they say."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from warehouse_cases import AT, Words, batch_of, document

from schemas.items import Card, Dropped, Published
from warehouse.connection import connect
from warehouse.land import land

CASES = json.loads((Path(__file__).parent / "cases" / "byte_accounts.json").read_text())
ITEMS = """item_id document_id source ordinal kind first_line last_line byte_start byte_end channel author
native_id forwarded_from title text published_best published_earliest published_latest published_at
published_edtf published_precision published_basis published_confidence published_evidence lang hashtags urls
card_site card_title card_description dropped cluster_id is_primary run_id"""
CONTRACT = {
    "items": ITEMS,
    "unique_items": ITEMS,
    "duplicates": "item_id primary_id cluster_id kind similarity containment",
    "paragraphs": "document_id ordinal byte_start byte_end line text fate rule of_ordinal similarity item_id",
    "paragraph_reuse": "text items first_item_id first_published",
    "documents": "document_id source uri media_type encoding bytes first_run_id",
    "byte_accounts": "document_id bytes in_items in_copies in_boilerplate in_structure in_quarantine gap",
    "quarantine": "document_id byte_start byte_end stage reason detail raw",
    "timeline": "day items unique_items",
    "forwards": "forwarded_from channel items first_published last_published",
    "runs": "run_id started_at finished_at state documents items_new items_unchanged duplicates quarantined "
    "bytes",
}


@pytest.fixture
def con(empty: Callable[[], Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    path = empty()
    with closing(connect(path, read_only=False, spill=path.parent)) as con:
        con.execute("INSERT INTO ops.runs VALUES ('run-1', 'test', ?::TIMESTAMPTZ, NULL, 'running', 0)", [AT])
        yield con


def land_documents(con: duckdb.DuckDBPyConnection, *made: Any) -> None:
    """Land documents as one batch."""
    land(con, batch_of(*made), run_id="run-1", at=AT, matcher=Words())


@pytest.mark.parametrize("view", CONTRACT)
def test_columns_are_the_contract_s_and_in_its_order(con: duckdb.DuckDBPyConnection, view: str) -> None:
    columns = [name for name, *_ in con.execute(f"DESCRIBE {view}").fetchall()]
    promised = CONTRACT[view].split()
    assert columns[: len(promised)] == promised


def test_types_are_the_contract_s(con: duckdb.DuckDBPyConnection) -> None:
    types = dict(row[:2] for row in con.execute("DESCRIBE items").fetchall())
    assert {name: types[f"published_{name}"] for name in ("best", "earliest", "latest", "at", "edtf")} == {
        "best": "DATE",
        "earliest": "DATE",
        "latest": "DATE",
        "at": "TIMESTAMP WITH TIME ZONE",
        "edtf": "VARCHAR",
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_gap_is_zero_for_nothing_but_a_tiling(con: duckdb.DuckDBPyConnection, case: dict[str, Any]) -> None:
    key = "00000000-0000-0000-0000-000000000001"
    con.execute(
        "INSERT INTO raw.documents BY NAME SELECT ? AS document_key, repeat('0', 64) AS document_id, "
        "'utf-8' AS encoding, ? AS bytes, 'x' AS cleaner",
        [key, case["input"]["bytes"]],
    )
    for ordinal, (begin, end) in enumerate(case["input"]["ranges"]):
        con.execute(
            "INSERT INTO core.paragraphs BY NAME SELECT ? AS document_key, ? AS ordinal, ? AS byte_start, "
            "? AS byte_end, 'kept' AS fate, 'x' AS text",
            [key, ordinal, begin, end],
        )
    assert con.execute("SELECT gap FROM byte_accounts").fetchall() == [(case["expect"],)]


def test_each_fate_has_its_account(con: duckdb.DuckDBPyConnection) -> None:
    land_documents(con, document(["1", "> 2", "33", "444", "5555", "66666"], refused=b"\xff\xfe\xfd"))
    for ordinal, fate in enumerate(["kept", "echo", "near-echo", "header", "card", "boilerplate"]):
        con.execute("UPDATE core.paragraphs SET fate = ? WHERE ordinal = ?", [fate, ordinal])
    (row,) = con.execute("SELECT * EXCLUDE document_id FROM byte_accounts").fetchall()
    assert row == (27, 2, 7, 6, 9, 3, 0)
    assert row[0] == sum(row[1:])


def test_all_of_an_item_is_shown(con: duckdb.DuckDBPyConnection) -> None:
    cleaned, data = document(["Title", "text"])
    (item,) = cleaned.items
    for name, value in {
        "first_line": 1,
        "last_line": 2,
        "channel": "chan",
        "author": "Ann",
        "native_id": "7",
        "forwarded_from": "elsewhere",
        "title": "Title",
        "lang": "en",
        "hashtags": ("#a", "#b"),
        "urls": ("https://example.org/",),
        "card": Card(site="s", title="t", description="d"),
        "dropped": (Dropped(first_line=2, last_line=2, reason="echo", of_line=1, similarity=0.9),),
        "boundary_confidence": 0.5,
        "boundary_cue": "separator",
        "posted_at": "2024-04-08T12:00:00Z",
        "edited_at": "2024-04-09T12:00:00+02:00",
        "extras": '{"reply_to": 6}',
        "published": Published(
            best="2024-04-08T12:00:00Z",
            earliest="2024-04-08T12:00:00Z",
            latest="2024-04-08T12:00:00Z",
            edtf="2024-04-08T12:00:00Z",
            precision="second",
            basis="field",
            confidence=1.0,
            evidence="date",
        ),
    }.items():
        object.__setattr__(item, name, value)
    land_documents(con, (cleaned, data))
    (row,) = con.sql("SELECT * EXCLUDE (version_id) FROM items").to_arrow_table().to_pylist()
    day = date(2024, 4, 8)
    assert row.pop("published_at").isoformat() == "2024-04-08T12:00:00+00:00"
    assert row.pop("posted_at").isoformat() == "2024-04-08T12:00:00+00:00"
    assert row.pop("edited_at").isoformat() == "2024-04-09T10:00:00+00:00"
    assert row == {
        "item_id": item.item_id,
        "document_id": cleaned.document_id,
        "source": "dump.txt",
        "ordinal": 0,
        "kind": "post",
        "first_line": 1,
        "last_line": 2,
        "byte_start": 0,
        "byte_end": len(data),
        "channel": "chan",
        "author": "Ann",
        "native_id": "7",
        "forwarded_from": "elsewhere",
        "title": "Title",
        "text": "Title\ntext",
        "published_best": day,
        "published_earliest": day,
        "published_latest": day,
        "published_edtf": "2024-04-08T12:00:00Z",
        "published_precision": "second",
        "published_basis": "field",
        "published_confidence": 1.0,
        "published_evidence": "date",
        "lang": "en",
        "hashtags": ["#a", "#b"],
        "urls": ["https://example.org/"],
        "card_site": "s",
        "card_title": "t",
        "card_description": "d",
        "dropped": [{"first_line": 2, "last_line": 2, "reason": "echo", "of_line": 1, "similarity": 0.9}],
        "cluster_id": item.item_id,
        "is_primary": True,
        "run_id": "run-1",
        "boundary_confidence": 0.5,
        "boundary_cue": "separator",
        "extras": '{"reply_to": 6}',
    }


def test_reuse_is_between_items_and_of_kept_text_only(con: duckdb.DuckDBPyConnection) -> None:
    first = document(
        ["Shared  words", "> Shared words", "own one"], ["shared words", "shared words"], name="a.txt"
    )
    second = document(["x y z", "SHARED WORDS"], ["> own one"], name="b.txt", days=["2023-05-01"])
    land_documents(con, first, second)
    (row,) = con.execute(
        "SELECT lower(text), items, first_item_id, first_published FROM paragraph_reuse"
    ).fetchall()
    assert row[1:] == (3, second[0].items[0].item_id, date(2023, 5, 1))
    assert " ".join(row[0].split()) == "shared words"


def test_timeline_counts_items_by_day(con: duckdb.DuckDBPyConnection) -> None:
    land_documents(
        con,
        document(
            ["a b c"], ["a b c"], ["d e f"], ["g h"], days=["2023-01-01", "2023-01-01", "2023-01-03", None]
        ),
    )
    assert con.execute("FROM timeline").fetchall() == [(date(2023, 1, 1), 2, 1), (date(2023, 1, 3), 1, 1)]


def test_forwards_are_edges(con: duckdb.DuckDBPyConnection) -> None:
    cleaned, data = document(
        ["a"], ["b"], ["c"], ["d"], days=["2023-01-02", None, "2023-01-01", "2023-01-09"]
    )
    for item, origin in zip(cleaned.items, ["x", "x", "x", None], strict=True):
        object.__setattr__(item, "forwarded_from", origin)
        object.__setattr__(item, "channel", "here")
    land_documents(con, (cleaned, data))
    assert con.execute("FROM forwards").fetchall() == [("x", "here", 3, date(2023, 1, 1), date(2023, 1, 2))]


def test_unique_items_and_duplicates_make_up_items(con: duckdb.DuckDBPyConnection) -> None:
    land_documents(con, document(["a b c d"], ["a b c d e"], ["x"], days=[None, "2023-01-01"]))
    items = con.execute("SELECT text, cluster_id, is_primary FROM items ORDER BY ordinal").fetchall()
    assert [primary for _, _, primary in items] == [False, True, True]
    assert items[0][1] == items[1][1] != items[2][1]
    assert con.execute("SELECT count(*) FROM unique_items").fetchall() == [(2,)]
    (row,) = con.execute(
        "SELECT primary_id = cluster_id, kind, similarity, containment FROM duplicates"
    ).fetchall()
    assert row == (True, "near", 0.8, 1.0)


def test_search_ignores_case_and_takes_any_text(con: duckdb.DuckDBPyConnection) -> None:
    land_documents(con, document(["Пожар в городе 50%_"], ["other"], days=["2023-01-01"]))
    for words, found in [("пОЖАР", 1), ("%_", 1), ("%", 1), ("нет", 0), ("'", 0), ("e", 1)]:
        assert con.execute("SELECT count(*) FROM search(?)", [words]).fetchall() == [(found,)], words
