-- A band is of a signed text, and a text with shingles has bands.
-- scope: texts
SELECT coalesce(signed.text_key, banded.text_key) AS text_key
FROM dedup.signatures AS signed
FULL JOIN (SELECT DISTINCT text_key FROM dedup.bands) AS banded ON banded.text_key = signed.text_key
WHERE signed.text_key IS NULL OR (signed.shingles > 0) <> (banded.text_key IS NOT NULL)
