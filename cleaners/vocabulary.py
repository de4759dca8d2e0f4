"""Vocabulary: the words of many lines as numbers, so that compiled loops can compare them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Places = NDArray[np.int64]


class _Ids(dict[str, int]):
    """Numbers for words, given out as they are asked for."""

    def __missing__(self, word: str) -> int:
        found = self[word] = len(self)
        return found


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Distinct `words`; the words of line i are `codes[starts[i]:starts[i + 1]]`, places in `words`."""

    words: tuple[str, ...]
    codes: Codes
    starts: Places

    def lines(self) -> Codes:
        """Return the line of each code."""
        return np.repeat(np.arange(len(self.starts) - 1, dtype=np.int32), np.diff(self.starts))


def number(names: Sequence[str]) -> tuple[tuple[str, ...], Codes]:
    """Return the distinct names in the order of their first place, and the place of each name in them."""
    ids = _Ids()
    codes = np.fromiter(map(ids.__getitem__, names), dtype=np.int32, count=len(names))
    return tuple(ids), codes


def number_words(lines: Sequence[Sequence[str]]) -> Vocabulary:
    """Return the words of each line as a vocabulary."""
    starts = np.fromiter(accumulate(map(len, lines), initial=0), dtype=np.int64, count=len(lines) + 1)
    words, codes = number(list(chain.from_iterable(lines)))
    return Vocabulary(words, codes, starts)
