-- A cluster is named by its primary, an item that is a member without relation, and has others.
-- scope: clusters
SELECT member.cluster_id, count(*) AS members
FROM dedup.members AS member
GROUP BY member.cluster_id
HAVING count(*) < 2
    OR count(*) FILTER (member.item_id = member.cluster_id AND member.relation IS NULL) <> 1
    OR count(*) FILTER (member.relation IS NULL) <> 1
    OR member.cluster_id NOT IN (SELECT item_id FROM core.versions)
