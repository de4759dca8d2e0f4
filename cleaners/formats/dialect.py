"""The dialect of a table: delimiter and escape, found once a document; and its rows, cut out one by one."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from cleaners.formats import columns
from schemas.options import Columns

#: Bytes of one row. An article is a hundredth of it; a quote that is never closed ends here.
MAX_ROW = 4 << 20
#: Columns of a table: more is no table of texts.
MAX_COLUMNS = 2_000
_LINE = re.compile(rb"[^\r\n]*+(?:\r\n|\n|\r|\Z)")
_HEADER = re.compile(r"[^\W\d][^\n\r,;\t|<>{}]{0,63}")
_SAMPLE = 30  # rows that tell the delimiter
_TRIES = 1000  # line breaks that are looked at for the end of a row
_AHEAD = 1 << 16  # bytes of the row behind it


@dataclass(frozen=True, slots=True)
class Dialect:
    """How rows are written. A quote inside a quoted value is doubled, or has a backslash before it."""

    delimiter: str
    escaped: bool = False

    def read(self, row: str) -> list[str]:
        """Return the values of one row. Raises csv.Error for a value of more than 128 kB."""
        reader = csv.reader(
            [row],
            delimiter=self.delimiter,
            doublequote=not self.escaped,
            escapechar="\\" if self.escaped else None,
        )
        return next(reader, [])

    def read_long(self, row: str) -> list[str]:
        """Return the values of one row, whatever their length."""
        values: list[str] = []
        at, size = 0, len(row)
        inside = r'(?:[^"\\]|\\.)*+' if self.escaped else r'(?:[^"]|"")*+'
        quoted = re.compile(f'"({inside})"', re.DOTALL)
        while at <= size:
            found = quoted.match(row, at) if row[at : at + 1] == '"' else None
            end = row.find(self.delimiter, found.end() if found else at)
            end = size if end < 0 else end
            value = row[at:end] if found is None else found[1] + row[found.end() : end]
            if found:
                value = (
                    re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
                    if self.escaped
                    else value.replace('""', '"')
                )
            values.append(value)
            at = end + 1
            if len(values) > MAX_COLUMNS:
                break
        return values

    def is_open(self, row: bytes) -> bool:
        """Say whether a row goes on in the next line: a quoted value is not closed yet."""
        if b'"' not in row or (row.replace(b'\\"', b"") if self.escaped else row).count(b'"') % 2 == 0:
            return False
        # A quote inside a value that does not begin with one is a plain character: 5" screen.
        mark = re.escape(self.delimiter.encode())
        inside = rb'(?:[^"\\]|\\.)*+' if self.escaped else rb'(?:[^"]|"")*+'
        value = rb'(?:"' + inside + rb'"[^' + mark + rb']*+|[^"' + mark + rb"][^" + mark + rb"]*+|)"
        return re.match(rb"(?:" + value + mark + rb')*+"' + inside + rb"\Z", row, re.DOTALL) is not None


def sniff(head: bytes, *, whole: bool, given: Columns | None = None) -> tuple[Dialect, list[str]] | None:
    """Return the dialect and the header of a table, None for what is none. `given`: names that are known."""
    escaped = b'\\"' in head and b'""' not in head.replace(b',""', b"").replace(b'"",', b"")
    best: tuple[float, int, Dialect, list[str]] | None = None
    first = _LINE.match(head)
    if first is None:
        return None
    for delimiter in ",\t;|":
        if delimiter.encode() not in first[0]:
            continue
        dialect = Dialect(delimiter, escaped)
        names = values_of(dialect, head[: first.end()])
        if not _is_header(names):
            continue
        if not columns.table(names, given).readable:
            continue
        widths = [len(row) for row in _sample(head[first.end() :], dialect, whole=whole)]
        share = sum(width == len(names) for width in widths) / len(widths) if widths else 0.5
        if share >= 0.5 and (best is None or (share, len(names)) > best[:2]):
            best = (share, len(names), dialect, names)
    return (best[2], best[3]) if best else None


def usual(text: bytes) -> Dialect:
    """Return the dialect of a table that does not show it: the delimiter that its first line has most of."""
    match = _LINE.match(text)
    counts = Counter({mark: match[0].count(mark.encode()) if match else 0 for mark in ",\t;|"})
    return Dialect(counts.most_common(1)[0][0])


def rows(text: bytes, dialect: Dialect, start: int = 0) -> Iterator[tuple[int, int, int]]:
    """Yield [start, end) of each row with its line break, and the end of its first line.

    A row that would grow beyond MAX_ROW, or never ends, is its first line only.
    """
    size = len(text)
    dull = 0  # up to here no quote closes a value
    while start < size:
        match = _LINE.match(text, start)
        assert match is not None  # noqa: S101 - it matches anything
        line = end = match.end()
        if end > dull and dialect.is_open(text[start:end]):
            end = _close(text, dialect, start, end)
            if end < 0:
                end, dull = (
                    line,
                    min(start + MAX_ROW, size) if b'"' not in text[line : start + MAX_ROW] else dull,
                )
        yield start, end, line
        start = end


def _close(text: bytes, dialect: Dialect, start: int, end: int) -> int:
    """Return the end of a row whose first line leaves a value open, -1 if it never closes."""
    limit = min(start + MAX_ROW, len(text))
    while end < limit:
        quote = text.find(b'"', end, limit)
        if quote < 0:
            return -1
        match = _LINE.match(text, quote)
        assert match is not None  # noqa: S101 - it matches anything
        end = match.end()
        if not dialect.is_open(text[start:end]):
            return end
    return -1


def values_of(dialect: Dialect, row: bytes) -> list[str]:
    text = row.decode("utf-8", "replace").rstrip("\r\n")
    try:
        return dialect.read(text)
    except csv.Error:
        return dialect.read_long(text)


def row_end(data: bytes, dialect: Dialect, width: int, wanted: int) -> int | None:
    """Return the end of the last row in the first `wanted` bytes, else of the first one; None: none ends.

    data begins with a row. A line break ends a row if no quote is open before it, and if a row as wide as the
    header stands behind it: quotes inside of values that have none around them spoil the count.
    """
    bare = data.replace(b'\\"', b"\0\0") if dialect.escaped else data
    mark = b"\n" if b"\n" in data else b"\r"
    at = data.rfind(mark, 0, wanted) + 1
    is_even = bare.count(b'"', 0, at) % 2 == 0
    unsure: int | None = None
    for _ in range(_TRIES):
        if not at:
            break
        fits = _begins_row(data, at, dialect, width)
        if is_even and fits:
            return at
        unsure = at if fits and unsure is None else unsure
        before = data.rfind(mark, 0, at - 1) + 1
        is_even ^= bare.count(b'"', before, at) % 2 == 1
        at = before
    if unsure is not None:
        return unsure
    behind = data.find(mark, wanted)
    return behind + 1 if behind >= 0 else None


def _begins_row(data: bytes, at: int, dialect: Dialect, width: int) -> bool:
    """Say whether the bytes from `at` on are a row of so many values, as far as they reach."""
    ahead = data[at : at + _AHEAD]
    for start, end, _ in rows(ahead, dialect):
        if ahead[start:end].strip(b"\r\n"):
            return end == len(ahead) or len(values_of(dialect, ahead[start:end])) == width
    return True


def _sample(text: bytes, dialect: Dialect, *, whole: bool) -> list[list[str]]:
    found: list[list[str]] = []
    for start, end, _ in rows(text, dialect):
        if (end == len(text) and not whole) or len(found) == _SAMPLE:
            break
        if text[start:end].strip(b"\r\n"):
            found.append(values_of(dialect, text[start:end]))
    return found


def _is_header(names: list[str]) -> bool:
    named = [name.strip() for name in names]
    return (
        2 <= len(named) <= MAX_COLUMNS
        and all(not name or _HEADER.fullmatch(name) for name in named)
        and any(named)
    )
