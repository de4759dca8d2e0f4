"""The keys of many lines at once: by table, and by `key` itself where characters depend on each other.

The table is made of `key`, so the two cannot part: one line in a hundred has a mark or the like that normal
forms may move, and goes by way of `key`.
"""

import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from cleaners import keys
from cleaners.characters import LETTERS_END
from cleaners.code_points import Points, every_character, moving, points_of, slices, where
from cleaners.keys import key
from cleaners.vocabulary import number
from cleaners.word_kernel import DROPPED, GIVEN_BACK, SEVERAL, fold_lines

_APART = "\ue000"
_ROW = 64  # characters looked at together: most rows hold nothing that changes


def keys_of(texts: Sequence[str]) -> list[str]:
    """Return the keys of many lines; equal lines, of which dumps are full, are folded once."""
    distinct, of = number(texts)
    folded = [found for part in slices(distinct) for found in _keys(part)]
    return [folded[place] for place in of.tolist()]


def _keys(texts: Sequence[str]) -> Iterator[str]:
    table = _table()
    made, starts, back = fold_lines(*points_of(texts), table.entries, table.pool)
    whole = made.tobytes().decode("utf-32-le", "surrogatepass")
    folded = (whole[start:end] for start, end in pairwise(starts.tolist()))
    if not back.any():
        return folded
    return (key(text) if hard else one for text, one, hard in zip(texts, folded, back.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class _Table:
    """Entries by code point (cleaners.word_kernel), and the pool of those that become several."""

    entries: Points
    pool: Points


@cache
def _table() -> _Table:
    entries = np.arange(sys.maxunicode + 1, dtype=np.uint32)
    pool: list[int] = []
    everything, marks = every_character(), moving().tobytes()
    for row in range(0, LETTERS_END, _ROW):
        chars = everything[row : row + _ROW]
        # A character for private use between any two keeps each from acting on the next.
        if _APART not in chars and (made := key(_APART.join(["", *chars, ""]))) != _APART.join(
            ["", *chars, ""]
        ):
            for char, one in zip(chars, made.split(_APART)[1:-1], strict=True):
                if one != char:
                    entries[ord(char)] = _entry(char, one, marks, pool)
    entries[moving()] = GIVEN_BACK
    entries[list(keys.DROPPED)] = DROPPED
    entries[where(r"\s")] = ord(" ")
    return _Table(entries, np.array([*pool, 0], dtype=np.uint32))


def _entry(char: str, made: str, marks: bytes, pool: list[int]) -> int:
    """Return what stands for a character that `key` makes `made` of. marks: whether each one moves."""
    parts = unicodedata.normalize("NFKC", char) + made
    if not made or " " in made or any(marks[ord(part)] for part in parts):
        return GIVEN_BACK
    if len(made) == 1:
        return ord(made)
    pool += [len(made), *map(ord, made)]
    return SEVERAL | (len(pool) - len(made) - 1)
