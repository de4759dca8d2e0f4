-- Every item that has a version is shown once in the view items.
-- scope: items
SELECT replace(version.item_id::VARCHAR, '-', '') AS item_id, count(shown.item_id) AS times
FROM (SELECT DISTINCT item_id FROM core.versions) AS version
LEFT JOIN main.items AS shown ON shown.item_id = replace(version.item_id::VARCHAR, '-', '')
GROUP BY version.item_id
HAVING count(shown.item_id) <> 1
