-- Items, clusters and what is counted from them. Ids are shown as 32 hex digits, as on the command line.

-- The current version is chosen by what the source says (edited, posted), then by when it was seen,
-- then by content; never by the order in which documents landed.
CREATE VIEW main.items AS
-- The rows are chosen by their numbers: texts need not go through the window.
WITH current_versions AS (
    SELECT version.*
    FROM core.versions AS version
    SEMI JOIN (
        SELECT rowid AS place
        FROM core.versions
        QUALIFY row_number() OVER (
            PARTITION BY item_id
            ORDER BY edited_at DESC NULLS LAST, posted_at DESC NULLS LAST, shown_at DESC NULLS LAST, version_id DESC
        ) = 1
    ) AS chosen ON chosen.place = version.rowid
),
first_sightings AS (
    FROM core.sightings
    QUALIFY row_number() OVER (PARTITION BY item_id, version_id ORDER BY document_key, ordinal) = 1
)
SELECT
    replace(version.item_id::VARCHAR, '-', '') AS item_id,
    document.document_id,
    seen.source,
    sighting.ordinal,
    version.kind,
    sighting.first_line,
    sighting.last_line,
    sighting.byte_start,
    sighting.byte_end,
    version.channel,
    version.author,
    version.native_id,
    version.forwarded_from,
    coalesce(version.title, left(version.text, version.title_length)) AS title,
    version.text,
    version.published_best,
    version.published_earliest,
    version.published_latest,
    version.published_at,
    version.published_edtf,
    version.published_precision,
    version.published_basis,
    version.published_confidence,
    version.published_evidence,
    version.lang,
    version.hashtags,
    version.urls,
    version.card_site,
    version.card_title,
    version.card_description,
    sighting.dropped,
    replace(coalesce(member.cluster_id, version.item_id)::VARCHAR, '-', '') AS cluster_id,
    coalesce(member.cluster_id, version.item_id) = version.item_id AS is_primary,
    first_run.run_id,
    sighting.boundary_confidence,
    sighting.boundary_cue,
    replace(version.version_id::VARCHAR, '-', '') AS version_id,
    version.posted_at,
    version.edited_at,
    version.extras
FROM current_versions AS version
JOIN first_sightings AS sighting
    ON sighting.item_id = version.item_id AND sighting.version_id = version.version_id
JOIN raw.documents AS document ON document.document_key = sighting.document_key
LEFT JOIN ops.first_seen AS seen ON seen.document_key = sighting.document_key
LEFT JOIN ops.first_run AS first_run ON first_run.item_id = version.item_id
LEFT JOIN dedup.members AS member ON member.item_id = version.item_id;
COMMENT ON VIEW main.items IS
    'the current version of an item: a post, article or message';
COMMENT ON COLUMN main.items.item_id IS 'stable id, 32 hex digits';
COMMENT ON COLUMN main.items.document_id IS 'the document it is shown from';
COMMENT ON COLUMN main.items.source IS 'name of the source';
COMMENT ON COLUMN main.items.ordinal IS 'place among the items of the document, from 0';
COMMENT ON COLUMN main.items.kind IS 'post, article, message or service';
COMMENT ON COLUMN main.items.first_line IS 'first line in the document, from 1';
COMMENT ON COLUMN main.items.last_line IS 'last line, inclusive';
COMMENT ON COLUMN main.items.byte_start IS 'first byte in the document';
COMMENT ON COLUMN main.items.byte_end IS 'byte behind the last';
COMMENT ON COLUMN main.items.channel IS 'channel, feed or site';
COMMENT ON COLUMN main.items.author IS 'author';
COMMENT ON COLUMN main.items.native_id IS 'the id that the source gave it';
COMMENT ON COLUMN main.items.forwarded_from IS 'where it was forwarded from';
COMMENT ON COLUMN main.items.title IS 'title; text begins with it';
COMMENT ON COLUMN main.items.text IS 'text, without header, copy, card or boilerplate lines';
COMMENT ON COLUMN main.items.published_best IS 'best day; null where nothing is known';
COMMENT ON COLUMN main.items.published_earliest IS 'no earlier than this day';
COMMENT ON COLUMN main.items.published_latest IS 'no later than this day';
COMMENT ON COLUMN main.items.published_at IS 'the moment, only where the second is known';
COMMENT ON COLUMN main.items.published_edtf IS 'all that is known, in EDTF: 2023-07-13, 2024-04-08/2024-04-09, XXXX-07-13';
COMMENT ON COLUMN main.items.published_precision IS 'second, day, month, year or none';
COMMENT ON COLUMN main.items.published_basis IS 'what the date rests on: field, stated, stated-no-year, weekday, header, neighbours or none';
COMMENT ON COLUMN main.items.published_confidence IS '0 to 1';
COMMENT ON COLUMN main.items.published_evidence IS 'the words it rests on';
COMMENT ON COLUMN main.items.lang IS 'language';
COMMENT ON COLUMN main.items.hashtags IS 'hashtags in order';
COMMENT ON COLUMN main.items.urls IS 'addresses in order';
COMMENT ON COLUMN main.items.card_site IS 'site of the link preview';
COMMENT ON COLUMN main.items.card_title IS 'title of the link preview';
COMMENT ON COLUMN main.items.card_description IS 'description of the link preview';
COMMENT ON COLUMN main.items.dropped IS 'runs of lines that belong to it but not to its text, with the reason';
COMMENT ON COLUMN main.items.cluster_id IS 'item_id of its cluster''s primary; its own if it is alone';
COMMENT ON COLUMN main.items.is_primary IS 'whether it stands for its cluster';
COMMENT ON COLUMN main.items.run_id IS 'the first run that saw it';
COMMENT ON COLUMN main.items.boundary_confidence IS 'how sure the splitter is that an item starts here, 0 to 1';
COMMENT ON COLUMN main.items.boundary_cue IS 'what the start rests on';
COMMENT ON COLUMN main.items.version_id IS 'which version of the item this is';
COMMENT ON COLUMN main.items.posted_at IS 'when the source says it was first posted';
COMMENT ON COLUMN main.items.edited_at IS 'when the source says it was last edited';
COMMENT ON COLUMN main.items.extras IS 'what its format says beside the other columns, as a JSON object';

