"""Openers: how much the words of a line are those of first lines of posts, learned from real channels.

News leads name who and where for the first time ('В Японии', 'Мужчина'); the lines behind them refer back
('По его данным', 'Сейчас'). A naive-Bayes log ratio per word stem, apart for the first word, the next three
and the rest of the line (rules/openers.toml, made by benchmarks/fit_cues.py).
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from math import sqrt

from cleaners.rules import rules

PLACES = ("first", "early", "rest")
_WORD = re.compile(r"[^\W\d_]+")
_STEM = 6  # letters: as in keys.stems, enough across the case endings of Slavic languages
_EARLY = (
    4  # the words up to here stand early; more of them changed the F1 of unseen channels by less than .01
)

Ratios = tuple[Mapping[str, float], Mapping[str, float], Mapping[str, float]]


def placed_words(line_key: str) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """Return the distinct stems of a line's words by place: the first, the next three, the rest."""
    words = [word[:_STEM] for word in _WORD.findall(line_key)]
    return words[:1], list(dict.fromkeys(words[1:_EARLY])), list(dict.fromkeys(words[_EARLY:]))


@cache
def general_ratios() -> Ratios:
    """Return the log ratios fitted on many channels, by place."""
    found: dict[str, dict[str, float]] = {place: {} for place in PLACES}
    for group in rules("openers")["opener"]:
        found[group["place"]] |= dict.fromkeys(group["words"].split(), float(group["weight"]))
    return found["first"], found["early"], found["rest"]


def word_scores(line_key: str, ratios: Ratios) -> tuple[float, float, float]:
    """Return by place how much a line's words speak for a first line. The many words of the rest are no
    independent witnesses: their sum is divided by the root of their number."""
    first, early, rest = (
        [table[word] for word in words if word in table]
        for words, table in zip(placed_words(line_key), ratios, strict=True)
    )
    return sum(first), sum(early), sum(rest) / sqrt(len(rest)) if rest else 0.0
