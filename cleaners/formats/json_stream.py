"""JSON objects one behind the other that are not one a line: `{..}{..}`, or over several lines each.

`jq` prints them so, and so do programs that append each dump to a file. They are read like lines of JSON.
"""

from collections.abc import Iterator
from itertools import islice

import orjson

from cleaners.formats import columns
from cleaners.formats.encoded import to_utf8
from cleaners.formats.entry import HEAD, Cutter, Format, Glimpse
from cleaners.formats.json_lines import read_rows, row_of
from cleaners.formats.json_objects import BETWEEN, FAULTS, object_cutter, objects
from schemas.documents import Refusal
from schemas.options import CleanOptions
from schemas.records import Finding

_NAME = "json-stream"
_SAMPLE = 12  # objects that tell the format
_STRAY = "What stands here between objects is none."


def recognise(glimpse: Glimpse) -> float:
    """Return how sure it is: nothing but objects from the first byte on, two at least, of known columns."""
    head, whole = glimpse.head.lstrip(b"\x1e"), glimpse.size <= len(glimpse.head)
    if not head.startswith(b"{"):
        return 0.0
    names: list[str] = []
    good = bad = reached = 0
    for start, end, fault in islice(objects(head, whole=whole), _SAMPLE):
        if not BETWEEN.fullmatch(head, reached, start):
            return 0.0
        row = None if fault else row_of(head[start:end])
        names += row or ()
        good, bad, reached = good + bool(row), bad + (not row), end
    rest = BETWEEN.match(head, reached)
    if good < 2 or bad >= good or (rest and head[rest.end() :][:1] not in (b"", b"{")):
        return 0.0
    # Less sure than of lines, and surer than of the lists that are inside of the first object.
    return 0.66 if columns.table(names, glimpse.columns).readable else 0.0


def parse(data: bytes, options: CleanOptions) -> Iterator[Finding]:
    """Yield a record for each object."""
    encoded = to_utf8(data, options=options.decode)
    yield from encoded.runs
    text = encoded.utf8
    # The context of a part is the columns of its file.
    census = _census(text, 1 if options.part and options.part.context else columns.CENSUS)
    known = columns.table(census, options.columns)
    if census and not known.readable:
        yield Refusal(0, len(data), "format", "no-text-column", columns.no_text(census))
        return
    yield columns.note(known, census)
    rows, seen, reached = columns.Rows(known), {*census, *known.taken}, 0
    for start, end, fault in objects(text):
        stray = _stray(text, reached, start)
        if stray is not None:
            yield Refusal(encoded.at(stray), encoded.at(start), "format", "no-row", _STRAY)
        reached = end
        if fault:
            yield Refusal(encoded.at(start), encoded.at(end), "format", fault, FAULTS[fault])
        else:
            yield from read_rows(encoded, ((start, end),), rows, seen)
    stray = _stray(text, reached, len(text))
    if stray is not None:
        yield Refusal(encoded.at(stray), len(data), "format", "no-row", _STRAY)


def cutter(head: bytes, options: CleanOptions) -> Cutter:
    """Return how a file is cut that begins so: behind an object.

    A row of the columns of the first rows is the context of the parts behind the first, as for lines.
    """
    text = to_utf8(head[: 4 * HEAD], options=options.decode).utf8
    return object_cutter(orjson.dumps(dict.fromkeys(_census(text, columns.CENSUS))) + b"\n")


def _stray(text: bytes, start: int, end: int) -> int | None:
    """Return where something else begins between two objects, None if nothing does."""
    blank = BETWEEN.match(text, start, end)
    return blank.end() if blank and blank.end() < end else None


def _census(data: bytes, rows: int) -> list[str]:
    """Return the keys of the first `rows`, each once, in order."""
    found = ((start, end) for start, end, fault in objects(data) if not fault)
    seen: dict[str, None] = {}
    for start, end in islice(found, rows):
        seen.update(dict.fromkeys(row_of(data[start:end]) or ()))
    return list(seen)


FORMAT = Format(
    name=_NAME,
    title="JSON objects in a row",
    recognise=recognise,
    parse=parse,
    media_type="application/json-seq",
    extensions=(".json", ".jsonl", ".ndjson"),
    recognised_by="nothing but JSON objects one behind the other, laid out in any way, with known columns",
    keeps=(*columns.KEPT, "all other columns as they are"),
    cutter=cutter,
)
