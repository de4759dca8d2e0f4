"""The relational half of matching: which texts may be copies, and which items have to be led anew.

Plain SQL in the subset that DuckDB and Spark share, so that an engine on more than one machine could run it
as it stands: joins, unions, groups and window functions, no function of one engine alone, nothing that
changes a table. Who runs it (warehouse/matching.py) stores each answer under the name that the next query
reads.

    new_versions (item_id, version_id, text_key)   versions that came with this batch
    moved_items (item_id)        items without a new version of which another one may be current now
    shared                       all versions that have a text in common with new_versions
    matched_texts (text_key)     texts to be matched: new ones, and those of RESPELT
    mine (band_key, text_key, band)   their bands
    met_bands (band_key, text_key, band)   those of all texts that are equal to one of `mine`
    crowd, unpaired (text_key)   texts of new floods, and those whose pairs with RESPELT are void
    forgotten, bereft (text_key) texts of which items went, and those whose pairs with them went
"""

# A text is judged by one of its spellings, the one of the smallest hash. If a smaller one arrives, its pairs
# are judged anew: else they would depend on which spelling came first.
RESPELT = """
SELECT version.text_key
FROM shared AS version
LEFT JOIN new_versions AS fresh ON fresh.item_id = version.item_id AND fresh.version_id = version.version_id
GROUP BY version.text_key
HAVING min(version.spelling_key) < min(CASE WHEN fresh.item_id IS NULL THEN version.spelling_key END)
"""
# A key that is met in another band was mixed into the same 32 bits by chance. Rows from before the number was
# stored have none.
CANDIDATES = """
SELECT DISTINCT
    least(mine.text_key, other.text_key) AS left_key,
    greatest(mine.text_key, other.text_key) AS right_key
FROM met_bands AS other
JOIN mine ON mine.band_key = other.band_key
WHERE other.text_key <> mine.text_key
    AND (other.band = mine.band OR other.band IS NULL OR mine.band IS NULL)
"""
# Buckets that may be floods (warehouse/floods.py). The parameter: how many texts a bucket holds before that.
CROWDED = """
SELECT band_key, band FROM met_bands WHERE band IS NOT NULL GROUP BY band_key, band HAVING count(*) > ?
"""
# Texts of which something is new: items, old texts of an item that was edited, the spelling they are judged
# by and with it their pairs, a flood that they are in. The parameter is the key of blank texts.
TOUCHED = """
SELECT text_key FROM (
    SELECT text_key FROM moved_versions
    UNION
    SELECT text_key FROM respelt
    UNION
    SELECT text_key FROM unpaired
    UNION
    SELECT text_key FROM bereft
    UNION
    SELECT text_key FROM crowd
    UNION
    SELECT text_key FROM forgotten
) AS any_text
WHERE text_key <> $blank
"""
# Copies and variants of texts whose pairs are void.
UNPAIRED = """
SELECT left_key AS text_key FROM dedup.pairs WHERE right_key IN (SELECT text_key FROM {texts})
UNION
SELECT right_key FROM dedup.pairs WHERE left_key IN (SELECT text_key FROM {texts})
"""
# All versions of the items of a batch, read once.
MOVES = (
    *("item_id", "version_id", "text_key"),
    *("published_earliest", "text_length", "edited_at", "posted_at", "shown_at"),
)
MOVED = f"""
SELECT {", ".join(MOVES)}
FROM core.versions
WHERE item_id IN (SELECT item_id FROM new_versions UNION SELECT item_id FROM moved_items)
"""  # noqa: S608 - names of this module
# The current versions of some items, but for those that say nothing. `versions` are all of theirs.
CURRENT = """
SELECT item_id, text_key, published_earliest AS earliest, text_length AS length
FROM (
    SELECT
        item_id,
        text_key,
        published_earliest,
        text_length,
        row_number() OVER (
            PARTITION BY item_id
            ORDER BY
                edited_at DESC NULLS LAST,
                posted_at DESC NULLS LAST,
                shown_at DESC NULLS LAST,
                version_id DESC
        ) AS place
    FROM {versions} AS every_version
) AS version
WHERE place = 1 AND text_key <> $blank
"""
