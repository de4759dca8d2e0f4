"""Looks: what a line shows by itself - its length, how it opens and how it ends."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cache

from cleaners.rules import rules

_TAGS_ONLY = re.compile(r"^(?:[#@][\w/]+[\s,.|•·]*)+$")
_URL_END = re.compile(r"(?:https?://|t\.me/|www\.)\S+$")
_BULLET = re.compile(r"^(?:[-–—•·*▪️◾◽●○►▶→]|\d{1,2}[.)]\s)")
_FLAG = re.compile("^[\U0001f1e6-\U0001f1ff]")
_EMOJI = re.compile(
    "^[\u203c\u2049\u2139\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\u3030\u303d\U0001f000-\U0001faff]"
)
_MORE = (
    *("read more", "read in full", "full story", "subscribe", "follow us", "подпис", "подпиш", "подробн"),
    *("читат", "читайте", "смотрите", "источник", "підпис", "підпиш", "детальн", "прислать", "надіслати"),
)
_ANY_MORE = re.compile("|".join(map(re.escape, _MORE)))
_INVITATION = 140  # characters that an invitation stays below
_CLOSING = frozenset('.!?…:;»”")]')
_CLOSED = re.compile(rf"[{re.escape(''.join(sorted(_CLOSING)))}]\s*$")
_FIRST_WORD = re.compile(r"\W*(\w+)")
_DATE_WORDS = ("today", "сегодня", "сьогодні")
_FIGURE_DATE = re.compile(r"\d{1,2} [^\W\d_]{3,9}\b|\d{1,2}[./]\d{1,2}")
_WORD_CHARACTER = re.compile(r"\w")
_OPENING = 40  # characters from the first word on: all words and dates that are asked for are shorter
_LENGTHS = (25, 50, 100, 200, 350)  # characters; a line says nothing by a length from 100 to 199
_LENGTH_NAMES = (("under-25",), ("under-50",), ("under-100",), (), ("under-350",), ("over-350",))


def tags_only(text: str) -> bool:
    """Say whether a line holds nothing but #tags and @names."""
    return text[:1] in "#@" and bool(_TAGS_ONLY.match(text))


def more(text: str) -> bool:
    """Say whether a line is an invitation to read on or to subscribe."""
    return len(text) < _INVITATION and bool(_ANY_MORE.search(text.lower()))


def starts_with_emoji(text: str) -> bool:
    """Say whether a line opens with a flag or another pictograph."""
    return bool(_FLAG.match(text) or _EMOJI.match(text))


@cache
def _continuers() -> Mapping[str, tuple[str, ...]]:
    """Return the words that go on with what the line before began, by the first of them."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in rules("continuers")["words"]:
        for words in entry["words"]:
            first = words.partition(" ")[0]
            found[first] = (*found.get(first, ()), words)
    return found


def _goes_on(text: str, start: int, known: Sequence[str]) -> bool:
    """Say whether a line continues the one before. start: of its first word; known: what begins with it."""
    opening = text[start : start + _OPENING].lower()
    return any(
        opening.startswith(words) and not _WORD_CHARACTER.match(opening, len(words)) for words in known
    )


def _is_dated(text: str, start: int, first: str) -> bool:
    """Say whether a line opens with a date. start: of its first word; first: that word in lower case."""
    if first[0].isdecimal():
        return bool(_FIGURE_DATE.match(text[start : start + _OPENING].lower()))
    return first.startswith(_DATE_WORDS) or (first == "on" and text[start + len(first) :].startswith(" "))


def look(text: str) -> list[str]:
    """Return the names of what a line shows by itself. They describe it as a first line and, with the prefix
    `after-`, what stands before the next line (`dated` excepted: only a first line's date says something)."""
    shown = list(_LENGTH_NAMES[bisect_right(_LENGTHS, len(text))])
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
    last = text[-1:]
    if last == ":":
        shown.append("colon")
    elif text.endswith(("…", "...")):
        shown.append("ellipsis")
    elif last == ")":
        shown.append("bracket")
    # Most lines end in a full stop, and are not asked what stands before a blank at their end.
    elif last not in _CLOSING and (not last.isspace() or not _CLOSED.search(text[-3:])):
        shown.append("open")
    if not first.isalpha() and _BULLET.match(text):
        shown.append("bullet")
    elif first.islower():
        shown.append("lower")
    elif first.isdigit():
        shown.append("digit")
    elif first in "\"'«“„‘":
        shown.append("quote")
    if word := _FIRST_WORD.match(text):
        found = word[1].lower()
        if (known := _continuers().get(found)) and _goes_on(text, word.start(1), known):
            shown.append("continuer")
        if _is_dated(text, word.start(1), found):
            shown.append("dated")
    return shown
