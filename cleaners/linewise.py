"""Line-wise doubling: dumps in which each line is said again at once (a a b b), not each body (a b a b).

Such a run is one body, or some posts of one line each said twice. Its lines tell: without their copies
they look like openings, or they do not.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import fmean
from typing import Literal

from cleaners.segments import Segment
from schemas.echoes import Block, Copy

_LEAST_PAIRS = 4  # below, a run is judged by the search alone
_IN_RUNS = 0.5  # share of the pairs that stand in runs: bodies of one line under a title make no runs
_OF_LINES = 0.9  # share of the lines said twice from which titles are, too
# Mean probability of an opening over the lines of the runs: in 14 of 15 channels of the development corpus,
# first lines rendered alone have .32 to .67, the lines of bodies .02 to .27.
_OPENINGS = 0.3
_OPENINGS_WHOLE = 0.42  # where first lines are among them; the two ranges overlap


def said_again(keys: Sequence[str], usable: Sequence[bool]) -> list[bool]:
    """Say for each line whether it equals the line before."""
    return [at > 0 and usable[at] and usable[at - 1] and key == keys[at - 1] for at, key in enumerate(keys)]


def reading(again: Sequence[bool], chances: Sequence[float]) -> Literal["posts", "bodies", "whole"]:
    """Return how the lines said again are to be read: 'posts' of one line, 'whole' posts with their titles,
    or 'bodies' below titles that are said once. chances: probability that each line opens a post.
    """
    pairs = [at - 1 for at in range(1, len(again)) if again[at] and not again[at - 1]]
    ends = {at for at in range(1, len(again)) if again[at] and (at + 1 == len(again) or not again[at + 1])}
    behind = [at for at in pairs if at - 1 in ends]  # pairs right behind another
    if len(pairs) < _LEAST_PAIRS or len(behind) < _IN_RUNS * len(pairs):
        return "bodies"
    whole = len(pairs) >= _OF_LINES * again.count(False)
    if fmean(chances[at] for at in behind) >= (_OPENINGS_WHOLE if whole else _OPENINGS):
        return "posts"
    return "whole" if whole else "bodies"


def expand(segments: Sequence[Segment], kept: Sequence[int], size: int) -> list[Segment]:
    """Return the segments of the lines `kept` as segments of all `size` lines: those between are copies."""
    places = [*kept, size]
    whole = []
    for segment in segments:
        start, end = places[segment.start], places[segment.end]
        body = places[segment.start + segment.head]
        firsts = [*places[segment.start + segment.head : segment.end], end]
        copies = tuple(
            Copy(at, first, 1.0) for first, behind in pairwise(firsts) for at in range(first + 1, behind)
        )
        block = Block(body, body + 1, end, copies, True, 1.0) if copies else None
        whole.append(replace(segment, start=start, end=end, block=block))
    return whole
