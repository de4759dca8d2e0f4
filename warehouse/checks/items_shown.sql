-- Every item that has a version is shown once in the view items.
-- scope: items
WITH shown AS (
    SELECT item_id, count(*) AS times FROM main.items GROUP BY item_id
)
SELECT replace(version.item_id::VARCHAR, '-', '') AS item_id, coalesce(shown.times, 0) AS times
FROM (SELECT DISTINCT item_id FROM core.versions) AS version
LEFT JOIN shown ON shown.item_id = replace(version.item_id::VARCHAR, '-', '')
WHERE shown.times IS DISTINCT FROM 1
