"""Cleaning again ends where a fresh start would, and what was there before is history."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warehouse_cases import AT, RECIPE, Words, document, fingerprint, sign

from schemas.documents import Refusal
from schemas.items import CleanedDocument
from warehouse.batch import Batch
from warehouse.booking import Landed
from warehouse.checks import check_new, run_checks
from warehouse.connection import connect
from warehouse.history import Change, changes_between, changes_of
from warehouse.land import land
from warehouse.rederive import rederive
from warehouse.tabulate import tabulate

Made = tuple[CleanedDocument, bytes]
WORDS = ("fire", "FIRE", "town", "big", "cat", "lost", "today", "7", "8")
POSTS = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join), min_size=1, max_size=3
)


def batch(*made: Made, cleaner: str) -> Batch:
    """Return a batch of documents by a version of the cleaners."""
    documents = [cleaned for cleaned, _ in made]
    signed = {item.text: sign(item.text) for cleaned in documents for item in cleaned.items}
    bodies = {cleaned.document_id: data for cleaned, data in made}
    return tabulate(documents, bodies, signed, RECIPE, {}, cleaner)


def otherwise(made: Made, how: int) -> Made:
    """Return a document as other rules read the same bytes; how says which rules."""
    cleaned, data = made
    items, paragraphs = list(cleaned.items), list(cleaned.paragraphs)
    if how == 1:  # the last post is furniture of the page
        gone = items.pop().ordinal
        paragraphs = [
            replace(one, item=None, fate="boilerplate", rule="footer") if one.item == gone else one
            for one in paragraphs
        ]
    elif how == 2:  # another reading of the same letters, and of the date
        items = [
            replace(item, text=item.text + " today", published=replace(item.published, evidence="x"))
            for item in items
        ]
    elif how == 3:  # nothing can be used
        items, size = [], len(data)
        paragraphs = [replace(paragraphs[0], byte_end=size, text="", fate="quarantined", item=None)]
        refusal = Refusal(0, size, "clean", "binary", "not text")
        return replace(cleaned, items=(), paragraphs=tuple(paragraphs), quarantine=(refusal,)), data
    return replace(cleaned, items=tuple(items), paragraphs=tuple(paragraphs)), data


def start(con: duckdb.DuckDBPyConnection, run: str, place: int) -> None:
    con.execute(
        "INSERT INTO ops.runs VALUES (?, 'test', ?::TIMESTAMPTZ, NULL, 'running', ?)", [run, AT, place]
    )


@pytest.fixture
def con(empty: Callable[[], Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    path = empty()
    with closing(connect(path, read_only=False, spill=path.parent)) as con:
        start(con, "run-1", 0)
        start(con, "run-2", 1)
        start(con, "run-3", 2)
        yield con


@given(
    posts=st.lists(POSTS, min_size=2, max_size=3, unique_by=str),
    first=st.lists(st.integers(0, 3), min_size=4, max_size=4),
    second=st.lists(st.integers(0, 3), min_size=4, max_size=4),
    shared=st.booleans(),
)
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cleaning_again_ends_where_a_fresh_start_would(
    migrated: Path, posts: list[list[str]], first: list[int], second: list[int], shared: bool
) -> None:
    made = [
        # A native id: the same item in several documents, so that a version may be left in another one.
        document(*([text] for text in post), ids=["ab" * 16] if shared else [], name=str(number))
        for number, post in enumerate(posts)
    ]
    with tempfile.TemporaryDirectory() as place:
        old, new = (Path(place) / name for name in ("old.duckdb", "new.duckdb"))
        for path in (old, new):
            shutil.copyfile(migrated, path)
        with (
            closing(connect(old, read_only=False, spill=old.parent)) as changed,
            closing(connect(new, read_only=False, spill=new.parent)) as fresh,
        ):
            for con in (changed, fresh):
                start(con, "run-1", 0)
                start(con, "run-2", 1)
                start(con, "run-3", 2)
            before = [otherwise(one, how) for one, how in zip(made, first, strict=False)]
            after = [otherwise(one, how) for one, how in zip(made, second, strict=False)]
            land(changed, batch(*before, cleaner="1"), run_id="run-1", at=AT, matcher=Words())
            shown = list(changes_of(changed, batch(*after, cleaner="2")))
            for one in after:
                rederive(changed, batch(one, cleaner="2"), run_id="run-2", at=AT, matcher=Words())
            land(fresh, batch(*after, cleaner="2"), run_id="run-2", at=AT, matcher=Words())
            assert fingerprint(changed) == fingerprint(fresh)
            assert run_checks(changed) == []
            assert check_new(changed) == []
            # What a dry run shows is what the two runs differ in.
            assert shown == list(changes_between(changed, "run-1", "run-2"))
            back = [batch(one, cleaner="1") for one in before]
            for each in back:
                rederive(changed, each, run_id="run-3", at=AT, matcher=Words())
            assert list(changes_between(changed, "run-1", "run-3")) == []
            assert shown == list(changes_between(changed, "run-1", "run-2"))
            assert run_checks(changed) == []


def test_what_is_the_same_is_not_touched(con: duckdb.DuckDBPyConnection) -> None:
    made = document(["big fire"], ["lost cat"])
    land(con, batch(made, cleaner="1"), run_id="run-1", at=AT, matcher=Words())
    before = fingerprint(con)
    landed = rederive(con, batch(made, cleaner="2"), run_id="run-2", at=AT, matcher=Words())
    assert landed == Landed(documents_unchanged=1, items_unchanged=2)
    after = fingerprint(con)
    assert {name for name in after if after[name] != before[name]} == {"raw.documents"}
    assert con.execute("SELECT cleaner FROM raw.documents").fetchall() == [("2",)]
    assert con.execute("SELECT run_id FROM ops.derivations").fetchall() == [("run-1",)]


def test_history_says_what_was_and_what_is(con: duckdb.DuckDBPyConnection) -> None:
    made = document(["big fire"], ["lost cat"])
    land(con, batch(made, cleaner="1"), run_id="run-1", at=AT, matcher=Words())
    rederive(con, batch(otherwise(made, 2), cleaner="2"), run_id="run-2", at=AT, matcher=Words())
    rederive(con, batch(otherwise(made, 1), cleaner="3"), run_id="run-3", at=AT, matcher=Words())
    versions = con.execute(
        "SELECT text, is_current, is_superseded FROM item_versions ORDER BY text"
    ).fetchall()
    assert versions == [
        ("big fire", True, False),
        ("big fire today", False, True),
        ("lost cat", False, True),
        ("lost cat today", False, True),
    ]
    assert [(one.change, one.field) for one in changes_between(con, "run-1", "run-2")] == [
        ("changed", "text"),
        ("changed", "published_evidence"),
    ] * 2
    first, second = made[0].items
    assert list(changes_between(con, "run-1", "run-3")) == [
        Change(
            change="removed",
            item_id=second.item_id,
            document_id=made[0].document_id,
            title=None,
            field="text",
            before="lost cat",
            after=None,
        )
    ]
    assert [one.change for one in changes_between(con, "run-3", "run-1")] == ["added"]
    assert first.item_id in {item for (item,) in con.execute("SELECT item_id FROM items").fetchall()}


def test_a_document_that_never_landed_is_passed_over(con: duckdb.DuckDBPyConnection) -> None:
    before = fingerprint(con)
    rederive(con, batch(document(["new"]), cleaner="1"), run_id="run-1", at=AT, matcher=Words())
    assert {name for name, digest in fingerprint(con).items() if digest != before[name]} <= {"dedup.recipe"}


def test_an_error_leaves_what_was_there(con: duckdb.DuckDBPyConnection) -> None:
    class Broken(Words):
        def verify(self, candidates):  # type: ignore[no-untyped-def]  # raises in any case
            raise ZeroDivisionError

    made, other = document(["big fire"]), document(["a big fire"])
    land(con, batch(made, other, cleaner="1"), run_id="run-1", at=AT, matcher=Words())
    before = fingerprint(con)
    with pytest.raises(ZeroDivisionError):
        rederive(con, batch(otherwise(made, 2), cleaner="2"), run_id="run-2", at=AT, matcher=Broken())
    assert fingerprint(con) == before
