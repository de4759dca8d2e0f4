"""Find new texts' near copies and lead the clusters that they touch, inside the landing transaction.

What comes out is a function of all texts and items landed so far: pairs are facts about two texts, and a
component that is touched is led anew as a whole. So neither order nor size of the batches matters.

A component is what copies link, however far. Variants (two facts in nearly the same words) link nothing, they
only keep texts of one component out of one cluster; so a new one is always inside a component that its new
text touches.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

import duckdb
import pyarrow as pa

from schemas.errors import WarehouseError
from schemas.signatures import BLANK_KEY, Member, Membership, Pair
from warehouse.band_index import MEETING, TEXT_HASH, BandIndex, keep
from warehouse.catching import catch
from warehouse.columns import keys, table
from warehouse.connection import registered, staged
from warehouse.floods import cap, crowds, unsettle
from warehouse.relational import AFFECTED, CANDIDATES, LINKED, LINKS, NEIGHBOURS, RESPELT, TOUCHED


class Matcher(Protocol):
    """The judgement on texts and clusters. The flows bring it; the warehouse only knows what to ask."""

    def verify(self, candidates: Sequence[tuple[str, str, str, str]]) -> Sequence[Pair]:
        """Return the pairs that hold among candidates (left text_key, left text, right text_key, right text).

        Must judge each candidate by itself, whatever the others and their order.
        """
        ...

    def lead(self, members: Sequence[Member], pairs: Sequence[Pair]) -> Sequence[Membership]:
        """Return the clusters of `members`, which are linked by `pairs` and by equal text_keys.

        Must not depend on the order of either, nor join what neither links. Pairs of relation "variant" link
        nothing; texts of such a pair must not share a cluster.
        """
        ...


PAIRS = pa.schema(
    [
        ("left_key", pa.uuid()),
        ("right_key", pa.uuid()),
        ("relation", pa.string()),
        ("similarity", pa.float64()),
        ("containment", pa.float64()),
    ]
)
MEMBERS = pa.schema(
    [
        ("item_id", pa.uuid()),
        ("cluster_id", pa.uuid()),
        ("relation", pa.string()),
        ("similarity", pa.float64()),
        ("containment", pa.float64()),
    ]
)

# By rowid, here and below: one column is read to find the rows, and of the others only what is wanted.
_SHARED = """
CREATE OR REPLACE TEMP TABLE shared AS
SELECT item_id, version_id, text_key, spelling_key
FROM core.versions
WHERE rowid IN (
    SELECT rowid FROM core.versions WHERE text_key IN (SELECT text_key FROM new_versions)
)
"""
#: Candidates that are judged together. The shingles of a text are made once a part, so parts are large.
_VERIFIED = 100_000

_ADD_TEXTS = """
CREATE OR REPLACE TEMP TABLE matched_texts AS
SELECT text_key FROM stage_signatures
SEMI JOIN new_versions USING (text_key)
ANTI JOIN dedup.signatures USING (text_key);

INSERT INTO dedup.signatures BY NAME
SELECT * FROM stage_signatures SEMI JOIN matched_texts USING (text_key) ORDER BY text_key
"""
_ADD_BANDS = """
INSERT INTO {table} BY NAME
SELECT * FROM stage_bands SEMI JOIN matched_texts USING (text_key) ORDER BY text_key
"""
_FORGET = """
DELETE FROM dedup.pairs
WHERE left_key IN (SELECT text_key FROM respelt) OR right_key IN (SELECT text_key FROM respelt);

