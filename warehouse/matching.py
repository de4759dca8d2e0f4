"""Find new texts' near copies and lead the clusters that they touch, inside the landing transaction.

What comes out is a function of all texts and items landed so far: pairs are facts about two texts, and a
component that is touched is led anew as a whole. So neither order nor size of the batches matters.

A component is what copies link, however far. Variants (two facts in nearly the same words) link nothing, they
only keep texts of one component out of one cluster; so a new one is always inside a component that its new
text touches.
"""

import duckdb
import pyarrow as pa

from schemas.signatures import BLANK_KEY
from warehouse.band_index import keep
from warehouse.connection import store
from warehouse.floods import crowds, unsettle
from warehouse.judges import Matcher
from warehouse.leading import grow_components, lead
from warehouse.pairing import add_pairs, find_candidates, meet
from warehouse.recipes import enter_recipe
from warehouse.relational import RESPELT, TOUCHED

# By rowid, here and below: one column is read to find the rows, and of the others only what is wanted.
_SHARED = """
CREATE OR REPLACE TEMP TABLE shared AS
SELECT item_id, version_id, text_key, spelling_key
FROM core.versions
WHERE rowid IN (
    SELECT rowid FROM core.versions WHERE text_key IN (SELECT text_key FROM new_versions)
)
"""
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
    store(con, "respelt", RESPELT)
    meet(con, index)
    crowded = crowds(con)
    if crowded:
        unsettle(con)
    store(con, "component", TOUCHED, {"blank": BLANK_KEY})
    if con.execute("FROM respelt LIMIT 1").fetchone():
        con.execute(_FORGET)
        meet(con, index)
        crowded = crowds(con)
    find_candidates(con, crowded=crowded)
    add_pairs(con, matcher)
    grow_components(con)
    return lead(con, matcher)
