"""Segments: cut the lines of a dump into posts by dynamic programming over two kinds of hypothesis.

A semi-Markov Viterbi (Sarawagi and Cohen 2004): a post is either *doubled* (headers, a title of 0-3 lines,
a block of echoes, a card) or *single* (a run of lines). The score of a cut is a sum of log-odds: how much
the first line looks like an opening, how surely the block is a copy, how usual the shape is in this dump.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from cleaners.cards import CardSpan
from cleaners.cut_kernel import best_cut
from schemas.echoes import Block
from schemas.swift import swift

_TITLE_PRIOR = (0.04, 0.82, 0.10, 0.03)  # share of titles of 0..3 lines outside the copy
_BLOCK = 3.0  # what a point of block score is worth in log-odds; the prototype's fit
_LEAST_BLOCK = 0.3  # weaker near copies are chance: two lines of one topic
_LEAST_EXACT = 0.12  # an exact copy may be one short line
_EXACT, _NEAR = 3.0, 1.2  # added in a dump that is known to be doubled; the prototype's fit
_CARD = 5.5  # a card right behind a copy is as good as the copy itself
_STRAY_LINE = 4.5  # price of a line behind the copy that belongs to the post
_HEADERS = 3  # structural lines above one post
_FEW = 16  # posts below which one of one line is no evidence for more
_LENGTHS = 10  # post lengths told apart; nine of ten posts of the development corpus have at most 10 lines


@swift
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
class Offers:
    """Ways in which blocks may be doubled posts, ordered by the line behind them; one each a row.

    places: start, end, head, title and card of the segment, and its block, shape (6, offers); worth: of block
    and card in log-odds; lines: of title and body; sure: added in a dump that is known to be doubled.
    """

    blocks: Sequence[Block]
    places: NDArray[np.int64]
    worth: NDArray[np.float64]
    lines: NDArray[np.int64]
    sure: NDArray[np.float64]

    def segments(self, numbers: Sequence[int]) -> Iterator[Segment]:
        """Yield some of them as segments."""
        for start, end, head, title, card, block in self.places[:, numbers].T.tolist():
            yield Segment(start, end, head, title, self.blocks[block], card)


@dataclass(frozen=True, slots=True)
class Scene:
    """What the search sees of a document: lines by index, boundary log-odds, structure, doubled posts."""

    opens: Sequence[float]  # log-odds that a post starts at this line, structure included
    head: Sequence[bool]  # structural line that opens a post (header, opening stamp, separator)
    doubled: Offers  # from doubled_posts


def search(scene: Scene, shape: Shape) -> tuple[list[Segment], float]:
    """Return the best cut of all lines into segments, and its score. O(lines + blocks)."""
    lengths = np.array([shape.length[0], *(value + shape.once for value in shape.length[1:])])
    opens, head = np.array(scene.opens, dtype=np.float64), np.array(scene.head, dtype=np.bool_)
    offers = scene.doubled
    starts, ends = offers.places[:2]
    found = best_cut(opens, head, lengths, shape.onward, starts, ends, _scores(offers, shape))
    origin, doubled = found[0].tolist(), found[1].tolist()
    ends_found: list[int] = []
    at = len(scene.opens)
    while at > 0:
        ends_found.append(at)
        at = origin[at]
    ends_found.reverse()
    chosen = offers.segments([doubled[end] for end in ends_found if doubled[end] >= 0])
    segments = [
        next(chosen)
        if doubled[end] >= 0
        else Segment(origin[end], end, _head(scene.head, origin[end]), 0, None, 0)
        for end in ends_found
    ]
    return segments, found[2]


def _scores(offers: Offers, shape: Shape) -> NDArray[np.float64]:
    """Return the scores of doubled posts but for the odds of their first line."""
    title = offers.places[3]
    lengths = np.array(shape.length)[np.minimum(offers.lines, _LENGTHS) - 1]
    lengths += shape.onward * np.maximum(offers.lines - _LENGTHS, 0)
    scores = offers.worth + shape.twice + np.array(shape.title)[title] + lengths
    if shape.doubled:
        scores += offers.sure
    return np.asarray(scores)


def _head(head: Sequence[bool], start: int) -> int:
    """Return how many structural lines a segment begins with."""
    at = start
    while at < len(head) and head[at]:
        at += 1
    return at - start


def doubled_posts(
    blocks: Sequence[Block],
    head: Sequence[bool],
    close: Sequence[bool],
    cards: Mapping[int, CardSpan],
    copies: Sequence[bool],
    *,
    titled: bool,
) -> Offers:
    """Return every way in which a block may be a doubled post.

    A block can have titles of 0-3 lines, headers above, a card or a stray line behind. A line that is the
    copy of another (`copies`) is nobody's title. titled: only blocks below a title count, since the document
    as a whole is not doubled; there a body said twice with its title is a post that was sent twice.
    """
    found: list[tuple[int, ...]] = []
    worth: list[float] = []
    for number, block in enumerate(blocks):
        if block.score < (_LEAST_EXACT if block.exact else _LEAST_BLOCK):
            continue
        card = cards.get(block.end)
        ends = [(block.end, 0, 0.0)]
        if card:
            ends += [(block.end + size, size, _CARD) for size in range(card.least, card.most + 1)]
        else:
            ends.append((block.end + 1, 0, -_STRAY_LINE))
        ends = [
            (end + 1, tail, gain) if end < len(head) and close[end] else (end, tail, gain)
            for end, tail, gain in ends
        ]
        ends = [end for end in ends if end[0] <= len(head) and not any(head[block.end : end[0]])]
        for title in range(titled or block.line_wise, len(_TITLE_PRIOR)):  # without one: posts of one line
            first = block.start - title
            if first < 0 or (title and (head[first] or close[first] or copies[first])):
                break
            start = first
            while start > 0 and head[start - 1] and first - start < _HEADERS:
                start -= 1
            found += [(start, end, first - start, title, tail, number) for end, tail, _ in ends]
            worth += [_BLOCK * block.score + gain for _, _, gain in ends]
    unordered = np.array(found, dtype=np.int64).reshape(-1, 6)
    order = np.argsort(unordered[:, 1], kind="stable")
    places = np.ascontiguousarray(unordered[order].T)
    body = np.array([block.body for block in blocks], dtype=np.int64)
    # Line-wise: each line is a block of its own.
    sure = [(_EXACT if one.exact else _NEAR) * (one.body if one.line_wise else 1) for one in blocks]
    *_, title, _, of = places
    return Offers(
        blocks, places, np.array(worth)[order], title + body[of], np.array(sure, dtype=np.float64)[of]
    )


def _several(mean: float) -> list[float]:
    """Return the shares of posts of 2, 3, .. _LENGTHS or more lines, geometric with this mean."""
    stay = 1 - 1 / (mean - 0.9)
    shares = [stay ** (lines - 2) * (1 - stay) for lines in range(2, _LENGTHS)]
    return [*shares, stay ** (_LENGTHS - 2)]


def usual_shape() -> Shape:
    """Return the shape of doubled dumps before one has been looked at: some posts of one line, a mean of
    four lines otherwise, seven of eight posts doubled."""
    lengths = (log(0.15), *(log(0.85 * share) for share in _several(4.0)))
    return Shape(doubled=True, length=lengths, onward=log(0.65), twice=log(0.87), once=log(0.13))


def learn(segments: Sequence[Segment], shape: Shape) -> Shape:
    """Return the shape that a cut suggests, for the next pass. Few doubled posts teach nothing.

    How long posts are is learned from the doubled ones, whose ends are sure; how many single posts have
    one line, from the cut. Doubling is the work of one tool: mostly it hits every post or few, so the
    share of doubled posts starts high (prior 9 : 1).
    """
    doubled = [segment for segment in segments if segment.block]
    if len(doubled) < 4:
        return shape
    counts = [0.2, 4.0, 1.5, 0.2]
    lines = [0.0] * _LENGTHS
    total = 0
    for segment in doubled:
        counts[segment.title] += 1
        block = segment.block
        assert block is not None  # noqa: S101  # filtered above
        kept = segment.title + block.body
        total += kept
        lines[min(kept, _LENGTHS) - 1] += 1
    singles = [segment.end - segment.start - segment.head for segment in segments if not segment.block]
    ones = sum(length == 1 for length in singles)
    longer = sum(length > 1 for length in singles)
    several = _several(max(2.0, total / len(doubled)))
    smooth = [
        (found + 6 * guess) / (len(doubled) + 6) for found, guess in zip(lines[1:], several, strict=True)
    ]
    if ones == 1 and len(segments) < _FEW:
        ones = 0  # a lone post of one line is no habit, and most likely the first line of a title of two
    one = (ones + 0.6) / (len(segments) + 4)
    twice = (len(doubled) + 9) / (len(doubled) + longer + 10)
    return Shape(
        doubled=shape.doubled,
        title=tuple(log(count / sum(counts)) for count in counts),
        length=(log(one), *(log((1 - one) * share) for share in smooth)),
        onward=log(max(0.3, several[-1] ** (1 / (_LENGTHS - 2)))),
        twice=log(twice),
        once=log(1 - twice),
    )
