"""Records of a web archive by their headers: where each lies, and where a large archive is cut."""

import re
from dataclasses import dataclass

from cleaners.formats.entry import Cutter
from cleaners.formats.json_slices import MAX_ELEMENT
from schemas.options import CleanOptions

START = re.compile(rb"WARC/\d\.\d{1,2}\r?\n")
END = re.compile(rb"\r?\n\r?\n")
#: Bytes of the headers of a record.
MAX_HEADERS = 1 << 16
_FIELD = re.compile(rb"^([\w-]{1,80}):[ \t]*([^\r\n]{0,8000})", re.MULTILINE)
_REST = b"WARC/1.1\r\nWARC-Type: continuation\r\nContent-Length: %d\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Block:
    """One record of a file: its headers, and where it and its content lie."""

    headers: dict[str, str]
    start: int
    content: int
    end: int


def block_at(data: bytes, at: int) -> Block | None:
    """Return the record that begins at `at`, None where none does. It may end behind the data."""
    start = START.match(data, at)
    if start is None:
        return None
    end = END.search(data, start.end() - 2, start.end() + MAX_HEADERS)
    if end is None:
        return None
    headers = fields(data[start.end() : end.start()])
    size = headers.get("content-length", "").strip()
    if not (size.isascii() and size.isdigit() and len(size) < 16):
        return None
    return Block(headers, at, end.end(), end.end() + int(size))


def behind(data: bytes, end: int) -> int:
    """Return where the line breaks behind a record end."""
    while end < len(data) and data[end] in b"\r\n":
        end += 1
    return end


def fields(block: bytes) -> dict[str, str]:
    """Return headers by their names in lower case, the first of each name."""
    found: dict[str, str] = {}
    for field in _FIELD.finditer(block):
        found.setdefault(field[1].decode("ascii").lower(), field[2].decode("utf-8", "replace").strip())
    return found


def cutter(head: bytes, options: CleanOptions) -> Cutter:  # noqa: ARG001 - the shape of all cutters
    """Return how an archive is cut: between two records.

    One that is larger than any page is cut where the part ends. What is left of it is the next part's
    business: its context is the header of a continuation record of that size, of which nothing is read.
    """
    return Cutter(cut=_cut, resume=_resume)


def _cut(data: bytes, context: bytes, wanted: int) -> tuple[int, bytes] | None:
    rest = int(fields(context).get("content-length", "0"))
    at, last = behind(data, rest) if rest else 0, 0
    while at <= wanted and at < len(data):
        last = at
        block = block_at(data, at)
        if block is not None:
            at = behind(data, block.end)
            continue
        found = START.search(data, at + 1)
        at = found.start() if found else len(data) + 1
    if last:
        return last, b""
    if at <= len(data):
        return at, b""
    return (wanted, _REST % (at - wanted)) if at > MAX_ELEMENT else None


def _resume(data: bytes, _: bytes) -> int:
    found = START.search(data, 1)
    return found.start() if found else -1
