"""What parsers do not know is landed with its document, once, and summed up by source."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from warehouse_cases import AT, Words, batch_of, document, fingerprint

from schemas.drift import Drift
from schemas.items import CleanedDocument
from warehouse.batch import Batch
from warehouse.connection import connect
from warehouse.land import land
from warehouse.rederive import rederive

NEW_KEY = Drift(path="messages[].mood", what="unknown-key", count=3)
NEW_TYPE = Drift(path="messages[].type", what="unknown-type:dream")


def drifting(name: str, post: str, *drifts: Drift) -> tuple[CleanedDocument, bytes]:
    cleaned, data = document([post], name=name)
    return replace(cleaned, input_format="telegram-desktop-json", drifts=drifts), data


FIRST = drifting("chat", "The ferry sailed at noon.", NEW_KEY, NEW_TYPE)
SECOND = drifting("chat", "Nobody was on the bridge.", NEW_KEY)
OTHER = drifting("club", "A third mill burned down.", NEW_TYPE)


@pytest.fixture
def con(empty: Callable[[], Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    path = empty()
    with closing(connect(path, read_only=False, spill=path.parent)) as con:
        for place, name in enumerate(("run-1", "run-2", "run-3")):
            con.execute(
                "INSERT INTO ops.runs VALUES (?, 'test', ?::TIMESTAMPTZ + to_hours(?), NULL, 'completed', ?)",
                [name, AT, place, place],
            )
        yield con


def load(con: duckdb.DuckDBPyConnection, run: str, batch: Batch) -> None:
    land(con, batch, run_id=run, at=AT, matcher=Words())


def test_drift_is_summed_up_by_source_with_its_first_and_last_run(con: duckdb.DuckDBPyConnection) -> None:
    load(con, "run-1", batch_of(FIRST))
    load(con, "run-2", batch_of(SECOND, OTHER))
    load(con, "run-3", batch_of(FIRST))  # known: no run met anything new in it
    rows = con.execute(
        "SELECT source, path, what, documents, times, first_run_id, last_run_id FROM drift"
    ).fetchall()
    assert rows == [
        ("chat", "messages[].mood", "unknown-key", 2, 6, "run-1", "run-2"),
        ("chat", "messages[].type", "unknown-type:dream", 1, 1, "run-1", "run-1"),
        ("club", "messages[].type", "unknown-type:dream", 1, 1, "run-2", "run-2"),
    ]
    ((raw,),) = con.execute("SELECT count(DISTINCT document_key) FROM raw.bodies").fetchall()
    assert raw == 3


def test_loading_twice_equals_loading_once_in_any_order(con: duckdb.DuckDBPyConnection) -> None:
    load(con, "run-1", batch_of(FIRST, SECOND))
    once = fingerprint(con)
    assert "core.drifts" in once
    load(con, "run-2", batch_of(SECOND))
    load(con, "run-2", batch_of(FIRST))
    assert fingerprint(con) == once


def test_drift_that_a_newer_parser_knows_goes(con: duckdb.DuckDBPyConnection) -> None:
    load(con, "run-1", batch_of(FIRST, OTHER))
    cleaned, data = FIRST
    known = batch_of((replace(cleaned, drifts=(NEW_TYPE,)), data))
    rederive(con, known, run_id="run-2", at=AT, matcher=Words())
    assert con.execute("SELECT source, what FROM drift").fetchall() == [
        ("chat", "unknown-type:dream"),
        ("club", "unknown-type:dream"),
    ]
