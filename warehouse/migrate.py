"""Bring a warehouse to this program's tables and views."""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

import duckdb

from schemas.errors import WarehouseError

_LEDGER = """
CREATE TABLE IF NOT EXISTS main.schema_migrations (
    version INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL
)
"""
_VIEWS = """
SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal AND database_name = current_database()
"""
_MACROS = """
SELECT schema_name, function_name FROM duckdb_functions()
WHERE NOT internal AND function_type = 'table_macro' AND database_name = current_database()
"""
#: Views and tables that show the columns of another one, and say the same of them.
_HEIRS = {
    "main.unique_items": "main.items",
    "main.item_versions": "main.items",
    "main.findings": "ops.findings",
    "ops.past_versions": "core.versions",
    "ops.past_sightings": "core.sightings",
    "ops.past_quarantine": "core.quarantine",
}
_INHERITED = """
SELECT mine.column_name, theirs.comment
FROM duckdb_columns() AS mine
JOIN duckdb_columns() AS theirs
    ON theirs.column_name = mine.column_name AND theirs.database_name = mine.database_name
WHERE mine.database_name = current_database() AND mine.comment IS NULL
    AND mine.schema_name || '.' || mine.table_name = ?
    AND theirs.schema_name || '.' || theirs.table_name = ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A numbered file of SQL."""

    version: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Return the sha256 of the file."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def pending(con: duckdb.DuckDBPyConnection) -> list[Migration]:
    """Return the migrations that the warehouse lacks, in order.

    Raises WarehouseError if it was made by a newer program, or by files that were edited since.
    """
    known = {migration.version: migration for migration in _migrations()}
    done = dict(con.execute("SELECT version, sha256 FROM main.schema_migrations").fetchall())
    newer = sorted(set(done) - set(known))
    if newer:
        raise WarehouseError(
            f"The warehouse has migration {newer[-1]}, this program knows them up to {max(known)}. "
            "Update feedmill, or name another file with --warehouse."
        )
    for version, sha256 in done.items():
        if known[version].sha256 != sha256:
            raise WarehouseError(
                f"Migration {known[version].name} was edited after it was applied to this warehouse. "
                "Put the file back as it was, and write the change as a new migration."
            )
    return [migration for version, migration in known.items() if version not in done]


def apply(con: duckdb.DuckDBPyConnection) -> list[int]:
    """Apply what is pending, then make all views, macros and comments anew; return the versions applied.

    Each file and its record are one transaction, and so are the views: after an error nothing of it remains.
    Raises what `pending` raises.
    """
    con.execute(_LEDGER)
    applied = []
    for migration in pending(con):
        con.execute("BEGIN")
        try:
            con.execute(migration.sql)
            con.execute(
                "INSERT INTO main.schema_migrations VALUES (?, ?, ?, now())",
                [migration.version, migration.name, migration.sha256],
            )
            con.execute("COMMIT")
        except BaseException:
            _roll_back(con)
            raise
        applied.append(migration.version)
    _make_views(con, again=bool(applied))
    return applied


def _make_views(con: duckdb.DuckDBPyConnection, *, again: bool) -> None:
    """Make all views and macros anew if they are not the ones of this program. It takes 0.2 s of CPU."""
    digest = hashlib.sha256()
    for text in (sql for _, sql in _files("views")):
        digest.update(text.encode())
    there = con.execute(_VIEWS).fetchall(), con.execute(_MACROS).fetchall()
    state = f"{digest.hexdigest()} {sorted(map(str, there[0] + there[1]))}"
    con.execute("CREATE TABLE IF NOT EXISTS main.schema_views (state VARCHAR NOT NULL)")
    if not again and con.execute("SELECT state FROM main.schema_views").fetchall() == [(state,)]:
        return
    # Dropped first, so that a view that this program no longer has does not stay behind, broken.
    con.execute("BEGIN")
    try:
        for schema, name in there[0]:
            con.execute(f"DROP VIEW {_quoted(schema)}.{_quoted(name)}")
        for schema, name in there[1]:
            con.execute(f"DROP MACRO TABLE {_quoted(schema)}.{_quoted(name)}")
        for _, sql in _files("views"):
            con.execute(sql)
        for heir, name in _HEIRS.items():
            for column, comment in con.execute(_INHERITED, [heir, name]).fetchall():
                literal = comment.replace("'", "''")
                con.execute(f"COMMENT ON COLUMN {heir}.{_quoted(column)} IS '{literal}'")
        made = con.execute(_VIEWS).fetchall() + con.execute(_MACROS).fetchall()
        con.execute("DELETE FROM main.schema_views")
        con.execute(
            "INSERT INTO main.schema_views VALUES (?)", [f"{digest.hexdigest()} {sorted(map(str, made))}"]
        )
        con.execute("COMMIT")
    except BaseException:
        _roll_back(con)
        raise


def _roll_back(con: duckdb.DuckDBPyConnection) -> None:
    # A commit that failed (disk full) has ended the transaction already.
    with contextlib.suppress(duckdb.Error):
        con.execute("ROLLBACK")


def _migrations() -> list[Migration]:
    return [Migration(version=int(name[:4]), name=name, sql=sql) for name, sql in _files("migrations")]


def _files(folder: str) -> Iterator[tuple[str, str]]:
    for file in sorted(resources.files("warehouse").joinpath(folder).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".sql"):
            yield file.name, file.read_text(encoding="utf-8")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
