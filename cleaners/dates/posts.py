"""Date the posts of one dump together: their own clues, the order they stand in, and their neighbours."""

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from cleaners.dates.clues import Clue, read_clues
from cleaners.dates.curves import HALF_YEAR, Tables
from cleaners.dates.edtf import day_or_interval, yearless
from cleaners.dates.finder import find_all
from cleaners.dates.grid import Row
from cleaners.dates.inputs import DateInput
from cleaners.dates.likelihood import Emissions
from cleaners.dates.neighbours import Dated, bound_by_neighbours, widened
from cleaners.dates.stamps import read_day
from cleaners.dates.timeline import Timeline
from cleaners.dates.told import Told, span
from schemas.items import UNDATED, Published

#: The text must explain its day three times better than an average day before it counts as stating it.
_EVIDENCE = 3.0
#: Below this share of the posterior the year is not given: a wrong year is worse than none. Of captures of
#: development dumps, 7 of 11 with a share of 0.4 to 0.5 had the right year, 8 of 12 up to 0.6, 9 of 10 up to
#: 0.7, and 64 of 66 above. Less will do where the date itself names its year and stands where posts name
#: their own day.
_YEAR_SHARE, _OWN_YEAR_SHARE = 0.6, 0.5
#: Share of the posterior inside the interval, for posts with a date of their own and for posts without. On
#: development dumps 0.80 held 0.92 to 0.94 of the days of posts that name their own day, and 0.89 to 0.92 of
#: those that name another; 0.85 held 0.94 to 0.97. 0.90 held 0.95 and more of the undated ones.
_HOLD, _HOLD_UNDATED = 0.80, 0.90
#: Three-day mass above which the best day is the one with the most on it and beside it; below, it is the
#: median of the bulk.
_SHARP = 0.35
#: Of the days whose three days hold this share of what the best three hold, the likeliest is the best day: on
#: development dumps 1 had 0.905 of the days within a day and 0.600 exact, 0.9 had 0.907 and 0.614, and taking
#: the likeliest day always 0.888 and 0.612. A day with more than half of the posterior is best whatever lies
#: beside it.
_NEAR, _HALF = 0.9, 0.5
#: Posts that name days: with fewer, habits and pace rest on little, and the mentions of one feed err
#: together, which the posterior does not know. So intervals are wider: on sparse development dumps 0.85 held
#: 0.60 of the days.
_FEW_DATED, _HOLD_FEW = 20, 0.97
#: Classes whose day is the day of the post closely enough to be reported where no year is known.
_OWN_DAY = {
    "today": 0.9,
    "dateline": 0.85,
    "paren": 0.6,
    "lead": 0.6,
    "closing": 0.8,
    "first": 0.3,
    "hour": 0.5,
    "future": 0.3,
    "future_body": 0.3,
    "range": 0.3,
}


def date_posts(
    items: Sequence[DateInput],
    known: Sequence[Published],
    ordinals: Sequence[int],
    bound: date | None,
    offsets: Tables,
) -> list[Published]:
    """Return the dates of posts in document order.

    known: what their stamps and headers say (basis `none` where there is none). ordinals: their places in the
    document, which the evidence names. bound: nothing was published later.
    """
    undated = [at for at, answer in enumerate(known) if answer.basis == "none"]
    texts = [items[at].text for at in undated]
    clues: list[tuple[Clue, ...]] = [()] * len(items)
    for at, text, found in zip(undated, texts, find_all(texts), strict=True):
        clues[at] = read_clues(text, found)
    fixed = [read_day(answer.best) if answer.best else None for answer in known]
    told = Told(clues, fixed, bound).sane()
    grid = span(told)
    if grid is None:
        return [
            answer if answer.basis != "none" else _without_year(own)
            for answer, own in zip(known, clues, strict=True)
        ]
    line = Timeline(told, grid, offsets)
    few = sum(any(clue.kind == "day" for clue in own) for own in clues) < _FEW_DATED and not any(told.fixed)
    answers: list[Dated] = []
    for first, block in line.posterior():  # last block first
        answers[:0] = _read(line.emissions, block, clues[first : first + len(block)], few=few)
    if few:
        answers = widened(answers, line.emissions.grid)
    published = [
        answer if answer.basis != "none" else _state(found, own)
        for answer, found, own in zip(known, answers, clues, strict=True)
    ]
    bounded = bound_by_neighbours(published, answers, ordinals)
    return [
        answer if answer.basis != "none" else _without_year(own)
        for answer, own in zip(bounded, clues, strict=True)
    ]


