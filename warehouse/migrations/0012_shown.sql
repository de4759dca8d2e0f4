-- When a version was last shown (warehouse/turning.py): of items that have several. Rows from before this stay as they
-- are, and as they are ordered, until their item is seen again.
ALTER TABLE core.versions ADD COLUMN shown_at TIMESTAMPTZ;
ALTER TABLE ops.past_versions ADD COLUMN shown_at TIMESTAMPTZ;
-- The latest time that a document states of itself or of its records. Null in rows from before this.
ALTER TABLE raw.documents ADD COLUMN made_at TIMESTAMPTZ;
