"""Cues: how much each line looks like the first line of a post, as log-odds, from its own shape and its
neighbours'. They decide where a dump is not doubled and has no headers.

The weights come from a logistic fit (L2 = 2) on undoubled dumps of 12 Russian channels; see
rules/cues.toml for the figures. A feature is 0 or 1 except `cohesion`, which is 0..about 2.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from math import sqrt

from cleaners.keys import stems
from cleaners.rules import rules

_TAGS_ONLY = re.compile(r"^(?:[#@][\w/]+[\s,.|•·]*)+$")
_URL_END = re.compile(r"(?:https?://|t\.me/|www\.)\S+$")
_BULLET = re.compile(r"^(?:[-–—•·*▪️◾◽●○►▶→]|\d{1,2}[.)]\s)")
_FLAG = re.compile("^[\U0001f1e6-\U0001f1ff]")
_EMOJI = re.compile("^[\u203c\u2049\u2139\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\u3030\u303d\U0001f000-\U0001faff]")
_MORE = re.compile(
    r"read more|read in full|full story|subscribe|follow us|подпис|подробн|читат|читайте|смотрите|источник|"
    r"підпис|детальн|читайте|присла|прислать",
    re.IGNORECASE,
)
_FINAL = re.compile(r"[.!?…:;»”\")\]]\s*$")
_DATED = re.compile(r"^\W*(?:on |today|сегодня|сьогодні|\d{1,2} [^\W\d_]{3,9}\b|\d{1,2}[./]\d{1,2})", re.IGNORECASE)


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
def _weights() -> dict[str, float]:
    return {cue["id"]: float(cue["weight"]) for cue in rules("cues")["cue"]}


def _features(texts: Sequence[str], keys: Sequence[str], blanks: Sequence[int], at: int, counts: Counter[str]) -> Iterator[str]:
    """Yield the names of the features that hold for line `at` > 0 (all but cohesion)."""
    this, previous = texts[at], texts[at - 1]
    if _FLAG.match(this):
        yield "flag"
    elif _EMOJI.match(this):
        yield "emoji"
    if tags_only(this):
        yield "tags"
    if tags_only(previous):
        yield "previous-tags"
    elif "#" in previous[-40:]:
        yield "previous-tag-at-end"
    if _URL_END.search(previous[-120:]):
        yield "previous-url"
    if more(previous):
        yield "previous-more"
    if more(this):
        yield "more"
    if len(this) < 45:
        yield "short"
    elif len(this) > 220:
        yield "long"
    if len(previous) < 45:
        yield "previous-short"
    elif len(previous) > 220:
        yield "previous-long"
    if this.endswith(":"):
        yield "colon"
    if previous.endswith(":"):
        yield "previous-colon"
    if _BULLET.match(this) or this[:1].islower():
        yield "bullet"
    if _BULLET.match(previous):
        yield "previous-bullet"
    if not _FINAL.search(previous):
        yield "previous-open"
    if not _FINAL.search(this):
        yield "open"
    if counts[keys[at - 1]] >= 3:
        yield "previous-recurs"
    if counts[keys[at]] >= 3:
        yield "recurs"
    if _DATED.match(this):
        yield "dated"
    if blanks[at]:
        yield "blank-before"


def weigh(texts: Sequence[str], keys: Sequence[str], blanks: Sequence[int]) -> list[float]:
    """Return the log-odds, without prior, that each line starts a post; the first line counts 0.

    texts: display forms, keys: their keys, blanks: the number of blank lines before each.
    """
    weights = _weights()
    counts = Counter(keys)
    words = [stems(key) for key in keys]
    odds = [0.0] * len(texts)
    for at in range(1, len(texts)):
        value = weights["bias"] + sum(weights[name] for name in _features(texts, keys, blanks, at, counts))
        left = words[at - 1].union(*words[max(0, at - 3) : at - 1])
        right = words[at] | words[at + 1] if at + 1 < len(words) else words[at]
        value += weights["cohesion"] * 4 * len(left & right) / (1 + sqrt((1 + len(left)) * (1 + len(right))))
        odds[at] = max(-6.0, min(5.0, value))
    return odds
