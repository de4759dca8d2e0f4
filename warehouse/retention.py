"""Forget runs that changed nothing: a schedule makes hundreds a day, each with a row a document.

Runs that landed or changed something stay for ever, with what was new in them: history hangs on them.
"""

import duckdb

_OLD = """
CREATE OR REPLACE TEMP TABLE old_runs AS
SELECT run_id FROM ops.runs WHERE started_at < ?::TIMESTAMPTZ AND state <> 'running'
"""
# first_seen reads all names that a document had in the run that landed it.
_REPEATS = """
DELETE FROM ops.run_documents
WHERE run_id IN (FROM old_runs) AND (run_id, document_key) NOT IN (
    SELECT (run_id, document_key) FROM ops.run_documents WHERE is_new
)
"""
_IDLE = """
CREATE OR REPLACE TEMP TABLE idle_runs AS
FROM old_runs
ANTI JOIN ops.run_documents USING (run_id)
ANTI JOIN ops.derivations USING (run_id)
ANTI JOIN (
    SELECT run_id FROM ops.batches
    WHERE documents_new + items_new + items_changed + abs(duplicates) + quarantined > 0
) USING (run_id)
ANTI JOIN (SELECT past_run_id AS run_id FROM ops.past_sightings) USING (run_id)
ANTI JOIN (SELECT past_run_id AS run_id FROM ops.past_quarantine) USING (run_id)
ANTI JOIN (SELECT checked_by AS run_id FROM ops.checked) USING (run_id)
"""
_TABLES = ("ops.findings", "ops.batches", "ops.runs")


def forget_runs(con: duckdb.DuckDBPyConnection, before: str) -> int:
    """Delete runs that began before a moment (ISO) and changed nothing, and what older runs saw again.

    All or nothing; returns the number of runs deleted.
    """
    con.execute("BEGIN")
    try:
        con.execute(_OLD, [before])
        con.execute(_REPEATS)
        con.execute(_IDLE)
        ((count,),) = con.execute("SELECT count(*) FROM idle_runs").fetchall()
        for table in _TABLES:
            con.execute(f"DELETE FROM {table} WHERE run_id IN (FROM idle_runs)")  # noqa: S608 - names above
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return int(count)
