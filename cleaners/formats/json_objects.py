"""JSON objects one behind the other, in whatever layout: their byte ranges, and how a file of them is cut.

A broken one costs itself: reading goes on where the next one begins.
"""

import re
from collections.abc import Iterator

from cleaners.formats.entry import Cutter
from cleaners.formats.json_slices import DEPTH

# A string ends with its line: in JSON it has no line breaks, and so a quote too many costs one object.
_TOKEN = re.compile(rb'"(?:[^"\\\n]++|\\[^\n])*+"?|[{}\[\]]')
#: Where another object may begin behind a broken one. Inside of a value no `}` stands before a `{`, but in a
#: text `}{` may; there no key follows, since its quotes are escaped.
_AGAIN = re.compile(rb'\n\x1e?(?=\{)|\}[ \t]{0,99}(?=\{\s{0,99}"[^"\\\n]{1,99}"\s{0,9}:)')
#: What stands before the line of an object that is inside of another one.
_INSIDE = re.compile(rb"[\[,:]\s{0,99}\Z")
#: Times its size that a document is looked at in all.
_TRIES = 20
#: Between objects: blanks, a comma as in an array, the mark of RFC 7464.
BETWEEN = re.compile(rb"[\s,\x1e]*+")
#: Why an object is refused.
FAULTS = {
    "invalid-json": "The brackets of an object do not match.",
    "too-deep": f"An object nests deeper than {DEPTH} levels.",
    "truncated": "The last object is cut off.",
}


def objects(data: bytes, *, whole: bool = True) -> Iterator[tuple[int, int, str | None]]:
    """Yield [start, end) of each object at the top level, and the reason where it cannot be read (FAULTS).

    Not `whole`: bytes follow, and a last object that does not end in these is left out. Linear in the size of
    the document: where objects that never end have been tried too often, the rest is one of them.
    """
    at, patience = 0, _TRIES * len(data)
    while at < len(data):
        start, fault, stack = -1, "truncated", bytearray()
        end = len(data)
        for token in _TOKEN.finditer(data, at):
            mark = token[0]
            if mark in b"{[":
                if not stack:
                    start = token.start()
                elif mark == b"{" and _begins(data, token.start()):
                    yield start, token.start(), "invalid-json"
                    start, stack = token.start(), bytearray()
                stack += mark
                if len(stack) > DEPTH:
                    fault, end = "too-deep", token.end()
                    break
            elif stack and mark in b"}]":
                if stack[-1] != mark[0] - 2:  # { is } - 2, [ is ] - 2
                    fault, end = "invalid-json", token.end()
                    break
                stack.pop()
                if not stack:
                    yield start, token.end(), None
        if not stack:
            return
        patience -= end - at
        at = _again(data, start + 1) if patience > 0 else -1
        if at >= 0:
            yield start, at, "invalid-json" if fault == "truncated" else fault
            continue
        if whole or fault != "truncated":
            yield start, len(data), fault
        return


def object_cutter(context: bytes = b"") -> Cutter:
    """Return how a file of such objects is cut; parts behind the first have this context."""

    def cut(data: bytes, _: bytes, wanted: int) -> tuple[int, bytes] | None:
        best: int | None = None
        for _start, end, _fault in objects(data, whole=False):
            if best is not None and end > wanted:
                break
            best = end
        if best is None:
            return None
        behind = BETWEEN.match(data, best)
        return (behind.end() if behind and behind.end() < len(data) else best), context

    def resume(data: bytes, _: bytes) -> int:
        return _again(data, 0)

    return Cutter(cut=cut, resume=resume)


def _begins(data: bytes, at: int) -> bool:
    """Say whether the `{` at a place inside of an object begins another one: no value can stand here."""
    ahead = data[max(at - 100, 0) : at]
    last = ahead.rstrip(b" \t\r\n\x1e")[-1:]
    return last == b"}" or (last not in (b"[", b",", b":", b"") and ahead.endswith((b"\n", b"\n\x1e")))


def _again(data: bytes, at: int) -> int:
    """Return where the next object begins behind a broken one, -1 if none does."""
    for found in _AGAIN.finditer(data, at):
        if not _INSIDE.search(data, max(found.start() - 100, 0), found.start()):
            return found.end()
    return -1
