-- Paragraphs, and those that several items share.

CREATE VIEW main.paragraphs AS
SELECT
    document.document_id,
    paragraph.ordinal,
    paragraph.byte_start,
    paragraph.byte_end,
    paragraph.line,
    coalesce(paragraph.text, split_part(version.text, chr(10), paragraph.text_line)) AS text,
    paragraph.fate,
    paragraph.rule,
    paragraph.of_ordinal,
    paragraph.similarity,
    replace(sighting.item_id::VARCHAR, '-', '') AS item_id
FROM core.paragraphs AS paragraph
JOIN raw.documents AS document ON document.document_key = paragraph.document_key
LEFT JOIN core.sightings AS sighting
    ON sighting.document_key = paragraph.document_key AND sighting.ordinal = paragraph.item_ordinal
LEFT JOIN core.versions AS version
    ON version.item_id = sighting.item_id AND version.version_id = sighting.version_id;
COMMENT ON VIEW main.paragraphs IS
    'one paragraph of one document; together they tile its bytes';
COMMENT ON COLUMN main.paragraphs.document_id IS 'the document';
COMMENT ON COLUMN main.paragraphs.ordinal IS 'place in the document, from 0';
COMMENT ON COLUMN main.paragraphs.byte_start IS 'first byte';
COMMENT ON COLUMN main.paragraphs.byte_end IS 'byte behind the last';
COMMENT ON COLUMN main.paragraphs.line IS 'line where its text starts, from 1';
COMMENT ON COLUMN main.paragraphs.text IS 'display form';
COMMENT ON COLUMN main.paragraphs.fate IS 'kept, echo, near-echo, header, card, boilerplate or quarantined';
COMMENT ON COLUMN main.paragraphs.rule IS 'boilerplate rule, kind of header or reason of quarantine';
COMMENT ON COLUMN main.paragraphs.of_ordinal IS 'the kept paragraph that a copy repeats';
COMMENT ON COLUMN main.paragraphs.similarity IS 'likeness to that paragraph, 0 to 1';
COMMENT ON COLUMN main.paragraphs.item_id IS 'the item it belongs to';

-- Only kept paragraphs: copies inside an item, headers and boilerplate are no reuse of its words.
CREATE VIEW main.paragraph_reuse AS
WITH said AS (
    SELECT
        paragraph.reuse_key,
        sighting.item_id,
        min({'document_key': paragraph.document_key, 'ordinal': paragraph.ordinal}) AS place
    FROM core.paragraphs AS paragraph
    JOIN core.sightings AS sighting
        ON sighting.document_key = paragraph.document_key AND sighting.ordinal = paragraph.item_ordinal
    WHERE paragraph.fate = 'kept' AND paragraph.reuse_key IS NOT NULL
    GROUP BY paragraph.reuse_key, sighting.item_id
),
repeated AS (
    SELECT reuse_key, min(place) AS place FROM said GROUP BY reuse_key HAVING count(*) > 1
),
days AS (
    SELECT item_id, published_best, channel
    FROM core.versions
    QUALIFY row_number() OVER (
        PARTITION BY item_id
        ORDER BY edited_at DESC NULLS LAST, posted_at DESC NULLS LAST, shown_at DESC NULLS LAST, version_id DESC
    ) = 1
),
reused AS (
    SELECT
        said.reuse_key,
        any_value(repeated.place) AS place,
        count(*) AS items,
        count(DISTINCT days.channel) AS channels,
        arg_min(said.item_id, (coalesce(days.published_best, DATE '9999-12-31'), said.item_id)) AS first_item
    FROM said
    JOIN repeated ON repeated.reuse_key = said.reuse_key
    JOIN days ON days.item_id = said.item_id
    GROUP BY said.reuse_key
)
SELECT
    coalesce(spelling.text, split_part(version.text, chr(10), spelling.text_line)) AS text,
    reused.items,
    replace(reused.first_item::VARCHAR, '-', '') AS first_item_id,
    days.published_best AS first_published,
    reused.channels,
    days.channel AS first_channel
FROM reused
JOIN core.paragraphs AS spelling
    ON spelling.document_key = reused.place.document_key AND spelling.ordinal = reused.place.ordinal
JOIN core.sightings AS sighting
    ON sighting.document_key = spelling.document_key AND sighting.ordinal = spelling.item_ordinal
JOIN core.versions AS version
    ON version.item_id = sighting.item_id AND version.version_id = sighting.version_id
JOIN days ON days.item_id = reused.first_item
ORDER BY reused.items DESC, text;
COMMENT ON VIEW main.paragraph_reuse IS
    'a paragraph text found in the text of several items; case and white space do not count';
COMMENT ON COLUMN main.paragraph_reuse.text IS 'the text, in one of its spellings: that of the document with the smallest key';
COMMENT ON COLUMN main.paragraph_reuse.items IS 'number of items with it';
COMMENT ON COLUMN main.paragraph_reuse.first_item_id IS 'the earliest of them by published_best; dated items come first';
COMMENT ON COLUMN main.paragraph_reuse.first_published IS 'its best day';
COMMENT ON COLUMN main.paragraph_reuse.channels IS 'number of known channels with it: from 2 on, it travels';
COMMENT ON COLUMN main.paragraph_reuse.first_channel IS 'the channel of that item; null where unknown';
