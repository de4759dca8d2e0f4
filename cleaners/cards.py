"""Link-preview cards: what a client shows of a linked page, pasted as plain lines behind the post.

A card is a site name, a title and a description, each on a line of its own; the description is usually
cut with an ellipsis. It often repeats the opening of the post it belongs to.
"""

from collections.abc import Sequence
from functools import cache

from cleaners.rules import rules

_SITE = 42  # longest site name; the longest in the rule file has 28 characters
_DESCRIPTION = (60, 420)
_ELLIPSES = ("...", "…")


@cache
def _sites() -> frozenset[str]:
    return frozenset(site.casefold() for rule in rules("cards")["site"] for site in rule["names"])


def _opens_card(text: str) -> bool:
    """Say whether a line may be the site name that opens a card."""
    return len(text) <= _SITE and text[-1:].isalnum() and not text.startswith("#")


def card_at(texts: Sequence[str], at: int, post: Sequence[str]) -> int:
    """Return the number of lines (0, 2 or 3) of a card that starts at line `at`; `post` are the lines before it.

    Evidence is either a known site name or a description that is cut with an ellipsis, and, for a short
    card without a known site, that it repeats the opening of a line of the post.
    """
    if at >= len(texts) or not _opens_card(texts[at]):
        return 0
    known = texts[at].casefold() in _sites()
    for length in (3, 2):
        if at + length > len(texts):
            continue
        last = texts[at + length - 1]
        cut = last.endswith(_ELLIPSES) and _DESCRIPTION[0] <= len(last) <= _DESCRIPTION[1]
        echoes = cut and any(_repeats(last, line) for line in post)
        if length == 3 and cut and len(texts[at + 1]) <= 250:
            return 3
        if length == 2 and cut and (known or echoes):
            return 2
    return 0


def _repeats(cut: str, line: str) -> bool:
    """Say whether a cut line repeats the opening of another."""
    return line.startswith(cut.rstrip(".… ")[:60])
