-- Runs, and what was seen first in which. first_seen takes the run that landed a document and then a name
-- of that run: names under which the same bytes come later change nothing.

CREATE VIEW ops.first_seen AS
SELECT seen.document_key, seen.run_id, receipt.source, receipt.uri, receipt.media_type, receipt.fetched_at
FROM ops.run_documents AS seen
JOIN (SELECT DISTINCT document_key, run_id FROM ops.run_documents WHERE is_new) AS landed
    ON landed.document_key = seen.document_key AND landed.run_id = seen.run_id
JOIN raw.receipts AS receipt ON receipt.receipt_key = seen.receipt_key
QUALIFY row_number() OVER (
    PARTITION BY seen.document_key
    ORDER BY receipt.fetched_at NULLS LAST, receipt.source, receipt.uri, receipt.media_type
) = 1;
COMMENT ON VIEW ops.first_seen IS
    'the run that landed a document, and the name it came under';
COMMENT ON COLUMN ops.first_seen.document_key IS 'the first 128 bits of document_id, the key inside the warehouse';
COMMENT ON COLUMN ops.first_seen.run_id IS 'the run that landed it';
COMMENT ON COLUMN ops.first_seen.source IS 'name of the source; the smallest if there were several in that run';
COMMENT ON COLUMN ops.first_seen.uri IS 'where it came from';
COMMENT ON COLUMN ops.first_seen.media_type IS 'media type, as the source gave it';
COMMENT ON COLUMN ops.first_seen.fetched_at IS 'when it was captured, as stated';

CREATE VIEW ops.first_run AS
SELECT sighting.item_id, arg_min(run.run_id, (run.started_at, run.run_id)) AS run_id
FROM core.sightings AS sighting
JOIN ops.first_seen AS seen ON seen.document_key = sighting.document_key
JOIN ops.runs AS run ON run.run_id = seen.run_id
GROUP BY sighting.item_id;
COMMENT ON VIEW ops.first_run IS
    'the first run that saw an item';
COMMENT ON COLUMN ops.first_run.item_id IS 'the item';
COMMENT ON COLUMN ops.first_run.run_id IS 'the first run that was given a document with it';

CREATE VIEW main.runs AS
SELECT
    run.run_id,
    run.started_at,
    run.finished_at,
    run.state,
    coalesce(given.documents, 0) AS documents,
    coalesce(landed.items_new, 0) AS items_new,
    coalesce(landed.items_unchanged, 0) AS items_unchanged,
    coalesce(landed.duplicates, 0) AS duplicates,
    coalesce(landed.quarantined, 0) AS quarantined,
    coalesce(given.bytes, 0) AS bytes,
    coalesce(given.documents_new, 0) AS documents_new,
    coalesce(landed.items_changed, 0) AS items_changed,
    run.command
FROM ops.runs AS run
LEFT JOIN (
    SELECT
        run_id,
        sum(items_new)::BIGINT AS items_new,
        sum(items_changed)::BIGINT AS items_changed,
        sum(items_unchanged)::BIGINT AS items_unchanged,
        sum(duplicates)::BIGINT AS duplicates,
        sum(quarantined)::BIGINT AS quarantined
    FROM ops.batches
    GROUP BY run_id
) AS landed ON landed.run_id = run.run_id
LEFT JOIN (
    SELECT
        once.run_id,
        count(*) AS documents,
        count(*) FILTER (once.is_new) AS documents_new,
        sum(document.bytes)::BIGINT AS bytes
    FROM (
        SELECT run_id, document_key, bool_or(is_new) AS is_new
        FROM ops.run_documents
        GROUP BY run_id, document_key
    ) AS once
    JOIN raw.documents AS document ON document.document_key = once.document_key
    GROUP BY once.run_id
) AS given ON given.run_id = run.run_id
ORDER BY run.started_at, run.run_id;
COMMENT ON VIEW main.runs IS
    'a flow run; counted from its batches, so a killed run is counted too';
