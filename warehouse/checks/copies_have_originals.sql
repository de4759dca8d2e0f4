-- What a copy repeats is a kept paragraph of the same document.
-- scope: documents
SELECT copy.document_key, copy.ordinal, copy.of_ordinal
FROM core.paragraphs AS copy
LEFT JOIN core.paragraphs AS original
    ON original.document_key = copy.document_key AND original.ordinal = copy.of_ordinal
WHERE copy.of_ordinal IS NOT NULL AND original.fate IS DISTINCT FROM 'kept'
