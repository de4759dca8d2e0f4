-- No cluster holds two texts that are variants: two facts in nearly the same words.
-- scope: variants
WITH apart AS (SELECT left_key, right_key FROM dedup.pairs WHERE relation = 'variant'),
-- Clusters may be most of what is stored: of them, only items of these texts are looked at.
current_versions AS (
    SELECT item_id, text_key
    FROM core.versions
    WHERE item_id IN (
        SELECT item_id FROM core.versions
        WHERE text_key IN (SELECT left_key FROM apart UNION SELECT right_key FROM apart)
    )
    QUALIFY row_number() OVER (
        PARTITION BY item_id
        ORDER BY edited_at DESC NULLS LAST, posted_at DESC NULLS LAST, shown_at DESC NULLS LAST, version_id DESC
    ) = 1
),
texts AS (
    SELECT DISTINCT member.cluster_id, version.text_key
    FROM current_versions AS version
    JOIN dedup.members AS member ON member.item_id = version.item_id
)
SELECT one.cluster_id, pair.left_key, pair.right_key
FROM apart AS pair
JOIN texts AS one ON one.text_key = pair.left_key
JOIN texts AS other ON other.text_key = pair.right_key AND other.cluster_id = one.cluster_id
