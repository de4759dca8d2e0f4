-- The sha256 of a body of one chunk is the document's id; longer ones are read by feedmill verify.
-- scope: documents
SELECT document.document_id, sha256(body.body) AS found
FROM raw.documents AS document
JOIN raw.bodies AS body ON body.document_key = document.document_key
WHERE octet_length(body.body) = document.bytes AND sha256(body.body) <> document.document_id
