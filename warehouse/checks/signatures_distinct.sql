-- A text was signed once, and an item has it.
-- scope: texts
SELECT signed.text_key, count(*) AS copies
FROM dedup.signatures AS signed
GROUP BY signed.text_key
HAVING count(*) > 1 OR signed.text_key NOT IN (SELECT text_key FROM core.versions WHERE text_key IS NOT NULL)
