-- A document's key is the beginning of its sha256.
-- scope: documents
SELECT document_id
FROM raw.documents
WHERE replace(document_key::VARCHAR, '-', '') <> document_id[:32]
