-- A paragraph text stands once.
SELECT text_key, count(*) AS copies FROM core.paragraph_texts GROUP BY text_key HAVING count(*) > 1
