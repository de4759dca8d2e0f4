-- The chunks of a document's body follow one another and sum up to its length.
-- scope: documents
WITH chunks AS (
    SELECT
        document_key,
        octet_length(body) AS length,
        byte_start - sum(octet_length(body)) OVER (
            PARTITION BY document_key ORDER BY chunk ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS off
    FROM raw.bodies
),
sums AS (SELECT document_key, sum(length) AS length, max(abs(off)) AS off FROM chunks GROUP BY document_key)
SELECT document.document_id, document.bytes, sums.length::BIGINT AS stored
FROM raw.documents AS document
LEFT JOIN sums ON sums.document_key = document.document_key
WHERE document.body_in = 'warehouse'
    AND (sums.length IS DISTINCT FROM document.bytes OR coalesce(sums.off, 0) <> 0)
