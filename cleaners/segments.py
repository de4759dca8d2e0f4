"""Segments: cut the lines of a dump into posts by dynamic programming over two kinds of hypothesis.

A semi-Markov Viterbi (Sarawagi and Cohen 2004): a post is either *doubled* (headers, a title of 0-3 lines,
a block of echoes, a card) or *single* (a run of lines). The score of a cut is a sum of log-odds: how much
the first line looks like an opening, how surely the block is a copy, how usual the shape is in this dump.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import log

from schemas.echoes import Block

_TITLE_PRIOR = (0.04, 0.86, 0.06, 0.03)  # share of titles of 0..3 lines outside the copy, development corpus
_BLOCK = 3.0  # what a point of block score is worth in log-odds; the prototype's fit
_LEAST_BLOCK = 0.3
_LENGTHS = 10  # post lengths told apart; nine of ten posts of the development corpus have at most 10 lines
_STRAY = 0.01  # share of posts that escape a tool that doubles all
_LOW = float("-inf")


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


@dataclass(frozen=True, slots=True)
class Shape:
    """What is usual in this dump: the priors that a further pass learns from the pass before.

    All are log-probabilities. `length[m-1]`: a post has m lines (title and body once), the last entry for
    that many or more, each further line costing `onward`. `twice` and `once`: a post of several lines is
    doubled, or not. A flat shape (all zeros) is that of a document of which nothing is known.
    """

    doubled: bool
    title: tuple[float, ...] = tuple(log(p) for p in _TITLE_PRIOR)
    length: tuple[float, ...] = (0.0,) * _LENGTHS
    onward: float = 0.0
    twice: float = 0.0
    once: float = 0.0


@dataclass(frozen=True, slots=True)
class Scene:
    """What the search sees of a document: lines by index, boundary log-odds, structure, blocks, cards."""

    opens: Sequence[float]  # log-odds that a post starts at this line, structure and priors included
    head: Sequence[bool]  # structural line that opens a post (header, opening stamp, separator)
    close: Sequence[bool]  # structural line that closes a post
    blocks: Sequence[Block]
    cards: dict[int, int] = field(default_factory=dict)  # line -> number of lines of a card that starts there


def search(scene: Scene, shape: Shape) -> tuple[list[Segment], float]:
    """Return the best cut of all lines into segments, and its score. O(lines + blocks)."""
    size = len(scene.opens)
    ending = _by_end(scene, shape, size)
    best = [0.0] + [_LOW] * size
    origin: list[Segment | None] = [None] * (size + 1)
    long, long_start = _LOW, 0  # the best single post of at least _LENGTHS lines that is still open
    run = 0  # text lines since the last structural line
    for at in range(size):
        if scene.head[at]:
            run, long = 0, _LOW
            # A structural line may end a document, or stand alone before another one.
            best[at + 1], origin[at + 1] = best[at] + scene.opens[at], Segment(at, at + 1, 1, 0, None, 0)
            if at and scene.head[at - 1] and origin[at]:
                start = origin[at].start  # type: ignore[union-attr]  # just looked
                best[at + 1], origin[at + 1] = best[at], Segment(start, at + 1, at + 1 - start, 0, None, 0)
            continue
        run += 1
        long += shape.onward
        for length in range(1, min(run, _LENGTHS) + 1):
            start, score = _single(at + 1 - length, best, origin, scene)
            score += shape.length[length - 1] + (shape.once if length > 1 else 0.0)
            if length == _LENGTHS:
                if score > long:
                    long, long_start = score, start
                continue
            if score > best[at + 1]:
                best[at + 1], origin[at + 1] = score, Segment(start, at + 1, at + 1 - length - start, 0, None, 0)
        if long > best[at + 1]:
            best[at + 1] = long
            origin[at + 1] = Segment(long_start, at + 1, _head(scene, long_start), 0, None, 0)
        for score, segment in ending.get(at + 1, ()):
            total = best[segment.start] + score
            if total > best[at + 1]:
                best[at + 1], origin[at + 1] = total, segment
    return _backtrack(origin, size), best[size]


def _single(text: int, best: Sequence[float], origin: Sequence[Segment | None], scene: Scene) -> tuple[int, float]:
    """Return start and score of a single post whose first text line is `text`: headers before it are its own."""
    if text and scene.head[text - 1]:
        header = origin[text]
        assert header is not None  # noqa: S101  # every structural line has a segment of its own
        return header.start, best[text]
    return text, best[text] + scene.opens[text]


def _by_end(scene: Scene, shape: Shape, size: int) -> dict[int, list[tuple[float, Segment]]]:
    ending: dict[int, list[tuple[float, Segment]]] = {}
    for block in scene.blocks:
        for score, segment in _doubled(block, scene, shape, size):
            ending.setdefault(segment.end, []).append((score, segment))
    return ending


def _backtrack(origin: Sequence[Segment | None], at: int) -> list[Segment]:
    segments: list[Segment] = []
    while at > 0:
        segment = origin[at]
        assert segment is not None  # noqa: S101  # every line ends some segment
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
    kept = block.copy_start - block.start
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
                score = worth + shape.twice + _length(shape, kept + title) + shape.title[title] + scene.opens[start] + gain
                found.append((score, Segment(start, end, first - start, title, block, tail)))
    return found


def _length(shape: Shape, lines: int) -> float:
    """Return the log-probability that a post has this many lines."""
    if lines < _LENGTHS:
        return shape.length[lines - 1]
    return shape.length[-1] + shape.onward * (lines - _LENGTHS)


def all_doubled(shape: Shape) -> Shape:
    """Return the same shape for a dump that doubles every post of several lines."""
    return replace(shape, twice=log(1 - _STRAY), once=log(_STRAY))


def learn(segments: Sequence[Segment], shape: Shape) -> Shape:
    """Return the shape that a cut suggests, for the next pass. Few doubled posts teach nothing.

    How long posts are is learned from the doubled ones, whose ends are sure; how many single posts have
    one line, from the cut. Doubling is the work of one tool: mostly it hits every post or few, so the
    share of doubled posts starts high (prior 9 : 1).
    """
    doubled = [segment for segment in segments if segment.block]
    if len(doubled) < 4:
        return shape
    counts = [0.2, 4.0, 0.3, 0.15]
    lines = [0.0] * _LENGTHS
    total = 0
    for segment in doubled:
        counts[segment.title] += 1
        block = segment.block
        assert block is not None  # noqa: S101  # filtered above
        kept = segment.title + block.copy_start - block.start
        total += kept
        lines[min(kept, _LENGTHS) - 1] += 1
    singles = [segment.end - segment.start - segment.head for segment in segments if not segment.block]
    ones = sum(length == 1 for length in singles)
    longer = sum(length > 1 for length in singles)
    mean = max(2.0, total / len(doubled))
    stay = 1 - 1 / (mean - 0.9)  # geometric from two lines on
    several = [(stay ** (m - 2)) * (1 - stay) if m < _LENGTHS else stay ** (m - 2) for m in range(2, _LENGTHS + 1)]
    smooth = [(found + 6 * guess) / (len(doubled) + 6) for found, guess in zip(lines[1:], several, strict=True)]
    one = (ones + 0.3) / (len(segments) + 1)
    twice = (len(doubled) + 9) / (len(doubled) + longer + 10)
    return Shape(
        doubled=shape.doubled,
        title=tuple(log(count / sum(counts)) for count in counts),
        length=(log(one), *(log((1 - one) * share) for share in smooth)),
        onward=log(max(0.3, stay)),
        twice=log(twice),
        once=log(1 - twice),
    )
