"""Bound the posts without a date by the dated posts around them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from cleaners.dates.clues import Clue
from cleaners.dates.edtf import day_or_interval
from schemas.items import UNDATED, Published

#: An open end is closed by the pace of the document if it has this many dated posts and the end lies near.
_PACE_POSTS, _PACE_DAYS = 5, 31
#: A neighbour fixes no day: the best day of an undated post is a middle, and says so.
_MOST_CONFIDENT, _OPEN_ENDED = 0.5, 0.2


@dataclass(frozen=True, slots=True)
class Dated:
    """What the posterior says of one post. `year_share`: probability of the year of `best`."""

    best: date
    earliest: date
    latest: date
    confidence: float
    year_share: float
    clue: Clue | None  # the clue that states the day


def bound_by_neighbours(
    published: Sequence[Published], answers: Sequence[Dated], ordinals: Sequence[int]
) -> list[Published]:
    """Give every undated post the interval that its dated neighbours and the pace of the document leave it.

    With a dated neighbour on one side only, the other end stays open and there is no best day, unless many
    posts are dated and the posterior keeps the day near: then the pace of the posts is the evidence.
    """
    anchored = [index for index, answer in enumerate(published) if answer.best]
    before: list[int | None] = []
    last: int | None = None
    dated = set(anchored)
    for index in range(len(published)):
        before.append(last)
        last = index if index in dated else last
    after: list[int | None] = [None] * len(published)
    following: int | None = None
    for index in range(len(published) - 1, -1, -1):
        after[index] = following
        following = index if index in dated else following
    paced, newest_first = len(anchored) >= _PACE_POSTS, _descending(published)
    bounded = []
    for index, answer in enumerate(published):
        if answer.basis != "none":
            bounded.append(answer)
            continue
        names = [
            f"{side} item {ordinals[other]} ({published[other].best})"
            for side, other in (("after", before[index]), ("before", after[index]))
            if other is not None
        ]
        open_end = None if len(names) == 2 else "start" if (before[index] is None) != newest_first else "end"
        bounded.append(_between(answers[index], names, open_end, paced=paced) if names else UNDATED)
    return bounded


def _between(found: Dated, names: list[str], open_end: str | None, *, paced: bool) -> Published:
    best: date | None = found.best
    earliest: date | None = found.earliest
    latest: date | None = found.latest
    if open_end is not None:
        if paced and (found.latest - found.earliest).days <= _PACE_DAYS:
            names = [*names, "and the pace of the posts"]
        else:
            best = None
            earliest, latest = (None, latest) if open_end == "start" else (earliest, None)
    return Published(
        best=best.isoformat() if best else None,
        earliest=earliest.isoformat() if earliest else None,
        latest=latest.isoformat() if latest else None,
        edtf=day_or_interval(earliest, latest),
        precision="day",
        basis="neighbours",
        confidence=min(found.confidence, _MOST_CONFIDENT if best else _OPEN_ENDED),
        evidence=", ".join(names),
    )


def _descending(published: Sequence[Published]) -> bool:
    """Tell whether the dated posts run from new to old."""
    days = [answer.best[:10] for answer in published if answer.best]
    steps = Counter((left < right) - (left > right) for left, right in pairwise(days))
    return steps[-1] > steps[1]
