-- A paragraph text stands once.
-- scope: documents
SELECT text_key, count(*) AS copies FROM core.paragraph_texts GROUP BY text_key HAVING count(*) > 1
