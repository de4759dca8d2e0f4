-- Clusters are kept up text by text (warehouse/leading.py), not made anew by components: a flood is one of any
-- size. All of this can be drawn from dedup, and stands here because it is kept as it is needed.

-- Where texts stand that have copies, several items, or a bucket that is a flood.
CREATE TABLE ops.standings (
    text_key UUID NOT NULL,
    item_id UUID NOT NULL,
    earliest DATE,
    length INTEGER NOT NULL,
    lead_key UUID,
    relation VARCHAR,
    similarity DOUBLE NOT NULL,
    containment DOUBLE NOT NULL
);

-- Buckets of more texts than are compared each with each, and the first texts that lead in them.
CREATE TABLE ops.floods (
    band_key UINTEGER NOT NULL,
    band UTINYINT NOT NULL
);
CREATE TABLE ops.heads (
    band_key UINTEGER NOT NULL,
    band UTINYINT NOT NULL,
    text_key UUID NOT NULL
);

INSERT INTO ops.standings
WITH current_versions AS (
    SELECT item_id, text_key, published_earliest AS earliest, text_length AS length
    FROM core.versions
    QUALIFY row_number() OVER (
        PARTITION BY item_id
        ORDER BY edited_at DESC NULLS LAST, posted_at DESC NULLS LAST, version_id DESC
    ) = 1
),
led AS (
    SELECT version.*, member.cluster_id, member.relation, member.similarity, member.containment
    FROM current_versions AS version
    LEFT JOIN dedup.members AS member ON member.item_id = version.item_id
    WHERE version.text_key IS NOT NULL
        AND (
            member.item_id IS NOT NULL
            OR version.text_key IN (SELECT left_key FROM dedup.pairs WHERE relation <> 'variant')
            OR version.text_key IN (SELECT right_key FROM dedup.pairs WHERE relation <> 'variant')
        )
),
best AS (
    FROM led
    QUALIFY row_number() OVER (
        PARTITION BY text_key ORDER BY earliest NULLS LAST, length DESC, item_id
    ) = 1
)
SELECT
    best.text_key,
    best.item_id,
    best.earliest,
    best.length,
    coalesce(lead.text_key, best.text_key) AS lead_key,
    CASE WHEN lead.text_key <> best.text_key THEN best.relation END AS relation,
    CASE WHEN lead.text_key <> best.text_key THEN best.similarity ELSE 1 END AS similarity,
    CASE WHEN lead.text_key <> best.text_key THEN best.containment ELSE 1 END AS containment
FROM best
LEFT JOIN current_versions AS lead ON lead.item_id = best.cluster_id;
