-- A document was received under a name, in a run.
-- scope: documents
SELECT document_id FROM raw.documents ANTI JOIN ops.first_seen USING (document_key)
