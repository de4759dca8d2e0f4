-- Clocks and run ids stand here and nowhere else, so that raw, core and dedup depend on the input alone.
CREATE SCHEMA ops;

CREATE TABLE ops.runs (
    run_id VARCHAR NOT NULL,
    command VARCHAR NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    state VARCHAR NOT NULL CHECK (
        state IN (
            'running', 'completed', 'completed-with-quarantine', 'completed-with-failures', 'failed', 'killed'
        )
    )
);

CREATE TABLE ops.batches (
    run_id VARCHAR NOT NULL,
    batch INTEGER NOT NULL,
    landed_at TIMESTAMPTZ NOT NULL,
    documents_new INTEGER NOT NULL,
    documents_unchanged INTEGER NOT NULL,
    items_new INTEGER NOT NULL,
    items_changed INTEGER NOT NULL,
    items_unchanged INTEGER NOT NULL,
    duplicates INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    bytes BIGINT NOT NULL
);

CREATE TABLE ops.run_documents (
    run_id VARCHAR NOT NULL,
    document_key UUID NOT NULL,
    receipt_key UUID NOT NULL,
    is_new BOOLEAN NOT NULL
);
