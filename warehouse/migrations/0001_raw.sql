-- The bytes as they came, and who brought them. No clock of ours, no serial number, no random value.
-- No primary keys: on random keys they cost 23 to 46 times the load at 10 M rows. Landing joins against
-- what is there, and warehouse/checks proves uniqueness.
CREATE SCHEMA raw;

CREATE TABLE raw.documents (
    document_key UUID NOT NULL,
    document_id VARCHAR NOT NULL CHECK (length(document_id) = 64),
    encoding VARCHAR NOT NULL,
    bytes BIGINT NOT NULL CHECK (bytes >= 0),
    cleaner VARCHAR NOT NULL
);

-- BLOB, not text: invalid UTF-8 is exactly what must be kept.
CREATE TABLE raw.bodies (
    document_key UUID NOT NULL,
    chunk INTEGER NOT NULL,
    byte_start BIGINT NOT NULL,
    body BLOB NOT NULL USING COMPRESSION zstd
);

-- The same bytes may arrive under several names. All of them are kept, so that the order of arrival decides
-- nothing here; views choose one.
CREATE TABLE raw.receipts (
    receipt_key UUID NOT NULL,
    document_key UUID NOT NULL,
    source VARCHAR NOT NULL,
    uri VARCHAR NOT NULL,
    media_type VARCHAR NOT NULL,
    fetched_at VARCHAR
);
