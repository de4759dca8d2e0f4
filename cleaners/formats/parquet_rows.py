"""Parquet, read by row groups. Its rows have no bytes of their own: the first row holds all of the file's
bytes, the others the empty range at its end.

Where its columns lie is not asked of the footer: for a broken one, Arrow ends the process instead of raising.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cleaners.formats import columns
from cleaners.formats.entry import Format, Glimpse
from schemas.documents import Refusal
from schemas.options import CleanOptions
from schemas.records import Finding

_NAME = "parquet"
MARK = b"PAR1"
#: Rows turned into values at a time.
_BATCH = 500
#: Bytes of a row group once unpacked. Writers make groups of 128 MB.
MAX_GROUP = 1 << 30
#: A table of texts is unpacked to some ten times its size; what is unpacked to more than this is a bomb.
_RATIO, _FREE = 200, 1 << 26
_DEPTH = 64
#: What comes out of Arrow besides its own errors. Time zones are looked up by name.
_BROKEN = (ValueError, OSError, LookupError, TypeError, ArithmeticError, NotImplementedError, RecursionError)


def recognise(glimpse: Glimpse) -> float:
    """Return how sure it is: the mark at the start."""
    return 1.0 if glimpse.head.startswith(MARK) and glimpse.size >= 12 else 0.0


def parse(data: bytes, options: CleanOptions) -> Iterator[Finding]:
    """Yield a record for each row."""
    import pyarrow as pa  # noqa: PLC0415 - 0.2 s that only Parquet needs

    try:
        table = Table(pa.BufferReader(data), len(data), data[-len(MARK) :])
    except LossError as loss:
        yield Refusal(0, len(data), "format", loss.reason, loss.detail)
        return
    known = columns.table(table.names, options.columns)
    if not known.readable:
        yield Refusal(0, len(data), "format", "no-text-column", columns.no_text(table.names))
        return
    yield columns.note(known, table.names)
    rows = columns.Rows(known)
    key = hashlib.sha256(data).hexdigest()
    start, end, number = 0, len(data), 0
    for row in table.rows():
        if isinstance(row, LossError):
            yield Refusal(start, end, "format", row.reason, row.detail)
        else:
            record, drifts = rows.record(row, start, end)
            yield replace(record, identity=record.identity or f"parquet:{key}:{number}")
            yield from drifts
            number += 1
        start = end


class LossError(Exception):
    """A file, or a row group of it, that cannot be read. `reason` is a short code, `detail` one sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Table:
    """A file of `size` bytes that ends in `tail`, read by row groups. Raises LossError."""

    def __init__(self, source: Any, size: int, tail: bytes, *, buffer: int = 0) -> None:
        """Read the footer. `buffer`: bytes of a column that are read at a time; 0: all of a row group's."""
        import pyarrow as pa  # noqa: PLC0415 - as above
        from pyarrow import parquet  # noqa: PLC0415 - as above

        if tail != MARK:
            detail = "The file has no end: it was cut off, and without its end nothing of it can be read."
            raise LossError("truncated", detail)
        self._arrow, self._size = pa, size
        self._errors = (*_BROKEN, pa.ArrowException)
        try:
            self._file = parquet.ParquetFile(source, buffer_size=buffer, pre_buffer=False)
            self.names = [str(name) for name in self._file.schema_arrow.names]
            about = self._file.metadata
            self._unpacked = [about.row_group(at).total_byte_size for at in range(about.num_row_groups)]
        except self._errors as error:
            raise LossError("invalid-parquet", f"Its footer cannot be read: {error}"[:300]) from None

    def rows(self) -> Iterator[dict[str, Any] | LossError]:
        """Yield the rows as plain values; in the place of a row group's rest, why it cannot be read."""
        number = 0
        for at, size in enumerate(self._unpacked):
            if size > min(MAX_GROUP, max(_FREE, _RATIO * self._size)):
                yield LossError("bomb", f"A row group says that it unpacks to {size:,} bytes.")
                continue
            try:
                for batch in self._file.iter_batches(_BATCH, row_groups=[at], use_threads=False):
                    for row in _values(batch, self._arrow):
                        yield row
                        number += 1
            except MemoryError:  # Arrow's is an error of its own as well
                raise
            except self._errors as error:
                detail = f"A row group cannot be read from row {number:,} of the file on: {error}"[:300]
                yield LossError("invalid-parquet", detail)


def _values(batch: Any, pa: Any) -> Iterator[dict[str, Any]]:
    """Yield the rows of a batch as plain values; times of any unit as ISO."""
    table = pa.Table.from_batches([batch])
    for at, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns":  # finer than Python's
            cast = table.column(at).cast(pa.timestamp("us", field.type.tz), safe=False)
            table = table.set_column(at, field.name, cast)
        elif pa.types.is_dictionary(field.type):
            table = table.set_column(at, field.name, table.column(at).cast(field.type.value_type))
    names = [str(name) for name in table.column_names]
    values = [table.column(at).to_pylist() for at in range(len(names))]
    for row in zip(*values, strict=True):
        yield {name: _plain(value, 0) for name, value in zip(names, row, strict=True)}


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if depth > _DEPTH:
        raise ValueError("it nests too deep")
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, list | tuple):
        return [_plain(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(one, depth + 1) for key, one in value.items()}
    return str(value) if isinstance(value, Decimal) else repr(value)


FORMAT = Format(
    name=_NAME,
    title="Parquet",
    recognise=recognise,
    parse=parse,
    media_type="application/vnd.apache.parquet",
    extensions=(".parquet", ".pq"),
    recognised_by="PAR1 at both ends",
    keeps=(*columns.KEPT, "all other columns, nested ones as JSON"),
    lined=False,
    risky=True,
    cost=100,  # it is packed
)
