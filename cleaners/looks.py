"""Looks: what a line shows by itself - its length, how it opens and how it ends."""

import re
from functools import cache

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
def _continuer() -> re.Pattern[str]:
    words = sorted(
        {word for entry in rules("continuers")["words"] for word in entry["words"]}, key=len, reverse=True
    )
    return re.compile(rf"^\W*(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)


def look(text: str) -> list[str]:
    """Return the names of what a line shows by itself. They describe it as a first line and, with the prefix
    `after-`, what stands before the next line (`dated` excepted: only a first line's date says something)."""
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
    if _DATED.match(text):
        shown.append("dated")
    return [name for name in shown if name]
