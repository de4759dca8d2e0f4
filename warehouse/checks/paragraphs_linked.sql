-- A paragraph has its text, and the document and the item it points to exist.
-- scope: documents
SELECT paragraph.document_key, paragraph.ordinal
FROM core.paragraphs AS paragraph
WHERE paragraph.text_key NOT IN (SELECT text_key FROM core.paragraph_texts)
    OR paragraph.document_key NOT IN (SELECT document_key FROM raw.documents)
    OR (paragraph.item_id IS NOT NULL
        AND (paragraph.document_key, paragraph.item_id) NOT IN (SELECT (document_key, item_id) FROM core.sightings))
