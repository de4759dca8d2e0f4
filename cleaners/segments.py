"""Segments: cut the lines of a dump into posts by dynamic programming over two kinds of hypothesis.

A semi-Markov Viterbi (Sarawagi and Cohen 2004): a post is either *doubled* (headers, a title of 0-3 lines,
a block of echoes, a card) or *single* (a run of lines). The score of a cut is a sum of log-odds: how much
the first line looks like an opening, how surely the block is a copy, how usual the shape is in this dump.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log

from schemas.echoes import Block

_TITLE_PRIOR = (0.04, 0.86, 0.06, 0.03)  # share of titles of 0..3 lines outside the copy, development corpus
_BLOCK = 3.0  # what a point of block score is worth in log-odds; the prototype's fit
_LEAST_BLOCK = 0.3


@dataclass(frozen=True, slots=True)
class Segment:
    """Lines [start, end) of one post. `head` structural lines come first, then `title` lines of a doubled
    post; `card` lines close it. `block` is None for a single post."""

    start: int
    end: int
    head: int
    title: int
    block: Block | None
    card: int
    confidence: float = 1.0


@dataclass(slots=True)
class Shape:
    """What is usual in this dump: the priors that a second pass learns from the first."""

    doubled: bool
    title: tuple[float, ...] = tuple(log(p) for p in _TITLE_PRIOR)
    one: float = 0.0  # added for a single post of one line
    longer: float = 0.0  # added once for a single post of two lines or more


@dataclass(frozen=True, slots=True)
class Scene:
    """What the search sees of a document: lines by index, boundary log-odds, structure, blocks, cards."""

    opens: Sequence[float]  # log-odds that a post starts at this line, structure and priors included
    head: Sequence[bool]  # structural line that opens a post (header, opening stamp, separator)
    close: Sequence[bool]  # structural line that closes a post
    blocks: Sequence[Block]
    cards: dict[int, int] = field(default_factory=dict)  # line -> number of lines of a card that starts there


@dataclass(frozen=True, slots=True)
class _Step:
    """The best way to end a post before some line."""

    score: float
    segment: Segment | None


def search(scene: Scene, shape: Shape) -> list[Segment]:
    """Return the best cut of all lines into segments. O(lines + blocks)."""
    size = len(scene.opens)
    ending: dict[int, list[tuple[float, Segment]]] = {}
    for block in scene.blocks:
        for score, segment in _doubled(block, scene, shape, size):
            ending.setdefault(segment.end, []).append((score, segment))
    low = float("-inf")
    best = [_Step(0.0, None)]
    one = (low, 0)  # score and start of a single post with one text line so far
    more = (low, 0)
    for at in range(size):
        text_before = at > 0 and not scene.head[at - 1]
        start = (best[at].score + scene.opens[at] + shape.one, at)
        longer = max((one[0] + shape.longer, one[1]) if at in scene.cards or text_before else (low, 0), more)
        # A header line is followed by the post's first text line: still a post of one line.
        if at > 0 and scene.head[at - 1] and one[0] > start[0]:
            start = one
        one, more = start, longer
        step = max(one, more)
        choice = _Step(step[0], Segment(step[1], at + 1, _head(scene, step[1]), 0, None, 0))
        for score, segment in ending.get(at + 1, ()):
            total = best[segment.start].score + score
            if total > choice.score:
                choice = _Step(total, segment)
        best.append(choice)
    return _backtrack(best, size)


def _backtrack(best: Sequence[_Step], at: int) -> list[Segment]:
    segments: list[Segment] = []
    while at > 0:
        segment = best[at].segment
        assert segment is not None  # noqa: S101  # every step but the first has one
        segments.append(segment)
        at = segment.start
    return segments[::-1]


def _head(scene: Scene, start: int) -> int:
    """Return how many structural lines a segment begins with."""
    at = start
    while at < len(scene.head) and scene.head[at]:
        at += 1
    return at - start


def _doubled(block: Block, scene: Scene, shape: Shape, size: int) -> list[tuple[float, Segment]]:
    """Return the doubled-post hypotheses of one block, with their scores."""
    if block.score < (_LEAST_BLOCK / 2.5 if block.exact and shape.doubled else _LEAST_BLOCK):
        return []
    worth = _BLOCK * block.score
    if shape.doubled:
        worth += 3.0 if block.exact else 1.2
    ends = [(block.end, 0, 0.0)]
    card = scene.cards.get(block.end, 0)
    if card:
        ends.append((block.end + card, card, 5.5))
    elif block.end < size:
        ends.append((block.end + 1, 0, -1.2))
    ends = [(end + 1, card, gain) if end < size and scene.close[end] else (end, card, gain) for end, card, gain in ends]
    found: list[tuple[float, Segment]] = []
    for title in range(len(shape.title)):
        first = block.start - title
        if first < 0 or (title and (scene.head[first] or scene.close[first])):
            break
        start = first
        while start > 0 and scene.head[start - 1] and first - start < 3:
            start -= 1
        for end, tail, gain in ends:
            if end <= size and not any(scene.head[block.end : end]):
                score = worth + shape.title[title] + scene.opens[start] + gain
                found.append((score, Segment(start, end, first - start, title, block, tail)))
    return found


def learn(segments: Sequence[Segment], shape: Shape) -> Shape:
    """Return the shape that this cut suggests, for a second pass.

    Few doubled posts teach nothing. Otherwise a single post of one line is common or rare as counted,
    and one of several lines as rare as the share of posts that this dump does not double.
    """
    doubled = [segment for segment in segments if segment.block]
    if len(doubled) < 4:
        return shape
    counts = [0.2, 4.0, 0.3, 0.15]
    for segment in doubled:
        counts[segment.title] += 1
    singles = [segment.end - segment.start - segment.head for segment in segments if not segment.block]
    ones = sum(length <= 1 for length in singles)
    longer = len(singles) - ones
    return Shape(
        doubled=shape.doubled,
        title=tuple(log(count / sum(counts)) for count in counts),
        one=max(-1.0, min(1.5, log((ones + 1) / (0.12 * len(doubled) + 1)))),
        longer=log((longer + 0.5) / (len(doubled) + longer + 2)),
    )
