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
from cleaners.code_points import LETTERS_END, Points, every_character, moving, points_of, slices, where
from cleaners.keys import key
from cleaners.vocabulary import number
from cleaners.word_kernel import DROPPED, GIVEN_BACK, SEVERAL, fold_lines

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
    everything = every_character()
    for row in range(0, LETTERS_END, _ROW):
        chars = everything[row : row + _ROW]
        # Letters around each character, so that none stands at the edge of the line.
        if key("x".join(chars)) != "x".join(chars):
            for char in chars:
                entries[ord(char)] = _entry(char, key(f"x{char}x")[1:-1], pool)
    entries[moving()] = GIVEN_BACK
    entries[list(keys.DROPPED)] = DROPPED
    entries[where(r"\s")] = ord(" ")
    return _Table(entries, np.array([*pool, 0], dtype=np.uint32))


def _entry(char: str, made: str, pool: list[int]) -> int:
    """Return what stands for a character that `key` makes `made` of."""
    parts = unicodedata.normalize("NFKC", char) + made
    if not made or " " in made or any(moving()[ord(part)] for part in parts):
        return GIVEN_BACK
    if len(made) == 1:
        return ord(made)
    pool += [len(made), *map(ord, made)]
    return SEVERAL | (len(pool) - len(made) - 1)
