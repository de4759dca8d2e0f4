"""Sound lines: which lines of a document `mend` would leave as they are, told of all of them at once.

Nine of ten lines of real dumps are sound. The rest, and those of which the tables cannot tell, are mended one
by one.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cleaners.characters import BLANKS, RARE, SYMBOL_SELECTORS, SYMBOLS
from cleaners.code_points import Flags, Starts, moving, points_of, slices, where
from cleaners.mojibake import GATE_ALPHABETS, gate_classes

# What a character says: some step may change it; it may be half of a character that was decoded wrongly, if
# it stands beside one beyond ASCII; it stands beyond ASCII; letters of which two, with a sign between them,
# may be such; these signs; blanks, trimmed at the ends of lines; selectors, and symbols that wear them.
_ODD, _HALF, _BEYOND, _BETWEEN, _BLANK, _SELECTOR, _SYMBOL = 1, 2, 4, 8, 16, 128, 256
_ALPHABETS = tuple(zip((32, 64), GATE_ALPHABETS, strict=True))

Told = NDArray[np.uint16]


def sound_lines(lines: Sequence[str]) -> list[bool]:
    """Say of each line whether `mend` gives it back unchanged. False may be said of sound ones too."""
    if all(map(str.isascii, lines)):  # the tables ask for ftfy's, which take 90 ms to import
        return [line.isprintable() and line == line.strip(" ") for line in lines]
    return [said for part in slices(lines) for said in _sound(part)]


def _sound(lines: Sequence[str]) -> list[bool]:
    points, starts = points_of(lines)
    found = np.ones(len(lines), dtype=np.bool_)
    filled = np.flatnonzero(starts[:-1] < starts[1:])
    if not len(filled):
        return [True] * len(lines)
    told = _table()[points]
    first, last = starts[filled], starts[filled + 1] - 1
    odd = _odd(told, first)
    found[filled] = ~np.logical_or.reduceat(odd, first)
    found[filled] &= (told[first] | told[last]) & _BLANK == 0
    said: list[bool] = found.tolist()
    return said


def _odd(told: Told, first: Starts) -> Flags:
    """Say of each character whether it needs a closer look, with what stands beside it in its line.

    first: the places of the first characters of lines; there is one.
    """
    odd: Flags = told & _ODD != 0
    met = int(np.bitwise_or.reduce(told))
    before = np.concatenate((np.zeros(1, told.dtype), told[:-1]))
    before[first] = 0
    if met & _HALF:  # either order: a half says no more than that something may be wrong
        odd |= (before & _HALF != 0) & (told & _BEYOND != 0)
        odd |= (before & _BEYOND != 0) & (told & _HALF != 0)
    if met & _SELECTOR:
        odd |= (told & _SELECTOR != 0) & (before & _SYMBOL == 0)
    for letter, _ in _ALPHABETS:
        if met & letter and met & _BETWEEN:
            start = before & letter != 0  # of each character: whether the one before it is the first of two
            odd[1:] |= (
                (start[:-1] & (told[:-1] & _BETWEEN != 0)) & (told[1:] & letter != 0) & (before[1:] != 0)
            )
    return odd


@cache
def _table() -> Told:
    halves, alone, between = gate_classes()
    table = moving() * np.uint16(_ODD)
    for flag, pattern in (
        (_ODD, RARE.pattern),
        (_ODD, f"[{alone}]"),
        (_HALF, f"[{halves}]"),
        (_BEYOND, "[^\x00-\x7f]"),
        (_BETWEEN, f"[{between}]"),
        (_BLANK, f"[{BLANKS}]"),
        (_SYMBOL, f"[{SYMBOLS}]"),
        *((flag, f"[{letters}]") for flag, letters in _ALPHABETS),
    ):
        table |= where(pattern) * np.uint16(flag)
    table[where(f"[{SYMBOL_SELECTORS}]")] = _SELECTOR | _BEYOND
    table.flags.writeable = False
    return table
