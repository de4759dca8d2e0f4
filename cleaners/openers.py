"""Openers: how much the words of a line are those of first lines of posts, learned from real channels.

News leads name who and where for the first time ('В Японии', 'Мужчина'); the lines behind them refer back
('По его данным', 'Сейчас'). A naive-Bayes log ratio per word stem, apart for the first word, the next three
and the rest of the line (rules/openers.toml, made by benchmarks/fit_cues.py).
"""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from cleaners.keys import letters
from cleaners.line_kernel import place_scores
from cleaners.logistic import Matrix
from cleaners.rules import rules
from cleaners.vocabulary import Stems
from cleaners.word_kernel import STEM

PLACES = ("first", "early", "rest")
_EARLY = (
    4  # the words up to here stand early; more of them changed the F1 of unseen channels by less than .01
)

Ratios = tuple[Mapping[str, float], Mapping[str, float], Mapping[str, float]]


def stem(word: str) -> str:
    """Return the first letters of a word: enough across the case endings of Slavic languages."""
    return word[:STEM]


def placed_words(line_key: str) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """Return the distinct stems of a line's words by place: the first, the next three, the rest."""
    words = [stem(word) for word in letters(line_key)]
    return words[:1], list(dict.fromkeys(words[1:_EARLY])), list(dict.fromkeys(words[_EARLY:]))


@cache
def general_ratios() -> Ratios:
    """Return the log ratios fitted on many channels, by place."""
    found: dict[str, dict[str, float]] = {place: {} for place in PLACES}
    for group in rules("openers")["opener"]:
        found[group["place"]] |= dict.fromkeys(group["words"].split(), float(group["weight"]))
    return found["first"], found["early"], found["rest"]


@cache
def _general_rows() -> tuple[Mapping[str, int], Matrix]:
    return _rows(general_ratios())


def _rows(ratios: Ratios) -> tuple[Mapping[str, int], Matrix]:
    """Return the row of each stem, and the ratios by row and place; the last row is that of all others."""
    stems = sorted(set().union(*ratios))
    values = [[table.get(found, np.nan) for table in ratios] for found in stems]
    return {found: row for row, found in enumerate(stems)}, np.array([*values, [np.nan] * len(ratios)])


def word_scores(words: Stems, ratios: Ratios | None = None) -> Matrix:
    """Return by place how much the words of each line speak for a first line, shape (lines, places).

    ratios: None for the general ones. The many words of the rest are no independent witnesses: their sum is
    divided by the root of their number.
    """
    rows, values = _general_rows() if ratios is None else _rows(ratios)
    found = np.array([rows.get(name, -1) for name in words.stems], dtype=np.int64)
    return np.asarray(place_scores(words.codes, words.starts, values[found], _EARLY))
