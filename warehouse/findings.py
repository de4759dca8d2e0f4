"""What checks and expectations find at the end of a run: figures to judge by, and the verdicts, stored."""

from collections.abc import Sequence

import duckdb

from schemas.findings import Delivery, Finding

# All documents that the run was given under the source's name, new and known: a source that delivers what it
# delivered before has delivered.
_DELIVERED = """
WITH given AS (
    SELECT DISTINCT noted.document_key
    FROM ops.run_documents AS noted
    JOIN raw.receipts AS receipt ON receipt.receipt_key = noted.receipt_key
    WHERE noted.run_id = ? AND receipt.source = ?
),
seen AS (SELECT DISTINCT item_id, version_id FROM core.sightings WHERE document_key IN (FROM given)),
shown AS (
    SELECT version.item_id, version.published_best, version.published_precision
    FROM core.versions AS version
    JOIN seen ON seen.item_id = version.item_id AND seen.version_id = version.version_id
)
SELECT
    (SELECT count(*) FROM given),
    count(DISTINCT item_id),
    count(DISTINCT item_id) FILTER (published_precision = 'none'),
    (
        SELECT count(DISTINCT member.item_id) FROM dedup.members AS member
        WHERE member.item_id <> member.cluster_id AND member.item_id IN (SELECT item_id FROM seen)
    ),
    max(published_best),
    (SELECT coalesce(sum(bytes), 0)::BIGINT FROM raw.documents WHERE document_key IN (FROM given)),
    (
        SELECT coalesce(sum(byte_end - byte_start), 0)::BIGINT FROM core.quarantine
        WHERE document_key IN (FROM given)
    )
FROM shown
"""


def delivered(con: duckdb.DuckDBPyConnection, run_id: str, source: str) -> Delivery:
    """Return the figures of all documents that a run was given by `source`."""
    ((documents, items, undated, duplicates, newest, size, quarantined),) = con.execute(
        _DELIVERED, [run_id, source]
    ).fetchall()
    return Delivery(
        documents=documents,
        items=items,
        undated=undated,
        duplicates=duplicates,
        newest=newest,
        bytes=size,
        quarantined_bytes=quarantined,
    )


def note_findings(con: duckdb.DuckDBPyConnection, run_id: str, found: Sequence[Finding]) -> None:
    """Store findings of a run."""
    for one in found:
        con.execute(
            "INSERT INTO ops.findings BY NAME SELECT ? AS run_id, ? AS kind, ? AS name, ? AS source, "
            "? AS level, ? AS value, ? AS bound, ? AS detail",
            [run_id, one.kind, one.name, one.source, one.level, one.value, one.bound, one.detail],
        )


def note_checked(con: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Note that all that has landed so far passed the data checks."""
    con.execute(
        "INSERT INTO ops.checked "
        "SELECT DISTINCT run_id, ? FROM ops.derivations ANTI JOIN ops.checked USING (run_id)",
        [run_id],
    )
