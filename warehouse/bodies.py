"""Raw bytes that are kept outside the file: one compressed file a document, named by the sha256 of the bytes.

`<warehouse>.bodies/ab/abcd….zst`, plain zstd frames that any tool can read. A file that is there is whole: it
is written under another name, synced and renamed before the landing transaction ends. A transaction that
fails leaves files that no document names; they are used if the same bytes come again.
"""

import os
from pathlib import Path

import duckdb
import pyarrow as pa

from schemas.errors import WarehouseError
from warehouse.paths import WarehousePaths

_STORED = """
SELECT document.document_id, document.bytes, document.body_in, (
    SELECT path FROM duckdb_databases() WHERE database_name = current_database()
)
FROM raw.documents AS document
WHERE document.document_key = ?::UUID
"""


def keep(folder: Path, chunks: pa.Table) -> None:
    """Write the bodies of documents, given as (document_id, chunk, body) in order.

    Raises WarehouseError if the disk is full or the folder cannot be written.
    """
    whole: dict[str, list[bytes]] = {}
    for document_id, body in zip(chunks["document_id"].to_pylist(), chunks["body"].to_pylist(), strict=True):
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
                file.write(pa.Codec("zstd").compress(b"".join(parts), asbytes=True))
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
    _, size, place, path = row
    if place == "folder":
        return _from_folder(WarehousePaths.of_file(Path(path)).bodies, document_id, size)
    chunks = con.execute(
        "SELECT body FROM raw.bodies WHERE document_key = ?::UUID ORDER BY chunk", [document_id[:32]]
    ).fetchall()
    if not chunks:
        raise WarehouseError(
            f"The bytes of document {document_id} are missing from the warehouse. `feedmill verify` tells "
            "what else is; ingest the original file into another warehouse, or restore a backup."
        )
    return b"".join(chunk for (chunk,) in chunks)


def _from_folder(folder: Path, document_id: str, size: int) -> bytes:
    file = file_of(folder, document_id)
    try:
        data = file.read_bytes()
        whole: bytes = (
            pa.Codec("zstd").decompress(data, decompressed_size=size, asbytes=True) if size else b""
        )
    except (OSError, pa.ArrowException) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise WarehouseError(
            f"The bytes of document {document_id} cannot be read from {file}: {why}. The folder "
            f"{folder.name} belongs to the warehouse: keep both together, or restore it from a backup."
        ) from error
    return whole


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
