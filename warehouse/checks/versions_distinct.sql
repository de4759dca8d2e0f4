-- A version of an item stands once.
-- scope: items
SELECT item_id, version_id, count(*) AS copies FROM core.versions GROUP BY ALL HAVING count(*) > 1
