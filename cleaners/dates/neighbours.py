"""Bound the posts without a date by the dated posts around them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from cleaners.dates.clues import Clue
from cleaners.dates.edtf import day_or_interval
from cleaners.dates.grid import Grid
from schemas.items import UNDATED, Precision, Published
from schemas.swift import swift

#: Intervals of posts that do not state their own day reach this much farther from the best day, where few
#: posts name days: a feed whose few mentions all lie weeks back drags every post along. On sparse development
#: dumps 1 held 0.63 of the posts that name other days and 0.84 of those that name none; 2 held 0.89 and 0.95.
_WIDER = 2.0
#: An open end is closed by the pace of the document where the posterior leaves fewer days than this: some
#: where few posts are dated, more where many are. Counted on stretches of development channels, by halves:
#: with less than 5 dated posts intervals of up to 31 days held in 1.00 and 1.00 of cases, up to 62 in 1.00
#: and 0.72; with more dated posts up to 62 in 1.00 and 0.85, up to 92 in 1.00 and 0.70.
_PACE_POSTS, _PACE_DAYS, _FEW_PACE_DAYS = 5, 62, 31
#: Widest interval in days that still counts as this precise: a few days about a day, a month and a half, ...
_WIDTHS: tuple[tuple[Precision, int], ...] = (("day", 3), ("month", 45), ("year", 400))
#: A neighbour fixes no day: the best day of an undated post is a middle, and says so.
_MOST_CONFIDENT, _OPEN_ENDED = 0.5, 0.2


@swift
@dataclass(frozen=True, slots=True)
class Dated:
    """What the posterior says of one post. `year_share`: probability of the year of `best`."""

    best: date
    earliest: date
    latest: date
    confidence: float
    year_share: float
    clue: Clue | None  # the clue that states the day
    sure: bool = False  # the clue stands where posts name their own day


def widened(answers: Sequence[Dated], grid: Grid) -> list[Dated]:
    """Return the answers with wider intervals, as far as the nearest posts that state their own day allow."""
    before, after = _nearest_sure(answers), _nearest_sure(answers[::-1])[::-1]
    ends = grid.day(0), grid.day(grid.size - 1)
    found = []
    for answer, *sides in zip(answers, before, after, strict=True):
        if answer.sure:
            found.append(answer)
            continue
        low, high = ends
        for side in sides:
            if side is not None and side.best <= answer.best:
                low = max(low, side.earliest)
            elif side is not None:
                high = min(high, side.latest)
        back, ahead = _WIDER * (answer.best - answer.earliest), _WIDER * (answer.latest - answer.best)
        earliest = min(answer.earliest, max(low, _shifted(answer.best, -back)))
        latest = max(answer.latest, min(high, _shifted(answer.best, ahead)))
        found.append(
            Dated(
                answer.best, earliest, latest, answer.confidence, answer.year_share, answer.clue, answer.sure
            )
        )
    return found


def _nearest_sure(answers: Sequence[Dated]) -> list[Dated | None]:
    """Return for each post the nearest one before it that states its own day."""
    nearest: list[Dated | None] = []
    last = None
    for answer in answers:
        nearest.append(last)
        last = answer if answer.sure else last
    return nearest


def _shifted(day: date, by: timedelta) -> date:
    return date.fromordinal(min(max(day.toordinal() + by.days, 1), date.max.toordinal()))


def bound_by_neighbours(
    published: Sequence[Published], answers: Sequence[Dated], ordinals: Sequence[int]
) -> list[Published]:
    """Give every undated post the interval that its dated neighbours and the pace of the document leave it.

    With a dated neighbour on one side only, the other end stays open and there is no best day, unless the
    posterior keeps the day near: then the pace of the posts is the evidence.
    """
    pairs = zip(published, answers, strict=True)
    # A stamp that the line of days has not taken (0001-01-01) bounds nothing.
    anchored = [
        at for at, (said, found) in enumerate(pairs) if said.best and said.best[:10] == str(found.best)
    ]
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
    pace_days = _PACE_DAYS if len(anchored) >= _PACE_POSTS else _FEW_PACE_DAYS
    newest_first = _descending(published)
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
        bounded.append(_between(answers[index], names, open_end, pace_days) if names else UNDATED)
    return bounded


def precision(best: date | None, earliest: date | None, latest: date | None) -> Precision:
    """Return the precision of a day that is placed between neighbours: that of its interval."""
    if best is None or earliest is None or latest is None:
        return "none"
    width = (latest - earliest).days
    return next((name for name, widest in _WIDTHS if width <= widest), "none")


def _between(found: Dated, names: list[str], open_end: str | None, pace_days: int) -> Published:
    best: date | None = found.best
    earliest: date | None = found.earliest
    latest: date | None = found.latest
    if open_end is not None:
        if (found.latest - found.earliest).days <= pace_days:
            names = [*names, "and the pace of the posts"]
        else:
            best = None
            earliest, latest = (None, latest) if open_end == "start" else (earliest, None)
    return Published(
        best=best.isoformat() if best else None,
        earliest=earliest.isoformat() if earliest else None,
        latest=latest.isoformat() if latest else None,
        edtf=day_or_interval(earliest, latest),
        precision=precision(best, earliest, latest),
        basis="neighbours",
        confidence=min(found.confidence, _MOST_CONFIDENT if best else _OPEN_ENDED),
        evidence=", ".join(names),
    )


def _descending(published: Sequence[Published]) -> bool:
    """Tell whether the dated posts run from new to old."""
    days = [answer.best[:10] for answer in published if answer.best]
    steps = Counter((left < right) - (left > right) for left, right in pairwise(days))
    return steps[-1] > steps[1]
