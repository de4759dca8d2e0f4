-- An item is in one cluster at most.
-- scope: items
SELECT item_id, count(*) AS clusters FROM dedup.members GROUP BY item_id HAVING count(*) > 1
