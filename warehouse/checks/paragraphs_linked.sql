-- A paragraph has its text, and the document and the item it points to exist.
-- scope: documents
SELECT paragraph.document_key, paragraph.ordinal
FROM core.paragraphs AS paragraph
LEFT JOIN raw.documents AS document ON document.document_key = paragraph.document_key
LEFT JOIN core.sightings AS sighting
    ON sighting.document_key = paragraph.document_key AND sighting.ordinal = paragraph.item_ordinal
LEFT JOIN core.versions AS version
    ON version.item_id = sighting.item_id AND version.version_id = sighting.version_id
WHERE document.document_key IS NULL
    OR (paragraph.item_ordinal IS NOT NULL AND sighting.ordinal IS NULL)
    OR (paragraph.text_line IS NULL) = (paragraph.text IS NULL)
    OR (
        paragraph.text_line IS NOT NULL
        AND paragraph.text_line NOT BETWEEN 1
            AND coalesce(length(version.text) - length(replace(version.text, chr(10), '')) + 1, 0)
    )
