"""Where a source names no times, the version that was fetched last is current, whatever landed first."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from warehouse_cases import AT, RECIPE, Words, batch_of, document, fingerprint, sign

from schemas.items import CleanedDocument
from warehouse.batch import Batch, Receipt
from warehouse.booking import note_unchanged
from warehouse.checks import run_checks
from warehouse.connection import connect
from warehouse.history import changes_between, changes_of
from warehouse.land import land
from warehouse.rederive import rederive
from warehouse.tabulate import tabulate

OWN, OTHER, THIRD = "a" * 32, "b" * 32, "c" * 32
Made = tuple[CleanedDocument, bytes]
#: A look at a feed: the text of its entry, and when it was fetched.
Look = tuple[str, str | None]
FIRST, SECOND, THEN = "2024-05-01T10:00:00Z", "2024-05-01T10:15:00Z", "2024-05-02T09:00:00+02:00"
CASES: dict[str, tuple[Sequence[Look], str]] = {
    "a correction": ([("fire in the town", FIRST), ("fire in the old town", SECOND)], "fire in the old town"),
    "two corrections": ([("one", FIRST), ("two", SECOND), ("three", THEN)], "three"),
    "taken back": ([("one", FIRST), ("two", SECOND), ("one", THEN)], "one"),
    "of the day, and of the next": ([("one", "2024-05-01"), ("two", "2024-05-02")], "two"),
    "a time and none": ([("one", None), ("two", FIRST)], "two"),
}


def look(text: str, number: int) -> Made:
    """Return a fetch of a feed whose entry has some text; each fetch has other bytes."""
    return document([text], [f"built {number}"], ids=[OWN, f"{number:032x}"])


def batch(made: Made, fetched_at: str | None, cleaner: str = "1") -> Batch:
    cleaned, data = made
    signed = {item.text: sign(item.text) for item in cleaned.items}
    times = {cleaned.document_id: fetched_at}
    return tabulate([cleaned], {cleaned.document_id: data}, signed, RECIPE, times, cleaner)


def landed_in_each_order(
    empty: Callable[[], Path], batches: Sequence[Batch]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a warehouse for each order in which batches may land, with all of them."""
    for order in itertools.permutations(batches):
        path = empty()
        with closing(connect(path, read_only=False, spill=path.parent)) as con:
            for number, one in enumerate(order):
                land(con, one, run_id=start(con, number), at=AT, matcher=Words())
            yield con


def start(con: duckdb.DuckDBPyConnection, number: int) -> str:
    run = f"run-{number}"
    values = [run, AT, number]
    con.execute("INSERT INTO ops.runs VALUES (?, 'test', ?::TIMESTAMPTZ, NULL, 'running', ?)", values)
    return run


def current(con: duckdb.DuckDBPyConnection) -> tuple[str, str | None]:
    """Return the text of the item, and the cluster that it is in."""
    (found,) = con.execute("SELECT text, cluster_id FROM items WHERE item_id = ?", [OWN]).fetchall()
    assert con.execute(
        "SELECT text FROM item_versions WHERE item_id = ? AND is_current", [OWN]
    ).fetchall() == [(found[0],)]
    return found


