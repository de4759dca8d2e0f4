"""Landing twice is landing once, and neither order nor size of the batches can be seen in what landed."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warehouse_cases import AT, RECIPE, Words, batch_of, document, fingerprint, sign

from cleaners.placing import Judge as Judging
from schemas.errors import WarehouseError
from schemas.items import CleanedDocument
from schemas.signatures import Pair, Placed, Recipe, Wave
from warehouse.batch import Batch, Receipt
from warehouse.bodies import document_bytes
from warehouse.booking import Landed, note_unchanged
from warehouse.checks import run_checks
from warehouse.connection import connect
from warehouse.land import land
from warehouse.tabulate import tabulate

Made = tuple[CleanedDocument, bytes]


def start(con: duckdb.DuckDBPyConnection, run: str = "run-1") -> None:
    """Note a run."""
    con.execute("INSERT INTO ops.runs VALUES (?, 'test', ?::TIMESTAMPTZ, NULL, 'running', 0)", [run, AT])


def land_all(con: duckdb.DuckDBPyConnection, *batches: Batch, run: str = "run-1") -> list[Landed]:
    """Land batches as they come."""
    return [land(con, batch, run_id=run, at=AT, matcher=Words()) for batch in batches]


@pytest.fixture
def con(empty: Callable[[], Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    path = empty()
    with closing(connect(path, read_only=False, spill=path.parent)) as con:
        start(con)
        yield con


DOCUMENTS = (
    document(["big fire in town"], ["nothing else"], name="a.txt", days=["2023-02-01"]),
    document(["Big fire in town today"], ["lost cat"], name="b.txt", days=["2023-01-01", "2023-01-02"]),
    document(["lost cat"], ["> quoted"], name="c.txt", refused=b"\x00\xff"),
    document(),
)


def test_landing_twice_is_landing_once(con: duckdb.DuckDBPyConnection) -> None:
    batch = batch_of(*DOCUMENTS)
    (first,) = land_all(con, batch)
    before = fingerprint(con)
    (second,) = land_all(con, batch)
    assert first == Landed(
        documents_new=4,
        items_new=6,
        duplicates=2,
        near=1,
        bytes=sum(len(data) for _, data in DOCUMENTS),
    )
    assert second == Landed(documents_unchanged=4, items_unchanged=6)
    assert fingerprint(con) == before
    assert run_checks(con) == []


def test_what_lands_holds_the_bytes_and_who_is_whose_copy(con: duckdb.DuckDBPyConnection) -> None:
    land_all(con, batch_of(*DOCUMENTS))
    for cleaned, data in DOCUMENTS:
        assert document_bytes(con, cleaned.document_id) == data
    rows = con.execute(
        "SELECT item.text, lead.text, copy.kind, copy.similarity FROM duplicates AS copy "
        "JOIN items AS item USING (item_id) JOIN items AS lead ON lead.item_id = copy.primary_id ORDER BY ALL"
    ).fetchall()
    assert rows == [
        ("big fire in town", "Big fire in town today", "near", 0.8),
        ("lost cat", "lost cat", "exact", 1.0),
    ]


WORDS = ["fire", "town", "cat", "rain", "FIRE", "TOWN", "Cat", "12", "15"]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
DAYS = st.sampled_from([None, "2023-01-01", "2023-01-02"])
POSTS = st.lists(st.tuples(TEXTS, DAYS), min_size=1, max_size=4)


def made_of(posts: Sequence[tuple[str, str | None]], number: int, ids: Sequence[str] = ()) -> Made:
    """Return document `number` of some posts."""
    texts, days = [[text] for text, _ in posts], [day for _, day in posts]
    return document(*texts, [f"only in {number}"], name=f"{number}.txt", days=days, ids=ids)


def landed_state(path: Path, batches: Sequence[Batch]) -> tuple[dict[str, str], list[object]]:
    """Land batches in a copy of an empty warehouse; return what must not depend on how."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copyfile(path, Path(folder) / "copy.duckdb"))
        with closing(connect(copy, read_only=False, spill=copy.parent)) as con:
            start(con)
            landed = land_all(con, *batches)
            assert run_checks(con) == []
            totals = con.execute("SELECT duplicates, quarantined, bytes, documents FROM runs").fetchall()
            assert totals[0][0] == con.execute("SELECT count(*) FROM duplicates").fetchall()[0][0]
            assert sum(one.duplicates for one in landed) == totals[0][0]
            shown = con.execute("FROM items ORDER BY item_id").fetchall()
            return fingerprint(con), [totals, shown]


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), dump=st.lists(POSTS, min_size=1, max_size=7))
def test_neither_order_nor_size_of_batches_matters(
    migrated: Path, data: st.DataObject, dump: list[list[tuple[str, str | None]]]
) -> None:
    made = [made_of(posts, number) for number, posts in enumerate(dump)]
    made.append(document(*[[text] for text, _ in dump[0]], name="first.txt"))
    shuffled = data.draw(st.permutations(made))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(made)), max_size=4)) | {len(made)})
    batches = [shuffled[begin:end] for begin, end in zip([0, *cuts], cuts, strict=False)]
    assert landed_state(migrated, [batch_of(*batch) for batch in batches]) == landed_state(
        migrated, [batch_of(*made)]
    )


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    dump=st.lists(st.lists(st.tuples(TEXTS, DAYS), min_size=3, max_size=3), min_size=2, max_size=5),
)
def test_the_order_in_which_versions_of_an_item_arrive_does_not_matter(
    migrated: Path, data: st.DataObject, dump: list[list[tuple[str, str | None]]]
) -> None:
    ids = ["1" * 32, "2" * 32, "3" * 32]
    made = [made_of(posts, number, ids) for number, posts in enumerate(dump)]
    shuffled = data.draw(st.permutations(made))
    forth = landed_state(migrated, [batch_of(each) for each in made])
    assert landed_state(migrated, [batch_of(each) for each in shuffled]) == forth


