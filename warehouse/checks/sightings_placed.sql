-- An item lies within its document, and its place is its own.
-- scope: documents
SELECT sighting.document_key, sighting.ordinal
FROM core.sightings AS sighting
LEFT JOIN raw.documents AS document ON document.document_key = sighting.document_key
QUALIFY document.bytes IS NULL
    OR sighting.byte_start < 0
    OR sighting.byte_end > document.bytes
    OR sighting.byte_end < sighting.byte_start
    OR count(*) OVER (PARTITION BY sighting.document_key, sighting.ordinal) > 1
