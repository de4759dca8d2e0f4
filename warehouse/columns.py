"""Python values to Arrow columns, quickly, and with nothing that DuckDB would refuse."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.errors import WarehouseError

#: 128 bits: among 10^9 texts, two meet by chance once in 10^21 warehouses.
KEY_BYTES = 16


def document_key(document_id: str) -> bytes:
    """Return the key of a document: the first 128 bits of its sha256."""
    return bytes.fromhex(document_id[: 2 * KEY_BYTES])


def key_of(*parts: str) -> bytes:
    """Return the blake2b-128 of `parts`. Lengths go in as well: ("a", "bc") is not ("ab", "c")."""
    if len(parts) == 1:
        return blake2b(parts[0].encode(), digest_size=KEY_BYTES).digest()
    encoded = [part.encode() for part in parts]
    joined = b"".join(piece for data in encoded for piece in (len(data).to_bytes(8, "little"), data))
    return blake2b(joined, digest_size=KEY_BYTES).digest()


def storable(text: str) -> str:
    r"""Return `text` with each lone surrogate written out as its escape, `\ud83d`.

    DuckDB and Arrow refuse lone surrogates, and one of them would refuse the whole batch. Nothing is lost:
    the bytes stay in raw.bodies, and tabulate notes each escaped text in core.traces.
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def keys(values: Sequence[Any]) -> pa.Array:
    """Return 16-byte keys as UUIDs."""
    storage = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(KEY_BYTES), len(values), [None, pa.py_buffer(b"".join(values))]
    )
    return pa.ExtensionArray.from_storage(pa.uuid(), storage)


def optional_keys(values: Sequence[Any]) -> pa.Array:
    """Return 16-byte keys, some of them missing, as UUIDs."""
    return pa.ExtensionArray.from_storage(pa.uuid(), pa.array(values, pa.binary(KEY_BYTES)))


def storable_or_none(text: str | None) -> str | None:
    """Return `storable(text)`, or None for None."""
    return None if text is None else storable(text)


def uint32_lists(rows: Sequence[bytes]) -> pa.Array:
    """Return packed little-endian uint32 numbers as lists, without making a Python number of any."""
    ends = np.cumsum([len(row) // 4 for row in rows], dtype=np.int32)
    offsets = pa.array(np.concatenate([np.zeros(1, dtype=np.int32), ends]))
    return pa.ListArray.from_arrays(offsets, pa.array(np.frombuffer(b"".join(rows), dtype="<u4")))


_day = lru_cache(maxsize=4096)(date.fromisoformat)  # a document has few days


def day(text: str | None, what: Callable[[], str]) -> date | None:
    """Return the day of an ISO day or timestamp. Raises WarehouseError that names `what`."""
    if text is None:
        return None
    try:
        return _day(text[:10])
    except ValueError as error:
        raise WarehouseError(_no_date(text, what())) from error


def moment(text: str | None, what: Callable[[], str]) -> datetime | None:
    """Return the UTC moment of an ISO timestamp; one without an offset is UTC, by the contract."""
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise WarehouseError(_no_date(text, what())) from error
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def _no_date(text: str, what: str) -> str:
    return (
        f"{what} has the date {text!r}, which is no ISO day or timestamp. This is a fault of the cleaners: "
        "report it with the document; the other batches are not touched."
    )


def table(schema: pa.Schema, columns: Iterable[Any]) -> pa.Table:
    """Return a table of `schema` from columns in its order."""
    arrays = [
        column if isinstance(column, pa.Array) else pa.array(column, field.type)
        for field, column in zip(schema, columns, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
