-- What the cleaners say of the bytes. Insert only: an edited item is a new version, never a changed row.
CREATE SCHEMA core;

CREATE TABLE core.versions (
    item_id UUID NOT NULL,
    version_id UUID NOT NULL,
    kind VARCHAR NOT NULL CHECK (kind IN ('post', 'article', 'message', 'service')),
    channel VARCHAR,
    author VARCHAR,
    native_id VARCHAR,
    forwarded_from VARCHAR,
    title VARCHAR,
    text VARCHAR NOT NULL USING COMPRESSION zstd,
    text_length INTEGER NOT NULL,
    text_key UUID,
    spelling_key UUID NOT NULL,
    published_best DATE,
    published_earliest DATE,
    published_latest DATE,
    published_at TIMESTAMPTZ,
    published_edtf VARCHAR,
    published_precision VARCHAR NOT NULL
        CHECK (published_precision IN ('second', 'day', 'month', 'year', 'none')),
    published_basis VARCHAR NOT NULL CHECK (
        published_basis IN ('field', 'stated', 'stated-no-year', 'weekday', 'header', 'neighbours', 'none')
    ),
    published_confidence DOUBLE NOT NULL CHECK (published_confidence BETWEEN 0 AND 1),
    published_evidence VARCHAR,
    posted_at TIMESTAMPTZ,
    edited_at TIMESTAMPTZ,
    lang VARCHAR,
    hashtags VARCHAR[] NOT NULL,
    urls VARCHAR[] NOT NULL,
    card_site VARCHAR,
    card_title VARCHAR,
    card_description VARCHAR
);

CREATE TABLE core.sightings (
    document_key UUID NOT NULL,
    ordinal INTEGER NOT NULL,
    item_id UUID NOT NULL,
    version_id UUID NOT NULL,
    first_line INTEGER,
    last_line INTEGER,
    byte_start BIGINT NOT NULL,
    byte_end BIGINT NOT NULL,
    boundary_confidence DOUBLE NOT NULL CHECK (boundary_confidence BETWEEN 0 AND 1),
    boundary_cue VARCHAR NOT NULL,
    dropped STRUCT(
        first_line INTEGER, last_line INTEGER, reason VARCHAR, of_line INTEGER, similarity DOUBLE
    )[] NOT NULL
);

-- A paragraph's text is stored once per exact spelling; reuse_key brings spellings together.
CREATE TABLE core.paragraph_texts (
    text_key UUID NOT NULL,
    reuse_key UUID NOT NULL,
    text VARCHAR NOT NULL USING COMPRESSION zstd
);

CREATE TABLE core.paragraphs (
    document_key UUID NOT NULL,
    ordinal INTEGER NOT NULL,
    byte_start BIGINT NOT NULL,
    byte_end BIGINT NOT NULL CHECK (byte_end >= byte_start),
    line INTEGER,
    text_key UUID NOT NULL,
    fate VARCHAR NOT NULL CHECK (
        fate IN ('kept', 'echo', 'near-echo', 'header', 'card', 'boilerplate', 'quarantined')
    ),
    rule VARCHAR,
    of_ordinal INTEGER,
    similarity DOUBLE,
    item_id UUID
);

CREATE TABLE core.quarantine (
    document_key UUID NOT NULL,
    byte_start BIGINT NOT NULL,
    byte_end BIGINT NOT NULL,
    stage VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    detail VARCHAR NOT NULL,
    raw BLOB USING COMPRESSION zstd
);

CREATE TABLE core.traces (
    document_key UUID NOT NULL,
    line INTEGER,
    steps JSON NOT NULL
);
