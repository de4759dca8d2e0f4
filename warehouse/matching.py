"""Find new texts' near copies and lead the clusters that they touch, inside the landing transaction.

What comes out is a function of all texts and items landed so far: pairs are facts about two texts, and a
component that is touched is led anew as a whole. So neither order nor size of the batches matters.

A component is what copies link, however far. Variants (two facts in nearly the same words) link nothing, they
only keep texts of one component out of one cluster; so a new one is always inside a component that its new
text touches.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import duckdb
import pyarrow as pa

from schemas.errors import WarehouseError
from schemas.signatures import BLANK_KEY, Member, Membership, Pair
from warehouse.columns import keys, table
from warehouse.connection import staged


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

_ADD_TEXTS = """
CREATE OR REPLACE TEMP TABLE matched_texts AS
SELECT text_key FROM stage_signatures
SEMI JOIN new_versions USING (text_key)
ANTI JOIN dedup.signatures USING (text_key);

INSERT INTO dedup.signatures BY NAME
SELECT * FROM stage_signatures SEMI JOIN matched_texts USING (text_key) ORDER BY text_key;

INSERT INTO dedup.bands BY NAME
SELECT * FROM stage_bands SEMI JOIN matched_texts USING (text_key) ORDER BY text_key;
"""
# A text is judged by one of its spellings, the one of the smallest hash. If a smaller one arrives, its pairs
# are judged anew: else they would depend on which spelling came first.
_RESPELT = """
CREATE OR REPLACE TEMP TABLE respelt AS
SELECT version.text_key
FROM core.versions AS version
LEFT JOIN new_versions AS fresh ON fresh.item_id = version.item_id AND fresh.version_id = version.version_id
WHERE version.text_key IN (SELECT text_key FROM new_versions)
GROUP BY version.text_key
HAVING min(version.spelling_key) < min(version.spelling_key) FILTER (fresh.item_id IS NULL)
"""
# Old texts of an item that was edited count too: the cluster it leaves is led anew.
_TOUCHED = """
CREATE OR REPLACE TEMP TABLE component AS
SELECT text_key FROM core.versions SEMI JOIN new_versions USING (item_id)
WHERE text_key IS NOT NULL AND text_key <> ?::UUID
UNION
SELECT left_key FROM dedup.pairs WHERE right_key IN (FROM respelt) AND relation <> 'variant'
UNION
SELECT right_key FROM dedup.pairs WHERE left_key IN (FROM respelt) AND relation <> 'variant'
"""
_FORGET = """
DELETE FROM dedup.pairs WHERE left_key IN (FROM respelt) OR right_key IN (FROM respelt);
INSERT INTO matched_texts FROM respelt
"""
_CANDIDATES = """
CREATE OR REPLACE TEMP TABLE candidates AS
WITH bands AS (FROM dedup.bands SEMI JOIN matched_texts USING (text_key))
SELECT DISTINCT
    least(mine.text_key, other.text_key) AS left_key,
    greatest(mine.text_key, other.text_key) AS right_key
FROM dedup.bands AS other
JOIN bands AS mine ON mine.band_key = other.band_key
WHERE other.text_key <> mine.text_key
"""
_CANDIDATE_KEYS = """
SELECT replace(left_key::VARCHAR, '-', ''), replace(right_key::VARCHAR, '-', '')
FROM candidates
ORDER BY left_key, right_key
"""
# By rowid, because then only the texts that are wanted are decompressed: 2 to 5 times faster at 100 k items.
_CANDIDATE_TEXTS = """
SELECT replace(text_key::VARCHAR, '-', ''), text
FROM core.versions
WHERE rowid IN (
    SELECT arg_min(rowid, spelling_key)
    FROM core.versions
    WHERE text_key IN (SELECT left_key FROM candidates UNION SELECT right_key FROM candidates)
    GROUP BY text_key
)
"""
_NEIGHBOURS = """
CREATE OR REPLACE TEMP TABLE frontier AS
WITH neighbours AS (
    SELECT right_key AS text_key FROM dedup.pairs WHERE left_key IN (FROM frontier) AND relation <> 'variant'
    UNION
    SELECT left_key FROM dedup.pairs WHERE right_key IN (FROM frontier) AND relation <> 'variant'
)
FROM neighbours ANTI JOIN component USING (text_key)
"""
_AFFECTED = """
CREATE OR REPLACE TEMP TABLE affected AS
WITH current_versions AS (
    SELECT item_id, text_key, published_earliest, text_length
    FROM core.versions
    WHERE item_id IN (SELECT item_id FROM core.versions WHERE text_key IN (FROM component))
    QUALIFY row_number() OVER (
        PARTITION BY item_id
        ORDER BY edited_at DESC NULLS LAST, posted_at DESC NULLS LAST, version_id DESC
    ) = 1
)
FROM current_versions WHERE text_key IN (FROM component)
"""
# Nearly all texts stand alone: only those with a copy or with several items have anything to be led.
_LINKED = """
SELECT
    replace(item_id::VARCHAR, '-', ''),
    replace(text_key::VARCHAR, '-', ''),
    published_earliest::VARCHAR,
    text_length
