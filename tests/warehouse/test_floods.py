"""Floods: bounded work, the clusters of a full comparison, and nothing to be seen of the order of arrival."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_land import POSTS, Made, made_of, start
from test_matching import clusters, indexed
from warehouse_cases import AT, RECIPE, Words, batch_of, document, fingerprint, sign

from cleaners import placing
from schemas.items import Item
from schemas.signatures import Pair
from warehouse import floods
from warehouse.batch import Batch
from warehouse.checks import run_checks
from warehouse.columns import key_of
from warehouse.connection import connect
from warehouse.land import land
from warehouse.rederive import rederive
from warehouse.tabulate import tabulate

__all__ = ["indexed"]


class Counting(Words):
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
    assert matcher.asked < count * (placing.HEADS + placing.WITNESSES)
    assert con.execute("SELECT count(*), count(DISTINCT primary_id) FROM duplicates").fetchall() == [
        (count - 1, 1)
    ]
    matcher.asked = 0
    land(con, flood(100, "b"), run_id="run-1", at=AT, matcher=matcher)
    assert matcher.asked < 100 * (placing.HEADS + placing.WITNESSES)  # whatever is there
    matcher.asked = 0
    earlier = document(["buy cheap gold coins now first"], days=["2024-01-01"])
    land(con, batch_of(earlier), run_id="run-1", at=AT, matcher=matcher)
    assert matcher.asked < count * (placing.HEADS + placing.WITNESSES)
    assert con.execute("SELECT DISTINCT primary_id FROM duplicates").fetchall() == [
        (earlier[0].items[0].item_id,)
    ]
    assert run_checks(con) == []


def oracle(made: Sequence[Made]) -> dict[str, str]:
    """Return the primary of each item that is not alone, by the rule: text by text, as they rank."""
    items = {item.item_id: item for cleaned, _ in made for item in cleaned.items}
    ranked = sorted(items.values(), key=lambda item: (*_day(item), -len(item.text), item.item_id))
    best: dict[str, Item] = {}
    spellings: dict[str, str] = {}
    buckets: dict[tuple[int, int], list[str]] = {}
    for item in ranked:
        signed = sign(item.text)
        key = signed.text_key
        if key not in best:
            for place, band in enumerate(signed.bands):
                bucket = buckets.setdefault((band, place % RECIPE.bands), [])
                bucket += [] if key in bucket else [key]
        best.setdefault(key, item)
        spellings[key] = min(spellings.get(key, item.text), item.text, key=key_of)

    def relation(one: str, other: str) -> str | None:
        left, right = sorted((one, other))
        pairs = Words().verify([(left, spellings[left], right, spellings[right])])
        return pairs[0].relation if pairs else None

    leads: dict[str, str] = {}
    for text in best:  # in the order of choice
        own = [bucket for bucket in buckets.values() if text in bucket]
        earlier = [[other for other in bucket if other in leads] for bucket in own]
        heads = {
            head
            for bucket, before in zip(own, earlier, strict=True)
            if len(bucket) > floods.FULL
            for head in [other for other in before if leads[other] == other][: placing.HEADS]
        }
        near = {
            other
            for bucket, before in zip(own, earlier, strict=True)
            if len(bucket) <= floods.FULL
            for other in before
        }
        barred = {leads[other] for other in near if relation(text, other) == "variant"}
        leads[text] = text
        for lead in best:
            if lead not in heads | near or leads[lead] != lead or relation(text, lead) in (None, "variant"):
                continue
            cluster = [other for other in best if leads.get(other) == lead and other != lead]
            shown = (
                [other for other in cluster if other != text][: placing.WITNESSES] if lead in heads else []
            )
            if lead not in barred and all(relation(text, other) != "variant" for other in shown):
                leads[text] = lead
                break
    led = {item.item_id: best[leads[sign(item.text).text_key]].item_id for item in items.values()}
    sizes = Counter(led.values())
    return {item: lead for item, lead in led.items() if sizes[lead] > 1}


def _day(item: Item) -> tuple[bool, str]:
    return item.published.earliest is None, item.published.earliest or ""


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few texts be a flood, of few heads and witnesses."""
    monkeypatch.setattr(floods, "FULL", 3)
    monkeypatch.setattr(placing, "HEADS", 2)
    monkeypatch.setattr(placing, "WITNESSES", 1)
    monkeypatch.setattr(Words, "witnesses", 1)


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
    small(monkeypatch)
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
            land(one, batch_of(*made), run_id="run-1", at=AT, matcher=Words())
            for each in shuffled:
                land(many, batch_of(each), run_id="run-1", at=AT, matcher=Words())
            assert clusters(many) == clusters(one) == oracle(made)
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
            rederive(many, without, run_id="run-1", at=AT, matcher=Words())
            fresh = Path(shutil.copyfile(migrated, Path(folder) / "fresh.duckdb"))
            with closing(connect(fresh, read_only=False, spill=fresh.parent)) as con:
                start(con)
                land(con, without, run_id="run-1", at=AT, matcher=Words())
                if rest:
                    land(con, batch_of(*rest), run_id="run-1", at=AT, matcher=Words())
                kept = {
                    name: digest for name, digest in fingerprint(many).items() if name.startswith("dedup.")
                }
                assert kept == {name: digest for name, digest in fingerprint(con).items() if name in kept}


def test_small_buckets_are_compared_in_full(con: duckdb.DuckDBPyConnection) -> None:
    matcher = Counting()
    count = floods.FULL
    land(con, flood(count), run_id="run-1", at=AT, matcher=matcher)
    assert matcher.asked == count * (count - 1) // 2
    assert len({sign(f"buy cheap gold coins now x{number:x}").text_key for number in range(count)}) == count


def test_a_flood_that_landed_before_floods_were_noted_is_noted_when_it_is_met(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(monkeypatch)
    made = [document([f"buy gold x{number}"], name=f"{number}.txt") for number in range(6)]
    land(con, batch_of(*made[:5]), run_id="run-1", at=AT, matcher=Words())
    con.execute("DELETE FROM ops.floods; DELETE FROM ops.heads")
    land(con, batch_of(made[5]), run_id="run-1", at=AT, matcher=Words())
    assert clusters(con) == oracle(made)
    assert con.execute("SELECT count(*) FROM ops.floods").fetchall() == [(2,)]  # those of "buy" and "gold"
    assert run_checks(con) == []


def test_a_text_that_is_said_again_is_of_its_flood_again(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(monkeypatch)
    own = "1" * 32

    def edited(text: str, hour: int) -> Batch:
        cleaned, data = document([text], [f"only at {hour}"], ids=[own], days=["2023-01-01"])
        said = replace(cleaned.items[0], edited_at=f"2024-05-01T{hour:02}:00:00Z")
        return batch_of((replace(cleaned, items=(said, cleaned.items[1])), data))

    flooding = [document([f"buy gold x{number}"], days=["2024-01-02"]) for number in range(6)]
    land(con, batch_of(*flooding), run_id="run-1", at=AT, matcher=Words())
    primaries = []
    for hour, text in enumerate(("buy gold now", "nothing of it", "buy gold now")):
        land(con, edited(text, hour), run_id="run-1", at=AT, matcher=Words())
        primaries.append(set(clusters(con).values()))
        assert run_checks(con) == []
    assert primaries[0] == primaries[2] == {own}
    assert own not in primaries[1]