def test_a_later_version_is_shown_whatever_comes_first(con: duckdb.DuckDBPyConnection) -> None:
    own = ["a" * 32]
    old, new = document(["big fire"], ids=own), document(["big fire is out"], ids=own)
    (first,), (second,) = land_all(con, batch_of(old)), land_all(con, batch_of(new))
    assert (first.items_new, second.items_new, second.items_changed) == (1, 0, 1)
    assert con.execute("SELECT count(*), count(DISTINCT item_id) FROM core.versions").fetchall() == [(2, 1)]
    con.execute("UPDATE core.versions SET edited_at = '2024-01-01' WHERE text = 'big fire'")
    assert con.execute("SELECT text FROM items").fetchall() == [("big fire",)]
    con.execute("UPDATE core.versions SET edited_at = '2024-01-02' WHERE text <> 'big fire'")
    assert con.execute("SELECT text FROM items").fetchall() == [("big fire is out",)]


def test_an_item_that_is_edited_away_leaves_its_cluster(con: duckdb.DuckDBPyConnection) -> None:
    own = ["a" * 32]
    land_all(con, batch_of(document(["big fire in town"], ids=own), document(["big fire in town today"])))
    assert con.execute("SELECT count(*) FROM dedup.members").fetchall() == [(2,)]
    (landed,) = land_all(con, batch_of(document(["something else altogether"], ids=own)))
    current = con.execute("SELECT text FROM items WHERE item_id = ?", own).fetchall()
    left = current == [("something else altogether",)]
    assert landed.duplicates == (-1 if left else 0)
    assert con.execute("SELECT count(*) FROM dedup.members").fetchall() == [(0 if left else 2,)]
    assert run_checks(con) == []


def test_an_item_that_says_nothing_any_more_leaves_its_cluster(con: duckdb.DuckDBPyConnection) -> None:
    own = ["a" * 32]
    land_all(con, batch_of(document(["big fire in town"], ids=own), document(["big fire in town today"])))
    (landed,) = land_all(con, batch_of(document([], ["alone"], ids=own)))
    assert con.execute("SELECT text FROM items WHERE item_id = ?", own).fetchall() == [("",)]
    assert landed.duplicates == -1
    assert con.execute("SELECT count(*) FROM dedup.members").fetchall() == [(0,)]
    assert run_checks(con) == []


def test_another_spelling_has_its_pairs_judged_anew(migrated: Path) -> None:
    # The matcher says that shouting is no copy of speech. Both spellings of "big fire" are one text, and
    # in one of the orders the spelling that stands for it comes second.
    speech, shout, other = (batch_of(document([text])) for text in ("big fire", "BIG FIRE", "big fire now"))
    forth, _ = landed_state(migrated, [speech, other, shout])
    back, _ = landed_state(migrated, [shout, other, speech])
    assert forth == back


