"""Which version of an item is current where its source names no times: the one that was seen last.

A feed that corrects a story mostly does not say when. So versions of one item are told apart by the last
document that shows them (`shown_at`); by `edited_at` and `posted_at` before that, and by content behind it
(relational.CURRENT). It is noted only of items that have several versions: for others it would be written
anew at each look, and order nothing.
"""

import duckdb

from warehouse.adding import Versions

#: When a document was seen: when it was fetched or, where that is not known or only a day, the latest time
#: that it states itself. What counts is the time with which it landed, not when its bytes came again.
SEEN_AT = """
CASE
    WHEN length(receipt.fetched_at) > 10 THEN TRY_CAST(receipt.fetched_at AS TIMESTAMPTZ)
    WHEN receipt.fetched_at IS NULL THEN document.made_at
    WHEN document.made_at > TRY_CAST(receipt.fetched_at AS TIMESTAMPTZ)
        THEN least(document.made_at, TRY_CAST(receipt.fetched_at AS TIMESTAMPTZ) + INTERVAL 1 DAY)
    ELSE TRY_CAST(receipt.fetched_at AS TIMESTAMPTZ)
END
"""
_RIVALS = """
CREATE OR REPLACE TEMP TABLE rivals AS
SELECT item_id
FROM (
    SELECT item_id, version_id FROM known_versions
    UNION
    SELECT item_id, version_id FROM new_versions
) AS versions
GROUP BY item_id
HAVING count(*) > 1
"""
# Of items that lost a version to other rules, one may be left.
_RIVALS_AND_FORMER = """
CREATE OR REPLACE TEMP TABLE rivals AS
SELECT item_id FROM former_versions
UNION
SELECT item_id FROM known_versions
UNION
SELECT item_id FROM new_versions
"""
_SHOWN = f"""
CREATE OR REPLACE TEMP TABLE turned AS
WITH several AS (
    SELECT item_id FROM core.versions WHERE item_id IN (FROM rivals) GROUP BY item_id HAVING count(*) > 1
),
shown AS (
    SELECT
        sighting.item_id,
        sighting.version_id,
        max({SEEN_AT}) AS shown_at
    FROM core.sightings AS sighting
    JOIN raw.documents AS document ON document.document_key = sighting.document_key
    JOIN raw.receipts AS receipt ON receipt.receipt_key = document.receipt_key
    WHERE sighting.item_id IN (FROM several)
    GROUP BY sighting.item_id, sighting.version_id
)
SELECT version.rowid AS place, version.item_id, shown.shown_at
FROM core.versions AS version
LEFT JOIN shown ON shown.item_id = version.item_id AND shown.version_id = version.version_id
WHERE version.item_id IN (FROM rivals) AND version.shown_at IS DISTINCT FROM shown.shown_at
"""  # noqa: S608 - an expression of this module
_NOTE = """
UPDATE core.versions SET shown_at = turned.shown_at FROM turned WHERE versions.rowid = turned.place;

CREATE TEMP TABLE IF NOT EXISTS moved_items (item_id UUID);
INSERT INTO moved_items SELECT DISTINCT item_id FROM turned ANTI JOIN moved_items USING (item_id)
"""


def turn(con: duckdb.DuckDBPyConnection, versions: Versions, *, former: bool = False) -> bool:
    """Note when the versions of the items of a batch were last shown; return whether that changed anything.

    Expects the batch's rows and receipts in their tables. Items of which it changes something are led anew:
    they are in `moved_items`. former: `former_versions` names versions that may have gone.
    """
    if versions.alone and not former:
        return False
    con.execute(_RIVALS_AND_FORMER if former else _RIVALS)
    if con.execute("FROM rivals LIMIT 1").fetchone() is None:
        return False
    con.execute(_SHOWN)
    changed = con.execute("FROM turned LIMIT 1").fetchone() is not None
    if changed:
        con.execute(_NOTE)
    return changed
