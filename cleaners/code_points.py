"""Code points: many texts as one array, and tables that say something of each character at once.

A search by `re` reads some 200 million characters a second, a table in numpy a thousand million, and it
tells of every line of a document which of them need a closer look.
"""

import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from cleaners.characters import LETTERS_END

Points = NDArray[np.uint32]
Starts = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Characters of texts that are looked at together; 4 bytes each.
SLICE = 1 << 17
_ROW = 64  # characters looked at together for their normal form: most rows hold nothing that has another


def points_of(texts: Sequence[str]) -> tuple[Points, Starts]:
    """Return the code points of texts, one behind the other, and where each text starts; the last start is
    the number of all."""
    # Of a bytearray, since compiled loops want arrays that may be written.
    points = np.frombuffer(bytearray("".join(texts).encode("utf-32-le", "surrogatepass")), dtype="<u4")
    return points, np.fromiter(accumulate(map(len, texts), initial=0), np.int64, len(texts) + 1)


def slices(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the texts in parts whose code points stay in the cache of a core, and take no memory to speak of
    beside the texts."""
    begin = size = 0
    for at, text in enumerate(texts):
        size += len(text)
        if size >= SLICE:
            yield texts[begin : at + 1]
            begin, size = at + 1, 0
    if begin < len(texts):
        yield texts[begin:]


@cache
def every_character() -> str:
    """Return all code points in order, surrogates among them."""
    points = np.arange(sys.maxunicode + 1, dtype="<u4")
    return points.tobytes().decode("utf-32-le", "surrogatepass")


def where(pattern: str) -> Flags:
    """Say of each code point whether a pattern for one character matches it. Behind LETTERS_END all are taken
    for what the last one is, which is four fifths of the work."""
    found = np.zeros(sys.maxunicode + 1, dtype=np.bool_)
    for match in re.compile(f"(?:{pattern})+").finditer(every_character(), 0, LETTERS_END):
        found[match.start() : match.end()] = True
    found[LETTERS_END:] = bool(re.match(pattern, chr(sys.maxunicode)))
    return found


@cache
def marks() -> Flags:
    """Say of each code point whether it is a mark (general category M)."""
    found = np.zeros(sys.maxunicode + 1, dtype=np.bool_)
    for match in re.compile(r"\W+").finditer(every_character(), 0, LETTERS_END):
        start, end = match.span()
        found[start:end] = [category[0] == "M" for category in map(unicodedata.category, match[0])]
    return found


@cache
def moving() -> Flags:
    """Say of each code point whether NFC may change it, or something beside it for its sake: what has
    another normal form, every mark, and the vowels and finals of Hangul."""
    found = marks().copy()
    found[0x1160:0x1200] = True
    everything = every_character()
    for row in range(0, LETTERS_END, _ROW):
        chars = everything[row : row + _ROW]
        if not unicodedata.is_normalized("NFC", "\n".join(chars)):
            found[row : row + len(chars)] |= [not unicodedata.is_normalized("NFC", char) for char in chars]
    return found
