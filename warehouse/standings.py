"""Which texts have to be placed anew, and by which of their items they stand.

ops.standings holds the texts that have copies, several items, or a bucket that is a flood; any other text
leads its only item. A text whose best item is another one than before, or that is judged by another spelling,
loses its place first: what stood behind it is placed anew, and the text as if it had just come.
"""

import duckdb

from schemas.signatures import BLANK_KEY
from warehouse.connection import store
from warehouse.floods import floods_known
from warehouse.relational import CURRENT, MOVED, TOUCHED
from warehouse.text_rows import VERSIONS_OF, find_rows


def rank(table: str) -> str:
    """Return the place of a row in the order of choice, in SQL; it compares like Standing.rank."""
    return (
        f"row({table}.earliest IS NULL, coalesce({table}.earliest, DATE '9999-12-31'), "
        f"-{table}.length, {table}.item_id)"
    )


_BEST = f"""
SELECT item.text_key, arg_min(item, {rank("item")}) AS best, count(*) AS items
FROM {{items}} AS item
GROUP BY item.text_key
"""  # noqa: S608 - names of this module
# Of a text that stands, only new items are looked at, unless the one that it stands by may have gone.
_RECOUNT = """
CREATE OR REPLACE TEMP TABLE recount AS
SELECT touched.text_key
FROM touched
LEFT JOIN ops.standings AS stands ON stands.text_key = touched.text_key
WHERE stands.text_key IS NULL
    OR stands.item_id IN (SELECT item_id FROM new_versions UNION SELECT item_id FROM moved_items)
    OR touched.text_key IN (SELECT text_key FROM forgotten);

CREATE OR REPLACE TEMP TABLE with_old_items AS
SELECT text_key FROM recount ANTI JOIN new_texts USING (text_key)
"""
_COUNTED = """
CREATE OR REPLACE TEMP TABLE counted AS
SELECT item_id, text_key, earliest, length FROM fresh_items
UNION
SELECT item_id, text_key, earliest, length FROM old_items SEMI JOIN recount USING (text_key)
UNION
SELECT item_id, text_key, earliest, length
FROM ops.standings SEMI JOIN touched USING (text_key) ANTI JOIN recount USING (text_key)
"""
_HOT = """
CREATE OR REPLACE TEMP TABLE hot AS
SELECT text_key FROM mine SEMI JOIN ops.floods USING (band_key, band)
UNION
SELECT text_key FROM crowd;

CREATE OR REPLACE TEMP TABLE returned AS
SELECT text_key FROM with_old_items
ANTI JOIN matched_texts USING (text_key)
ANTI JOIN ops.standings USING (text_key)
"""
# A text that no item said any more, and one says again, may be of a flood too.
_HOT_AGAIN = """
INSERT INTO hot
SELECT DISTINCT text_key FROM dedup.bands SEMI JOIN ops.floods USING (band_key, band)
WHERE text_key IN (SELECT text_key FROM returned) AND text_key NOT IN (SELECT text_key FROM hot)
"""
# Texts that stand for the first time since a copy has come: nothing else is new of them.
_PARTNERS = """
CREATE OR REPLACE TEMP TABLE copied AS
SELECT left_key, right_key FROM dedup.pairs
WHERE relation <> 'variant'
    AND (left_key IN (SELECT text_key FROM touched) OR right_key IN (SELECT text_key FROM touched));

CREATE OR REPLACE TEMP TABLE partners AS
SELECT text_key FROM (SELECT left_key AS text_key FROM copied UNION SELECT right_key FROM copied) AS copies
ANTI JOIN ops.standings USING (text_key)
ANTI JOIN touched USING (text_key);

CREATE OR REPLACE TEMP TABLE sought AS
SELECT text_key FROM with_old_items
UNION ALL
SELECT text_key FROM partners
"""
_PLAY = """
CREATE OR REPLACE TEMP TABLE play AS
SELECT text_key, best FROM ranked
WHERE items > 1
    OR text_key IN (SELECT text_key FROM ops.standings WHERE text_key IN (SELECT text_key FROM touched))
    OR text_key IN (SELECT text_key FROM hot)
    OR text_key IN (SELECT left_key FROM copied UNION ALL SELECT right_key FROM copied)
"""
_RETIRED = """
CREATE OR REPLACE TEMP TABLE retired AS
SELECT stands.*
FROM ops.standings AS stands
SEMI JOIN touched USING (text_key)
LEFT JOIN ranked ON ranked.text_key = stands.text_key
WHERE ranked.text_key IS NULL
    OR stands.text_key IN (SELECT text_key FROM respelt)
    OR stands.text_key IN (SELECT text_key FROM forgotten)
    OR ranked.best.item_id <> stands.item_id
    OR ranked.best.earliest IS DISTINCT FROM stands.earliest
    OR ranked.best.length <> stands.length
"""
#: The first texts of clusters behind their leads.
WITNESSES = f"""
SELECT lead_key, unnest(arg_min(text_key, {rank("stands")}, {{size}})) AS text_key
FROM ops.standings AS stands
WHERE lead_key IN (SELECT text_key FROM {{leads}}) AND text_key <> lead_key
GROUP BY lead_key
"""  # noqa: S608 - as above
# A head or a witness that goes is missed in its bucket by all that stand behind it.
_MISSED = f"""
CREATE OR REPLACE TEMP TABLE events AS
SELECT head.band_key, head.band, gone.earliest, gone.length, gone.item_id, true AS lost
FROM retired AS gone
JOIN ops.heads AS head ON head.text_key = gone.text_key;

CREATE OR REPLACE TEMP TABLE retired_leads AS
SELECT DISTINCT lead_key AS text_key FROM retired SEMI JOIN ops.heads ON heads.text_key = retired.lead_key;

INSERT INTO events
SELECT head.band_key, head.band, gone.earliest, gone.length, gone.item_id, true AS lost
FROM retired AS gone
JOIN ({WITNESSES.format(leads="retired_leads", size="{size}")}) AS witness
    ON witness.lead_key = gone.lead_key AND witness.text_key = gone.text_key
JOIN ops.heads AS head ON head.text_key = gone.lead_key
"""  # noqa: S608 - as above
# Of a bucket in which something changed at some rank, all texts behind it are placed anew, but for those that
# an earlier head leads. What was placed in the same wave has seen the change, unless something was lost.
_SPREAD = f"""
INSERT INTO dirty
SELECT DISTINCT stands.text_key
FROM events AS event
JOIN dedup.bands AS banded ON banded.band_key = event.band_key AND banded.band = event.band
JOIN ops.standings AS stands ON stands.text_key = banded.text_key
LEFT JOIN (
    SELECT event.band_key, event.band, event.item_id, head.text_key
    FROM events AS event
    JOIN ops.heads AS head ON head.band_key = event.band_key AND head.band = event.band
    JOIN ops.standings AS lead ON lead.text_key = head.text_key
    WHERE {rank("lead")} < {rank("event")}
) AS earlier
    ON earlier.band_key = event.band_key AND earlier.band = event.band AND earlier.item_id = event.item_id
    AND earlier.text_key = stands.lead_key
WHERE {rank("stands")} > {rank("event")}
    AND earlier.text_key IS NULL
    AND (event.lost OR stands.text_key NOT IN (SELECT text_key FROM wave))
    AND stands.text_key NOT IN (SELECT text_key FROM dirty)
"""  # noqa: S608 - as above
_RETIRE = """
INSERT INTO dirty
SELECT stands.text_key
FROM ops.standings AS stands
SEMI JOIN (
    SELECT left_key AS text_key FROM dedup.pairs WHERE right_key IN (SELECT text_key FROM retired)
    UNION
    SELECT right_key FROM dedup.pairs WHERE left_key IN (SELECT text_key FROM retired)
    UNION
    SELECT text_key FROM led_by_retired
) AS behind ON behind.text_key = stands.text_key
ANTI JOIN dirty ON dirty.text_key = stands.text_key;

DELETE FROM ops.heads WHERE text_key IN (SELECT text_key FROM retired);
DELETE FROM ops.standings WHERE text_key IN (SELECT text_key FROM retired);
DELETE FROM dirty WHERE text_key IN (SELECT text_key FROM retired)
"""
_LED_BY_RETIRED = """
CREATE OR REPLACE TEMP TABLE led_by_retired AS
SELECT text_key FROM ops.standings WHERE lead_key IN (SELECT text_key FROM retired);

CREATE OR REPLACE TEMP TABLE retold AS
SELECT text_key FROM retired UNION SELECT text_key FROM led_by_retired
"""
_ENTER = """
INSERT INTO ops.standings
SELECT text_key, best.item_id, best.earliest, best.length, {lead}, NULL, 1, 1, NULL
FROM {texts} ANTI JOIN ops.standings USING (text_key)
"""


