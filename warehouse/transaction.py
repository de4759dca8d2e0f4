"""Stage a batch and change the warehouse by it: all of it or, after an error, nothing."""

import contextlib
from collections.abc import Iterator, Sequence

import duckdb

from schemas.errors import FeedmillError, WarehouseError
from warehouse.batch import SIGHTING, Batch
from warehouse.connection import staged


@contextlib.contextmanager
def transaction(
    con: duckdb.DuckDBPyConnection, batch: Batch, beside: Sequence[str] = ("bodies",)
) -> Iterator[None]:
    """Stage a batch but for the tables `beside`, and commit what the block does with it, or nothing of it.

    Of the items it stages where they stand, and their texts' keys: what they say is read once, where it lies.
    Raises WarehouseError that names the documents for whatever the warehouse refuses.
    """
    stages = {f"stage_{name}": rows for name, rows in batch.tables().items() if name not in beside}
    stages["stage_items"] = batch.items.select([*SIGHTING, "text_key"])
    try:
        with staged(con, stages):
            con.execute("BEGIN")
            try:
                yield
                con.execute("COMMIT")
            except BaseException:
                roll_back(con)
                raise
    except FeedmillError as error:
        error.add_note(_whose(batch))
        raise
    except duckdb.Error as error:
        raise WarehouseError(
            f"A batch could not be landed: {str(error).strip()}. Nothing of it is in the warehouse, the "
            f"batches before it are. {_whose(batch)} Mend the cause and run the command again, or ingest "
            "these documents one by one to find the one at fault."
        ) from error


def roll_back(con: duckdb.DuckDBPyConnection) -> None:
    """Undo the open transaction."""
    # After a fatal error (disk full) the instance refuses this too; reopening shows the last commit.
    with contextlib.suppress(duckdb.Error):
        con.execute("ROLLBACK")


def _whose(batch: Batch) -> str:
    ids = batch.document_ids
    named = ", ".join(ids[:5])
    return f"Documents of the batch: {named}{f' and {len(ids) - 5} more' if len(ids) > 5 else ''}."
