-- Every text once. Of 1.69 bytes a byte of raw input, paragraph texts took 0.38 although nearly all of them are
-- lines of their item's text, the key columns that led to them 0.16, titles 0.05 although texts begin with them.

-- Bytes of documents, compressed before they come here, in pieces of 512 bytes. DuckDB writes the last group of
-- 122,880 rows of a table anew at every checkpoint that follows a change: so it is 63 MB at most. With a row a
-- document it was all bodies that there are, compressed once more each time.
ALTER TABLE raw.bodies RENAME TO plain_bodies;

CREATE TABLE raw.bodies (
    document_key UUID NOT NULL,
    piece INTEGER NOT NULL,
    body BLOB NOT NULL USING COMPRESSION uncompressed
);

-- Null: in raw.plain_bodies, or outside the file.
ALTER TABLE raw.documents ADD COLUMN packed BIGINT;

-- Where text begins with the title, title is null and this says how many characters of text it is.
ALTER TABLE core.versions ADD COLUMN title_length INTEGER;
ALTER TABLE ops.past_versions ADD COLUMN title_length INTEGER;

CREATE TABLE core.lean_paragraphs (
    document_key UUID NOT NULL,
    ordinal INTEGER NOT NULL,
    byte_start BIGINT NOT NULL,
    byte_end BIGINT NOT NULL CHECK (byte_end >= byte_start),
    line INTEGER,
    fate VARCHAR NOT NULL CHECK (
        fate IN ('kept', 'echo', 'near-echo', 'header', 'card', 'boilerplate', 'quarantined')
    ),
    rule VARCHAR,
    of_ordinal INTEGER,
    similarity DOUBLE,
    item_ordinal INTEGER,
    text_line INTEGER,
    text VARCHAR USING COMPRESSION zstd,
    reuse_key UBIGINT,
    CHECK ((text IS NULL) <> (text_line IS NULL))
);

-- As warehouse/paragraphs.py does it. An item that a document shows twice: the one around the paragraph.
INSERT INTO core.lean_paragraphs BY NAME
WITH placed AS (
    SELECT paragraph.document_key, paragraph.ordinal, sighting.ordinal AS item_ordinal, sighting.version_id,
        sighting.item_id
    FROM core.paragraphs AS paragraph
    JOIN core.sightings AS sighting
        ON sighting.document_key = paragraph.document_key AND sighting.item_id = paragraph.item_id
    QUALIFY row_number() OVER (
        PARTITION BY paragraph.document_key, paragraph.ordinal
        ORDER BY
            paragraph.byte_start >= sighting.byte_start AND paragraph.byte_end <= sighting.byte_end DESC,
            sighting.ordinal
    ) = 1
),
told AS (
    SELECT paragraph.* EXCLUDE (item_id, text_key), placed.item_ordinal, spelling.text AS said,
        spelling.reuse_key AS reuse,
        CASE
            WHEN version.text_length <= 65536 AND NOT contains(spelling.text, chr(10))
                THEN list_position(string_split(version.text, chr(10)), spelling.text)
        END AS text_line
    FROM core.paragraphs AS paragraph
    JOIN core.paragraph_texts AS spelling ON spelling.text_key = paragraph.text_key
    LEFT JOIN placed
        ON placed.document_key = paragraph.document_key AND placed.ordinal = paragraph.ordinal
    LEFT JOIN core.versions AS version
        ON version.item_id = placed.item_id AND version.version_id = placed.version_id
)
SELECT
    * EXCLUDE (said, reuse),
    CASE WHEN text_line IS NULL THEN said END AS text,
    CASE
        WHEN fate = 'kept' AND item_ordinal IS NOT NULL AND said <> ''
            THEN ('0x' || left(replace(reuse::VARCHAR, '-', ''), 16))::UBIGINT
    END AS reuse_key
FROM told
ORDER BY document_key, ordinal;

DROP TABLE core.paragraphs;
DROP TABLE core.paragraph_texts;
ALTER TABLE core.lean_paragraphs RENAME TO paragraphs;

UPDATE core.versions
SET title_length = length(title), title = NULL
WHERE starts_with(text, title);
UPDATE ops.past_versions
SET title_length = length(title), title = NULL
WHERE starts_with(text, title);
