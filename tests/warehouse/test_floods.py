"""Floods: bounded work, the clusters of a full comparison, and nothing to be seen of the order of arrival."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_land import POSTS, made_of, start
from test_matching import Judge, clusters, indexed
from warehouse_cases import AT, RECIPE, batch_of, document, fingerprint, sign

from schemas.signatures import Pair
from warehouse import floods
from warehouse.batch import Batch
from warehouse.checks import run_checks
from warehouse.connection import connect
from warehouse.land import land
from warehouse.rederive import rederive
from warehouse.tabulate import tabulate

__all__ = ["indexed"]


class Counting(Judge):
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def verify(self, candidates: Sequence[tuple[str, str, str, str]]) -> list[Pair]:
        """Judge."""
        self.asked += len(candidates)
        return super().verify(candidates)


@pytest.fixture
def con(migrated: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path = Path(shutil.copyfile(migrated, tmp_path / "own.duckdb"))
    with closing(connect(path, read_only=False, spill=tmp_path)) as con:
        start(con)
        yield con


def flood(count: int, tag: str = "") -> Batch:
    """Return posts of five words in common and one of their own."""
    posts = [[f"buy cheap gold coins now {tag}x{number:x}"] for number in range(count)]
    return batch_of(document(*posts, days=["2024-01-02"] * count, name=f"flood {tag}"))


@pytest.mark.parametrize("count", [2_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_flood_is_caught_by_its_primary_at_a_bounded_cost(
    con: duckdb.DuckDBPyConnection, count: int
) -> None:
    matcher = Counting()
    land(con, flood(count), run_id="run-1", at=AT, matcher=matcher)
    assert matcher.asked < count * (floods.ANCHORS + 2)
    assert con.execute("SELECT count(*), count(DISTINCT primary_id) FROM duplicates").fetchall() == [
        (count - 1, 1)
    ]
    matcher.asked = 0
    earlier = document(["buy cheap gold coins now first"], days=["2024-01-01"])
    land(con, batch_of(earlier), run_id="run-1", at=AT, matcher=matcher)
    assert matcher.asked < count * 3
    assert con.execute("SELECT DISTINCT primary_id FROM duplicates").fetchall() == [
        (earlier[0].items[0].item_id,)
    ]


OWN = settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])


@OWN
@given(data=st.data(), dump=st.lists(POSTS, min_size=2, max_size=6))
def test_neither_order_nor_size_of_batches_can_be_seen(
    migrated: Path,
    indexed: bool,
    monkeypatch: pytest.MonkeyPatch,
    data: st.DataObject,
    dump: list[list[tuple[str, str | None]]],
) -> None:
    monkeypatch.setattr(floods, "FULL", 3)
    monkeypatch.setattr(floods, "ANCHORS", 1)
    made = [made_of(posts, number) for number, posts in enumerate(dump)]
    shuffled = data.draw(st.permutations(made))
    with tempfile.TemporaryDirectory() as folder:
        paths = [
            Path(shutil.copyfile(migrated, Path(folder) / name)) for name in ("one.duckdb", "many.duckdb")
        ]
        with (
            closing(connect(paths[0], read_only=False, spill=paths[0].parent)) as one,
            closing(connect(paths[1], read_only=False, spill=paths[1].parent)) as many,
        ):
            start(one)
            start(many)
            land(one, batch_of(*made), run_id="run-1", at=AT, matcher=Judge())
            for each in shuffled:
                land(many, batch_of(each), run_id="run-1", at=AT, matcher=Judge())
            assert clusters(many) == clusters(one)
            assert fingerprint(many) == fingerprint(one)
            assert run_checks(many) == []
            # One document is found to hold nothing: what is left is as if it had never had items.
            gone, rest = made[0], made[1:]
            cleaned, body = gone
            empty = replace(
                cleaned,
                items=(),
                paragraphs=tuple(
                    replace(row, item=None, fate="header", of_ordinal=None) for row in cleaned.paragraphs
                ),
            )
            without = tabulate([empty], {cleaned.document_id: body}, {}, RECIPE, {}, "test-1")
            rederive(many, without, run_id="run-1", at=AT, matcher=Judge())
            fresh = Path(shutil.copyfile(migrated, Path(folder) / "fresh.duckdb"))
            with closing(connect(fresh, read_only=False, spill=fresh.parent)) as con:
                start(con)
                land(con, without, run_id="run-1", at=AT, matcher=Judge())
                if rest:
                    land(con, batch_of(*rest), run_id="run-1", at=AT, matcher=Judge())
                kept = {
                    name: digest for name, digest in fingerprint(many).items() if name.startswith("dedup.")
                }
                assert kept == {name: digest for name, digest in fingerprint(con).items() if name in kept}


def test_a_displaced_anchor_that_nothing_is_linked_to_leaves_its_cluster(
    con: duckdb.DuckDBPyConnection, indexed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floods, "FULL", 3)
    monkeypatch.setattr(floods, "ANCHORS", 1)
    texts = [f"buy gold x{number}" for number in range(5)]
    anchor = min(sign(text).text_key for text in texts)
    lone = (f"buy gold but not {number} like it" for number in range(1_000))
    other = next(text for text in lone if sign(text).text_key < anchor)
    land(con, batch_of(document(*([text] for text in texts))), run_id="run-1", at=AT, matcher=Judge())
    assert len(clusters(con)) == len(texts)
    land(con, batch_of(document([other], name="other.txt")), run_id="run-1", at=AT, matcher=Judge())
    assert clusters(con) == {}
    assert run_checks(con) == []


def test_small_buckets_are_compared_in_full(con: duckdb.DuckDBPyConnection) -> None:
    matcher = Counting()
    count = floods.FULL
    land(con, flood(count), run_id="run-1", at=AT, matcher=matcher)
    assert matcher.asked == count * (count - 1) // 2
    assert len({sign(f"buy cheap gold coins now x{number:x}").text_key for number in range(count)}) == count