INSERT INTO matched_texts SELECT text_key FROM respelt
"""
# The bands of a text that is matched came with the batch; those of one that is only judged anew may not have.
_MINE = """
CREATE OR REPLACE TEMP TABLE mine AS
SELECT band_key, text_key, band FROM stage_bands SEMI JOIN matched_texts USING (text_key)
"""
_UNSTAGED = "SELECT count(*) FROM respelt ANTI JOIN stage_bands USING (text_key)"
_ADD_UNSTAGED = """
INSERT INTO mine BY NAME
SELECT band_key, text_key, band FROM dedup.bands
WHERE text_key IN (SELECT text_key FROM respelt ANTI JOIN stage_bands USING (text_key))
"""
_MET = """
CREATE OR REPLACE TEMP TABLE met_bands AS
SELECT band_key, text_key, band FROM dedup.bands WHERE band_key IN (SELECT band_key FROM mine)
"""
_MEETINGS = f"SELECT DISTINCT {MEETING} AS meeting FROM mine"  # noqa: S608 - names of a module
_MET_BY_INDEX = f"""
CREATE OR REPLACE TEMP TABLE met_bands AS
SELECT wanted.band_key, text.text_key, wanted.band
FROM arrow_found AS found
JOIN (SELECT DISTINCT band_key, band, {MEETING} AS meeting FROM mine) AS wanted USING (meeting)
JOIN dedup.signatures AS text ON {TEXT_HASH} = found.text_hash
UNION ALL
SELECT band_key, text_key, band FROM ops.fresh_bands
WHERE band_key IN (SELECT band_key FROM mine)
"""  # noqa: S608 - names of a module
_CANDIDATE_KEYS = """
SELECT replace(left_key::VARCHAR, '-', ''), replace(right_key::VARCHAR, '-', '')
FROM candidates
ORDER BY left_key, right_key
"""
_CANDIDATE_TEXTS = """
SELECT replace(text_key::VARCHAR, '-', ''), arg_min(text, spelling_key)
FROM core.versions
WHERE rowid IN (
    SELECT rowid FROM core.versions
    WHERE text_key IN (SELECT left_key FROM candidates UNION SELECT right_key FROM candidates)
)
GROUP BY text_key
"""
_LINKED = f"""
SELECT
    replace(item_id::VARCHAR, '-', ''),
    replace(text_key::VARCHAR, '-', ''),
    published_earliest::VARCHAR,
    text_length
FROM ({LINKED})
ORDER BY item_id
"""  # noqa: S608 - names of a module
_LINKS = f"""
SELECT
    replace(left_key::VARCHAR, '-', ''),
    replace(right_key::VARCHAR, '-', ''),
    relation,
    similarity,
    containment
FROM ({LINKS})
ORDER BY left_key, right_key
"""  # noqa: S608 - names of a module
# Only rows that differ are written, so a text with thousands of items costs a read, not a rewrite.
_REPLACE = """
CREATE OR REPLACE TEMP TABLE members_before AS
FROM dedup.members WHERE item_id IN (SELECT item_id FROM affected);

CREATE OR REPLACE TEMP TABLE gone AS FROM members_before EXCEPT FROM stage_members;
CREATE OR REPLACE TEMP TABLE come AS FROM stage_members EXCEPT FROM members_before;
DELETE FROM dedup.members WHERE item_id IN (SELECT item_id FROM gone);
INSERT INTO dedup.members FROM come ORDER BY cluster_id, item_id
"""
_CHANGE = """
SELECT
    (SELECT count(*) FROM come WHERE item_id <> cluster_id)
    - (SELECT count(*) FROM gone WHERE item_id <> cluster_id)
"""


def match(con: duckdb.DuckDBPyConnection, matcher: Matcher, recipe: pa.Table) -> int:
    """Bring `dedup` up to date; return by how much the number of items that are no primaries changed.

    Expects an open transaction, the stages of a batch, its new versions in core.versions, and the table
    `new_versions` that names them. Raises WarehouseError if the batch was signed by another recipe than
    the texts in the warehouse.
    """
    enter_recipe(con, recipe)
    index = keep(con)
    con.execute(_ADD_TEXTS)
    con.execute(_ADD_BANDS.format(table="dedup.bands"))
    if index is not None:
        con.execute(_ADD_BANDS.format(table="ops.fresh_bands"))
    con.execute(_SHARED)
    _store(con, "respelt", RESPELT)
    _meet(con, index)
    crowded = crowds(con)
    if crowded:
        unsettle(con)
    _store(con, "component", TOUCHED, {"blank": BLANK_KEY})
    if con.execute("FROM respelt LIMIT 1").fetchone():
        con.execute(_FORGET)
        _meet(con, index)
        crowded = crowds(con)
    _find_candidates(con, crowded=crowded)
    _add_pairs(con, matcher)
    _grow_components(con)
    return _lead(con, matcher)


def _store(
    con: duckdb.DuckDBPyConnection, name: str, query: str, values: Mapping[str, str] | None = None
) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}", values)


def check_recipe(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Raise WarehouseError if the texts of the warehouse were signed by another recipe than this one."""
    held = con.execute("SELECT name FROM dedup.recipe WHERE name <> ?", [name]).fetchone()
    if held is not None:
        raise WarehouseError(
            f"The texts of this warehouse were signed by the recipe {held[0]}, this program signs by {name}, "
            "and signatures of different recipes never meet. Run feedmill ingest --rematch once: it signs "
            "all stored texts again and rebuilds the clusters. Or ingest into another file."
        )


