-- By which rule two texts are copies or variants (cleaners/match.py). Null where it was not stored yet: in rows from
-- before this; `feedmill ingest --rematch` names it there too.
ALTER TABLE dedup.pairs ADD COLUMN rule VARCHAR;
ALTER TABLE dedup.members ADD COLUMN rule VARCHAR;
ALTER TABLE ops.standings ADD COLUMN rule VARCHAR;
