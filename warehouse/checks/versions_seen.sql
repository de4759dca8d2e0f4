-- A version of an item was seen in a document, and what was seen is a version.
-- scope: items
SELECT version.item_id, version.version_id, sighting.item_id AS seen
FROM core.versions AS version
FULL JOIN core.sightings AS sighting
    ON sighting.item_id = version.item_id AND sighting.version_id = version.version_id
WHERE version.item_id IS NULL OR sighting.item_id IS NULL
