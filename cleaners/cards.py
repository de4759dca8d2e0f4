"""Link-preview cards: what a client shows of a linked page, pasted as plain lines behind the post.

A card is a site name, a title and a description, each on a line of its own; the description is usually
cut with an ellipsis. It often repeats the opening of the post it belongs to.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import methodcaller

from cleaners.rules import rules

_SITE = 42  # longest site name; the longest in the rule file has 28 characters
_REACH = 40  # lines of the post that a card may repeat; nine of ten posts have at most 10
_TITLE = 250
_DESCRIPTION = (60, 420)  # the shorter bound holds where nothing but the cut speaks for a card
_LEAST_ECHO = 12  # characters: shorter openings ("В Москве") are shared by unrelated lines
_LEAST_TITLE = 25  # a whole title that stands in the post as well
_HOST = re.compile(r"^(?:[a-z0-9-]{1,40}\.){1,3}[a-z]{2,10}$", re.IGNORECASE)
_ELLIPSES = ("...", "…")


@dataclass(frozen=True, slots=True)
class CardSpan:
    """A card has at least and at most so many lines: 2 or 3."""

    least: int
    most: int


@cache
def _sites() -> frozenset[str]:
    return frozenset(site.casefold() for rule in rules("cards")["site"] for site in rule["names"])


def may_open_card(text: str) -> bool:
    """Say whether a line may be the site name that opens a card."""
    return len(text) <= _SITE and text[-1:].isalnum() and not text.startswith("#")


def card_at(texts: Sequence[str], at: int) -> CardSpan | None:
    """Return the card that may start at line `at`, or None.

    Evidence is a description that is cut with an ellipsis and long, or that repeats the opening of a line
    of the post, or a title that does. A known site name or a host name alone on a line is evidence enough;
    then nothing says whether the line behind the title is a description or the next post.
    """
    if at + 1 >= len(texts) or not may_open_card(texts[at]):
        return None
    known = texts[at].casefold() in _sites() or bool(_HOST.match(texts[at]))
    post = texts[max(0, at - _REACH) : at]
    for length in (3, 2):
        if at + length > len(texts):
            continue
        last = texts[at + length - 1]
        if (
            not last.endswith(_ELLIPSES)
            or len(last) > _DESCRIPTION[1]
            or len(texts[at + length - 2]) > _TITLE
        ):
            continue
        if not known and _told(last, texts[at : at + length - 1]):
            continue  # a cut copy of the line before it: the end of a near echo, not a card
        least = _LEAST_ECHO // 2 if known else _LEAST_ECHO
        echoes = bool(_told(last, post, least))
        if echoes or (len(last) >= _DESCRIPTION[0] and (known or length == 3)):
            return CardSpan(length, length)
    title = texts[at + 1]
    if len(title) <= _TITLE and (known or _titles(title, post, texts[at + 2 : at + 2 + _REACH])):
        return CardSpan(2, min(3, len(texts) - at))
    return None


def _titles(title: str, post: Sequence[str], behind: Sequence[str]) -> bool:
    """Say whether a line repeats one of the post. A line that stands there more often, or behind it again, is
    the channel's signature, not the title of a page."""
    return 1 <= _told(title, post, _LEAST_TITLE) <= 2 and not _told(title, behind, _LEAST_TITLE)


def _told(cut: str, lines: Sequence[str], least: int = _LEAST_ECHO) -> int:
    """Return how many lines have the opening that a cut line repeats."""
    stem = cut.rstrip(".… ")[:60]
    return sum(map(methodcaller("startswith", stem), lines)) if len(stem) >= least else 0
