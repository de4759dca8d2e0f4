"""JSON read a slice at a time: byte ranges of the elements of an array, and one element as Python values.

Nothing here builds a tree of a whole document. A file of any layout is cut by its tokens; what nests deeper
than DEPTH ends the scan, so that no input can make a stack grow.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from schemas.documents import CodecRun, Refusal
from schemas.records import Finding

#: Levels of a whole document. Real exports have at most 9; orjson itself gives up at 1,024.
DEPTH = 64
#: Bytes of one element. A message has 4,096 characters and perhaps a poll; beyond this it is no message.
MAX_ELEMENT = 16 << 20
_BLANK = frozenset(b" \t\r")
# A string that is never closed is one token up to the end: else each quote in it would be tried again.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\Z)|[{}\[\]]', re.DOTALL)
# The exporter writes controls as \x0B, which JSON does not know. `\\x0B` is legal text: hence the guard.
_BAD_ESCAPE = re.compile(rb"(?<!\\)((?:\\\\)*)\\x([0-9A-Fa-f]{2})")
# Up to 4.1 it wrote some file names without quotes. Numbers, words of JSON and brackets are no file names.
_UNQUOTED = re.compile(
    rb'^( *"[a-z_]{1,40}": )(?!["{\[\d-]|(?:true|false|null|NaN|Infinity)[,\r\n])([^"\\,\n\r]{1,4096}?)(,?)$',
    re.MULTILINE,
)


@dataclass(slots=True)
class Array:
    """An array of objects: its owner [owner_start, owner_end), and the byte range of each element.

    `end` and `owner_end` are None where the scan ended before they did; `rest` is then the start of the
    element that was cut, if one was.
    """

    owner_start: int
    start: int
    elements: list[tuple[int, int]] = field(default_factory=list)
    end: int | None = None
    owner_end: int | None = None
    rest: int | None = None
    too_deep: bool = False
    around: bytes = b""  # the brackets that are open around its owner


def arrays(data: bytes, key: bytes | None) -> Iterator[Array]:
    """Yield the arrays named `key` in whatever layout, each once its owner is closed or the document ends.

    None: the array that the document is; it is its own owner. An array inside an element of another one is
    part of the element. Where brackets do not match or nest too deep the scan ends; the last array then has
    no end, and `rest` says from where on nothing was read. Linear in the size of the document.
    """
    name = b'"' + key + b'":' if key is not None else b""
    stack: list[int] = []
    array: Array | None = None
    level = 0  # of the array: its elements open at level + 1
    trouble: int | None = None
    before = before_end = 0
    for token in _TOKEN.finditer(data):
        text, at = token[0], token.start()
        if text in b"{[":
            stack.append(at)
            if len(stack) > DEPTH:
                trouble = at
                break
            if array is None and text == b"[" and (key is None) == (len(stack) == 1):
                named = data[before:before_end] + data[before_end:at].strip() == name
                if named or key is None:
                    array, level = Array(stack[max(len(stack) - 2, 0)], at), len(stack)
                    array.around = bytes(data[place] for place in stack[:-2])
        elif text in b"}]":
            if not stack or data[stack[-1]] != text[0] - 2:  # { is } - 2, [ is ] - 2
                trouble = at
                break
            start = stack.pop()
            if array is not None and array.end is None:
                if len(stack) == level and text == b"}":
                    array.elements.append((start, token.end()))
                elif len(stack) == level - 1:
                    array.end = token.end()
            if array is not None and array.end is not None and len(stack) <= max(level - 2, 0):
                array.owner_end = token.end()
                yield array
                array = None
        before, before_end = at, token.end()
    if array is None and (stack or trouble is not None):
        place = len(data) if trouble is None else trouble
        array = Array(place, place, rest=place)
    if array is not None:
        if array.end is None and array.rest is None and len(stack) > level:
            array.rest = stack[level]
        array.too_deep = len(stack) > DEPTH
        yield array


def load(piece: bytes) -> Any:
    """Return one element as Python values, mended where the exporter writes what is not JSON.

    Lone surrogates come out as they are. Raises ValueError for what cannot be read: also for NaN, nesting
    that is too deep, and elements of more than MAX_ELEMENT bytes.
    """
    if len(piece) > MAX_ELEMENT:
        raise ValueError(f"one element of {len(piece):,} bytes")
    try:
        return orjson.loads(piece)  # the usual way: what follows is for damage
    except orjson.JSONDecodeError:
        pass
    good = mended(piece)
    try:
        return orjson.loads(good)
    except orjson.JSONDecodeError as error:
        first = error
    try:  # orjson refuses lone surrogates, for which there is a remedy
        return json.loads(good, parse_constant=_refuse, strict=True)
    except (ValueError, RecursionError):
        raise ValueError(f"not JSON: {first}") from None


def mended(piece: bytes) -> bytes:
    """Return one element with the exporter's slips made JSON: an escape `x0B`, a file name without quotes."""
    return _UNQUOTED.sub(_quoted, _BAD_ESCAPE.sub(rb"\1\\u00\2", piece))


def element(
    piece: bytes, start: int, *, cut: bool = False
) -> tuple[dict[str, Any] | None, tuple[Finding, ...]]:
    """Return the object of one element, and what is to be said of it; None where it cannot be used.

    Broken UTF-8 is read with U+FFFD in the place of the broken bytes, and said. `cut`: nothing follows it.
    """
    if len(piece) <= MAX_ELEMENT:
        try:  # the way of nearly all messages: half of the time that one takes is spent here
            said = orjson.loads(piece)
        except orjson.JSONDecodeError:
            pass
        else:
            if type(said) is dict:
                return said, ()
    end = start + len(piece)
    try:
        said = load(piece)
    except ValueError as error:
        whole = piece.decode("utf-8", "replace").encode()
        if whole != piece:
            said, found = element(whole, start, cut=cut)
            if said is not None:
                return said, (CodecRun(start, end, "utf-8", "guessed"), *found)
        reason = "truncated" if cut else "invalid-json"
        detail = f"The last message is cut off ({error})." if cut else f"A message: {error}."
        return None, (Refusal(start, end, "format", reason, detail),)
    if not isinstance(said, dict):
        detail = f"A {type(said).__name__} where a message belongs."
        return None, (Refusal(start, end, "format", "no-message", detail),)
    return said, ()


def dump(value: object) -> str:
    """Return values as JSON with sorted keys, lone surrogates included."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _quoted(match: re.Match[bytes]) -> bytes:
    return match[1] + json.dumps(match[2].decode("utf-8", "replace")).encode() + match[3]


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")


def json_lines(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the byte range of each line that is not blank, without its line break and a byte order mark."""
    start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    size = len(data)
    while start < size:
        end = data.find(b"\n", start)
        if end < 0:
            end = size
        if end > start and (data[start] not in _BLANK or data[start:end].strip()):
            yield start, end
        start = end + 1
