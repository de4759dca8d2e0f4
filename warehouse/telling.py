"""Tell the items of texts that were placed which cluster they are in: dedup.members follows ops.standings.

Items that are alone in their cluster have no row. Rows are written where something differs; of a text that
stands as before, only the items that came are looked at.
"""

from dataclasses import dataclass

import duckdb

from schemas.signatures import BLANK_KEY
from warehouse.connection import store
from warehouse.relational import CURRENT
from warehouse.text_rows import VERSIONS_OF, find_rows

# Of new texts, and of those whose items were sought, all items are known by now.
_UNREAD = """
CREATE OR REPLACE TEMP TABLE unread AS
SELECT text_key FROM retold ANTI JOIN new_texts USING (text_key) ANTI JOIN sought USING (text_key)
"""
_TOLD = """
CREATE OR REPLACE TEMP TABLE to_tell AS
SELECT item_id, text_key FROM fresh_items
UNION
SELECT item_id, text_key FROM old_items SEMI JOIN retold USING (text_key)
UNION
SELECT item_id, text_key FROM retold_items SEMI JOIN retold USING (text_key);

CREATE OR REPLACE TEMP TABLE members_before AS
FROM dedup.members
WHERE item_id IN (
    SELECT item_id FROM to_tell
    UNION
    SELECT item_id FROM new_versions
    UNION
    SELECT item_id FROM moved_items
);

CREATE OR REPLACE TEMP TABLE members_now AS
SELECT
    item.item_id,
    lead.item_id AS cluster_id,
    CASE WHEN stands.lead_key = stands.text_key THEN 'exact' ELSE stands.relation END AS relation,
    stands.similarity,
    stands.containment,
    CASE WHEN stands.lead_key = stands.text_key THEN 'equal-words' ELSE stands.rule END AS rule
FROM to_tell AS item
JOIN ops.standings AS stands ON stands.text_key = item.text_key
JOIN ops.standings AS lead ON lead.text_key = stands.lead_key
WHERE item.item_id <> lead.item_id;

CREATE OR REPLACE TEMP TABLE gone AS
FROM members_before WHERE item_id <> cluster_id EXCEPT FROM members_now;

CREATE OR REPLACE TEMP TABLE come AS FROM members_now EXCEPT FROM members_before;

DELETE FROM dedup.members WHERE item_id IN (SELECT item_id FROM gone UNION SELECT item_id FROM come);
INSERT INTO dedup.members FROM come ORDER BY cluster_id, item_id
"""
# A cluster has a row for its primary as long as it has others.
_PRIMARIES = """
CREATE OR REPLACE TEMP TABLE sized AS
SELECT
    touched.cluster_id,
    count(*) FILTER (member.item_id <> member.cluster_id) AS others,
    count(*) FILTER (member.item_id = member.cluster_id) AS primaries
FROM (
    SELECT cluster_id FROM gone
    UNION
    SELECT cluster_id FROM come
    UNION
    SELECT cluster_id FROM left_clusters
    UNION
    SELECT cluster_id FROM members_before WHERE item_id = cluster_id
) AS touched
LEFT JOIN dedup.members AS member ON member.cluster_id = touched.cluster_id
GROUP BY touched.cluster_id;

DELETE FROM dedup.members
WHERE item_id = cluster_id AND cluster_id IN (SELECT cluster_id FROM sized WHERE others = 0);
INSERT INTO dedup.members
SELECT cluster_id, cluster_id, NULL, 1, 1, NULL FROM sized WHERE others > 0 AND primaries = 0
"""
_CHANGE = """
SELECT
    (SELECT count(*) FROM come) - (SELECT count(*) FROM gone),
    (SELECT count(*) FROM come WHERE relation <> 'exact')
    - (SELECT count(*) FROM gone WHERE relation <> 'exact')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """By how much items that are no primaries became more, and near or contained ones among them."""

    copies: int = 0
    near: int = 0


def tell(con: duckdb.DuckDBPyConnection) -> Change:
    """Bring dedup.members up to date with ops.standings for `retold` texts and the items of the batch."""
    con.execute(_UNREAD)
    store(con, "retold_items", "FROM fresh_items LIMIT 0")
    if con.execute("FROM unread LIMIT 1").fetchone():
        find_rows(con, "unread")
        versions = VERSIONS_OF.format(texts="unread")
        store(con, "retold_items", CURRENT.format(versions=versions), {"blank": BLANK_KEY})
    con.execute(_TOLD)
    con.execute(_PRIMARIES)
    ((copies, near),) = con.execute(_CHANGE).fetchall()
    return Change(copies=copies, near=near)
