"""Link-preview cards: what a client shows of a linked page, pasted as plain lines behind the post.

A card is a site name, a title and a description, each on a line of its own; the description is usually
cut with an ellipsis. It often repeats the opening of the post it belongs to.
"""

import re
from bisect import bisect_left
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
_FEW = 4  # lines that are looked at one by one
_ELLIPSES = ("...", "…")


@dataclass(frozen=True, slots=True)
class CardSpan:
    """A card has at least and at most so many lines: 2 or 3."""

    least: int
    most: int


@cache
def _sites() -> frozenset[str]:
    return frozenset(site.casefold() for rule in rules("cards")["site"] for site in rule["names"])


class _Lines:
    """The lines of a document, and where the long ones that open alike stand."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self._places: dict[str, list[int]] = {}

    def told(self, cut: str, start: int, end: int, least: int = _LEAST_ECHO) -> int:
        """Return how many of the lines [start, end) have the opening that a cut line repeats."""
        stem = cut.rstrip(".… ")[:60]
        if len(stem) < least:
            return 0
        if len(stem) < _LEAST_TITLE or end - start < _FEW:
            return sum(map(methodcaller("startswith", stem), self.texts[start:end]))
        if not self._places:
            for at, text in enumerate(self.texts):
                self._places.setdefault(text[:_LEAST_TITLE], []).append(at)
        places = self._places.get(stem[:_LEAST_TITLE], [])
        near = places[bisect_left(places, start) : bisect_left(places, end)]
        return sum(self.texts[at].startswith(stem) for at in near)


def find_cards(texts: Sequence[str], usable: Sequence[bool]) -> dict[int, CardSpan]:
    """Return the cards of a document by the line where they may start: a usable one, and not the first."""
    lines = _Lines(texts)
    return {
        at: card
        for at, text in enumerate(texts)
        if len(text) <= _SITE
        and text[-1:].isalnum()
        and at
        and usable[at]
        and text[0] != "#"
        and (card := _card_at(lines, at))
    }


def _card_at(lines: _Lines, at: int) -> CardSpan | None:
    """Return the card that may start at line `at`, or None.

    Evidence is a description that is cut with an ellipsis and long, or that repeats the opening of a line
    of the post, or a title that does. A known site name or a host name alone on a line is evidence enough;
    then nothing says whether the line behind the title is a description or the next post.
    """
    texts = lines.texts
    if at + 1 >= len(texts):
        return None
    known = texts[at].casefold() in _sites() or ("." in texts[at] and bool(_HOST.match(texts[at])))
    post = max(0, at - _REACH)
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
        if not known and lines.told(last, at, at + length - 1):
            continue  # a cut copy of the line before it: the end of a near echo, not a card
        least = _LEAST_ECHO // 2 if known else _LEAST_ECHO
        echoes = bool(lines.told(last, post, at, least))
        if echoes or (len(last) >= _DESCRIPTION[0] and (known or length == 3)):
            return CardSpan(length, length)
    if len(texts[at + 1]) <= _TITLE and (known or _titles(lines, at)):
        return CardSpan(2, min(3, len(texts) - at))
    return None


def _titles(lines: _Lines, at: int) -> bool:
    """Say whether the line behind `at` repeats one of the post. A line that stands there more often, or
    behind it again, is the channel's signature, not the title of a page."""
    title = lines.texts[at + 1]
    if not 1 <= lines.told(title, max(0, at - _REACH), at, _LEAST_TITLE) <= 2:
        return False
    return not lines.told(title, at + 2, min(at + 2 + _REACH, len(lines.texts)), _LEAST_TITLE)
