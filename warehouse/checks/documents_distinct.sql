-- A document stands once.
-- scope: documents
SELECT document_key, count(*) AS copies FROM raw.documents GROUP BY document_key HAVING count(*) > 1
