"""Vocabulary: the words of many lines as numbers, so that compiled loops can compare them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from cleaners.code_points import Flags, Points, points_of, where
from cleaners.word_kernel import hash_words, number_stems

Codes = NDArray[np.int32]
Places = NDArray[np.int64]

_TOPIC = 4  # letters from which a word says what a line is about
_OPENING = 8  # characters by which lines are told apart that begin alike


class _Ids(dict[str, int]):
    """Numbers for words, given out as they are asked for."""

    def __missing__(self, word: str) -> int:
        found = self[word] = len(self)
        return found


def number(names: Sequence[str]) -> tuple[tuple[str, ...], Codes]:
    """Return the distinct names in the order of their first place, and the place of each name in them."""
    ids = _Ids()
    codes = np.fromiter(map(ids.__getitem__, names), dtype=np.int32, count=len(names))
    return tuple(ids), codes


@dataclass(frozen=True, slots=True)
class Keyed:
    """The lines of a document by their keys: the distinct ones, and which of these each line is (`of`)."""

    lines: tuple[str, ...]
    of: Codes


@dataclass(frozen=True, slots=True)
class Hashed:
    """CRC-32 of the words of lines as they stand between blanks: of line i `words[starts[i]:starts[i + 1]]`.

    openings: CRC-32 of how each line begins, without the full stops at its end.
    """

    words: Points
    starts: Places
    openings: Points


@dataclass(frozen=True, slots=True)
class Stems:
    """Distinct `stems`; those of the letters-only words of line i are `codes[starts[i]:starts[i + 1]]`,
    places in `stems`. topical: which of the words are long enough to say what a line is about."""

    stems: tuple[str, ...]
    codes: Codes
    starts: Places
    topical: Flags


def number_lines(keys: Sequence[str]) -> Keyed:
    """Return line keys as numbers."""
    return Keyed(*number(keys))


def hashed(lines: Sequence[str]) -> Hashed:
    """Return the words of line keys as hashes."""
    whole = [line.encode("utf-8", "surrogatepass") for line in lines]
    starts = np.fromiter(accumulate(map(len, whole), initial=0), np.int64, len(whole) + 1)
    text = np.frombuffer(bytearray(b"".join(whole)), dtype=np.uint8)
    words, begins, openings = hash_words(text, starts, _crc_table(), _OPENING)
    return Hashed(words, begins, openings)


def stems_of(lines: Sequence[str]) -> Stems:
    """Return the stems of the words of line keys. Words are runs of letters; what stands between is none."""
    codes, starts, lengths, found = number_stems(*points_of(lines), _letters())
    stems = tuple(found.view(f"<U{found.shape[1]}").ravel().tolist())
    return Stems(stems, codes, starts, lengths >= _TOPIC)


@cache
def _letters() -> Flags:
    return where(r"[^\W\d_]")


@cache
def _crc_table() -> Points:
    """Return what a byte does to the state of CRC-32."""
    ones = 0xFFFFFFFF
    # A message of one byte leaves table[byte ^ 255] ^ (2**24 - 1), inverted.
    found = [crc32(bytes([byte ^ 0xFF])) ^ ones ^ (ones >> 8) for byte in range(256)]
    return np.array(found, dtype=np.uint32)
