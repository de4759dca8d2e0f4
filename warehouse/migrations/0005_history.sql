-- What a document was derived under, so that it can be derived again; and what rules and people changed later.
-- History stands in ops: raw, core and dedup hold what the present cleaners say of the bytes, and nothing of
-- the way there, so that reprocessing ends where a fresh start would.

-- The name under which the document was cleaned, the format that it was read as, and what was asked for.
ALTER TABLE raw.documents ADD COLUMN receipt_key UUID;
ALTER TABLE raw.documents ADD COLUMN input_format VARCHAR DEFAULT 'text';
ALTER TABLE raw.documents ADD COLUMN asked VARCHAR;
-- warehouse: in raw.bodies; folder: a file beside the warehouse, named by the sha256.
ALTER TABLE raw.documents ADD COLUMN body_in VARCHAR DEFAULT 'warehouse';

ALTER TABLE core.versions ADD COLUMN extras VARCHAR;

-- What a format's parser met and did not know.
CREATE TABLE core.drifts (
    document_key UUID NOT NULL,
    path VARCHAR NOT NULL,
    what VARCHAR NOT NULL,
    times BIGINT NOT NULL
);

-- The order in which runs held the lock. A run that waited for it began earlier than it wrote.
ALTER TABLE ops.runs ADD COLUMN place INTEGER;

UPDATE ops.runs
SET place = ordered.place
FROM (SELECT run_id, row_number() OVER (ORDER BY started_at, run_id) - 1 AS place FROM ops.runs) AS ordered
WHERE ordered.run_id = runs.run_id;

-- A run made a document's rows: when it landed, and each time that cleaning it again changed them.
CREATE TABLE ops.derivations (
    run_id VARCHAR NOT NULL,
    document_key UUID NOT NULL,
    cleaner VARCHAR NOT NULL
);

INSERT INTO ops.derivations
SELECT DISTINCT noted.run_id, document.document_key, document.cleaner
FROM ops.run_documents AS noted
JOIN raw.documents AS document ON document.document_key = noted.document_key
WHERE noted.is_new;

UPDATE raw.documents
SET receipt_key = first.receipt_key
FROM (
    SELECT noted.document_key, noted.receipt_key
    FROM ops.run_documents AS noted
    JOIN ops.derivations AS made ON made.document_key = noted.document_key AND made.run_id = noted.run_id
    JOIN raw.receipts AS receipt ON receipt.receipt_key = noted.receipt_key
    QUALIFY row_number() OVER (
        PARTITION BY noted.document_key
        ORDER BY receipt.fetched_at NULLS LAST, receipt.source, receipt.uri, receipt.media_type
    ) = 1
) AS first
WHERE first.document_key = documents.document_key;

-- Versions that no document shows any more, because other rules read it otherwise.
CREATE TABLE ops.past_versions AS FROM core.versions LIMIT 0;

CREATE TABLE ops.past_sightings AS
SELECT ''::VARCHAR AS run_id, ''::VARCHAR AS past_run_id, * FROM core.sightings LIMIT 0;

CREATE TABLE ops.past_quarantine AS
SELECT ''::VARCHAR AS run_id, ''::VARCHAR AS past_run_id, * EXCLUDE (raw) FROM core.quarantine LIMIT 0;

-- What people decided about ranges in quarantine. The last word on a range counts.
CREATE TABLE ops.quarantine_notes (
    document_key UUID NOT NULL,
    byte_start BIGINT NOT NULL,
    byte_end BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    status VARCHAR NOT NULL CHECK (status IN ('open', 'discarded')),
    note VARCHAR,
    noted_by VARCHAR NOT NULL,
    noted_at TIMESTAMPTZ NOT NULL
);

-- What data checks and expectations found at the end of a run.
CREATE TABLE ops.findings (
    run_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL CHECK (kind IN ('check', 'expectation')),
    name VARCHAR NOT NULL,
    source VARCHAR,
    level VARCHAR NOT NULL CHECK (level IN ('failed', 'warned', 'met')),
    value DOUBLE,
    bound DOUBLE,
    detail VARCHAR NOT NULL
);

-- Runs whose documents passed the data checks. One that is not here is checked by the next run.
CREATE TABLE ops.checked (
    run_id VARCHAR NOT NULL,
    checked_by VARCHAR NOT NULL
);
