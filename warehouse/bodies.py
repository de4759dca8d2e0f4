"""Raw bytes: how they are read again, and those that are kept outside the file.

In the file a document is a zstd frame, cut into the rows of raw.bodies; those that landed before migration 9
are chunks in raw.plain_bodies. Outside it is one compressed file, named by the sha256 of the bytes:
`<warehouse>.bodies/ab/abcd….zst`, plain zstd frames that any tool can read. A file that is there is whole: it
is written under another name, synced and renamed before the landing transaction ends. A transaction that
fails leaves files that no document names; they are used if the same bytes come again.
"""

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import duckdb
import pyarrow as pa

from schemas.errors import WarehouseError
from warehouse.packing import unpack
from warehouse.paths import WarehousePaths

_STORED = """
SELECT document.document_id, document.bytes, document.packed, document.body_in, (
    SELECT path FROM duckdb_databases() WHERE database_name = current_database()
)
FROM raw.documents AS document
WHERE document.document_key = ?::UUID
"""


_LOST = (
    "`feedmill verify` tells what else is; ingest the original file into another warehouse, or restore a "
    "backup."
)
#: Raw bytes that are read and hashed together.
_TOGETHER = 16 << 20
# Rows of a document lie together, so of a table only the part is read that holds the documents at hand.
_PLACES = """
CREATE OR REPLACE TEMP TABLE body_places AS
WITH wanted AS ({wanted}),
placed AS (
    SELECT document_key, min(rowid) AS first, max(rowid) AS last FROM {table} GROUP BY document_key
)
SELECT wanted.*, placed.first, placed.last,
    sum(wanted.bytes) OVER (ORDER BY placed.first ROWS UNBOUNDED PRECEDING) // {together} AS part
FROM wanted JOIN placed USING (document_key)
"""
_PARTS = "SELECT part, min(first), max(last) FROM body_places GROUP BY part ORDER BY part"
_READ = """
SELECT place.document_id, place.bytes, list(kept.body ORDER BY kept.{order})
FROM {table} AS kept
JOIN body_places AS place USING (document_key)
WHERE place.part = ? AND kept.rowid BETWEEN ? AND ?
GROUP BY ALL
"""


def keep(folder: Path, pieces: pa.Table) -> None:
    """Write the frames of documents, given as (document_id, body) in order.

    Raises WarehouseError if the disk is full or the folder cannot be written.
    """
    whole: dict[str, list[bytes]] = {}
    for document_id, body in zip(pieces["document_id"].to_pylist(), pieces["body"].to_pylist(), strict=True):
        whole.setdefault(document_id, []).append(body)
    folders = set()
    try:
        for document_id, parts in whole.items():
            target = file_of(folder, document_id)
            if target.exists():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            passing = target.with_suffix(".partial")  # one writer at a time: nobody else has it open
            with passing.open("wb") as file:
                file.write(b"".join(parts))
                file.flush()
                os.fsync(file.fileno())
            passing.replace(target)
            folders.add(target.parent)
        for changed in folders:
            _sync(changed)
    except OSError as error:
        raise WarehouseError(
            f"Cannot keep raw bytes in {folder}: {error.strerror}. Free some disk space or mend permissions, "
            "and run the command again. What was landed before stays."
        ) from error


def file_of(folder: Path, document_id: str) -> Path:
    """Return where the bytes of a document are kept."""
    return folder / document_id[:2] / f"{document_id}.zst"


def document_bytes(con: duckdb.DuckDBPyConnection, document_id: str) -> bytes:
    """Return the bytes of a document as they were received.

    Raises WarehouseError if there is no such document, or its bytes are not where they were put.
    """
    row = con.execute(_STORED, [document_id[:32]]).fetchone()
    if row is None or row[0] != document_id:
        raise WarehouseError(
            f"There is no document {document_id} in this warehouse. The view documents lists them."
        )
    _, size, packed, place, path = row
    if place == "folder":
        return _from_folder(WarehousePaths.of_file(Path(path)).bodies, document_id, size)
    key = [document_id[:32]]
    if packed is None:
        parts = con.execute(
            "SELECT body FROM raw.plain_bodies WHERE document_key = ?::UUID ORDER BY chunk", key
        ).fetchall()
    else:
        parts = con.execute(
            "SELECT body FROM raw.bodies WHERE document_key = ?::UUID ORDER BY piece", key
        ).fetchall()
    whole = b"".join(part for (part,) in parts)
    if not parts:
        raise WarehouseError(f"The bytes of document {document_id} are missing from the warehouse. {_LOST}")
    try:
        return whole if packed is None else unpack(whole, size)
    except (OSError, pa.ArrowException) as error:
        raise WarehouseError(
            f"The bytes of document {document_id} cannot be read: {error}. {_LOST}"
        ) from error


def spoiled(con: duckdb.DuckDBPyConnection, wanted: str) -> Iterator[tuple[str, str]]:
    """Yield (document_id, why) for documents in the file whose bytes do not have the sha256 that names them.

    `wanted`: a query for their document_key, document_id and bytes. Those of which nothing is there are for
    others to find. Takes the memory of some documents at a time.
    """
    try:
        for table, order in (("raw.bodies", "piece"), ("raw.plain_bodies", "chunk")):
            con.execute(_PLACES.format(table=table, wanted=wanted, together=_TOGETHER))
            for part in con.execute(_PARTS).fetchall():
                rows = con.execute(_READ.format(table=table, order=order), part).fetchall()
                for document_id, size, parts in rows:
                    why = _fault(document_id, b"".join(parts), size if order == "piece" else None)
                    if why is not None:
                        yield document_id, why
    finally:
        con.execute("DROP TABLE IF EXISTS temp.body_places")


def _fault(document_id: str, kept: bytes, size: int | None) -> str | None:
    """Return what is wrong with what is kept of a document: a frame of `size` bytes or, without it, bytes."""
    try:
        data = kept if size is None else unpack(kept, size)
    except (OSError, pa.ArrowException) as error:
        return str(error)
    found = sha256(data).hexdigest()
    return None if found == document_id else f"their sha256 is {found}"


def _from_folder(folder: Path, document_id: str, size: int) -> bytes:
    file = file_of(folder, document_id)
    try:
        return unpack(file.read_bytes(), size)
    except (OSError, pa.ArrowException) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise WarehouseError(
            f"The bytes of document {document_id} cannot be read from {file}: {why}. The folder "
            f"{folder.name} belongs to the warehouse: keep both together, or restore it from a backup."
        ) from error


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