FROM affected
QUALIFY count(*) OVER (PARTITION BY text_key) > 1
    OR text_key IN (
        SELECT left_key FROM dedup.pairs WHERE relation <> 'variant'
        UNION
        SELECT right_key FROM dedup.pairs WHERE relation <> 'variant'
    )
ORDER BY item_id
"""
_LINKS = """
SELECT
    replace(left_key::VARCHAR, '-', ''),
    replace(right_key::VARCHAR, '-', ''),
    relation,
    similarity,
    containment
FROM dedup.pairs
WHERE left_key IN (SELECT text_key FROM affected) AND right_key IN (SELECT text_key FROM affected)
ORDER BY left_key, right_key
"""
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


def match(con: duckdb.DuckDBPyConnection, matcher: Matcher) -> int:
    """Bring `dedup` up to date; return by how much the number of items that are no primaries changed.

    Expects an open transaction, the stages of a batch, its new versions in core.versions, and the table
    `new_versions` that names them. Raises WarehouseError if the batch was signed by another recipe than
    the texts in the warehouse.
    """
    _check_recipe(con)
    con.execute(_ADD_TEXTS)
    con.execute(_RESPELT)
    con.execute(_TOUCHED, [BLANK_KEY])
    con.execute(_FORGET)
    _add_pairs(con, matcher)
    _grow_components(con)
    return _lead(con, matcher)


def _check_recipe(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "INSERT INTO dedup.recipe BY NAME SELECT * FROM stage_recipe WHERE NOT EXISTS (FROM dedup.recipe)"
    )
    other = con.execute("SELECT name FROM dedup.recipe ANTI JOIN stage_recipe USING (name)").fetchone()
    if other is not None:
        raise WarehouseError(
            f"The texts of this warehouse were signed by the recipe {other[0]}, this program signs by "
            "another one, and signatures of different recipes never meet. Ingest into another file."
        )


def _add_pairs(con: duckdb.DuckDBPyConnection, matcher: Matcher) -> None:
    con.execute(_CANDIDATES)
    texts = dict(con.execute(_CANDIDATE_TEXTS).fetchall())
    candidates = [
        (left, texts[left], right, texts[right]) for left, right in con.execute(_CANDIDATE_KEYS).fetchall()
    ]
    if not candidates:
        return
    pairs = matcher.verify(candidates)
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
    con.execute("CREATE OR REPLACE TEMP TABLE frontier AS FROM component")
    while True:
        con.execute(_NEIGHBOURS)
        if con.execute("SELECT count(*) FROM frontier").fetchall() == [(0,)]:
            return
        con.execute("INSERT INTO component FROM frontier")


def _lead(con: duckdb.DuckDBPyConnection, matcher: Matcher) -> int:
    con.execute(_AFFECTED)
    members = [
        Member(item_id=item_id, text_key=text_key, earliest=earliest, length=length)
        for item_id, text_key, earliest, length in con.execute(_LINKED).fetchall()
    ]
    links = [
        Pair(left=left, right=right, relation=relation, similarity=similarity, containment=containment)
        for left, right, relation, similarity, containment in con.execute(_LINKS).fetchall()
    ]
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
