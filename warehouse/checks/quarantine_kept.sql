-- What is in quarantine has its bytes, up to 1 MiB there, else in the document.
-- scope: documents
SELECT refused.document_key, refused.byte_start, refused.byte_end
FROM core.quarantine AS refused
LEFT JOIN raw.documents AS document ON document.document_key = refused.document_key
WHERE document.bytes IS NULL
    OR refused.byte_start < 0
    OR refused.byte_end > document.bytes
    OR octet_length(refused.raw) <> refused.byte_end - refused.byte_start
    OR (refused.raw IS NULL AND refused.byte_end - refused.byte_start <= 1048576)