TOLD = ["killed in big fire", "12 killed in big fire", "15 killed in big fire", "17 killed in big fire"]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 2, 3, 0), (2, 0, 1, 3)])
def test_variants_share_no_cluster_through_a_vaguer_text(
    con: duckdb.DuckDBPyConnection, order: tuple[int, ...]
) -> None:
    days = ["2023-01-01", "2023-01-04", "2023-01-03", "2023-01-02"]
    land_all(con, *(batch_of(document([TOLD[at]], days=[days[at]])) for at in order))
    copies = (
        "SELECT item.text, lead.text, copy.kind, copy.rule FROM duplicates AS copy "
        "JOIN items AS item USING (item_id) "
    )
    copies += "JOIN items AS lead ON lead.item_id = copy.primary_id"
    assert con.execute(copies).fetchall() == [(TOLD[3], TOLD[0], "near", "half-of-the-words")]
    kinds = "SELECT relation, rule, count(*) FROM dedup.pairs GROUP BY ALL ORDER BY ALL"
    assert con.execute(kinds).fetchall() == [
        ("near", "half-of-the-words", 3),
        ("variant", "guard:figures", 3),
    ]
    assert run_checks(con) == []


def test_a_variant_that_arrives_later_parts_a_cluster(con: duckdb.DuckDBPyConnection) -> None:
    vague, later = (
        document([text], days=[day]) for text, day in zip(TOLD[:2], ["2023-01-02"] * 2, strict=True)
    )
    land_all(con, batch_of(vague, later))
    assert con.execute("SELECT count(*) FROM dedup.members").fetchall() == [(2,)]
    (landed,) = land_all(con, batch_of(document([TOLD[2]], days=["2023-01-01"])))
    assert landed.duplicates == 0  # the vague text changes sides: one copy goes, one comes
    primaries = con.execute("SELECT text FROM unique_items ORDER BY text").fetchall()
    assert primaries == [(TOLD[1],), (TOLD[2],)]
    assert run_checks(con) == []


def test_variants_alone_have_nothing_to_be_led(con: duckdb.DuckDBPyConnection) -> None:
    """Else a series of daily rates would be led as a whole with each new rate."""

    class Sizes(Words):
        def place(self, wave: Wave, judge: Judging) -> Placed:
            sizes.append(len(wave.texts))
            return super().place(wave, judge)

    sizes: list[int] = []
    for text in [*TOLD[1:], f"{TOLD[3]} today"]:
        land(con, batch_of(document([text])), run_id="run-1", at=AT, matcher=Sizes())
    relations = "SELECT relation, count(*) FROM dedup.pairs GROUP BY ALL ORDER BY ALL"
    assert con.execute(relations).fetchall() == [("near", 1), ("variant", 5)]
    assert sizes == [1, 1]  # the last, and what is its copy


def test_a_long_chain_is_led_as_one(migrated: Path) -> None:
    texts = [f"w{number} w{number + 1} w{number + 2}" for number in range(40)]
    made = [document([text], name=f"{number}.txt") for number, text in enumerate(texts)]
    at_once, _ = landed_state(migrated, [batch_of(*made)])
    in_thirds, _ = landed_state(migrated, [batch_of(*made[third::3]) for third in range(3)])
    assert in_thirds == at_once


