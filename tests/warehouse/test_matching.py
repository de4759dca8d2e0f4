"""Clusters in the warehouse against an exact oracle, in any order of arrival, with and without an index."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import combinations, pairwise
from pathlib import Path

import duckdb
import networkx as nx
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_land import POSTS, Made, made_of, start
from warehouse_cases import AT, Words, batch_of, document, fingerprint, sign

from cleaners.placing import Judge as Judging
from schemas.signatures import Placed, Wave
from warehouse import band_index, pairing
from warehouse.batch import Batch
from warehouse.checks import run_checks
from warehouse.columns import key_of
from warehouse.connection import connect
from warehouse.land import land

Clusters = dict[str, str]


def land_all(con: duckdb.DuckDBPyConnection, *batches: Batch) -> None:
    """Land batches as they come."""
    for batch in batches:
        land(con, batch, run_id="run-1", at=AT, matcher=Words())


OWN = settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])


def oracle(made: Sequence[Made]) -> Clusters:
    """Return the primary of each item that is not alone: all texts compared with all, stars by hand."""
    items = {item.item_id: item for cleaned, _ in made for item in cleaned.items}
    spellings: dict[str, str] = {}
    for item in items.values():  # a text is judged by the spelling of the smallest hash
        key = sign(item.text).text_key
        spellings[key] = min(spellings.get(key, item.text), item.text, key=_spelling_key)
    candidates = [
        (one, spellings[one], other, spellings[other]) for one, other in combinations(sorted(spellings), 2)
    ]
    pairs = Words().verify(candidates)
    variants = {frozenset((pair.left, pair.right)) for pair in pairs if pair.relation == "variant"}
    copies = nx.Graph()
    copies.add_nodes_from(spellings)
    copies.add_edges_from((pair.left, pair.right) for pair in pairs if pair.relation != "variant")
    found: Clusters = {}
    for component in nx.connected_components(copies):
        ranked = sorted(
            (item for item in items.values() if sign(item.text).text_key in component),
            key=lambda item: (item.published.earliest or "9999", -len(item.text), item.item_id),
        )
        order = list(dict.fromkeys(sign(item.text).text_key for item in ranked))
        free = set(order)
        for first in order:
            if first not in free:
                continue
            star = [first]
            free.remove(first)
            for other in order:
                apart = any(frozenset((other, taken)) in variants for taken in star)
                if other in free and copies.has_edge(first, other) and not apart:
                    star.append(other)
                    free.remove(other)
            primary = next(item for item in ranked if sign(item.text).text_key == first)
            taken = [item.item_id for item in ranked if sign(item.text).text_key in star]
            if len(taken) > 1:
                found |= dict.fromkeys(taken, primary.item_id)
    return found


def _spelling_key(text: str) -> bytes:
    return key_of(text)


def clusters(con: duckdb.DuckDBPyConnection) -> Clusters:
    """Return the clusters that landed."""
    rows = con.execute("SELECT item_id, cluster_id FROM dedup.members").fetchall()
    return {item.hex: cluster.hex for item, cluster in rows}


@pytest.fixture(params=["by index", "by join"])
def indexed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether an index of bands is kept from the first row on and made anew after every few."""
    if request.param == "by index":
        monkeypatch.setattr(band_index, "LEAST", 8)
        monkeypatch.setattr(band_index, "_SHARE", 0.1)
        monkeypatch.setattr(band_index, "_READ", 16)
        monkeypatch.setattr(band_index, "_HELD", 64)
    return bool(request.param == "by index")


@OWN
@given(data=st.data(), dump=st.lists(POSTS, min_size=1, max_size=6))
def test_any_batching_gives_the_clusters_of_the_oracle(
    migrated: Path, indexed: bool, data: st.DataObject, dump: list[list[tuple[str, str | None]]]
) -> None:
    made = [made_of(posts, number) for number, posts in enumerate(dump)]
    shuffled = data.draw(st.permutations(made))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(made)), max_size=4)) | {len(made)})
    batches = [
        batch_of(*shuffled[begin:end]) for begin, end in zip([0, *cuts], cuts, strict=False) if end > begin
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copyfile(migrated, Path(folder) / "own.duckdb"))
        with closing(connect(path, read_only=False, spill=path.parent)) as con:
            start(con)
            land_all(con, *batches)
            assert clusters(con) == oracle(made)
            assert run_checks(con) == []
        assert path.with_name("own.duckdb.bands").exists() <= indexed


