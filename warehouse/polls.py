"""Polls: what each address said last, and when it may be asked again."""

from collections.abc import Sequence

import duckdb

from schemas.polls import Poll

_COLUMNS = (
    *("source", "address", "etag", "last_modified", "polled_at", "answered_at", "changed_at", "due_at"),
    *("failures", "outcome", "detail"),
)
_READ = """
SELECT
    source, address, etag, last_modified,
    strftime(polled_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ'),
    strftime(answered_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ'),
    strftime(changed_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ'),
    strftime(due_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ'),
    failures, outcome, detail
FROM ops.polls
ORDER BY source, address
"""
_INSERT = """
INSERT INTO ops.polls (
    source, address, etag, last_modified, polled_at, answered_at, changed_at, due_at,
    failures, outcome, detail
)
VALUES (?, ?, ?, ?, ?::TIMESTAMPTZ, ?::TIMESTAMPTZ, ?::TIMESTAMPTZ, ?::TIMESTAMPTZ, ?, ?, ?)
"""


def polls(con: duckdb.DuckDBPyConnection) -> list[Poll]:
    """Return the last poll of every address."""
    rows = con.execute(_READ).fetchall()
    return [Poll(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def note_polls(con: duckdb.DuckDBPyConnection, found: Sequence[Poll]) -> None:
    """Put these polls in the place of what was known of their addresses, all of them or none."""
    con.execute("BEGIN")
    try:
        for poll in found:
            con.execute("DELETE FROM ops.polls WHERE source = ? AND address = ?", [poll.source, poll.address])
            con.execute(_INSERT, [getattr(poll, name) for name in _COLUMNS])
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