@pytest.fixture
def con(empty: Callable[[], Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    path = empty()
    with closing(connect(path, read_only=False, spill=path.parent)) as con:
        yield con


@pytest.mark.parametrize("case", CASES)
def test_the_version_that_was_fetched_last_is_current(empty: Callable[[], Path], case: str) -> None:
    looks, expected = CASES[case]
    # For each text another, older item that says the same: the item is a copy of the one that it says now.
    older = document(*([text] for text in dict.fromkeys(text for text, _ in looks)), days=["2020-01-01"] * 3)
    batches = [batch(look(text, number), at) for number, (text, at) in enumerate(looks)]
    batches.append(batch(older, None))
    whose = {item.text: item.item_id for item in older[0].items}
    states: list[dict[str, str]] = []
    for con in landed_in_each_order(empty, batches):
        assert current(con) == (expected, whose[expected])
        assert run_checks(con) == []
        states.append(fingerprint(con))
    assert all(state == states[0] for state in states)


@pytest.mark.parametrize("said", ["one two three", "big fire today", "a town lost"])
@pytest.mark.parametrize("back", [False, True])
def test_a_text_is_judged_by_its_least_spelling_whichever_is_current(
    empty: Callable[[], Path], said: str, back: bool
) -> None:
    """A correction of letter case alone: one key, two spellings, of which the old one is no new one."""
    spellings = [said, said.upper()][:: -1 if back else 1]
    batches = [
        batch(look(text, number), at)
        for number, (text, at) in enumerate(zip(spellings, (FIRST, THEN), strict=True))
    ]
    batches.append(batch(document([f"{said} four"], name="other.txt"), None))
    states: list[dict[str, str]] = []
    for con in landed_in_each_order(empty, batches):
        assert current(con)[0] == spellings[-1]
        states.append(fingerprint(con))
    assert all(state == states[0] for state in states)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((None, "2024-05-01T10:00:00Z"), (None, "2024-05-01T10:00:01Z")),
        (("2024-05-01", "2024-05-01T10:00:00Z"), ("2024-05-01", "2024-05-01T10:15:00Z")),
        (("2024-05-01", "2034-05-01T10:00:00Z"), ("2024-05-03", None)),
        (("2024-05-01", None), ("2024-05-01T18:00:00Z", None)),
        (("2024-05-01", None), ("2024-05-01", "2024-05-01T18:00:00Z")),
        (("2024-05-01T11:00:00Z", "2034-05-01T10:00:00Z"), ("2024-05-01T11:00:01Z", "2024-05-01T10:00:00Z")),
        ((None, None), (None, "2024-05-01T10:00:00Z")),
    ],
)
def test_what_a_document_states_of_itself_counts_where_nobody_says_when_it_was_fetched(
    empty: Callable[[], Path], first: tuple[str | None, str | None], second: tuple[str | None, str | None]
) -> None:
    batches = []
    for number, (text, fetched_at, made_at) in enumerate((("one", *first), ("two", *second))):
        cleaned, data = look(text, number)
        batches.append(batch((replace(cleaned, made_at=made_at), data), fetched_at))
    for con in landed_in_each_order(empty, batches):
        assert current(con)[0] == "two"
        assert run_checks(con) == []


def test_versions_of_one_batch_are_told_apart_too(con: duckdb.DuckDBPyConnection) -> None:
    made = [look(text, number) for number, text in enumerate(("one", "two", "three"))]
    times = {
        cleaned.document_id: at
        for (cleaned, _), at in zip(made, ("2024-05-02", "2024-05-03", "2024-05-01"), strict=True)
    }
    land(con, batch_of(*made, fetched_at=times), run_id=start(con, 0), at=AT, matcher=Words())
    assert current(con)[0] == "two"
    assert run_checks(con) == []


def test_what_the_source_says_comes_first(con: duckdb.DuckDBPyConnection) -> None:
    edited, data = look("edited", 1)
    own, *rest = edited.items
    edited = replace(edited, items=(replace(own, edited_at="2024-04-30T08:00:00Z"), *rest))
    land(con, batch((edited, data), FIRST), run_id=start(con, 0), at=AT, matcher=Words())
    land(con, batch(look("as posted", 2), THEN), run_id=start(con, 1), at=AT, matcher=Words())
    assert current(con)[0] == "edited"


def test_only_items_of_several_versions_have_a_time(con: duckdb.DuckDBPyConnection) -> None:
    """Each look at a feed would write all its entries anew."""
    land(con, batch(look("one", 1), FIRST), run_id=start(con, 0), at=AT, matcher=Words())
    land(con, batch(look("one", 2), SECOND), run_id=start(con, 1), at=AT, matcher=Words())
    assert con.execute("SELECT count(shown_at) FROM core.versions").fetchall() == [(0,)]
    land(con, batch(look("two", 3), THEN), run_id=start(con, 2), at=AT, matcher=Words())
    shown = con.execute(
        "SELECT text, epoch(shown_at)::BIGINT FROM core.versions WHERE shown_at IS NOT NULL ORDER BY 2"
    ).fetchall()
    assert shown == [("one", 1714558500), ("two", 1714633200)]


