-- Documents and the fate of their bytes.

CREATE VIEW main.documents AS
SELECT
    document.document_id,
    seen.source,
    seen.uri,
    seen.media_type,
    document.encoding,
    document.bytes,
    seen.run_id AS first_run_id,
    seen.fetched_at,
    document.cleaner,
    document.input_format,
    document.body_in
FROM raw.documents AS document
LEFT JOIN ops.first_seen AS seen ON seen.document_key = document.document_key;
COMMENT ON VIEW main.documents IS
    'one raw input';
COMMENT ON COLUMN main.documents.document_id IS 'sha256 of the bytes, 64 hex digits';
COMMENT ON COLUMN main.documents.source IS 'name of the source';
COMMENT ON COLUMN main.documents.uri IS 'where it came from';
COMMENT ON COLUMN main.documents.media_type IS 'media type, as the source gave it';
COMMENT ON COLUMN main.documents.encoding IS 'codecs in order of first use, joined by +';
COMMENT ON COLUMN main.documents.bytes IS 'length in bytes';
COMMENT ON COLUMN main.documents.first_run_id IS 'the first run that was given it';
COMMENT ON COLUMN main.documents.fetched_at IS 'when it was captured, as stated; nothing in it was published later';
COMMENT ON COLUMN main.documents.cleaner IS 'version of the cleaners that made its rows';
COMMENT ON COLUMN main.documents.input_format IS 'the format that it was read as';
COMMENT ON COLUMN main.documents.body_in IS 'where its bytes are kept: warehouse (this file) or folder (beside it)';

-- A decision holds for the range and the reason: what is refused for another reason is open again.
CREATE VIEW main.quarantine AS
SELECT
    document.document_id,
    refused.byte_start,
    refused.byte_end,
    refused.stage,
    refused.reason,
    refused.detail,
    refused.raw,
    md5(concat_ws('/', document.document_id, refused.byte_start, refused.byte_end, refused.reason))[:16]
        AS quarantine_id,
    document.cleaner AS cleaner_version,
    coalesce(noted.status, 'open') AS status,
    noted.note,
    noted.noted_by,
    noted.noted_at
FROM core.quarantine AS refused
JOIN raw.documents AS document ON document.document_key = refused.document_key
LEFT JOIN (
    FROM ops.quarantine_notes
    QUALIFY row_number() OVER (
        PARTITION BY document_key, byte_start, byte_end, reason ORDER BY noted_at DESC, status
    ) = 1
) AS noted
    ON noted.document_key = refused.document_key
    AND noted.byte_start = refused.byte_start
    AND noted.byte_end = refused.byte_end
    AND noted.reason = refused.reason;
COMMENT ON VIEW main.quarantine IS
    'input that could not be used';
COMMENT ON COLUMN main.quarantine.document_id IS 'the document';
COMMENT ON COLUMN main.quarantine.byte_start IS 'first byte';
COMMENT ON COLUMN main.quarantine.byte_end IS 'byte behind the last';
COMMENT ON COLUMN main.quarantine.stage IS 'the stage that refused it';
COMMENT ON COLUMN main.quarantine.reason IS 'short code of the reason';
COMMENT ON COLUMN main.quarantine.detail IS 'the reason in a sentence';
COMMENT ON COLUMN main.quarantine.raw IS 'the bytes, up to 1 MiB; null beyond: feedmill quarantine show has them';
COMMENT ON COLUMN main.quarantine.quarantine_id IS 'names the range and the reason in feedmill quarantine';
COMMENT ON COLUMN main.quarantine.cleaner_version IS 'version of the cleaners that refused it';
COMMENT ON COLUMN main.quarantine.status IS 'open, or discarded: a person decided that nothing is to be had of it';
COMMENT ON COLUMN main.quarantine.note IS 'why it was discarded';
COMMENT ON COLUMN main.quarantine.noted_by IS 'who decided';
COMMENT ON COLUMN main.quarantine.noted_at IS 'when';

CREATE VIEW main.drifts AS
SELECT document.document_id, seen.source, document.input_format, drift.path, drift.what, drift.times
FROM core.drifts AS drift
JOIN raw.documents AS document ON document.document_key = drift.document_key
LEFT JOIN ops.first_seen AS seen ON seen.document_key = drift.document_key;
COMMENT ON VIEW main.drifts IS
    'something in a document that the parser of its format does not know; its bytes are kept';
COMMENT ON COLUMN main.drifts.document_id IS 'the document';
COMMENT ON COLUMN main.drifts.source IS 'name of the source';
COMMENT ON COLUMN main.drifts.input_format IS 'the format that it was read as';
COMMENT ON COLUMN main.drifts.path IS 'where, without indices';
COMMENT ON COLUMN main.drifts.what IS 'unknown-key, unknown-type:<name>, changed-type:<type> or invalid';
COMMENT ON COLUMN main.drifts.times IS 'how often';

