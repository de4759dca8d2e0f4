"""Rows of a view for an export: by month, in an order that is the same each time, a batch at a time."""

from collections.abc import Iterator, Sequence

import duckdb
import pyarrow as pa

from schemas.errors import InputError

#: The month of items whose day is not known.
UNDATED = "undated"
#: Rows of a batch: a few megabytes of posts.
_ROWS = 4096
# What the copy shows: it changes with every batch that lands and every document that is cleaned again.
_SNAPSHOT = """
SELECT md5(concat_ws('/',
    (SELECT list(row(run_id, batch, landed_at) ORDER BY landed_at, run_id, batch)::VARCHAR FROM ops.batches),
    (SELECT list(version ORDER BY version)::VARCHAR FROM main.schema_migrations)
))
"""
_EXPORTABLE = """
SELECT table_name FROM duckdb_columns()
WHERE schema_name = 'main' AND database_name = current_database()
    AND column_name IN ('published_best', 'item_id')
GROUP BY table_name HAVING count(*) = 2
ORDER BY table_name
"""
_MONTH = "coalesce(strftime(published_best, '%Y-%m'), 'undated')"


def snapshot(con: duckdb.DuckDBPyConnection) -> str:
    """Return what tells this state of the warehouse from others."""
    ((digest,),) = con.execute(_SNAPSHOT).fetchall()
    return str(digest)


class Months:
    """The months of a view, each with its rows. The rows of one must be read before the next is asked for."""

    def __init__(self, reader: pa.RecordBatchReader) -> None:
        """Read from a stream ordered by its first column, the month."""
        self._reader = reader
        #: Columns of the rows, without the month.
        self.schema = pa.schema(list(reader.schema)[1:])
        self._batch: pa.RecordBatch | None = None

    def __iter__(self) -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
        self._next()
        while self._batch is not None:
            month = str(self._batch.column(0)[0].as_py())
            yield month, self._rows(month)

    def _rows(self, month: str) -> Iterator[pa.RecordBatch]:
        while self._batch is not None and self._batch.column(0)[0].as_py() == month:
            length = sum(1 for other in self._batch.column(0).to_pylist() if other == month)
            part, rest = self._batch.slice(0, length), self._batch.slice(length)
            self._batch = rest if rest.num_rows else None
            if self._batch is None:
                self._next()
            yield pa.RecordBatch.from_arrays(part.columns[1:], schema=self.schema)

    def _next(self) -> None:
        self._batch = next((batch for batch in self._reader if batch.num_rows), None)


def months(con: duckdb.DuckDBPyConnection, view: str, without: Sequence[str] = ()) -> Months:
    """Return the rows of a view by month (`2024-05`, or `undated`), but for the months in `without`.

    Raises InputError for a view that has no `published_best` and `item_id`.
    """
    known = [name for (name,) in con.execute(_EXPORTABLE).fetchall()]
    if view not in known:
        raise InputError(f"There is no view {view} to export by month. There are: {', '.join(known)}.")
    order = "1, item_id, version_id" if view == "item_versions" else "1, item_id"
    relation = con.sql(
        f"SELECT {_MONTH} AS export_month, * FROM main.{view} "  # noqa: S608 - one of the names above
        f"WHERE NOT list_contains(?, {_MONTH}) ORDER BY {order}",
        params=[list(without)],
    )
    return Months(relation.to_arrow_reader(_ROWS))
