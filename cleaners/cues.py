"""Cues: how much each line looks like the first line of a post, from its own shape, its neighbours' and
what recurs in the document, as log-odds of a logistic model.

The general weights (rules/cues.toml) were fitted on real channels. A document that shows where its own
posts begin, through echoes or headers, moves them towards itself: a channel's signature or its way to
open a post is worth more than any general habit.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress, pairwise
from math import log, sqrt

import numpy as np

from cleaners.keys import stems
from cleaners.logistic import Matrix
from cleaners.openers import PLACES, Ratios, general_ratios, word_scores
from cleaners.rules import rules

_TAGS_ONLY = re.compile(r"^(?:[#@][\w/]+[\s,.|•·]*)+$")
_URL_END = re.compile(r"(?:https?://|t\.me/|www\.)\S+$")
_BULLET = re.compile(r"^(?:[-–—•·*▪️◾◽●○►▶→]|\d{1,2}[.)]\s)")
_FLAG = re.compile("^[\U0001f1e6-\U0001f1ff]")
_EMOJI = re.compile(
    "^[\u203c\u2049\u2139\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\u3030\u303d\U0001f000-\U0001faff]"
)
_MORE = re.compile(
    r"read more|read in full|full story|subscribe|follow us|подпис|подпиш|подробн|читат|читайте|смотрите|"
    r"источник|підпис|підпиш|детальн|прислать|надіслати",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"[.!?…:;»”\")\]]\s*$")
_DATED = re.compile(
    r"^\W*(?:on |today|сегодня|сьогодні|\d{1,2} [^\W\d_]{3,9}\b|\d{1,2}[./]\d{1,2})", re.IGNORECASE
)
_LENGTHS = ((25, "under-25"), (50, "under-50"), (100, "under-100"), (200, ""), (350, "under-350"))
_A_LINE = 25  # characters from which the first word of a line is a habit of the channel
_RECURS = 3  # a line seen as often is a channel's signature or rubric, not news


def tags_only(text: str) -> bool:
    """Say whether a line holds nothing but #tags and @names."""
    return text[:1] in "#@" and bool(_TAGS_ONLY.match(text))


def more(text: str) -> bool:
    """Say whether a line is an invitation to read on or to subscribe."""
    return len(text) < 140 and bool(_MORE.search(text))


def starts_with_emoji(text: str) -> bool:
    """Say whether a line opens with a flag or another pictograph."""
    return bool(_FLAG.match(text) or _EMOJI.match(text))


@cache
def names() -> tuple[str, ...]:
    """Return the names of the features, in the order of the columns."""
    return tuple(cue["id"] for cue in rules("cues")["cue"])


def general_weights() -> Matrix:
    """Return the weights fitted on many channels, one a feature."""
    return np.array([float(cue["weight"]) for cue in rules("cues")["cue"]])


@cache
def _columns() -> Mapping[str, int]:
    return {name: column for column, name in enumerate(names())}


