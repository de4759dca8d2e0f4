-- What is known of addresses that are polled. It changes with every answer, so it is no part of what landed.
CREATE TABLE ops.polls (
    source VARCHAR NOT NULL,
    address VARCHAR NOT NULL,
    etag VARCHAR,
    last_modified VARCHAR,
    polled_at TIMESTAMPTZ NOT NULL,
    answered_at TIMESTAMPTZ,
    changed_at TIMESTAMPTZ,
    due_at TIMESTAMPTZ,
    failures INTEGER NOT NULL,
    outcome VARCHAR NOT NULL CHECK (outcome IN ('new', 'unchanged', 'later', 'failed', 'gone')),
    detail VARCHAR
);
