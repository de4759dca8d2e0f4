"""The relational half of matching: which texts may be copies, and which items have to be led anew.

Plain SQL in the subset that DuckDB and Spark share, so that an engine on more than one machine could run it
as it stands: joins, unions, groups and window functions, no function of one engine alone, nothing that
changes a table. Who runs it (warehouse/matching.py) stores each answer under the name that the next query
reads.

    new_versions (item_id, version_id, text_key)   versions that came with this batch
    shared                       all versions that have a text in common with new_versions
    matched_texts (text_key)     texts to be matched: new ones, and those of RESPELT
    mine (band_key, text_key, band)   their bands
    met_bands (band_key, text_key, band)   those of all texts that are equal to one of `mine`
    component (text_key)         texts that are led anew; grows by NEIGHBOURS until `frontier` is empty
    affected                     the items of these texts
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
# Floods (warehouse/floods.py). Parameters: how many texts a bucket holds before it is one, and how many of a
# flood are anchors.
CROWDED = """
SELECT band_key, band FROM met_bands WHERE band IS NOT NULL GROUP BY band_key, band HAVING count(*) > ?
"""
MEMBERS = """
SELECT band_key, band, text_key, place, size
FROM (
    SELECT
        band_key,
        band,
        text_key,
        row_number() OVER (PARTITION BY band_key, band ORDER BY text_key) AS place,
        count(*) OVER (PARTITION BY band_key, band) AS size
    FROM (
        SELECT DISTINCT banded.band_key, banded.band, banded.text_key
        FROM dedup.bands AS banded
        JOIN crowded ON crowded.band_key = banded.band_key AND crowded.band = banded.band
    ) AS members
) AS counted
WHERE size > ?
"""
# By what a bucket was before the new texts came: place and size without them.
UNSETTLED = """
SELECT DISTINCT text_key
FROM (
    SELECT
        crowd.text_key,
        crowd.place,
        row_number() OVER (PARTITION BY crowd.band_key, crowd.band ORDER BY crowd.text_key) AS former_place,
        count(*) OVER (PARTITION BY crowd.band_key, crowd.band) AS former_size
    FROM crowd
    LEFT JOIN matched_texts AS fresh ON fresh.text_key = crowd.text_key
    WHERE fresh.text_key IS NULL
) AS former
WHERE former_size <= $full OR (former_place <= $anchors AND place > $anchors)
"""
CAPPED = """
SELECT DISTINCT
    least(mine.text_key, other.text_key) AS left_key,
    greatest(mine.text_key, other.text_key) AS right_key
FROM mine
JOIN crowd AS own
    ON own.band_key = mine.band_key AND own.band = mine.band AND own.text_key = mine.text_key
JOIN crowd AS other
    ON other.band_key = mine.band_key AND other.band = mine.band AND other.text_key <> mine.text_key
WHERE own.place <= $anchors

UNION

SELECT DISTINCT
    least(mine.text_key, other.text_key) AS left_key,
    greatest(mine.text_key, other.text_key) AS right_key
FROM mine
JOIN (SELECT band_key, band, text_key FROM crowd WHERE place <= $anchors) AS other
    ON other.band_key = mine.band_key AND other.band = mine.band AND other.text_key <> mine.text_key
"""
# Old texts of an item that was edited count too: the cluster it leaves is led anew. So do texts that are
# judged anew, with all that they were linked to: a text that loses its last link is reached by no pair, and
# its items would stay where they were. The parameter is the key of blank texts.
TOUCHED = """
SELECT text_key FROM core.versions
WHERE item_id IN (SELECT item_id FROM new_versions) AND text_key <> $blank
UNION
SELECT text_key FROM respelt WHERE text_key <> $blank
UNION
SELECT left_key FROM dedup.pairs
WHERE right_key IN (SELECT text_key FROM respelt) AND relation <> 'variant'
UNION
SELECT right_key FROM dedup.pairs
WHERE left_key IN (SELECT text_key FROM respelt) AND relation <> 'variant'
"""
NEIGHBOURS = """
SELECT neighbour.text_key
FROM (
    SELECT right_key AS text_key FROM dedup.pairs
    WHERE left_key IN (SELECT text_key FROM frontier) AND relation <> 'variant'
    UNION
    SELECT left_key FROM dedup.pairs
    WHERE right_key IN (SELECT text_key FROM frontier) AND relation <> 'variant'
) AS neighbour
ANTI JOIN component ON component.text_key = neighbour.text_key
"""
# The current version of each item that ever had a text of the component. One that says nothing any more is of
# no component, and leaves this one. The parameter is the key of blank texts.
AFFECTED = """
SELECT item_id, text_key, published_earliest, text_length
FROM (
    SELECT
        item_id,
        text_key,
        published_earliest,
        text_length,
        row_number() OVER (
            PARTITION BY item_id
            ORDER BY edited_at DESC NULLS LAST, posted_at DESC NULLS LAST, version_id DESC
        ) AS place
    FROM core.versions
    WHERE item_id IN (
        SELECT item_id FROM core.versions WHERE text_key IN (SELECT text_key FROM component)
    )
) AS version
WHERE place = 1
    AND (text_key IN (SELECT text_key FROM component) OR text_key = $blank OR text_key IS NULL)
"""
# Nearly all texts stand alone: only those with a copy or with several items have anything to be led.
LINKED = """
SELECT item_id, text_key, published_earliest, text_length
FROM affected
WHERE text_key IN (SELECT text_key FROM affected GROUP BY text_key HAVING count(*) > 1)
    OR text_key IN (SELECT left_key FROM dedup.pairs WHERE relation <> 'variant')
    OR text_key IN (SELECT right_key FROM dedup.pairs WHERE relation <> 'variant')
"""
LINKS = """
SELECT left_key, right_key, relation, similarity, containment
FROM dedup.pairs
WHERE left_key IN (SELECT text_key FROM affected) AND right_key IN (SELECT text_key FROM affected)
"""
