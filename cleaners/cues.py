"""Cues: how much each line looks like the first line of a post, from its own shape, its neighbours' and
what recurs in the document, as log-odds of a logistic model.

The general weights (rules/cues.toml) were fitted on real channels. A document that shows where its own
posts begin, through echoes or headers, moves them towards itself: a channel's signature or its way to
open a post is worth more than any general habit.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from cleaners.keys import stems
from cleaners.rules import rules

Matrix = NDArray[np.float64]

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
_SHARE, _FITTED_ON = 0.32, 100  # mean share of openings in the fitted channels; lines that it is worth
_NEWTON = 25
_SMALLEST_STEP = 1e-3
_GAIN = 1e-7  # improvement a row below which the fit has converged
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


def _length(text: str) -> str:
    return next((name for limit, name in _LENGTHS if len(text) < limit), "over-350")


def _own(text: str) -> list[str]:
    """Return what a line shows by itself: these features describe it as a first line and, with the prefix
    `after-`, describe what stands before the next line."""
    shown = [_length(text)]
    if _FLAG.match(text):
        shown.append("flag")
    elif _EMOJI.match(text):
        shown.append("emoji")
    if text[:1] in "#@":
        shown.append("tags" if tags_only(text) else "tag-first")
    elif "#" in text[-40:]:
        shown.append("tag-last")
    if _URL_END.search(text[-120:]):
        shown.append("url-last")
    if more(text):
        shown.append("more")
    if text.endswith(":"):
        shown.append("colon")
    elif text.endswith(("…", "...")):
        shown.append("ellipsis")
    elif text.endswith(")"):
        shown.append("bracket")
    elif not _CLOSED.search(text):
        shown.append("open")
    if _BULLET.match(text):
        shown.append("bullet")
    elif text[:1].islower():
        shown.append("lower")
    elif text[:1].isdigit():
        shown.append("digit")
    elif text[:1] in "\"'«“„‘":
        shown.append("quote")
    if _continuer().match(text):
        shown.append("continuer")
    return [name for name in shown if name]


def _overlap(left: frozenset[str], right: frozenset[str], rarity: Mapping[str, float]) -> float:
    """Return the shared topic of two lines: rarity-weighted cosine of their stems, 0..1."""
    both = left & right
    if not both:
        return 0.0
    norm = sqrt(sum(rarity[word] for word in left) * sum(rarity[word] for word in right))
    return sum(rarity[word] for word in both) / (1 + norm)


def features(
    texts: Sequence[str], keys: Sequence[str], blanks: Sequence[int], copies: Sequence[bool]
) -> Matrix:
    """Return the features of every line, shape (lines, features).

    copies[i]: line i surely repeats an earlier one, so it does not count when recurring lines are counted.
    """
    columns, size = _columns(), len(texts)
    table: Matrix = np.zeros((size, len(columns)))
    counts = Counter(key for key, copied in zip(keys, copies, strict=True) if not copied)
    firsts = Counter(key.split(" ", 1)[0] for key, copied in zip(keys, copies, strict=True) if not copied)
    lasts = Counter(
        " ".join(key.split()[-2:]) for key, copied in zip(keys, copies, strict=True) if not copied
    )
    pairs = Counter(pair for pair, copied in zip(pairwise(keys), copies[1:], strict=True) if not copied)
    words = [stems(key) for key in keys]
    spread = Counter(word for at, found in enumerate(words) if not copies[at] for word in found)
    rarity = {word: log((size + 1) / max(1, spread[word])) for found in words for word in found}
    own = [_own(text) for text in texts]
    scale = log(max(size, 3))
    for at in range(size):
        found: dict[str, float] = {"bias": 1.0}
        found.update(dict.fromkeys(own[at], 1.0))
        key = keys[at]
        if counts[key] >= _RECURS:
            found["recurs"] = 1.0
        shared = firsts[key.split(" ", 1)[0]]
        if shared >= _RECURS and len(key) >= 25:
            found["first-word-recurs"] = min(1.0, log(shared) / scale)
        if blanks[at]:
            found["blank-before"] = 1.0
        if _DATED.match(texts[at]):
            found["dated"] = 1.0
        if at:
            before = keys[at - 1]
            if texts[at][0] == texts[at - 1][0] and not texts[at][0].isalnum():
                found["same-mark"] = 1.0
            found.update((f"after-{name}", 1.0) for name in own[at - 1])
            shared = lasts[" ".join(before.split()[-2:])]
            if pairs[before, key] >= _RECURS:
                found["pair-recurs"] = 1.0
            elif counts[before] >= _RECURS:
                found["after-recurs"] = 1.0
            elif shared >= _RECURS:
                found["after-last-words-recur"] = min(1.0, log(shared) / scale)
            left = words[at - 1].union(*words[max(0, at - 3) : at - 1])
            found["overlap-before"] = _overlap(left, words[at], rarity)
            found["overlap-line-before"] = _overlap(words[at - 1], words[at], rarity)
        if at > 1 and counts[keys[at - 2]] >= _RECURS > counts[keys[at - 1]]:
            found["second-after-recurs"] = 1.0
        if at + 1 < size:
            found["overlap-behind"] = _overlap(words[at], words[at + 1], rarity)
            if at:
                found["overlap-around"] = _overlap(words[at - 1], words[at + 1], rarity)
            if "continuer" in own[at + 1]:
                found["before-continuer"] = 1.0
        for name, value in found.items():
            column = columns.get(name)
            if column is not None:
                table[at, column] = value
    return table


def fit(table: Matrix, labels: Matrix, start: Matrix, pull: float, trust: Matrix | None = None) -> Matrix:
    """Return logistic weights for rows `table` with 0/1 `labels`, pulled towards `start` (L2 around it).

    Newton's method with step halving: a full step overshoots where a feature separates the labels.
    pull: strength of the prior, in observations of unit variance.
    """
    trust = np.ones(len(labels)) if trust is None else trust

    def loss(weights: Matrix) -> float:
        margins = table @ weights
        misfit = np.logaddexp(0.0, margins) - labels * margins
        return float(trust @ misfit + pull / 2 * ((weights - start) @ (weights - start)))

    weights, current = start.copy(), loss(start)
    for _ in range(_NEWTON):
        share = 1 / (1 + np.exp(-np.clip(table @ weights, -30, 30)))
        slope = table.T @ (trust * (share - labels)) + pull * (weights - start)
        curve = (table * (trust * share * (1 - share))[:, None]).T @ table + pull * np.eye(len(weights))
        step = np.linalg.solve(curve, slope)
        scale = 1.0
        while (reached := loss(weights - scale * step)) > current and scale > _SMALLEST_STEP:
            scale /= 2
        if current - reached < _GAIN * len(labels):
            break
        weights, current = weights - scale * step, reached
    return weights


def odds(table: Matrix, weights: Matrix) -> list[float]:
    """Return the log-odds that each line starts a post, within -8..8; the first line counts 0."""
    values: list[float] = np.clip(table @ weights, -8.0, 8.0).tolist()
    if values:
        values[0] = 0.0
    return values


def rebase(values: Sequence[float]) -> list[float]:
    """Return log-odds moved to the share of openings that this document itself suggests.

    Expectation-maximisation of the prior (Saerens, Latinne, Decaestecker 2002), held by _FITTED_ON lines of
    the fitted share: channels differ between one opening in five lines and one in two.
    """
    odds_found = np.array(values)
    share = _SHARE
    for _ in range(40):
        shift = log(share / (1 - share)) - log(_SHARE / (1 - _SHARE))
        expected = float((1 / (1 + np.exp(-(odds_found + shift)))).sum())
        share, before = (expected + _FITTED_ON * _SHARE) / (len(values) + _FITTED_ON), share
        if abs(share - before) < 1e-5:
            break
    moved: list[float] = (odds_found + log(share / (1 - share)) - log(_SHARE / (1 - _SHARE))).tolist()
    return [0.0, *moved[1:]] if moved else []
