-- What the source changed (versions), what other rules changed (superseded), and what runs found.

CREATE VIEW main.item_versions AS
WITH versions AS (
    SELECT * EXCLUDE (title_length) REPLACE (coalesce(title, left(text, title_length)) AS title),
        false AS is_superseded
    FROM core.versions
    UNION ALL BY NAME
    SELECT * EXCLUDE (title_length) REPLACE (coalesce(title, left(text, title_length)) AS title),
        true AS is_superseded
    FROM ops.past_versions
),
sightings AS (
    SELECT document_key, ordinal, item_id, version_id, first_line, last_line, byte_start, byte_end
    FROM core.sightings
    UNION ALL BY NAME
    SELECT document_key, ordinal, item_id, version_id, first_line, last_line, byte_start, byte_end
    FROM ops.past_sightings AS past
    SEMI JOIN ops.past_versions USING (item_id, version_id)
),
first_sightings AS (
    FROM sightings
    QUALIFY row_number() OVER (PARTITION BY item_id, version_id ORDER BY document_key, ordinal) = 1
),
times AS (
    SELECT item_id, version_id, count(DISTINCT document_key) AS documents FROM sightings GROUP BY ALL
)
SELECT
    replace(version.item_id::VARCHAR, '-', '') AS item_id,
    replace(version.version_id::VARCHAR, '-', '') AS version_id,
    NOT version.is_superseded AND row_number() OVER (
        PARTITION BY version.item_id, version.is_superseded
        ORDER BY version.edited_at DESC NULLS LAST, version.posted_at DESC NULLS LAST,
            version.shown_at DESC NULLS LAST, version.version_id DESC
    ) = 1 AS is_current,
    version.is_superseded,
    version.posted_at,
    version.edited_at,
    version.shown_at,
    times.documents,
    document.document_id,
    seen.source,
    sighting.ordinal,
    sighting.first_line,
    sighting.last_line,
    sighting.byte_start,
    sighting.byte_end,
    version.* EXCLUDE (
        item_id, version_id, is_superseded, posted_at, edited_at, shown_at, text_length, text_key, spelling_key
    )
FROM versions AS version
JOIN first_sightings AS sighting
    ON sighting.item_id = version.item_id AND sighting.version_id = version.version_id
JOIN times ON times.item_id = version.item_id AND times.version_id = version.version_id
JOIN raw.documents AS document ON document.document_key = sighting.document_key
LEFT JOIN ops.first_seen AS seen ON seen.document_key = sighting.document_key
ORDER BY item_id, is_current DESC, is_superseded, edited_at DESC NULLS LAST, posted_at DESC NULLS LAST,
    shown_at DESC NULLS LAST;
COMMENT ON VIEW main.item_versions IS
    'a version of an item, current or not: an edit by the source, or what former rules made of it';
COMMENT ON COLUMN main.item_versions.is_current IS 'whether items shows it: the last edited, then the last posted, then the one seen last, whatever landed first';
COMMENT ON COLUMN main.item_versions.is_superseded IS 'whether it is what former rules read, and nothing that the source said';
COMMENT ON COLUMN main.item_versions.shown_at IS 'when the last document that shows it was fetched or made, of items with several versions, where that is known';
COMMENT ON COLUMN main.item_versions.documents IS 'number of documents that it was seen in';

CREATE VIEW main.findings AS
SELECT run.started_at, finding.*
FROM ops.findings AS finding
JOIN ops.runs AS run ON run.run_id = finding.run_id
ORDER BY run.place, finding.level, finding.kind, finding.source, finding.name;
COMMENT ON VIEW main.findings IS
    'what a data check or an expectation of a source found at the end of a run';
COMMENT ON COLUMN main.findings.started_at IS 'start of the run';
