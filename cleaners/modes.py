"""Modes: what a document as a whole is cut by, and what a boundary costs where that speaks."""

from collections import Counter
from collections.abc import Sequence
from math import exp

from cleaners import looks
from cleaners.marks import Mark
from schemas.echoes import Block

STRONG = 0.8  # block score from which a block is surely a copy: about one full line, or three short ones
# 30 dumps of the development corpus: undoubled ones have no strong exact block and near ones over at most
# 23 % of their characters (reposts), doubled ones have at least 5 exact blocks, or 20 %.
_SHARE = 0.3
_EXACT_SHARE = 0.005
ARTICLE, _NO_ARTICLE = 60, 200
# Headers per line from which posts without one are rare, and up to which they are usual.
_DENSE, _SPARSE = 0.2, 0.1
# The F1 of a cut is best where a boundary is called from half of the F1 that is reached, not from one in two
# (Lipton, Elkan, Naryanaswamy 2014): .41 at the F1 of .82 that unseen channels reach.
EAGER = 0.35
_FAIR = 0.4  # an exact copy of a line of 25 characters


def closing_kind(texts: Sequence[str], marks: dict[int, Mark]) -> str | None:
    """Return the kind of mark that closes posts: stamps or separators do if the last line is one and the
    first is not. Pasted names always open."""
    last = marks.get(len(texts) - 1)
    first = marks.get(0)
    if (
        last is None
        or last.kind == "forwarded"
        or last.name is not None
        or (first and first.kind == last.kind)
    ):
        return None
    return last.kind


def is_doubled(blocks: Sequence[Block], keys: Sequence[str], marks: dict[int, Mark]) -> bool:
    """Say whether a tool has doubled the bodies of this document."""
    exact, share = doubled_share(blocks, keys, marks)
    return share >= _SHARE or exact >= max(2, _EXACT_SHARE * len(keys))


def doubled_share(blocks: Sequence[Block], keys: Sequence[str], marks: dict[int, Mark]) -> tuple[int, float]:
    """Return the number of exact blocks apart, and the share of characters in strong blocks.

    Structural lines do not count: a text is as doubled without its headers as with them.
    """
    exact, covered, counted, reached = 0, 0, 0, 0
    for block in blocks:
        if block.exact and block.score >= _FAIR and block.start >= counted:
            exact += 1
            counted = block.end
        if block.score >= STRONG and block.start >= reached:
            covered += sum(map(len, keys[block.start : block.end]))
            reached = block.end
    return exact, covered / max(1, sum(map(len, keys)) - sum(len(keys[at]) for at in marks))


def price_of(
    texts: Sequence[str], keys: Sequence[str], marks: dict[int, Mark], doubled: bool
) -> tuple[str, float]:
    """Return what the cut rests on and what a boundary costs, in log-odds.

    A doubled dump needs no other cue. Stamps and separators stand at every post where they stand at all,
    so soft cues must not cut there; headers stand at some posts only.
    """
    kinds = Counter(mark.kind for mark in marks.values())
    if kinds["stamp"]:
        return "stamps", 8.0
    if doubled:
        return "echoes", 0.5
    if kinds["separator"] >= 2:
        return "separators", 6.0
    if kinds["forwarded"] >= 2:
        share = kinds["forwarded"] / len(texts)
        return "headers", 1.2 + 3 * min(1.0, max(0.0, (share - _SPARSE) / (_DENSE - _SPARSE)))
    recurring = Counter(keys)
    styled = sum(
        looks.tags_only(text) or looks.starts_with_emoji(text) or recurring[line] >= 3 or looks.more(text)
        for text, line in zip(texts, keys, strict=True)
    )
    # No article of the news corpora looked at has more than 60 paragraphs; none goes on for 200.
    feedlike = min(1.0, max(0.0, (len(texts) - ARTICLE) / (_NO_ARTICLE - ARTICLE)))
    if styled >= max(3, 0.02 * len(texts)):
        return "style", (0.2 + 4 * exp(-len(texts) / 35)) * (1 - feedlike) - EAGER * (feedlike == 1)
    return "none", 6.0 * (1 - feedlike) - EAGER * (feedlike == 1)
