-- A best day lies between the earliest and the latest, and a date without precision says no day.
-- scope: items
SELECT item_id, published_best, published_earliest, published_latest, published_precision
FROM core.versions
WHERE published_best < published_earliest
    OR published_best > published_latest
    OR published_earliest > published_latest
    OR (published_at IS NOT NULL) <> (published_precision = 'second')