class Counted(Words):
    """Notes how many candidates it is asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def verify(self, candidates: Sequence[tuple[str, str, str, str]]) -> list[Pair]:
        self.asked += len(candidates)
        return super().verify(candidates)


def test_equal_texts_are_compared_once_however_many(con: duckdb.DuckDBPyConnection) -> None:
    matcher = Counted()
    many = batch_of(document(*[["breaking news from town"]] * 1500, *[["breaking news from here"]] * 1500))
    landed = land(con, many, run_id="run-1", at=AT, matcher=matcher)
    assert (landed.items_new, landed.duplicates, matcher.asked) == (3000, 2999, 1)
    again = land(con, batch_of(document(["breaking news from town"])), run_id="run-1", at=AT, matcher=matcher)
    assert (again.items_new, again.duplicates, matcher.asked) == (1, 1, 1)
    assert con.execute("SELECT count(*) FROM dedup.pairs").fetchall() == [(1,)]


def test_later_names_of_the_same_bytes_change_no_view(con: duckdb.DuckDBPyConnection) -> None:
    land_all(con, batch_of(document(["text"], name="m.txt")), batch_of(document(["text"], name="b.txt")))
    before = con.execute("SELECT source, uri, first_run_id FROM documents").fetchall()
    assert before == [("b.txt", "file:///b.txt", "run-1")]  # within a run the smallest, in whatever order
    start(con, "run-0")
    land_all(con, batch_of(document(["text"], name="a.txt")), run="run-0")
    assert con.execute("SELECT source, uri, first_run_id FROM documents").fetchall() == before
    assert con.execute("SELECT source, run_id FROM items").fetchall() == [("b.txt", "run-1")]
    assert con.execute("SELECT source FROM raw.receipts ORDER BY source").fetchall() == [
        ("a.txt",),
        ("b.txt",),
        ("m.txt",),
    ]


def test_unchanged_documents_are_counted_and_not_touched(con: duckdb.DuckDBPyConnection) -> None:
    land_all(con, batch_of(*DOCUMENTS))
    before = fingerprint(con)
    start(con, "run-2")
    received = [
        Receipt(
            document_id=cleaned.document_id,
            source=cleaned.source,
            uri=cleaned.uri,
            media_type=cleaned.media_type,
        )
        for cleaned, _ in DOCUMENTS
    ]
    assert note_unchanged(con, received, run_id="run-2", at=AT) == Landed(
        documents_unchanged=4, items_unchanged=6
    )
    assert fingerprint(con) == before
    assert con.execute("SELECT documents, items_unchanged FROM runs WHERE run_id = 'run-2'").fetchall() == [
        (4, 6)
    ]
    other = Receipt(document_id="0" * 64, source="s", uri="u", media_type="m")
    with pytest.raises(WarehouseError, match="1 documents were to be noted"):
        note_unchanged(con, [other], run_id="run-2", at=AT)


NASTY = json.loads((Path(__file__).parent / "cases" / "nasty_texts.json").read_text())


@pytest.mark.parametrize("case", NASTY, ids=lambda case: case["label"])
def test_nasty_text_comes_back(con: duckdb.DuckDBPyConnection, case: dict[str, str]) -> None:
    cleaned, data = document([case["input"]], name=case["input"])
    land_all(con, batch_of((cleaned, data)))
    expect = case.get("expect", case["input"])
    assert con.execute("SELECT text, source FROM items").fetchall() == [(expect, expect)]
    assert con.execute("SELECT text FROM paragraphs").fetchall() == [(expect,)]
    assert document_bytes(con, cleaned.document_id) == data
    assert con.execute("SELECT count(*) FROM search(?)", [expect[:3]]).fetchall() == [(1,)]
    assert run_checks(con) == []


def test_a_batch_that_is_refused_lands_nothing_and_names_its_documents(
    con: duckdb.DuckDBPyConnection,
) -> None:
    good, bad = document(["good"]), document(["bad"])
    object.__setattr__(bad[0].items[0], "kind", "poem")
    land_all(con, batch_of(good))
    before = fingerprint(con)
    with pytest.raises(
        WarehouseError, match=rf"could not be landed: .*CHECK.*{bad[0].document_id}.*one by one"
    ):
        land_all(con, batch_of(document(["other"]), bad))
    assert fingerprint(con) == before
    assert land_all(con, batch_of(document(["other"])))[0].items_new == 1


def test_an_error_of_the_matcher_rolls_back_and_reaches_the_caller(con: duckdb.DuckDBPyConnection) -> None:
    class Broken(Words):
        def verify(self, candidates: Sequence[tuple[str, str, str, str]]) -> list[Pair]:
            raise ZeroDivisionError

    before = fingerprint(con)
    with pytest.raises(ZeroDivisionError):
        land(con, batch_of(document(["a b c"], ["a b"])), run_id="run-1", at=AT, matcher=Broken())
    assert fingerprint(con) == before
    assert con.execute("SELECT count(*) FROM ops.batches").fetchall() == [(0,)]


def test_signatures_of_another_recipe_are_refused(con: duckdb.DuckDBPyConnection) -> None:
    land_all(con, batch_of(document(["some words"])))
    cleaned, data = document(["other words"])
    signed = {cleaned.items[0].text: sign("other words")}
    other = tabulate(
        [cleaned], {cleaned.document_id: data}, signed, Recipe(version=RECIPE.version + 1), {}, "test-1"
    )
    with pytest.raises(WarehouseError, match=rf"{RECIPE.name}.*different recipes never meet") as caught:
        land_all(con, other)
    assert cleaned.document_id in "".join(caught.value.__notes__)
    assert con.execute("SELECT count(*) FROM documents").fetchall() == [(1,)]


def test_landing_leaves_no_stages_behind(con: duckdb.DuckDBPyConnection) -> None:
    land_all(con, batch_of(*DOCUMENTS))
    staged = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'stage%' UNION "
        "SELECT view_name FROM duckdb_views() WHERE view_name LIKE 'stage%' OR view_name LIKE 'arrow%'"
    ).fetchall()
    assert staged == []
