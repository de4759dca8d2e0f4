-- A text that can be matched was signed.
-- scope: texts
SELECT DISTINCT text_key
FROM core.versions
ANTI JOIN dedup.signatures USING (text_key)
WHERE text_key IS NOT NULL
