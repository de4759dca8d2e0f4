-- A pair stands once, between signed texts.
-- scope: texts
SELECT left_key, right_key, count(*) AS copies
FROM dedup.pairs
GROUP BY ALL
HAVING count(*) > 1
    OR left_key NOT IN (SELECT text_key FROM dedup.signatures)
    OR right_key NOT IN (SELECT text_key FROM dedup.signatures)