COMMENT ON COLUMN main.runs.run_id IS 'the flow run';
COMMENT ON COLUMN main.runs.started_at IS 'start';
COMMENT ON COLUMN main.runs.finished_at IS 'end; null while it runs or if it was killed';
COMMENT ON COLUMN main.runs.state IS 'running, completed, completed-with-quarantine (of new input), completed-with-failures (some input could not be read), failed, or killed: found dead by a later run';
COMMENT ON COLUMN main.runs.documents IS 'distinct documents it was given';
COMMENT ON COLUMN main.runs.items_new IS 'items it landed';
COMMENT ON COLUMN main.runs.items_unchanged IS 'items it was given that were there';
COMMENT ON COLUMN main.runs.duplicates IS 'change of the number of items that are not their cluster''s primary';
COMMENT ON COLUMN main.runs.quarantined IS 'ranges of bytes it put into quarantine';
COMMENT ON COLUMN main.runs.bytes IS 'bytes of the documents it was given';
COMMENT ON COLUMN main.runs.documents_new IS 'documents it landed';
COMMENT ON COLUMN main.runs.items_changed IS 'items that got a new version';
COMMENT ON COLUMN main.runs.command IS 'the command';

COMMENT ON TABLE ops.fresh_bands IS
    'rows of dedup.bands that came after the index of bands was made';
COMMENT ON COLUMN ops.fresh_bands.band_key IS 'as in dedup.bands';
COMMENT ON COLUMN ops.fresh_bands.text_key IS 'as in dedup.bands';
COMMENT ON COLUMN ops.fresh_bands.band IS 'as in dedup.bands';

COMMENT ON TABLE ops.band_index IS
    'the index of bands that goes with this warehouse: a file beside it, made anew where it is missing';
COMMENT ON COLUMN ops.band_index.token IS 'what the file begins with';

CREATE OR REPLACE VIEW main.polls AS
SELECT source, address, outcome, polled_at, answered_at, changed_at, due_at, failures, detail
FROM ops.polls
ORDER BY source, address;
COMMENT ON VIEW main.polls IS 'an address that is polled, and what it said last';
COMMENT ON COLUMN main.polls.source IS 'name of the source';
COMMENT ON COLUMN main.polls.address IS 'address without login, its query by a hash';
COMMENT ON COLUMN main.polls.outcome IS 'new, unchanged, later (the server asked to wait), failed, or gone (410)';
COMMENT ON COLUMN main.polls.polled_at IS 'last time it was asked';
COMMENT ON COLUMN main.polls.answered_at IS 'last answer that was no error';
COMMENT ON COLUMN main.polls.changed_at IS 'last answer that brought bytes';
COMMENT ON COLUMN main.polls.due_at IS 'not asked before this; null: whenever the schedule says';
COMMENT ON COLUMN main.polls.failures IS 'failures in a row';
COMMENT ON COLUMN main.polls.detail IS 'why it failed';

COMMENT ON TABLE ops.standings IS
    'where a text stands that has copies, several items, or a bucket that is a flood; any other leads its item';
COMMENT ON COLUMN ops.standings.text_key IS 'the text';
COMMENT ON COLUMN ops.standings.item_id IS 'its best item: the earliest, then the longest, then by id';
COMMENT ON COLUMN ops.standings.earliest IS 'no earlier than this day was that item published';
COMMENT ON COLUMN ops.standings.length IS 'characters of that item';
COMMENT ON COLUMN ops.standings.lead_key IS 'the text that leads its cluster; its own if it leads';
COMMENT ON COLUMN ops.standings.relation IS 'relation to the text that leads; null if it leads';
COMMENT ON COLUMN ops.standings.similarity IS 'exact Jaccard with the text that leads';
COMMENT ON COLUMN ops.standings.containment IS 'shared shingles divided by the smaller set';
COMMENT ON COLUMN ops.standings.rule IS 'by what it is a copy of that text; null if it leads';

COMMENT ON TABLE ops.floods IS
    'a bucket of more texts than are compared each with each';
COMMENT ON COLUMN ops.floods.band_key IS 'as in dedup.bands';
COMMENT ON COLUMN ops.floods.band IS 'as in dedup.bands';

COMMENT ON TABLE ops.heads IS
    'one of the first texts that lead in a flood: what others of it are compared with';
COMMENT ON COLUMN ops.heads.band_key IS 'as in dedup.bands';
COMMENT ON COLUMN ops.heads.band IS 'as in dedup.bands';
COMMENT ON COLUMN ops.heads.text_key IS 'as in dedup.bands';