-- migrate gives its columns the comments of items.
CREATE VIEW main.unique_items AS
FROM main.items
WHERE is_primary;
COMMENT ON VIEW main.unique_items IS
    'items that stand for their cluster: every text once';

CREATE VIEW main.duplicates AS
SELECT
    replace(item_id::VARCHAR, '-', '') AS item_id,
    replace(cluster_id::VARCHAR, '-', '') AS primary_id,
    replace(cluster_id::VARCHAR, '-', '') AS cluster_id,
    relation AS kind,
    similarity,
    containment,
    rule
FROM dedup.members
WHERE item_id <> cluster_id;
COMMENT ON VIEW main.duplicates IS
    'an item that is not its cluster''s primary';
COMMENT ON COLUMN main.duplicates.item_id IS 'the item';
COMMENT ON COLUMN main.duplicates.primary_id IS 'the item that stands for it';
COMMENT ON COLUMN main.duplicates.cluster_id IS 'its cluster, named by the primary';
COMMENT ON COLUMN main.duplicates.kind IS 'exact, near or contained';
COMMENT ON COLUMN main.duplicates.similarity IS 'exact Jaccard of the shingle sets, with the primary';
COMMENT ON COLUMN main.duplicates.containment IS 'shared shingles divided by the smaller set';
COMMENT ON COLUMN main.duplicates.rule IS 'why: equal-words, word-jaccard, char-jaccard, edit-ratio, word-containment or char-containment; null for what landed before it was stored';

CREATE VIEW main.timeline AS
SELECT published_best AS day, count(*) AS items, count(*) FILTER (is_primary) AS unique_items
FROM main.items
WHERE published_best IS NOT NULL
GROUP BY published_best
ORDER BY day;
COMMENT ON VIEW main.timeline IS
    'a day on which items were published';
COMMENT ON COLUMN main.timeline.day IS 'best day of the items';
COMMENT ON COLUMN main.timeline.items IS 'number of items';
COMMENT ON COLUMN main.timeline.unique_items IS 'number of items that stand for their cluster';

CREATE VIEW main.forwards AS
SELECT
    forwarded_from,
    channel,
    count(*) AS items,
    min(published_best) AS first_published,
    max(published_best) AS last_published
FROM main.items
WHERE forwarded_from IS NOT NULL
GROUP BY forwarded_from, channel
ORDER BY items DESC, forwarded_from, channel;
COMMENT ON VIEW main.forwards IS
    'an edge: one channel forwards from another';
COMMENT ON COLUMN main.forwards.forwarded_from IS 'where the items come from';
COMMENT ON COLUMN main.forwards.channel IS 'the channel that forwards; null where unknown';
COMMENT ON COLUMN main.forwards.items IS 'number of items';
COMMENT ON COLUMN main.forwards.first_published IS 'earliest best day';
COMMENT ON COLUMN main.forwards.last_published IS 'latest best day';

CREATE MACRO main.search(q) AS TABLE
SELECT *
FROM main.items
WHERE contains(lower(text), lower(q))
ORDER BY published_best DESC NULLS LAST, item_id;
COMMENT ON MACRO TABLE main.search IS
    'items whose text contains q, in any case, newest first: FROM search(''word'')';
