"""Rows to people and programs: one vocabulary of formats for every command.

Data goes to stdout as UTF-8, whatever the locale says. Text from feeds never reaches a terminal raw:
its control characters are made visible first.
"""

import csv
import dataclasses
import io
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from flows.values import as_row, cell, dumps, flat, formula_safe, visible
from schemas.errors import ConfigError, FeedmillError

Format = Literal["table", "json", "jsonl", "csv", "parquet"]
Row = Mapping[str, object]


class OutputClosed(Exception):  # noqa: N818 - not an error: the reader has seen enough
    """Whoever read the output has gone (`feedmill sql ... | head`)."""


class OutputError(FeedmillError):
    """The output cannot be written: a full disk, or a format that does not fit where it would go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows on their way out.

    `rows`: nested values allowed; read once. `columns`: names as CSV has them, nested ones joined by `_`.
    `arrow`: makes the Arrow table for Parquet from all rows. `brief`: what a table shows of a row.
    `fold`: long cells of a table go on in the next line.
    """

    rows: Iterable[Row]
    columns: tuple[str, ...]
    arrow: Callable[[list[Row]], Any]
    brief: Callable[[Row], Row] | None = None
    fold: bool = False
    excel_safe: bool = False  # CSV only: no cell of text is taken for a formula


def records(
    values: Iterable[object], kind: type, *, brief: Callable[[Row], Row] | None = None, fold: bool = False
) -> Rows:
    """Return dataclass instances as rows. Columns and Arrow types come from the class, not the values."""

    def arrow(rows: list[Row]) -> Any:
        import pyarrow as pa  # noqa: PLC0415 - 0.4 s of CPU that only Parquet needs

        return pa.Table.from_pylist(rows, schema=pa.schema(list(_arrow_type(kind))))

    rows = (as_row(value) for value in values)
    return Rows(rows=rows, columns=tuple(_flat_names(kind)), arrow=arrow, brief=brief, fold=fold)


def arrow_rows(table: Any) -> Rows:
    """Return an Arrow table as rows; equal column names get a number so that none is lost."""
    names: list[str] = []
    for name in table.column_names:
        number, unique = 1, name
        while unique in names:
            number += 1
            unique = f"{name}_{number}"
        names.append(unique)
    named = table.rename_columns(names)

    def rows() -> Iterator[Row]:
        for batch in named.to_batches(max_chunksize=1024):
            yield from batch.to_pylist()

    return Rows(rows=rows(), columns=tuple(names), arrow=lambda _: named)


def write(rows: Rows, form: Format | None = None, *, excel_safe: bool = False) -> int:
    """Write rows to stdout and return their number. Without a format: a table on a terminal, else JSONL.

    With `excel_safe`, no text in CSV is taken for a formula by a spreadsheet.
    Raises OutputClosed when the reader has gone, OutputError when the output cannot be written, ConfigError
    for `excel_safe` with another format than CSV.
    """
    terminal = sys.stdout.isatty()
    form = form or ("table" if terminal else "jsonl")
    if excel_safe and form != "csv":
        raise ConfigError(f"--excel-safe is about CSV, and the format is {form}. Add --format csv.")
    rows = dataclasses.replace(rows, excel_safe=excel_safe)
    if form == "parquet" and terminal:
        raise OutputError(
            "Parquet is binary and stdout is a terminal, so nothing was written. Send it to a file "
            "(`> items.parquet`) or choose `--format table`."
        )
    count = 0

    def counted() -> Iterator[Row]:
        nonlocal count
        for row in rows.rows:
            count += 1
            yield row

    writer = {"table": _table, "json": _json, "jsonl": _jsonl, "csv": _csv, "parquet": _parquet}[form]
    for piece in writer(dataclasses.replace(rows, rows=counted())):
        _send(piece)
    _send(b"")
    return count


def encoded(rows: Rows, form: Literal["csv", "jsonl"], *, head: bool) -> Iterator[bytes]:
    """Yield rows as they stand in a file; CSV with the line of column names only if `head`."""
    pieces = _jsonl(rows) if form == "jsonl" else _csv_lines(rows, str)
    if form == "csv" and not head:
        next(pieces)
    return pieces


