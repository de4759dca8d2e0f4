-- A text stands once, under a text that leads, and the item that it stands by is in the cluster of that one.
-- scope: standings
SELECT stands.text_key, count(*) AS times
FROM ops.standings AS stands
LEFT JOIN ops.standings AS lead ON lead.text_key = stands.lead_key
LEFT JOIN dedup.members AS member ON member.item_id = stands.item_id
GROUP BY stands.text_key
HAVING count(*) > 1
    OR bool_or(
        lead.lead_key IS DISTINCT FROM lead.text_key
        OR coalesce(member.cluster_id, stands.item_id) IS DISTINCT FROM lead.item_id
    )
