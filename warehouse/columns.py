"""Python values to Arrow columns, quickly, and with nothing that DuckDB would refuse.

A column is made at once, not value by value: what Python does for each of millions of values is most of what
landing costs.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import blake2b
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.errors import WarehouseError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: 128 bits: among 10^9 texts, two meet by chance once in 10^21 warehouses.
KEY_BYTES = 16
Thing = TypeVar("Thing", bound="DataclassInstance")
_EPOCH = date(1970, 1, 1).toordinal()


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


def written_out(value: Thing) -> Thing:
    """Return a dataclass with `storable` of each text in it."""
    return replace(value, **{field.name: _written_out(getattr(value, field.name)) for field in fields(value)})


def _written_out(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, tuple):
        return tuple(map(_written_out, value))
    return written_out(value) if is_dataclass(value) and not isinstance(value, type) else value


def is_empty(values: Sequence[Any]) -> bool:
    """Say whether a column holds nothing but None."""
    return values.count(None) == len(values)


def columns_of(rows: Sequence[Any], *names: str) -> dict[str, Sequence[Any]]:
    """Return attributes of `rows`, two or more, as a column each."""
    if not rows:
        return dict.fromkeys(names, ())
    return dict(zip(names, zip(*map(attrgetter(*names), rows), strict=True), strict=True))


def keys(values: Iterable[bytes]) -> pa.Array:
    """Return 16-byte keys as UUIDs."""
    return keys_in(b"".join(values))


def keys_in(data: bytes) -> pa.Array:
    """Return 16-byte keys, one behind the other, as UUIDs."""
    storage = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(KEY_BYTES), len(data) // KEY_BYTES, [None, pa.py_buffer(data)]
    )
    return pa.ExtensionArray.from_storage(pa.uuid(), storage)


def repeated_keys(values: Sequence[bytes], times: Sequence[int]) -> pa.Array:
    """Return each key so many times, as UUIDs."""
    return keys_in(b"".join([key * count for key, count in zip(values, times, strict=True)]))


def optional_keys(values: Sequence[bytes | None]) -> pa.Array:
    """Return 16-byte keys, some of them missing, as UUIDs."""
    return pa.ExtensionArray.from_storage(pa.uuid(), pa.array(values, pa.binary(KEY_BYTES)))


def starts(lengths: Iterable[int]) -> npt.NDArray[np.int32]:
    """Return where values of these lengths begin, one behind the other, and where the last one ends."""
    counted = np.fromiter(lengths, dtype=np.int32)
    return np.concatenate([np.zeros(1, dtype=np.int32), np.cumsum(counted, dtype=np.int32)])


def uint32_lists(rows: Sequence[bytes]) -> pa.Array:
    """Return packed little-endian uint32 numbers as lists, without making a Python number of any."""
    offsets = pa.array(starts(len(row) // 4 for row in rows))
    return pa.ListArray.from_arrays(offsets, pa.array(np.frombuffer(b"".join(rows), dtype="<u4")))


_day = lru_cache(maxsize=4096)(date.fromisoformat)  # a document has few days


def days(texts: Sequence[str | None], whose: Callable[[int], str]) -> pa.Array:
    """Return the days of ISO days or timestamps.

    Raises WarehouseError for one that is none; `whose` tells by its place whose it is.
    """
    known: dict[str | None, int | None] = {None: None}
    for text in set(texts) - {None}:
        assert text is not None  # noqa: S101 - taken out above
        try:
            known[text] = _day(text[:10]).toordinal() - _EPOCH
        except ValueError as error:
            raise WarehouseError(_no_date(text, whose(texts.index(text)))) from error
    return pa.array([known[text] for text in texts], pa.int32()).view(pa.date32())


def moments(texts: Sequence[str | None], whose: Callable[[int], str]) -> Sequence[datetime | None]:
    """Return the UTC moments of ISO timestamps; one without an offset is UTC, by the contract.

    Raises WarehouseError as `days` does.
    """
    if is_empty(texts):
        return [None] * len(texts)
    found = []
    for place, text in enumerate(texts):
        try:
            parsed = None if text is None else datetime.fromisoformat(text)
        except ValueError as error:
            raise WarehouseError(_no_date(text, whose(place))) from error
        if parsed is not None:
            parsed = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
        found.append(parsed)
    return found


def _no_date(text: str | None, what: str) -> str:
    return (
        f"{what} has the date {text!r}, which is no ISO day or timestamp. This is a fault of the cleaners: "
        "report it with the document; the other batches are not touched."
    )


def table(schema: pa.Schema, columns: Iterable[Any]) -> pa.Table:
    """Return a table of `schema` from columns in its order."""
    arrays = [_array(column, field.type) for field, column in zip(schema, columns, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(column: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(column, pa.Array):
        return column
    if isinstance(column, list | tuple) and is_empty(column):
        return pa.nulls(len(column), kind)
    return pa.array(column, kind)
