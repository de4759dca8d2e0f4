-- A paragraph has its text, and the document and the item it points to exist.
-- scope: documents
SELECT paragraph.document_key, paragraph.ordinal
FROM core.paragraphs AS paragraph
LEFT JOIN raw.documents AS document ON document.document_key = paragraph.document_key
LEFT JOIN (
    -- Lines are counted once an item, and texts do not go through the join.
    SELECT sighting.document_key, sighting.ordinal, coalesce(version.lines, 0) AS lines
    FROM core.sightings AS sighting
    LEFT JOIN (
        SELECT item_id, version_id, len(string_split(text, chr(10))) AS lines
        FROM core.versions
    ) AS version ON version.item_id = sighting.item_id AND version.version_id = sighting.version_id
) AS item ON item.document_key = paragraph.document_key AND item.ordinal = paragraph.item_ordinal
WHERE document.document_key IS NULL
    OR (paragraph.item_ordinal IS NOT NULL AND item.ordinal IS NULL)
    OR (paragraph.text_line IS NULL) = (paragraph.text IS NULL)
    OR (paragraph.text_line IS NOT NULL AND paragraph.text_line NOT BETWEEN 1 AND coalesce(item.lines, 0))