def enter_recipe(con: duckdb.DuckDBPyConnection, recipe: pa.Table) -> None:
    """Write down the recipe of a batch if it is the first one; raise WarehouseError if it is another."""
    (row,) = recipe.to_pylist()
    if con.execute("SELECT name FROM dedup.recipe").fetchall() != [(row["name"],)]:
        check_recipe(con, row["name"])
        con.execute("INSERT INTO dedup.recipe (name, details) VALUES (?, ?)", [row["name"], row["details"]])


def _meet(con: duckdb.DuckDBPyConnection, index: BandIndex | None) -> None:
    """Make `mine`, the bands of the texts to be matched, and `met_bands`, those of all texts that meet."""
    con.execute(_MINE)
    if con.execute(_UNSTAGED).fetchall() != [(0,)]:
        con.execute(_ADD_UNSTAGED)
    if index is None:
        con.execute(_MET)
    else:
        meetings, hashes = index.find(con.sql(_MEETINGS).to_arrow_table()["meeting"].to_numpy())
        with registered(con, "arrow_found", pa.table({"meeting": meetings, "text_hash": hashes})):
            con.execute(_MET_BY_INDEX)


def _find_candidates(con: duckdb.DuckDBPyConnection, *, crowded: bool) -> None:
    if crowded:
        cap(con)
    _store(con, "candidates", f"{CANDIDATES} UNION FROM capped" if crowded else CANDIDATES)


def _add_pairs(con: duckdb.DuckDBPyConnection, matcher: Matcher) -> None:
    """Have the candidates judged, all of them, many at a time.

    A flood of posts with one footer makes millions: that takes time, but no more memory than its texts.
    """
    texts = dict(con.execute(_CANDIDATE_TEXTS).fetchall())
    keys_in_order = con.execute(_CANDIDATE_KEYS).fetchall()
    for start in range(0, len(keys_in_order), _VERIFIED):
        # A text of which no version is left has bands in the index, but is no candidate.
        part = [
            (left, texts[left], right, texts[right])
            for left, right in keys_in_order[start : start + _VERIFIED]
            if left in texts and right in texts
        ]
        if pairs := matcher.verify(part) if part else ():
            _insert_pairs(con, pairs)


def _insert_pairs(con: duckdb.DuckDBPyConnection, pairs: Sequence[Pair]) -> None:
    rows = table(
        PAIRS,
        [
            keys([bytes.fromhex(pair.left) for pair in pairs]),
            keys([bytes.fromhex(pair.right) for pair in pairs]),
            [pair.relation for pair in pairs],
            [pair.similarity for pair in pairs],
            [pair.containment for pair in pairs],
        ],
    )
    with staged(con, {"stage_pairs": rows}):
        con.execute("INSERT INTO dedup.pairs BY NAME FROM stage_pairs ORDER BY left_key, right_key")


def _grow_components(con: duckdb.DuckDBPyConnection) -> None:
    """Add to `component` all texts that copies link to it, however far away.

    One join a step, and steps are few: copies pair with each other, so components are dense. A recursive
    query is slower by far on the components that are not (25 s for long chains).
    """
    _store(con, "frontier", "SELECT text_key FROM component")
    while True:
        _store(con, "frontier", NEIGHBOURS)
        if con.execute("SELECT count(*) FROM frontier").fetchall() == [(0,)]:
            return
        con.execute("INSERT INTO component FROM frontier")


def _lead(con: duckdb.DuckDBPyConnection, matcher: Matcher) -> int:
    _store(con, "affected", AFFECTED, {"blank": BLANK_KEY})
    members = [
        Member(item_id=item_id, text_key=text_key, earliest=earliest, length=length)
        for item_id, text_key, earliest, length in con.execute(_LINKED).fetchall()
    ]
    links = [
        Pair(left=left, right=right, relation=relation, similarity=similarity, containment=containment)
        for left, right, relation, similarity, containment in con.execute(_LINKS).fetchall()
    ]
    links += catch(con, matcher, members, links)
    led = matcher.lead(members, links) if members else []
    sizes = Counter(membership.cluster_id for membership in led)
    led = [membership for membership in led if sizes[membership.cluster_id] > 1]
    rows = table(
        MEMBERS,
        [
            keys([bytes.fromhex(membership.item_id) for membership in led]),
            keys([bytes.fromhex(membership.cluster_id) for membership in led]),
            [membership.relation for membership in led],
            [membership.similarity for membership in led],
            [membership.containment for membership in led],
        ],
    )
    with staged(con, {"stage_members": rows}):
        con.execute(_REPLACE)
    ((change,),) = con.execute(_CHANGE).fetchall()
    return int(change)
