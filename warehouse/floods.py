"""Floods: more texts with one band in common than can be compared pair by pair.

Of a bucket of more than FULL texts only pairs with one of its anchors are candidates, the ANCHORS texts of
the smallest keys: 20,000 texts make 320,000 pairs, not 200 million. Which those are is a function of all
texts in the bucket, so neither order nor size of the batches can be seen in what lands: texts whose pairs a
newcomer makes void are judged anew, all of a bucket that outgrows FULL, and an anchor that is displaced.

What the anchors do not catch, the primary does (warehouse/catching.py).
"""

import duckdb

from warehouse.relational import CAPPED, CROWDED, MEMBERS, UNSETTLED

#: Texts of a bucket that are all compared with each other. The largest bucket of the 12,088 development posts
#: (11,817 texts, 25 bands) has 42: there, no pair is left out. It grows with what is stored, as templates do.
FULL = 64
#: 16 of 64: a bucket that becomes a flood gets about as many pairs a text as it had.
ANCHORS = 16


def crowds(con: duckdb.DuckDBPyConnection) -> bool:
    """Make `crowd` (band_key, band, text_key, place, size): who is in the floods that `mine` meets.

    `met_bands` tells which may; dedup.bands holds exactly whom.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE crowded AS {CROWDED}", [FULL])
    if con.execute("FROM crowded LIMIT 1").fetchone() is None:
        return False
    con.execute(f"CREATE OR REPLACE TEMP TABLE crowd AS {MEMBERS}", [FULL])
    return con.execute("FROM crowd LIMIT 1").fetchone() is not None


def unsettle(con: duckdb.DuckDBPyConnection) -> None:
    """Add to `respelt`, the texts to be judged anew, those whose pairs the texts of `mine` make void."""
    con.execute(
        f"INSERT INTO respelt FROM ({UNSETTLED}) ANTI JOIN respelt USING (text_key)",
        {"full": FULL, "anchors": ANCHORS},
    )


def cap(con: duckdb.DuckDBPyConnection) -> None:
    """Take the buckets of `crowd` out of `met_bands`, and make `capped`, the candidates that they leave."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE capped AS {CAPPED}", {"anchors": ANCHORS})
    con.execute(
        "DELETE FROM met_bands USING (SELECT DISTINCT band_key, band FROM crowd) AS flood "
        "WHERE flood.band_key = met_bands.band_key AND flood.band = met_bands.band"
    )