def write_json(value: object) -> None:
    """Write one value as indented JSON to stdout. Raises like `write`."""
    _send(_utf8(dumps(value, indent=2) + "\n"))


def write_text(text: str) -> None:
    """Write lines for a person to stdout. Text from feeds in it must be `visible` already."""
    _send(_utf8(text))


def _send(piece: bytes) -> None:
    with _said_plainly():
        sys.stdout.buffer.write(piece)
        # Rows appear as they are made, and a reader that has gone is noticed here and not at exit.
        sys.stdout.buffer.flush()


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise OutputClosed from None
    except OSError as error:
        raise OutputError(
            f"The output could not be written to stdout: {error.strerror or error}. "
            "What was written so far is incomplete; make room and run the command again."
        ) from error


def _utf8(text: str) -> bytes:
    # A lone surrogate (a file name that is not UTF-8) becomes \udc80, which JSON reads back.
    return text.encode("utf-8", "backslashreplace")


def _jsonl(rows: Rows) -> Iterator[bytes]:
    for row in rows.rows:
        yield _utf8(dumps(row) + "\n")


def _json(rows: Rows) -> Iterator[bytes]:
    opening = "["
    for row in rows.rows:
        yield _utf8(f"{opening}\n{dumps(row)}")
        opening = ","
    yield b"[]\n" if opening == "[" else b"\n]\n"


def _csv(rows: Rows) -> Iterator[bytes]:
    yield from _csv_lines(rows, visible if sys.stdout.isatty() else str)


def _csv_lines(rows: Rows, show: Callable[[str], str]) -> Iterator[bytes]:
    safe = formula_safe if rows.excel_safe else str
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")

    def line(values: Iterable[str]) -> bytes:
        writer.writerow(values)
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return _utf8(text)

    yield line(safe(name) for name in rows.columns)
    for row in rows.rows:
        values = flat(row)
        cells = (values.get(name) for name in rows.columns)
        # Only text: a negative number is a number.
        yield line(show(safe(value) if isinstance(value, str) else cell(value)) for value in cells)


def _parquet(rows: Rows) -> Iterator[bytes]:
    import pyarrow.parquet as pq  # noqa: PLC0415 - 0.4 s of CPU that only Parquet needs

    buffer = io.BytesIO()
    pq.write_table(rows.arrow(list(rows.rows)), buffer, compression="zstd")
    yield buffer.getvalue()


def _table(rows: Rows) -> Iterator[bytes]:
    from flows.grid import draw  # noqa: PLC0415 - rich is a tenth of a second that only tables need

    shown = [rows.brief(row) if rows.brief else flat(row) for row in rows.rows]
    columns = tuple(shown[0]) if rows.brief and shown else rows.columns
    if shown:
        cells = [[visible(cell(row.get(name))) for name in columns] for row in shown]
        numeric = [_is_numeric([row.get(name) for row in shown]) for name in columns]
        yield _utf8(draw(tuple(map(visible, columns)), cells, numeric, fold=rows.fold))
    else:
        yield b"(no rows)\n"


def _is_numeric(values: list[object]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in known)


def _parts(kind: type) -> Iterator[tuple[str, Any]]:
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        if typing.get_origin(hint) in {types.UnionType, typing.Union}:
            hint = next(part for part in typing.get_args(hint) if part is not types.NoneType)
        yield field.name, hint


def _flat_names(kind: type) -> Iterator[str]:
    for name, hint in _parts(kind):
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            yield from (f"{name}_{inner}" for inner in _flat_names(hint))
        else:
            yield name


def _arrow_type(hint: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - 0.4 s of CPU that only Parquet needs

    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return pa.struct([(name, _arrow_type(inner)) for name, inner in _parts(hint)])
    if typing.get_origin(hint) is tuple:
        return pa.list_(_arrow_type(typing.get_args(hint)[0]))
    simple = {int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    return simple.get(hint, pa.string())