_ANY = """
SELECT
    EXISTS (FROM with_old_items),
    EXISTS (FROM partners),
    EXISTS (FROM ops.standings WHERE text_key IN (SELECT text_key FROM touched))
"""
_NOTHING = """
CREATE OR REPLACE TEMP TABLE dirty (text_key UUID);
CREATE OR REPLACE TEMP TABLE wave (text_key UUID);
CREATE OR REPLACE TEMP TABLE retold (text_key UUID)
"""


def prepare(con: duckdb.DuckDBPyConnection, witnesses: int, *, moved: bool) -> None:
    """Make `dirty`, the texts to be placed, all of which stand in ops.standings; `retold` and `fresh_items`.

    Expects what matching leaves: new_versions, new_texts, matched_texts, mine, respelt, unpaired, crowd and
    forgotten; `moved`: moved_versions is there, too. `witnesses` is how many texts of a cluster others are
    compared with.
    """
    blank = {"blank": BLANK_KEY}
    if not moved:
        store(con, "moved_versions", MOVED)
    store(con, "touched", TOUCHED, blank)
    store(con, "fresh_items", CURRENT.format(versions="moved_versions"), blank)
    con.execute(_RECOUNT)
    con.execute(_PARTNERS)
    old, partners, standing = con.execute(_ANY).fetchall()[0]
    store(con, "old_items", "FROM fresh_items LIMIT 0")
    if old or partners:  # asked once: a whole column is read for it
        find_rows(con, "sought")
        store(con, "old_items", CURRENT.format(versions=VERSIONS_OF.format(texts="sought")), blank)
    if old or standing:
        con.execute(_COUNTED)
    store(con, "ranked", _BEST.format(items="counted" if old or standing else "fresh_items"))
    con.execute("CREATE OR REPLACE TEMP TABLE hot (text_key UUID)")
    if floods_known(con):
        con.execute(_HOT)
        if con.execute("FROM returned LIMIT 1").fetchone():
            con.execute(_HOT_AGAIN)
    con.execute(_PLAY)
    con.execute(_NOTHING)
    if standing:
        con.execute(_RETIRED)
        con.execute(_LED_BY_RETIRED)
        if con.execute("FROM retired LIMIT 1").fetchone():
            con.execute(_MISSED.format(size=witnesses))
            spread(con)
            con.execute(_RETIRE)
    con.execute(_ENTER.format(texts="play", lead="NULL"))
    con.execute("INSERT INTO dirty SELECT text_key FROM play ANTI JOIN dirty USING (text_key)")
    if partners:
        store(con, "partner_items", "FROM old_items SEMI JOIN partners USING (text_key)")
        store(con, "ranked_partners", _BEST.format(items="partner_items"))
        con.execute(_ENTER.format(texts="ranked_partners", lead="text_key"))


def spread(con: duckdb.DuckDBPyConnection) -> None:
    """Add to `dirty` the texts of floods that `events` are felt by."""
    if con.execute("FROM events LIMIT 1").fetchone():
        con.execute(_SPREAD)
