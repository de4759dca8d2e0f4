"""A warehouse at a glance: what pictures, tables and gauges of a run are made of."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

_TOTALS = """
SELECT
    (SELECT count(*) FROM raw.documents),
    (SELECT coalesce(sum(bytes), 0)::BIGINT FROM raw.documents),
    (SELECT count(DISTINCT item_id) FROM core.versions),
    (SELECT count(*) FROM dedup.members WHERE item_id <> cluster_id),
    (SELECT count(*) FROM core.quarantine),
    (SELECT coalesce(sum(byte_end - byte_start), 0)::BIGINT FROM core.quarantine)
"""
_FATES = """
SELECT fate, sum(byte_end - byte_start)::BIGINT FROM core.paragraphs GROUP BY fate ORDER BY fate
"""
_REASONS = """
SELECT
    reason, stage, count(*), coalesce(sum(byte_end - byte_start), 0)::BIGINT, min(detail),
    count(*) FILTER (status = 'open')
FROM main.quarantine
GROUP BY reason, stage
ORDER BY count(*) DESC, reason, stage
"""
_DAYS = "SELECT day, items, unique_items FROM main.timeline WHERE day > ? ORDER BY day DESC LIMIT ?"
# The clusters that items of the last runs joined; the items of a run are known by its documents.
_CLUSTERS = """
WITH fresh AS (
    SELECT member.cluster_id, max(run.place) AS place
    FROM dedup.members AS member
    JOIN core.sightings AS sighting ON sighting.item_id = member.item_id
    JOIN ops.run_documents AS given ON given.document_key = sighting.document_key AND given.is_new
    JOIN ops.runs AS run ON run.run_id = given.run_id
    GROUP BY member.cluster_id
    ORDER BY place DESC, member.cluster_id
    LIMIT ?
),
shown AS (
    SELECT version.item_id, coalesce(version.title, left(version.text, version.title_length)) AS title,
        version.published_best
    FROM core.versions AS version
    WHERE version.item_id IN (SELECT cluster_id FROM fresh)
    QUALIFY row_number() OVER (
        PARTITION BY version.item_id
        ORDER BY version.edited_at DESC NULLS LAST, version.posted_at DESC NULLS LAST,
            version.shown_at DESC NULLS LAST, version.version_id DESC
    ) = 1
)
SELECT
    replace(fresh.cluster_id::VARCHAR, '-', ''),
    any_value(shown.title),
    any_value(shown.published_best),
    count(*) FILTER (member.relation = 'exact'),
    count(*) FILTER (member.relation = 'near'),
    count(*) FILTER (member.relation = 'contained'),
    min(replace(member.item_id::VARCHAR, '-', '')) FILTER (member.item_id <> member.cluster_id)
FROM fresh
JOIN dedup.members AS member ON member.cluster_id = fresh.cluster_id
JOIN shown ON shown.item_id = fresh.cluster_id
GROUP BY fresh.cluster_id, fresh.place
ORDER BY fresh.place DESC, fresh.cluster_id
"""
# Of each source: what it gave, the last run that it gave something new, and what its addresses said last.
_SOURCES = """
WITH given AS (
    SELECT
        receipt.source,
        count(DISTINCT receipt.document_key) AS documents,
        max(run.started_at) FILTER (noted.is_new) AS new_at,
        max(run.started_at) AS given_at
    FROM raw.receipts AS receipt
    JOIN ops.run_documents AS noted ON noted.receipt_key = receipt.receipt_key
    JOIN ops.runs AS run ON run.run_id = noted.run_id
    GROUP BY receipt.source
),
polled AS (
    SELECT source, max(answered_at) AS answered_at, max(failures) AS failures FROM ops.polls GROUP BY source
)
SELECT
    coalesce(given.source, polled.source),
    coalesce(given.documents, 0),
    epoch(given.new_at),
    epoch(coalesce(polled.answered_at, given.given_at)),
    coalesce(polled.failures, 0)
FROM given
FULL JOIN polled ON polled.source = given.source
ORDER BY 1
"""
_STATES = "SELECT state, count(*) FROM ops.runs GROUP BY state ORDER BY state"
_SUMS = """
SELECT
    coalesce(sum(bytes), 0)::BIGINT, coalesce(sum(documents_new), 0)::BIGINT,
    coalesce(sum(items_new), 0)::BIGINT, coalesce(sum(duplicates), 0)::BIGINT,
    coalesce(sum(quarantined), 0)::BIGINT
FROM ops.batches
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a warehouse holds. `duplicates` are items that are not their cluster's primary."""

    documents: int
    bytes: int
    items: int
    duplicates: int
    quarantined: int
    quarantined_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Ranges in quarantine for one reason, with one of their details."""

    reason: str
    stage: str
    ranges: int
    bytes: int
    example: str
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster, by its primary and the number of copies of each kind. `copy_id` is one of them."""

    primary_id: str
    title: str | None
    published: dt.date | None
    exact: int
    near: int
    contained: int
    copy_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day on which items were published."""

    day: dt.date
    items: int
    unique_items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """A source. Times are seconds since 1970: the last run with something new of it, its last good answer."""

    source: str
    documents: int
    new_at: float | None
    answered_at: float | None
    failures: int


def totals(con: duckdb.DuckDBPyConnection) -> Totals:
    """Return what the warehouse holds."""
    ((documents, size, items, duplicates, ranges, quarantined),) = con.execute(_TOTALS).fetchall()
    return Totals(
        documents=documents,
        bytes=size,
        items=items,
        duplicates=duplicates,
        quarantined=ranges,
        quarantined_bytes=quarantined,
    )


def fates(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return the bytes of paragraphs by fate."""
    return dict(con.execute(_FATES).fetchall())


def reasons(con: duckdb.DuckDBPyConnection) -> Sequence[Reason]:
    """Return the reasons of quarantine, the most frequent first."""
    return [
        Reason(reason=reason, stage=stage, ranges=ranges, bytes=size, example=example or "", open=waiting)
        for reason, stage, ranges, size, example, waiting in con.execute(_REASONS).fetchall()
    ]


def newest_clusters(con: duckdb.DuckDBPyConnection, limit: int) -> Sequence[Cluster]:
    """Return the clusters that the last runs added to, the latest first."""
    rows = con.execute(_CLUSTERS, [limit]).fetchall()
    names = ("primary_id", "title", "published", "exact", "near", "contained", "copy_id")
    return [Cluster(**dict(zip(names, row, strict=True))) for row in rows]


def days(con: duckdb.DuckDBPyConnection, limit: int) -> Sequence[Day]:
    """Return the last days on which items were published, in order."""
    rows = con.execute(_DAYS, [dt.date.min, limit]).fetchall()
    return [Day(day=day, items=items, unique_items=unique) for day, items, unique in reversed(rows)]


def sources(con: duckdb.DuckDBPyConnection) -> Sequence[SourceState]:
    """Return every source that ever gave something or was polled."""
    rows = con.execute(_SOURCES).fetchall()
    names = ("source", "documents", "new_at", "answered_at", "failures")
    return [SourceState(**dict(zip(names, row, strict=True))) for row in rows]


def run_states(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return the number of runs by state."""
    return dict(con.execute(_STATES).fetchall())


def landed_sums(con: duckdb.DuckDBPyConnection) -> tuple[int, int, int, int, int]:
    """Return bytes, documents, items, duplicates and ranges that all runs together landed as new."""
    (row,) = con.execute(_SUMS).fetchall()
    return row
