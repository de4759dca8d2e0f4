"""CSV and its relatives, in one pinned dialect a document: delimiter and escape are found once, then kept.

Rows are cut out here and each is read by itself, so that a quote that is never closed costs one row and not
the rest of the file. All values are text: `007` stays `007`.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from cleaners.formats import columns
from cleaners.formats.encoded import Encoded, to_utf8
from cleaners.formats.entry import Format, Glimpse
from schemas.documents import Refusal
from schemas.drift import Drift
from schemas.options import CleanOptions
from schemas.records import Finding, Note

_NAME = "csv"
#: Bytes of one row. An article is a hundredth of it; a quote that is never closed ends here.
MAX_ROW = 4 << 20
#: Columns of a table: more is no table of texts.
MAX_COLUMNS = 2_000
_LINE = re.compile(rb"[^\r\n]*+(?:\r\n|\n|\r|\Z)")
_HEADER = re.compile(r"[^\W\d][^\n\r,;\t|<>{}]{0,63}")
_SAMPLE = 30  # rows that tell the delimiter


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


def recognise(glimpse: Glimpse) -> float:
    """Return how sure it is: a first row of names, one of them known for text, and rows of its length."""
    head = glimpse.head
    if b"\0" in head[:64]:  # UTF-16
        head = to_utf8(head[: len(head) // 2 * 2]).utf8
    if head[:1] in b"{[<" or b"\0" in head[:100]:
        return 0.0
    found = sniff(head, whole=glimpse.size <= len(head))
    if found is None:
        return 0.0
    return 0.8 if glimpse.name.endswith((".csv", ".tsv")) or len(found[1]) > 2 else 0.6


def sniff(head: bytes, *, whole: bool) -> tuple[Dialect, list[str]] | None:
    """Return the dialect and the header of a table, None for what is none."""
    escaped = b'\\"' in head and b'""' not in head.replace(b',""', b"").replace(b'"",', b"")
    best: tuple[float, int, Dialect, list[str]] | None = None
    first = _LINE.match(head)
    if first is None:
        return None
    for delimiter in ",\t;|":
        if delimiter.encode() not in first[0]:
            continue
        dialect = Dialect(delimiter, escaped)
        names = _values(dialect, head[: first.end()])
        if not _is_header(names):
            continue
        if not columns.table(names, None).readable:
            continue
        widths = [len(row) for row in _sample(head[first.end() :], dialect, whole=whole)]
        share = sum(width == len(names) for width in widths) / len(widths) if widths else 0.5
        if share >= 0.5 and (best is None or (share, len(names)) > best[:2]):
            best = (share, len(names), dialect, names)
    return (best[2], best[3]) if best else None


def parse(data: bytes, options: CleanOptions) -> Iterator[Finding]:
    """Yield a record for each row behind the header."""
    encoded = to_utf8(data, options=options.decode)
    yield from encoded.runs
    text = encoded.utf8
    found = sniff(text[: 1 << 16], whole=len(text) <= 1 << 16)
    first = next(rows(text, found[0] if found else _usual(text)), None)
    if first is None:
        return
    dialect = found[0] if found else _usual(text)
    names = _named(_values(dialect, text[first[0] : first[1]]))
    known = columns.table(names, options.columns)
    if not known.readable or len(names) > MAX_COLUMNS:
        yield Refusal(0, len(data), "format", "no-text-column", columns.no_text(names))
        return
    yield columns.note(known, names)
    quotes = "backslashes before" if dialect.escaped else "doubled"
    yield Note(text=f"delimiter {dialect.delimiter!r}, quotes in values: {quotes}")
    yield from _rows(encoded, dialect, names, known, first[1])


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


def _rows(
    encoded: Encoded, dialect: Dialect, names: list[str], known: columns.Table, start: int
) -> Iterator[Finding]:
    text, reader = encoded.utf8, columns.Rows(known)
    reached = start
    while reached < len(text):
        for begin, end, line in rows(text, dialect, reached):
            body = text[begin:end].rstrip(b"\r\n")
            reached = end
            if not body:
                continue
            values = _values(dialect, body)
            torn = dialect.is_open(body) or (end > line and not _fits(dialect, body, len(values), len(names)))
            if torn:  # the rest is read again without this line
                detail = "A quote in this row is never closed, or only in another row."
                yield Refusal(encoded.at(begin), encoded.at(line), "format", "unbalanced-quote", detail)
                reached = line
                if line < end:
                    break
                continue
            place = (encoded.at(begin), encoded.at(begin + len(body)))
            if len(values) > max(MAX_COLUMNS, 2 * len(names)):
                yield Refusal(
                    *place, "format", "too-many-values", f"A row has more than {MAX_COLUMNS} values."
                )
                continue
            if len(values) != len(names):
                yield Drift(path="row", what="ragged")
            row: dict[str, object] = dict(zip(names, values, strict=False))
            if len(values) > len(names):
                row["(more)"] = values[len(names) :]
            record, drifts = reader.record(row, *place)
            yield record
            yield from drifts


def _values(dialect: Dialect, row: bytes) -> list[str]:
    text = row.decode("utf-8", "replace").rstrip("\r\n")
    try:
        return dialect.read(text)
    except csv.Error:
        return dialect.read_long(text)


def _fits(dialect: Dialect, row: bytes, values: int, columns: int) -> bool:
    """Say whether several lines are one row: as long as the header, nothing behind a closing quote."""
    if values != columns:
        return values > MAX_COLUMNS
    mark = re.escape(dialect.delimiter.encode())
    bare = row.replace(b'\\"', b"") if dialect.escaped else row
    quoted = rb'"(?:[^"]|"")*+"'
    value = rb"(?:" + quoted + rb'|[^"' + mark + rb"][^" + mark + rb"]*+|)"
    return re.fullmatch(value + rb"(?:" + mark + value + rb")*+", bare) is not None


def _sample(text: bytes, dialect: Dialect, *, whole: bool) -> list[list[str]]:
    found: list[list[str]] = []
    for start, end, _ in rows(text, dialect):
        if (end == len(text) and not whole) or len(found) == _SAMPLE:
            break
        if text[start:end].strip(b"\r\n"):
            found.append(_values(dialect, text[start:end]))
    return found


def _is_header(names: list[str]) -> bool:
    named = [name.strip() for name in names]
    return (
        2 <= len(named) <= MAX_COLUMNS
        and all(not name or _HEADER.fullmatch(name) for name in named)
        and any(named)
    )


def _usual(text: bytes) -> Dialect:
    """Return the dialect of a table that does not show it: the delimiter that its first line has most of."""
    match = _LINE.match(text)
    counts = Counter({mark: match[0].count(mark.encode()) if match else 0 for mark in ",\t;|"})
    return Dialect(counts.most_common(1)[0][0])


def _named(values: list[str]) -> list[str]:
    """Return names of columns, each once: a second `date` is `date (2)`, one without a name `column 3`."""
    names: list[str] = []
    seen: Counter[str] = Counter()
    for number, value in enumerate(values, start=1):
        name = value.strip() or f"column {number}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


FORMAT = Format(
    name=_NAME,
    title="CSV",
    recognise=recognise,
    parse=parse,
    media_type="text/csv",
    extensions=(".csv", ".tsv"),
    recognised_by="a first row of names, one of them known for text or titles, and rows as long as it",
    keeps=(*columns.KEPT, "all other columns as they are"),
)