CREATE VIEW main.drift AS
SELECT
    seen.source,
    document.input_format,
    drift.path,
    drift.what,
    count(DISTINCT drift.document_key) AS documents,
    sum(drift.times)::BIGINT AS times,
    arg_min(run.run_id, (run.started_at, run.run_id)) AS first_run_id,
    arg_max(run.run_id, (run.started_at, run.run_id)) AS last_run_id
FROM core.drifts AS drift
JOIN raw.documents AS document ON document.document_key = drift.document_key
LEFT JOIN ops.first_seen AS seen ON seen.document_key = drift.document_key
LEFT JOIN ops.runs AS run ON run.run_id = seen.run_id
GROUP BY ALL
ORDER BY ALL;
COMMENT ON VIEW main.drift IS
    'something that a source sends and the parser of its format does not know, summed up from drifts; nothing is lost by it: the bytes of its documents are kept (raw.bodies)';
COMMENT ON COLUMN main.drift.source IS 'name of the source';
COMMENT ON COLUMN main.drift.input_format IS 'the format that its documents were read as';
COMMENT ON COLUMN main.drift.path IS 'where, without indices';
COMMENT ON COLUMN main.drift.what IS 'unknown-key, unknown-type:<name>, changed-type:<type> or invalid';
COMMENT ON COLUMN main.drift.documents IS 'documents with it';
COMMENT ON COLUMN main.drift.times IS 'how often, in all of them';
COMMENT ON COLUMN main.drift.first_run_id IS 'the run that landed the first of them';
COMMENT ON COLUMN main.drift.last_run_id IS 'the run that landed the last of them';

-- A hole or an overlap makes the next start differ from the last end, so gap is 0 only if the paragraphs
-- tile [0, bytes) exactly.
CREATE VIEW main.byte_accounts AS
WITH steps AS (
    SELECT
        document_key,
        fate,
        byte_end,
        byte_end - byte_start AS length,
        abs(byte_start - lag(byte_end, 1, 0) OVER (
            PARTITION BY document_key ORDER BY byte_start, byte_end, ordinal
        )) AS jump
    FROM core.paragraphs
),
sums AS (
    SELECT
        document_key,
        coalesce(sum(length) FILTER (fate = 'kept'), 0)::BIGINT AS in_items,
        coalesce(sum(length) FILTER (fate IN ('echo', 'near-echo')), 0)::BIGINT AS in_copies,
        coalesce(sum(length) FILTER (fate = 'boilerplate'), 0)::BIGINT AS in_boilerplate,
        coalesce(sum(length) FILTER (fate IN ('header', 'card')), 0)::BIGINT AS in_structure,
        coalesce(sum(length) FILTER (fate = 'quarantined'), 0)::BIGINT AS in_quarantine,
        sum(jump)::BIGINT AS jumps,
        max(byte_end) AS last_end
    FROM steps
    GROUP BY document_key
)
SELECT
    document.document_id,
    document.bytes,
    coalesce(sums.in_items, 0) AS in_items,
    coalesce(sums.in_copies, 0) AS in_copies,
    coalesce(sums.in_boilerplate, 0) AS in_boilerplate,
    coalesce(sums.in_structure, 0) AS in_structure,
    coalesce(sums.in_quarantine, 0) AS in_quarantine,
    coalesce(sums.jumps, 0) + abs(document.bytes - coalesce(sums.last_end, 0)) AS gap
FROM raw.documents AS document
LEFT JOIN sums ON sums.document_key = document.document_key;
COMMENT ON VIEW main.byte_accounts IS
    'a document: where each of its bytes went';
COMMENT ON COLUMN main.byte_accounts.document_id IS 'the document';
COMMENT ON COLUMN main.byte_accounts.bytes IS 'length in bytes';
COMMENT ON COLUMN main.byte_accounts.in_items IS 'bytes of kept paragraphs';
COMMENT ON COLUMN main.byte_accounts.in_copies IS 'bytes of exact and near copies';
COMMENT ON COLUMN main.byte_accounts.in_boilerplate IS 'bytes of boilerplate';
COMMENT ON COLUMN main.byte_accounts.in_structure IS 'bytes of headers and link-preview cards';
COMMENT ON COLUMN main.byte_accounts.in_quarantine IS 'bytes in quarantine';
COMMENT ON COLUMN main.byte_accounts.gap IS 'bytes that no paragraph covers plus bytes that several cover; always 0';
