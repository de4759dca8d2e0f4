"""Join batches, so that they land in one transaction. Knows no DuckDB.

A transaction has some sixty statements, which cost as much as landing a megabyte: four batches of 2 MB in one
take half the CPU time of one after the other.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from warehouse.batch import Batch

_BY_DOCUMENT = ("documents", "bodies", "items", "paragraphs", "quarantine", "traces", "drifts")
_BY_TEXT = ("signatures", "bands")


def join(batches: Sequence[Batch]) -> Batch:
    """Return one batch of several by one recipe, without copying them.

    Of documents, receipts and texts that are in more than one, those of the first count, as if one batch
    landed after the other. Raises ValueError for none, or for batches of different recipes.
    """
    if not batches or any(batch.recipe != batches[0].recipe for batch in batches):
        raise ValueError("cannot join batches: give at least one, and all of them signed by one recipe.")
    if len(batches) == 1:
        return batches[0]
    tables = [batch.tables() for batch in batches]
    _drop_repeated(tables, "documents", "document_key", _BY_DOCUMENT)
    _drop_repeated(tables, "receipts", "receipt_key", ("receipts",))
    _drop_repeated(tables, "signatures", "text_key", _BY_TEXT)
    joined = {name: pa.concat_tables([each[name] for each in tables]) for name in tables[0]}
    return Batch(**joined | {"recipe": batches[0].recipe})


def _drop_repeated(
    tables: Sequence[dict[str, pa.Table]], source: str, key: str, names: Sequence[str]
) -> None:
    """Take out of the tables `names` what has a `key` that the table `source` of an earlier batch has."""
    seen = _plain(tables[0][source][key])
    for each in tables[1:]:
        own = _plain(each[source][key])
        repeated = own.filter(pc.is_in(own, value_set=seen))
        if len(repeated):
            for name in names:
                known = pc.is_in(_plain(each[name][key]), value_set=repeated)
                each[name] = each[name].filter(pc.invert(known))
        seen = pa.concat_arrays([seen, own])


def _plain(column: pa.ChunkedArray) -> pa.Array:
    """Return keys as bytes: Arrow does not compare UUIDs."""
    return pa.chunked_array([chunk.storage for chunk in column.chunks], pa.binary(16)).combine_chunks()