def _read(
    emissions: Emissions, block: NDArray[np.float32], clues: Sequence[Sequence[Clue]], *, few: bool
) -> list[Dated]:
    """Read best day, interval and confidence from posteriors (posts x days), and the clues that state the
    days."""
    grid, posts = emissions.grid, np.arange(len(block))
    totals = np.zeros((len(block), grid.size + 1))
    np.cumsum(block, axis=1, out=totals[:, 1:])
    totals /= totals[:, -1:]
    best = _best(block, totals)
    stating = [_stating(emissions, at, own) for at, own in zip(best.tolist(), clues, strict=True)]
    sure = [clue is not None and (not few or clue.place in _OWN_DAY) for clue in stating]
    tails = (1 - np.where(sure, _HOLD, _HOLD_FEW if few else _HOLD_UNDATED)) / 2
    near = totals[posts, np.minimum(best + 2, grid.size)] - totals[posts, np.maximum(best - 1, 0)]
    # A year is right or wrong as a whole: once it is given, the interval does not reach into the others.
    under = totals[posts, np.maximum(best - HALF_YEAR, 0)]
    over = totals[posts, np.minimum(best + HALF_YEAR + 1, grid.size)]
    wide = over - under < _YEAR_SHARE
    under[wide], over[wide] = 0.0, 1.0
    tails *= over - under
    low = (totals[:, 1:] < (under + tails)[:, None]).sum(axis=1)
    high = (totals[:, 1:] < (over - tails)[:, None]).sum(axis=1)
    starts, ends = (grid.years.searchsorted(grid.years[best], side) for side in ("left", "right"))
    columns = (
        best,
        np.minimum(low, best),
        np.clip(high, best, grid.size - 1),
        np.round(near, 3),
        totals[posts, ends] - totals[posts, starts],
    )
    return [
        Dated(grid.day(at), grid.day(first), grid.day(last), confidence, share, clue, own)
        for at, first, last, confidence, share, clue, own in zip(
            *(column.tolist() for column in columns), stating, sure, strict=True
        )
    ]


def _best(block: NDArray[np.float32], totals: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the best day of every posterior of a block (posts x days); totals: running, from 0 to 1."""
    around = block.copy()
    around[:, 1:] += block[:, :-1]
    around[:, :-1] += block[:, 1:]
    most = around.max(axis=1)
    near = (around >= _NEAR * most[:, None]) | (block >= _HALF)
    best: NDArray[np.int64] = np.where(near, block, 0).argmax(axis=1)
    for at in np.flatnonzero(most < _SHARP).tolist():
        best[at] = _middle(totals[at])
    return best


def _middle(total: Row) -> int:
    """Return the median of the heaviest four months, which lies between no years."""
    size = len(total) - 1
    width = min(121, size)
    mass = total[width:] - total[:-width]
    start = int(mass.argmax())
    middle = (total[start] + total[start + width]) / 2
    return min(int(total[1:].searchsorted(middle)), size - 1)


def _stating(emissions: Emissions, best: int, clues: Sequence[Clue]) -> Clue | None:
    """Return the day clue that explains the best day best, if well enough to be called its source."""
    days = [(emissions.at(clue, best), clue) for clue in clues if clue.kind == "day"]
    strongest = max(days, key=lambda pair: pair[0] * pair[1].weight, default=None)
    return strongest[1] if strongest is not None and strongest[0] >= _EVIDENCE else None


def _state(found: Dated, clues: Sequence[Clue]) -> Published:
    """Publish a post that states its day; others are left to their neighbours."""
    if found.clue is None:
        return UNDATED
    mention = found.clue.mention
    own_year = mention.year == found.best.year and found.clue.place in _OWN_DAY
    if found.year_share < (_OWN_YEAR_SHARE if own_year else _YEAR_SHARE):
        return _without_year(clues)
    words = mention.text if mention.year else f"{mention.text} (year from the document)"
    return Published(
        best=found.best.isoformat(),
        earliest=found.earliest.isoformat(),
        latest=found.latest.isoformat(),
        edtf=day_or_interval(found.earliest, found.latest),
        precision="day",
        basis="stated",
        confidence=found.confidence,
        evidence=words,
    )


def _without_year(clues: Sequence[Clue]) -> Published:
    """Publish the month and day of a post where nothing supports a year."""
    days = [
        clue for clue in clues if clue.kind == "day" and clue.place in _OWN_DAY and clue.mention.year is None
    ]
    own = max(days, key=lambda clue: _OWN_DAY[clue.place], default=None)
    if own is None or own.mention.month is None or own.mention.day is None:
        return UNDATED
    return Published(
        edtf=yearless(own.mention.month, own.mention.day),
        precision="day",
        basis="stated-no-year",
        confidence=_OWN_DAY[own.place],
        evidence=own.mention.text,
    )
