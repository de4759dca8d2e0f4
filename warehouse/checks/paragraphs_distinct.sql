-- A paragraph stands once, and in the order of its bytes.
-- scope: documents
SELECT document_key, ordinal, byte_start
FROM core.paragraphs
QUALIFY count(*) OVER (PARTITION BY document_key, ordinal) > 1
    OR byte_start < lag(byte_start, 1, 0) OVER (PARTITION BY document_key ORDER BY ordinal)
