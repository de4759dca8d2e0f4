-- A document was received under a name, in a run.
SELECT document_id FROM raw.documents ANTI JOIN ops.first_seen USING (document_key)