@cache
def _continuer() -> re.Pattern[str]:
    words = sorted(
        {word for entry in rules("continuers")["words"] for word in entry["words"]}, key=len, reverse=True
    )
    return re.compile(rf"^\W*(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)


def _own(text: str) -> list[str]:
    """Return what a line shows by itself: these features describe it as a first line and, with the prefix
    `after-`, describe what stands before the next line."""
    shown = [next((name for limit, name in _LENGTHS if len(text) < limit), "over-350")]
    first = text[:1]
    if not first.isalnum():
        if _FLAG.match(text):
            shown.append("flag")
        elif _EMOJI.match(text):
            shown.append("emoji")
    if first in "#@":
        shown.append("tags" if tags_only(text) else "tag-first")
    elif "#" in text[-40:]:
        shown.append("tag-last")
    if "/" in text[-120:] and _URL_END.search(text[-120:]):
        shown.append("url-last")
    if more(text):
        shown.append("more")
    if text.endswith(":"):
        shown.append("colon")
    elif text.endswith(("…", "...")):
        shown.append("ellipsis")
    elif text.endswith(")"):
        shown.append("bracket")
    elif not _CLOSED.search(text[-3:]):
        shown.append("open")
    if _BULLET.match(text):
        shown.append("bullet")
    elif first.islower():
        shown.append("lower")
    elif first.isdigit():
        shown.append("digit")
    elif first in "\"'«“„‘":
        shown.append("quote")
    if _continuer().match(text):
        shown.append("continuer")
    return [name for name in shown if name]


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is known of one distinct line: columns it sets for itself and for the line behind, its stems."""

    own: tuple[int, ...]
    after: tuple[int, ...]
    continuer: bool
    stems: frozenset[str]
    first_word: str
    last_words: str
    words: tuple[float, float, float]


def _look(text: str, key: str, columns: Mapping[str, int], ratios: Ratios) -> _Shown:
    names = _own(text)
    if _DATED.match(text):
        names.append("dated")
    words = key.split()
    return _Shown(
        tuple(columns[name] for name in names if name in columns),
        tuple(columns[f"after-{name}"] for name in names if f"after-{name}" in columns),
        "continuer" in names,
        stems(key),
        words[0] if words else "",
        " ".join(words[-2:]),
        word_scores(key, ratios),
    )


class _Topics:
    """Shared topic of lines: rarity-weighted cosine of their stems, 0..1."""

    def __init__(self, found: Sequence[frozenset[str]], counted: Sequence[bool]) -> None:
        spread = Counter(word for words, count in zip(found, counted, strict=True) if count for word in words)
        whole = log(len(found) + 1)
        self._rarity = {word: whole - log(lines) for word, lines in spread.items()}
        self._default = whole

    def mass(self, words: frozenset[str]) -> float:
        """Return the rarity of a line's stems, summed."""
        rarity, default = self._rarity, self._default
        return sum([rarity.get(word, default) for word in words])

    def overlap(
        self, left: frozenset[str], left_mass: float, right: frozenset[str], right_mass: float
    ) -> float:
        """Return how much of their topic two sets of stems share."""
        both = left & right
        return self.mass(both) / (1 + sqrt(left_mass * right_mass)) if both else 0.0


def features(
    texts: Sequence[str],
    keys: Sequence[str],
    blanks: Sequence[int],
    copies: Sequence[bool],
    ratios: Ratios | None = None,
) -> Matrix:
    """Return the features of every line, shape (lines, features). ratios: of words, if not the general ones.

    copies[i]: line i surely repeats an earlier one. It does not count when recurring lines are counted, and
    shows nothing but that it is a copy: it opens no post.
    """
    columns, size = _columns(), len(texts)
    table: Matrix = np.zeros((size, len(columns)))
    looks: dict[str, _Shown] = {}
    tables = general_ratios() if ratios is None else ratios
    shown = [
        looks.get(text) or looks.setdefault(text, _look(text, key, columns, tables))
        for text, key in zip(texts, keys, strict=True)
    ]
    originals = [not copied for copied in copies]
    counts = Counter(compress(keys, originals))
    firsts = Counter(look.first_word for look in compress(shown, originals))
    lasts = Counter(look.last_words for look in compress(shown, originals))
    pairs = Counter(compress(pairwise(keys), originals[1:]))
    topics = _Topics([look.stems for look in shown], originals)
    masses = [topics.mass(look.stems) for look in shown]
    scale = log(max(size, 3))
    usual = sorted(blanks)[size // 5] if size else 0  # where blank lines stand at most lines they say nothing
    ones: list[int] = []  # flat places of the features that are 1
    for at in range(size):
        row = at * len(columns)
        if copies[at]:
            ones.append(row + columns["copy"])
            continue
        look, key, values = shown[at], keys[at], table[at]
        set_here = [columns["bias"], *look.own]
        if counts[key] >= _RECURS:
            set_here.append(columns["recurs"])
        shared = firsts[look.first_word]
        if shared >= _RECURS and len(key) >= _A_LINE:
            values[columns["first-word-recurs"]] = min(1.0, log(shared) / scale)
        if blanks[at] > usual:
            set_here.append(columns["blank-before"])
        if at:
            before, previous = keys[at - 1], shown[at - 1]
            set_here += previous.after
            if texts[at][0] == texts[at - 1][0] and not texts[at][0].isalnum():
                set_here.append(columns["same-mark"])
            if pairs[before, key] >= _RECURS:
                set_here.append(columns["pair-recurs"])
            elif counts[before] >= _RECURS:
                set_here.append(columns["after-recurs"])
            elif (shared := lasts[previous.last_words]) >= _RECURS:
                values[columns["after-last-words-recur"]] = min(1.0, log(shared) / scale)
            if at > 1 and counts[keys[at - 2]] >= _RECURS > counts[before]:
                set_here.append(columns["second-after-recurs"])
            left = previous.stems.union(*(look.stems for look in shown[max(0, at - 3) : at - 1]))
            left_mass = sum(masses[max(0, at - 3) : at])
            values[columns["overlap-before"]] = topics.overlap(left, left_mass, look.stems, masses[at])
            values[columns["overlap-line-before"]] = topics.overlap(
                previous.stems, masses[at - 1], look.stems, masses[at]
            )
        if at + 1 < size:
            behind = shown[at + 1]
            values[columns["overlap-behind"]] = topics.overlap(
                look.stems, masses[at], behind.stems, masses[at + 1]
            )
            if at:
                values[columns["overlap-around"]] = topics.overlap(
                    shown[at - 1].stems, masses[at - 1], behind.stems, masses[at + 1]
                )
            if behind.continuer:
                set_here.append(columns["before-continuer"])
        ones += [row + column for column in set_here]
    table.reshape(-1)[ones] = 1.0
    set_words(table, [look.words for look in shown], originals)
    return table


def set_words(table: Matrix, scores: Sequence[tuple[float, float, float]], originals: Sequence[bool]) -> None:
    """Set in a table of features what the words of each line and of its neighbours speak for."""
    columns = _columns()
    kept = np.array(originals, dtype=bool)[:, None]
    own = np.array(scores, dtype=np.float64).reshape(-1, len(PLACES)) * kept
    none = np.zeros((1, len(PLACES)))
    before, behind = np.vstack([none, own[:-1]]), np.vstack([own[1:], none])
    for prefix, values in (("", own), ("after-", before), ("before-", behind)):
        table[:, [columns[f"{prefix}{place}-words"] for place in PLACES]] = values[: len(kept)] * kept
