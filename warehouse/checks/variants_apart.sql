-- No cluster holds two texts that are variants: two facts in nearly the same words.
-- scope: items
WITH current_versions AS (
    SELECT member.cluster_id, version.text_key
    FROM dedup.members AS member
    JOIN core.versions AS version ON version.item_id = member.item_id
    QUALIFY row_number() OVER (
        PARTITION BY version.item_id
        ORDER BY version.edited_at DESC NULLS LAST, version.posted_at DESC NULLS LAST, version.version_id DESC
    ) = 1
),
texts AS (SELECT DISTINCT cluster_id, text_key FROM current_versions)
SELECT one.cluster_id, pair.left_key, pair.right_key
FROM dedup.pairs AS pair
JOIN texts AS one ON one.text_key = pair.left_key
JOIN texts AS other ON other.text_key = pair.right_key AND other.cluster_id = one.cluster_id
WHERE pair.relation = 'variant'
