"""CSV and its relatives, in one pinned dialect a document: delimiter and escape are found once, then kept.

Rows are cut out here and each is read by itself, so that a quote that is never closed costs one row and not
the rest of the file. All values are text: `007` stays `007`.
"""

import re
from collections import Counter
from collections.abc import Iterator

from cleaners.formats import columns
from cleaners.formats.dialect import MAX_COLUMNS, Dialect, row_end, rows, sniff, usual, values_of
from cleaners.formats.encoded import Encoded, to_utf8
from cleaners.formats.entry import Cutter, Format, Glimpse
from cleaners.formats.line_parts import behind_line
from schemas.documents import Refusal
from schemas.drift import Drift
from schemas.options import CleanOptions
from schemas.records import Finding, Note

_NAME = "csv"
#: The line in front of the header in which Excel is told the delimiter. The rows tell it, too.
_SEPARATOR = re.compile(rb"(?:sep=[^\r\n]\r?\n)?", re.IGNORECASE)


_NULS = 3


def recognise(glimpse: Glimpse) -> float:
    """Return how sure it is: a first row of names, one of them known for text, and rows of its length."""
    head = glimpse.head
    if _in_code_page(head.partition(b"\n")[0]):
        head = to_utf8(head[: head.rfind(b"\n") + 1] or head).utf8
    # A NUL or two are damage to a value; files that are no text are full of them.
    if head[:1] in b"{[<" or head.count(b"\0", 0, 100) > _NULS:
        return 0.0
    found = sniff(head[_begin(head) :], whole=glimpse.size <= len(head), given=glimpse.columns)
    if found is None:
        return 0.0
    return 0.8 if glimpse.name.endswith((".csv", ".tsv")) or len(found[1]) > 2 else 0.6


def _begin(text: bytes) -> int:
    """Return where the header of a table begins."""
    found = _SEPARATOR.match(text)
    return found.end() if found else 0


def _in_code_page(line: bytes) -> bool:
    """Say whether a line that may be a header is text in a code page: then its names have to be decoded."""
    if line.isascii() or not any(mark in line for mark in b",;\t|"):
        return False
    try:
        line.decode()
    except UnicodeDecodeError:
        return True
    return False


def parse(data: bytes, options: CleanOptions) -> Iterator[Finding]:
    """Yield a record for each row behind the header."""
    encoded = to_utf8(data, options=options.decode)
    yield from encoded.runs
    text = encoded.utf8
    begin = _begin(text)
    found = sniff(text[begin : 1 << 16], whole=len(text) <= 1 << 16, given=options.columns)
    dialect = found[0] if found else usual(text)
    first = next(rows(text, dialect, begin), None)
    if first is None:
        return
    names = _named(values_of(dialect, text[first[0] : first[1]]))
    known = columns.table(names, options.columns)
    if not known.readable or len(names) > MAX_COLUMNS:
        yield Refusal(0, len(data), "format", "no-text-column", columns.no_text(names))
        return
    yield columns.note(known, names)
    quotes = "backslashes before" if dialect.escaped else "doubled"
    yield Note(text=f"delimiter {dialect.delimiter!r}, quotes in values: {quotes}")
    yield from _rows(encoded, dialect, names, known, first[1])


def cutter(head: bytes, options: CleanOptions) -> Cutter | None:
    """Return how a table is cut that begins so: behind a row, whose quotes are all closed.

    Its header line is the context of every part but the first, which has it.
    """
    encoded = to_utf8(head, options=options.decode)
    begin = _begin(encoded.utf8)
    whole = len(encoded.utf8) <= 1 << 16
    found = sniff(encoded.utf8[begin : 1 << 16], whole=whole, given=options.columns)
    dialect = found[0] if found else usual(encoded.utf8)
    first = next(rows(encoded.utf8, dialect, begin), None)
    if first is None or first[1] == len(encoded.utf8):
        return None
    context = head[: encoded.at(first[1])].removeprefix(b"\xef\xbb\xbf")
    width = len(values_of(dialect, encoded.utf8[begin : first[1]]))

    def cut(data: bytes, _: bytes, wanted: int) -> tuple[int, bytes] | None:
        at = row_end(data, dialect, width, wanted)
        return (at, context) if at else None

    return Cutter(cut=cut, resume=behind_line)


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
            values = values_of(dialect, body)
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


def _fits(dialect: Dialect, row: bytes, values: int, columns: int) -> bool:
    """Say whether several lines are one row: as long as the header, nothing behind a closing quote."""
    if values != columns:
        return values > MAX_COLUMNS
    mark = re.escape(dialect.delimiter.encode())
    bare = row.replace(b'\\"', b"") if dialect.escaped else row
    quoted = rb'"(?:[^"]|"")*+"'
    value = rb"(?:" + quoted + rb'|[^"' + mark + rb"][^" + mark + rb"]*+|)"
    return re.fullmatch(value + rb"(?:" + mark + value + rb")*+", bare) is not None


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
    recognised_by="a first row of names, one of them known for text or set as such, and rows as long as it",
    keeps=(*columns.KEPT, "all other columns as they are"),
    cutter=cutter,
)
