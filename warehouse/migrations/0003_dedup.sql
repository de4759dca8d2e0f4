-- Facts about texts (signatures, bands, pairs) and, drawn from them, the clusters of items.
CREATE SCHEMA dedup;

CREATE TABLE dedup.recipe (
    name VARCHAR NOT NULL,
    details JSON NOT NULL
);

CREATE TABLE dedup.signatures (
    text_key UUID NOT NULL,
    recipe VARCHAR NOT NULL,
    shingles INTEGER NOT NULL,
    signature UINTEGER[] NOT NULL
);

-- The band number is mixed into one 32-bit key: half the file and a faster join than (band, hash); the few
-- false candidates this makes die at verification.
CREATE TABLE dedup.bands (
    band_key UINTEGER NOT NULL,
    text_key UUID NOT NULL
);

CREATE TABLE dedup.pairs (
    left_key UUID NOT NULL,
    right_key UUID NOT NULL CHECK (left_key < right_key),
    relation VARCHAR NOT NULL CHECK (relation IN ('exact', 'near', 'contained', 'variant')),
    similarity DOUBLE NOT NULL,
    containment DOUBLE NOT NULL
);

-- Items alone in their cluster have no row.
CREATE TABLE dedup.members (
    item_id UUID NOT NULL,
    cluster_id UUID NOT NULL,
    relation VARCHAR CHECK (relation IN ('exact', 'near', 'contained')),
    similarity DOUBLE NOT NULL,
    containment DOUBLE NOT NULL
);
