-- The pieces of a document's body follow one another and sum up to its length.
-- scope: documents
WITH pieces AS (
    SELECT
        document_key,
        sum(octet_length(body)) AS length,
        max(piece) + 1 <> count(*) OR count(DISTINCT piece) <> count(*) AS off
    FROM raw.bodies
    GROUP BY document_key
),
chunks AS (
    SELECT
        document_key,
        octet_length(body) AS length,
        byte_start - sum(octet_length(body)) OVER (
            PARTITION BY document_key ORDER BY chunk ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS off
    FROM raw.plain_bodies
),
sums AS (
    SELECT document_key, length, off FROM pieces
    UNION ALL
    SELECT document_key, sum(length), coalesce(max(abs(off)), 0) <> 0 FROM chunks GROUP BY document_key
)
SELECT document.document_id, document.bytes, document.packed, sums.length::BIGINT AS stored
FROM raw.documents AS document
LEFT JOIN sums ON sums.document_key = document.document_key
WHERE document.body_in = 'warehouse'
    AND (sums.length IS DISTINCT FROM coalesce(document.packed, document.bytes) OR sums.off)
