"""Lead anew the clusters of all components that a batch touches."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa

from schemas.signatures import BLANK_KEY, Member, Pair
from warehouse.catching import catch
from warehouse.columns import keys, table
from warehouse.connection import staged, store
from warehouse.judges import Matcher
from warehouse.relational import AFFECTED, LINKED, LINKS, NEIGHBOURS

_MEMBERS = pa.schema(
    [
        ("item_id", pa.uuid()),
        ("cluster_id", pa.uuid()),
        ("relation", pa.string()),
        ("similarity", pa.float64()),
        ("containment", pa.float64()),
    ]
)

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

#: Rows that are made into Python objects at once.
_READ = 10_000


def grow_components(con: duckdb.DuckDBPyConnection) -> None:
    """Add to `component` all texts that copies link to it, however far away.

    One join a step, and steps are few: copies pair with each other, so components are dense. A recursive
    query is slower by far on the components that are not (25 s for long chains).
    """
    store(con, "frontier", "SELECT text_key FROM component")
    while True:
        store(con, "frontier", NEIGHBOURS)
        if con.execute("SELECT count(*) FROM frontier").fetchall() == [(0,)]:
            return
        con.execute("INSERT INTO component FROM frontier")


def lead(con: duckdb.DuckDBPyConnection, matcher: Matcher) -> int:
    """Lead the clusters of `component`; return how many more items are no primaries than before."""
    store(con, "affected", AFFECTED, {"blank": BLANK_KEY})
    known: dict[str, str] = {}  # a flood has many pairs of few texts: each key is one string
    members = [
        Member(
            item_id=item_id, text_key=known.setdefault(text_key, text_key), earliest=earliest, length=length
        )
        for item_id, text_key, earliest, length in _rows(con, _LINKED)
    ]
    links = [
        Pair(
            left=known.setdefault(left, left),
            right=known.setdefault(right, right),
            relation=relation,
            similarity=similarity,
            containment=containment,
        )
        for left, right, relation, similarity, containment in _rows(con, _LINKS)
    ]
    links += catch(con, matcher, members, links)
    led = matcher.lead(members, links) if members else []
    sizes = Counter(membership.cluster_id for membership in led)
    led = [membership for membership in led if sizes[membership.cluster_id] > 1]
    rows = table(
        _MEMBERS,
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


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of an answer; most of them wait in Arrow, which takes a third of what Python does."""
    for rows in con.sql(query).to_arrow_table().to_batches(_READ):
        yield from zip(*(column.to_pylist() for column in rows.columns), strict=True)
