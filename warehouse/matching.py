"""Find new texts' near copies and keep up the clusters that they touch, inside the landing transaction.

What comes out is a function of all texts and items landed so far: pairs are facts about two texts, and where
a text stands follows from the texts before it (warehouse/leading.py). So neither order nor size of the
batches matters.
"""

import duckdb
import pyarrow as pa

from warehouse.band_index import keep
from warehouse.connection import store
from warehouse.judges import Matcher
from warehouse.leading import lead
from warehouse.pairing import add_pairs, find_candidates, meet
from warehouse.recipes import enter_recipe
from warehouse.relational import RESPELT, UNPAIRED
from warehouse.telling import Change
from warehouse.text_rows import ROWS_OF, start_rows

_SHARED = f"""
SELECT item_id, version_id, text_key, spelling_key
FROM core.versions
WHERE rowid IN ({ROWS_OF.format(texts="new_versions")})
"""  # noqa: S608 - names of a module
_ADD_TEXTS = """
CREATE OR REPLACE TEMP TABLE matched_texts AS
SELECT text_key FROM stage_signatures
SEMI JOIN new_versions USING (text_key)
ANTI JOIN dedup.signatures USING (text_key);

CREATE OR REPLACE TEMP TABLE new_texts AS FROM matched_texts;
CREATE TEMP TABLE IF NOT EXISTS moved_items (item_id UUID);
CREATE TEMP TABLE IF NOT EXISTS forgotten (text_key UUID);
CREATE TEMP TABLE IF NOT EXISTS bereft (text_key UUID);
CREATE TEMP TABLE IF NOT EXISTS left_clusters (cluster_id UUID);
CREATE OR REPLACE TEMP TABLE crowd (text_key UUID);
CREATE OR REPLACE TEMP TABLE respelt (text_key UUID);

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


_END = "; ".join(
    f"DROP TABLE temp.{name}" for name in ("moved_items", "forgotten", "bereft", "left_clusters")
)


def match(
    con: duckdb.DuckDBPyConnection, matcher: Matcher, recipe: pa.Table, *, moved: bool = False
) -> Change:
    """Bring `dedup` up to date; return by how much the numbers of copies changed.

    Expects an open transaction, the stages of a batch, its new versions in core.versions, and the table
    `new_versions` that names them; `moved`: also `moved_versions` (relational.MOVED). `moved_items` may name
    others that are to be led anew. Where versions were taken out, also `forgotten`, the texts to be matched
    as if they had just come, `bereft`, those that lost pairs by that, and `left_clusters`, which lost rows.
    Raises WarehouseError if the batch was signed by another recipe than the texts in the warehouse.
    """
    enter_recipe(con, recipe)
    index = keep(con)
    con.execute(_ADD_TEXTS)
    con.execute(_ADD_BANDS.format(table="dedup.bands"))
    if index is not None:
        con.execute(_ADD_BANDS.format(table="ops.fresh_bands"))
    start_rows(con)
    meet(con, index)
    find_candidates(con)
    store(con, "shared", _SHARED)
    store(con, "respelt", RESPELT)
    store(con, "unpaired", UNPAIRED.format(texts="respelt"))
    if con.execute("FROM respelt LIMIT 1").fetchone():
        con.execute(_FORGET)
        meet(con, index)
        find_candidates(con)
    add_pairs(con, matcher)
    change = lead(con, matcher, moved=moved)
    con.execute(_END)
    return change