def test_a_version_that_other_rules_do_not_read_leaves_the_other_one(con: duckdb.DuckDBPyConnection) -> None:
    older = document(["one"], ["two"], days=["2020-01-01"] * 2, ids=[OTHER, THIRD])
    later = look("two", 2)
    for number, one in enumerate((batch(older, None), batch(look("one", 1), FIRST), batch(later, SECOND))):
        land(con, one, run_id=start(con, number), at=AT, matcher=Words())
    assert current(con) == ("two", THIRD)
    cleaned, data = later
    paragraphs = [
        replace(one, item=None, fate="boilerplate", rule="footer") if one.item == 0 else one
        for one in cleaned.paragraphs
    ]
    other = replace(cleaned, items=cleaned.items[1:], paragraphs=tuple(paragraphs))
    rederive(con, batch((other, data), SECOND, "2"), run_id=start(con, 3), at=AT, matcher=Words())
    assert current(con) == ("one", OTHER)
    assert con.execute("SELECT count(shown_at) FROM core.versions").fetchall() == [(0,)]
    assert run_checks(con) == []


def test_a_state_of_before_has_the_order_of_before(con: duckdb.DuckDBPyConnection) -> None:
    looks = [("one", FIRST), ("two", SECOND), ("one", THEN)]
    for number, (text, at) in enumerate(looks):
        land(con, batch(look(text, number), at), run_id=start(con, number), at=AT, matcher=Words())
    assert [
        (change.before, change.after)
        for run_a, run_b in (("run-0", "run-1"), ("run-1", "run-2"), ("run-0", "run-2"))
        for change in changes_between(con, run_a, run_b)
        if change.field == "text" and change.item_id == OWN
    ] == [("one", "two"), ("two", "one")]


def test_what_cleaning_again_would_make_current_is_told_before(con: duckdb.DuckDBPyConnection) -> None:
    """As in a warehouse from before documents told when they were made."""
    looks = [look(text, number) for number, text in enumerate(("one", "two", "three"))]
    for number, made in enumerate(looks):
        land(con, batch(made, None), run_id=start(con, number), at=AT, matcher=Words())
    before, _ = current(con)
    for place, (cleaned, data) in enumerate(looks):
        if cleaned.items[0].text == before:
            continue
        known = replace(cleaned, made_at=f"2024-05-0{place + 1}T00:00:00Z")
        one = batch((known, data), None, "2")
        told = [(change.before, change.after) for change in changes_of(con, one) if change.field == "text"]
        rederive(con, one, run_id=start(con, 3), at=AT, matcher=Words())
        after, _ = current(con)
        assert told == [(before, after)] == [(before, cleaned.items[0].text)]
        break


def test_the_same_bytes_are_received_once_a_day(con: duckdb.DuckDBPyConnection) -> None:
    made = look("one", 1)
    land(con, batch(made, FIRST), run_id=start(con, 0), at=AT, matcher=Words())
    cleaned, _ = made
    for number, at in enumerate((SECOND, "2024-05-01", THEN, "2024-05-02T11:00:00Z", None, None), 1):
        again = Receipt(
            document_id=cleaned.document_id,
            source=cleaned.source,
            uri=cleaned.uri,
            media_type=cleaned.media_type,
            fetched_at=at,
        )
        note_unchanged(con, [again], run_id=start(con, number), at=AT)
    received = con.execute("SELECT fetched_at FROM raw.receipts ORDER BY fetched_at NULLS LAST").fetchall()
    assert received == [(FIRST,), (THEN,), (None,)]
    assert con.execute("SELECT count(*) FROM ops.run_documents").fetchall() == [(7,)]
    assert run_checks(con) == []
