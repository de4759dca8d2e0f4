"""Floods: buckets of more texts than can be compared each with each.

Texts that share a bucket of at most FULL texts are compared, each with each. A bucket that outgrows it is
noted in ops.floods, and makes no candidates any more: pairs that it alone had proposed go, and its texts are
compared with its heads instead, the first that lead in it, when they are placed (cleaners/placing.py). So
what a text of a flood costs does not grow with the flood, and neither order nor size of the batches can be
seen in the pairs: which buckets are floods is a function of all texts.
"""

import duckdb

from warehouse.relational import CROWDED

#: Texts of a bucket that are all compared with each other. The largest bucket of the 12,088 development posts
#: (11,817 texts, 25 bands) has 42: there, no pair is left out. It grows with what is stored, as templates do.
FULL = 64

# What meets tells which buckets may be floods; dedup.bands holds exactly whom.
_CROWDS = """
CREATE OR REPLACE TEMP TABLE crowds AS
SELECT DISTINCT text_key, band_key, band FROM dedup.bands SEMI JOIN crowded USING (band_key, band)
"""
_FRESH = """
CREATE OR REPLACE TEMP TABLE fresh_floods AS
SELECT band_key, band FROM crowds GROUP BY band_key, band HAVING count(*) > ?
"""
_NOTE = """
INSERT INTO ops.floods FROM fresh_floods;

DELETE FROM met_bands USING fresh_floods AS flood
WHERE flood.band_key = met_bands.band_key AND flood.band = met_bands.band;

CREATE OR REPLACE TEMP TABLE newly_flooded AS
SELECT DISTINCT text_key FROM crowds SEMI JOIN fresh_floods USING (band_key, band);

INSERT INTO crowd FROM newly_flooded ANTI JOIN crowd USING (text_key)
"""
# A pair stays if its texts share another bucket, which is no flood.
_PRUNE = """
CREATE OR REPLACE TEMP TABLE loose_pairs AS
SELECT left_key, right_key FROM dedup.pairs
WHERE left_key IN (FROM newly_flooded) AND right_key IN (FROM newly_flooded);

CREATE OR REPLACE TEMP TABLE loose_bands AS
SELECT text_key, band_key, band
FROM (
    SELECT text_key, band_key, band FROM dedup.bands
    WHERE text_key IN (SELECT left_key FROM loose_pairs UNION SELECT right_key FROM loose_pairs)
) AS banded
ANTI JOIN ops.floods USING (band_key, band);

DELETE FROM dedup.pairs
USING (
    SELECT left_key, right_key FROM loose_pairs
    EXCEPT
    SELECT pair.left_key, pair.right_key
    FROM loose_pairs AS pair
    JOIN loose_bands AS mine ON mine.text_key = pair.left_key
    JOIN loose_bands AS other ON other.text_key = pair.right_key AND other.band_key = mine.band_key
        AND (other.band = mine.band OR other.band IS NULL OR mine.band IS NULL)
) AS gone
WHERE gone.left_key = pairs.left_key AND gone.right_key = pairs.right_key
"""


def floods_known(con: duckdb.DuckDBPyConnection) -> bool:
    """Say whether there are any: without them some questions need not be asked."""
    return con.execute("FROM ops.floods LIMIT 1").fetchone() is not None


def note_floods(con: duckdb.DuckDBPyConnection) -> None:
    """Note the buckets of `met_bands` that are floods now, take them out, and add their texts to `crowd`.

    Expects that the bands of the batch are in dedup.bands.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE crowded AS {CROWDED}", [FULL])
    if con.execute("FROM crowded LIMIT 1").fetchone() is None:
        return
    con.execute(_CROWDS)
    con.execute(_FRESH, [FULL])
    if con.execute("FROM fresh_floods LIMIT 1").fetchone() is None:
        return
    con.execute(_NOTE)
    con.execute(_PRUNE)
