"""Vocabulary: the words of many lines as numbers, so that compiled loops can compare them."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

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


def number(names: Sequence[str]) -> tuple[tuple[str, ...], Codes]:
    """Return the distinct names in the order of their first place, and the place of each name in them."""
    ids = _Ids()
    codes = np.fromiter(map(ids.__getitem__, names), dtype=np.int32, count=len(names))
    return tuple(ids), codes


def number_words(lines: Iterable[Sequence[str]]) -> Vocabulary:
    """Return the words of each line as a vocabulary. Lines are taken one by one: their words as strings
    take ten times the memory of the text."""
    ids = _Ids()
    codes, starts = array("i"), [0]
    for words in lines:
        codes.extend(map(ids.__getitem__, words))
        starts.append(len(codes))
    return Vocabulary(tuple(ids), np.array(codes, dtype=np.int32), np.array(starts, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Keyed:
    """The lines of a document by their keys: the distinct ones, which of these each line is (`of`), and the
    words of the distinct ones as they stand between blanks."""

    lines: tuple[str, ...]
    of: Codes
    tokens: Vocabulary


def number_lines(keys: Sequence[str]) -> Keyed:
    """Return line keys as numbers, and their words."""
    lines, of = number(keys)
    return Keyed(lines, of, number_words(map(str.split, lines)))


def expand(words: Vocabulary, parts: Callable[[str], Sequence[str]]) -> Vocabulary:
    """Return the vocabulary of the same lines with each word replaced by its parts."""
    found = number_words(map(parts, words.words))
    # 32 bits: these arrays are the largest that splitting makes.
    sizes = np.diff(found.starts).astype(np.int32)[words.codes]  # parts of each word of each line
    ends = np.zeros(len(sizes) + 1, dtype=np.int32)
    np.cumsum(sizes, out=ends[1:])
    places = np.repeat(found.starts[:-1].astype(np.int32)[words.codes] - ends[:-1], sizes)
    places += np.arange(ends[-1], dtype=np.int32)
    codes = found.codes[places]
    return Vocabulary(found.words, codes, ends[words.starts].astype(np.int64))
