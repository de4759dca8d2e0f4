"""JSON in one piece that holds rows: an array of objects, an object with such an array, or one row alone.

Programs that dump posts write it: scrapers, exporters of chats, answers of news services. Rows are cut out by
their tokens and read like lines of JSON; what stands around them says at most which channel they are of.
"""

import re
from collections.abc import Iterator
from itertools import islice

import orjson

from cleaners.formats import columns
from cleaners.formats.encoded import to_utf8
from cleaners.formats.entry import HEAD, Cutter, Format, Glimpse
from cleaners.formats.json_lines import read_rows, row_of
from cleaners.formats.json_parts import array_cutter, unread
from cleaners.formats.json_slices import Array, arrays, load
from schemas.documents import Refusal
from schemas.options import CleanOptions, Columns
from schemas.records import Finding

_NAME = "json"
_OBJECTS = re.compile(rb"\[\s*\{")
_LIST = re.compile(rb'"([\w .-]{1,60})"\s*:\s*\[\s*\{')
#: Lists of an object that are looked at: the posts are hardly ever the sixth.
_LISTS = 5
#: Bytes of the fields in front of the rows that may name their channel.
_FIELDS = 65_536


def recognise(glimpse: Glimpse) -> float:
    """Return how sure it is: an array of objects, or an object whose rows have names that are known."""
    head, whole = glimpse.head, glimpse.size <= len(glimpse.head)
    if _OBJECTS.match(head):
        names = _census(head, None, columns.CENSUS)
        return 0.0 if not names else 0.65 if columns.table(names, glimpse.columns).readable else 0.55
    if not head.startswith(b"{"):
        return 0.0
    if _key(head, glimpse.columns) is not None:
        return 0.65
    row = row_of(head) if whole else None
    return 0.5 if row and columns.table(row, glimpse.columns).readable else 0.0


def parse(data: bytes, options: CleanOptions) -> Iterator[Finding]:
    """Yield a record for each row."""
    encoded = to_utf8(data, options=options.decode)
    yield from encoded.runs
    text = encoded.utf8
    key = None if _OBJECTS.match(text.lstrip()) else _key(text[:HEAD], options.columns)
    if key is None and text.lstrip()[:1] == b"{":
        row = row_of(text)
        found = [Array(0, 0, [(0, len(text.rstrip()))], end=len(text))] if row else []
        census = list(row or ())
    else:
        found = list(arrays(text, key))
        # The context of a part has the columns of its file, as its first row.
        part = options.part and options.part.context
        census = _census(text, key, 1 if part else columns.CENSUS, found)
    known = columns.table(census, options.columns)
    if census and not known.readable:
        yield Refusal(0, len(data), "format", "no-text-column", columns.no_text(census))
        return
    yield columns.note(known, census)
    seen = {*census, *known.taken}
    for array in found:
        rows = columns.Rows(known, None if "channel" in known.roles else _channel(text, array))
        yield from read_rows(encoded, array.elements, rows, seen)
    rest = unread(found[-1] if found else None, text, whole=options.part is None or options.part.last)
    if rest:
        detail = (
            "The JSON nests deeper than any rows do." if rest[1] == "too-deep" else "The JSON is cut off."
        )
        yield Refusal(encoded.at(rest[0]), len(data), "format", rest[1], detail)


def cutter(head: bytes, options: CleanOptions) -> Cutter | None:
    """Return how an array of rows is cut: between two of them.

    A row of the columns of the first rows is in the context of the parts behind the first.
    """
    text = to_utf8(head[: 4 * HEAD]).utf8
    key = None if _OBJECTS.match(text.lstrip()) else _key(text[:HEAD], options.columns)
    if key is None and not _OBJECTS.match(text.lstrip()):
        return None
    names = _census(text, key, columns.CENSUS)
    return array_cutter(key, orjson.dumps(dict.fromkeys(names)) + b",") if names else None


def _key(head: bytes, given: Columns | None) -> bytes | None:
    """Return the name of the list whose elements are rows, None if there is none."""
    for name in list(dict.fromkeys(match[1] for match in _LIST.finditer(head)))[:_LISTS]:
        if columns.table(_census(head, name, columns.CENSUS), given).readable:
            return name
    return None


def _census(data: bytes, key: bytes | None, rows: int, found: list[Array] | None = None) -> list[str]:
    """Return the columns of the first rows, each once, in order."""
    seen: dict[str, None] = {}
    elements = (one for array in (arrays(data, key) if found is None else found) for one in array.elements)
    for start, end in islice(elements, rows):
        seen.update(dict.fromkeys(row_of(data[start:end]) or ()))
    return list(seen)


def _channel(text: bytes, array: Array) -> str | None:
    """Return the channel that the fields in front of a list name."""
    if array.owner_start == array.start or array.start - array.owner_start > _FIELDS:
        return None
    try:
        said = columns.without_surrogates(load(text[array.owner_start : array.start] + b"[]}"))
    except ValueError:
        return None
    return columns.channel_of(said) if isinstance(said, dict) else None


FORMAT = Format(
    name=_NAME,
    title="JSON with a list of rows",
    recognise=recognise,
    parse=parse,
    media_type="application/json",
    extensions=(".json",),
    recognised_by="an array of JSON objects, or an object with one whose keys have names known for text",
    keeps=(*columns.KEPT, "the channel named in front of the rows", "all other keys as they are"),
    cutter=cutter,
)