@pytest.fixture
def con(migrated: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path = Path(shutil.copyfile(migrated, tmp_path / "own.duckdb"))
    with closing(connect(path, read_only=False, spill=tmp_path)) as con:
        start(con)
        yield con


DUMPS = [
    document(["big fire in town", "near the river"], [f"number {at} alone"], name=f"{at}.txt")
    for at in range(6)
]


@pytest.mark.parametrize("indexed", ["by index"], indirect=True)
@pytest.mark.parametrize("harm", ["gone", "other", "torn", "empty"])
def test_an_index_that_does_not_belong_is_made_anew(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, indexed: bool, harm: str
) -> None:
    file = tmp_path / "own.duckdb.bands"
    land_all(con, *(batch_of(one) for one in DUMPS[:4]))
    if harm == "gone":
        file.unlink()
    elif harm == "other":
        con.execute("UPDATE ops.band_index SET token = 'of another state'")
    else:
        file.write_bytes(file.read_bytes()[:20] if harm == "torn" else b"")
    land_all(con, *(batch_of(one) for one in DUMPS[4:]))
    assert clusters(con) == oracle(DUMPS)
    assert len(clusters(con)) == len(DUMPS)
    ((token,),) = con.execute("SELECT token FROM ops.band_index").fetchall()
    assert token.encode() in file.read_bytes()[:200]


@pytest.mark.parametrize("indexed", ["by index"], indirect=True)
def test_a_batch_that_fails_leaves_an_index_that_is_made_anew(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, indexed: bool
) -> None:
    class Broken(Words):
        def place(self, wave: Wave, judge: Judging) -> Placed:
            raise RuntimeError("no")

    land_all(con, *(batch_of(one) for one in DUMPS[:3]))
    before = fingerprint(con)
    with pytest.raises(RuntimeError, match="no"):
        land(con, batch_of(*DUMPS[3:5]), run_id="run-1", at=AT, matcher=Broken())
    assert fingerprint(con) == before
    land_all(con, *(batch_of(one) for one in DUMPS[3:]))
    assert clusters(con) == oracle(DUMPS)
    assert run_checks(con) == []


def test_bands_without_a_number_meet_by_their_key(con: duckdb.DuckDBPyConnection) -> None:
    land_all(con, batch_of(*DUMPS[:3]))
    con.execute("UPDATE dedup.bands SET band = NULL")
    land_all(con, batch_of(*DUMPS[3:]))
    assert clusters(con) == oracle(DUMPS)


def test_a_key_met_in_another_band_is_no_candidate(con: duckdb.DuckDBPyConnection) -> None:
    land_all(con, batch_of(DUMPS[0]))
    con.execute("UPDATE dedup.bands SET band = band + 1")
    land_all(con, batch_of(document(["big fire in town", "near the river now"], name="late.txt")))
    assert con.execute("SELECT count(*) FROM candidates").fetchall() == [(0,)]


@given(st.sets(st.tuples(st.integers(0, 30), st.integers(0, 30)).filter(lambda pair: pair[0] < pair[1])))
def test_candidates_are_judged_once_each_and_with_those_that_they_are_linked_to(
    pairs: set[tuple[int, int]],
) -> None:
    rows = [(f"{left:032}", f"{right:032}") for left, right in sorted(pairs)]
    given_rows = pa.table({str(side): pa.array([row[side] for row in rows], pa.string()) for side in (0, 1)})
    ordered = [tuple(row.values()) for row in pairing._linked_together(given_rows).to_pylist()]
    assert sorted(ordered) == rows
    whose = {
        text: number for number, texts in enumerate(nx.connected_components(nx.Graph(rows))) for text in texts
    }
    met = [whose[left] for left, _ in ordered]
    assert sum(one != other for one, other in pairwise(met)) == max(0, len(set(met)) - 1)
