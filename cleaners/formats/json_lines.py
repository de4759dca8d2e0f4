"""JSON lines (NDJSON): one object a line, each with its byte range; a bad line costs itself and no other."""

import json
import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from typing import Any

import orjson

from cleaners.formats import columns
from cleaners.formats.encoded import Encoded, to_utf8
from cleaners.formats.entry import Cutter, Format, Glimpse
from cleaners.formats.json_slices import DEPTH, MAX_ELEMENT, load, mended
from cleaners.formats.line_parts import line_cutter
from schemas.documents import Refusal
from schemas.drift import Drift
from schemas.options import CleanOptions
from schemas.records import Finding

_NAME = "jsonl"
_BRACKETS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\Z)|[{}\[\]]', re.DOTALL)
#: Integers that 64 bits cannot hold: orjson makes floats of them.
_BIG = re.compile(rb"(?<![\d.])-?\d{19,}(?![\d.eE])")
_LOOSE = frozenset({float, list, dict})
_BLANK = b" \t\r"


def recognise(glimpse: Glimpse) -> float:
    """Return how sure it is: the first two lines are objects, and the columns have names that are known."""
    if not glimpse.head.startswith(b"{"):
        return 0.0
    lines = glimpse.head.split(b"\n", 12)
    whole = [line.strip() for line in (lines if glimpse.size <= len(glimpse.head) else lines[:-1])]
    rows = [row_of(line) for line in whole[:12] if line]
    if not rows or rows[0] is None or sum(row is None for row in rows) * 2 > len(rows):
        return 0.0
    known = columns.table((key for row in rows if row for key in row), glimpse.columns)
    if len(rows) == 1:
        return 0.6 if known.readable and b"\n" in glimpse.head else 0.5 if known.readable else 0.0
    return 0.7 if known.readable else 0.55


def parse(data: bytes, options: CleanOptions) -> Iterator[Finding]:
    """Yield a record for each line."""
    encoded = to_utf8(data, options=options.decode)
    yield from encoded.runs
    # The context of a part is the columns of its file.
    census = list(_census(encoded.utf8, 1 if options.part and options.part.context else columns.CENSUS))
    known = columns.table(census, options.columns)
    if census and not known.readable:
        yield Refusal(0, len(data), "format", "no-text-column", columns.no_text(census))
        return
    yield columns.note(known, census)
    seen = {*census, *known.taken}
    last = options.part is None or options.part.last
    for finding in read_rows(encoded, _lines(encoded.utf8), columns.Rows(known), seen):
        if last and isinstance(finding, Refusal) and _is_cut(finding, encoded.utf8, len(data)):
            detail = "The last line ends within its object: the file was cut off."
            yield replace(finding, reason="truncated", detail=detail)
        else:
            yield finding


def cutter(head: bytes, options: CleanOptions) -> Cutter | None:
    """Return how a file is cut that begins so.

    A row of the columns of the first rows is the context of the parts behind the first: columns get their
    roles by it, and what comes up later is drift.
    """
    census = _census(to_utf8(head, options=options.decode).utf8, columns.CENSUS)
    return line_cutter(orjson.dumps(dict.fromkeys(census)) + b"\n")


def read_rows(
    encoded: Encoded, ranges: Iterable[tuple[int, int]], rows: columns.Rows, seen: Set[str]
) -> Iterator[Finding]:
    """Yield what the rows at some ranges of the UTF-8 say. `seen`: the columns that are no drift."""
    same = encoded.place is None and not encoded.skip
    for start, end in ranges:
        place = (start, end) if same else (encoded.at(start), encoded.at(end))
        row = read_row(encoded.utf8, start, end, place)
        if not isinstance(row, dict):
            yield row
            continue
        record, drifts = rows.record(row, *place)
        yield record
        if drifts or not seen >= row.keys():
            yield from drifts
            for key in sorted(row.keys() - seen):
                yield Drift(path=columns.without_surrogates(key), what="unknown-key")


def read_row(data: bytes, start: int, end: int, place: tuple[int, int]) -> Refusal | dict[str, Any]:
    """Return the row of one line, or why it cannot be used. `place`: its bytes in the document."""
    if end - start > MAX_ELEMENT:
        detail = f"One line of {end - start:,} bytes is longer than any row may be."
        return Refusal(*place, "format", "huge-record", detail)
    line = data[start:end]
    row: object
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        line = line.removesuffix(b",")  # lines of an array whose brackets were left out
        try:
            row = columns.without_surrogates(load(line)) if _depth(line) <= DEPTH else None
        except ValueError as error:
            return Refusal(*place, "format", "invalid-json", f"A line is {error}.")
    if not isinstance(row, dict):
        reason, what = (
            ("too-deep", "nests too deep") if row is None and line != b"null" else ("no-row", "is no object")
        )
        return Refusal(*place, "format", reason, f"A line {what}.")
    if not _LOOSE.isdisjoint(map(type, row.values())):  # nested values, and floats that may be integers
        if _depth(line) > DEPTH:
            return Refusal(*place, "format", "too-deep", f"A line nests deeper than {DEPTH} levels.")
        if _BIG.search(line):
            exact: dict[str, Any] = columns.without_surrogates(json.loads(mended(line)))
            return exact
    return row


def _is_cut(refusal: Refusal, data: bytes, size: int) -> bool:
    """Say whether what was refused is the last line, and begins an object that it does not end."""
    if refusal.reason != "invalid-json" or refusal.end != size:
        return False
    line = data[data.rfind(b"\n") + 1 :].strip()
    return line.startswith(b"{") and not line.endswith(b"}")


def _lines(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the byte range of each line that is not blank, without its line break."""
    start, size = 0, len(data)
    while start < size:
        end = data.find(b"\n", start)
        if end < 0:
            end = size
        stop = end
        while stop > start and data[stop - 1] in _BLANK:
            stop -= 1
        if stop > start:
            yield start, stop
        start = end + 1


def _census(data: bytes, rows: int) -> Iterator[str]:
    """Yield the keys of the first `rows`, each once, in order."""
    seen: dict[str, None] = {}
    for number, (start, end) in enumerate(_lines(data)):
        if number == rows:
            break
        seen.update(dict.fromkeys(row_of(data[start:end]) or ()))
    yield from seen


def row_of(piece: bytes) -> dict[str, Any] | None:
    """Return a row, None for what is none."""
    row = read_row(piece, 0, len(piece), (0, len(piece)))
    return row if isinstance(row, dict) else None


def _depth(line: bytes) -> int:
    """Return how deep a line nests, at most one more than DEPTH. Few brackets are not looked at."""
    if line.count(b"[") + line.count(b"{") <= DEPTH:
        return 1
    level = deepest = 0
    for token in _BRACKETS.finditer(line):
        text = token[0]
        if text in b"{[":
            level += 1
            deepest = max(deepest, level)
            if deepest > DEPTH:
                break
        elif text in b"}]":
            level -= 1
    return deepest


FORMAT = Format(
    name=_NAME,
    title="JSON lines",
    recognise=recognise,
    parse=parse,
    media_type="application/x-ndjson",
    extensions=(".jsonl", ".ndjson"),
    recognised_by="the first lines are JSON objects",
    keeps=(*columns.KEPT, "all other columns as they are"),
    cutter=cutter,
)
