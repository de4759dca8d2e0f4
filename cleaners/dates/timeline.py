"""Put the posts of one document on a line of days: which days, in which direction, at which pace.

Years, direction, pace and habits are settled by a few hundred posts as well as by ten thousand, and a post
costs as much as its grid times its paces. So a sample of the posts that say anything is looked at first, on
the whole range of days; then all posts, on the days and paces that the sample leaves possible. Both times a
line of weeks tells first where each post may lie.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cleaners.dates.curves import Tables
from cleaners.dates.grid import Grid, Row, make_grid
from cleaners.dates.habits import Habits
from cleaners.dates.likelihood import Emissions
from cleaners.dates.order import Emit, Order, Paces, is_long
from cleaners.dates.told import Told
from cleaners.dates.waits import CELL
from cleaners.dates.weeks import CLOSED, CLOSED_SURVEY, Weeks, by_week, mean_by_week, read_weeks

#: Posts of the sample, and how many of them there must be: a few posts have no habits and cost nothing.
_SAMPLE, _FEW = 200, 4
_BOTH = (False, True)  # newest first or not
#: So many telling posts settle direction and pace without the others.
_MANY = 20
#: Days at either end that hold less than this share of the sample's posterior are left out.
_OUTSIDE = 3e-4
#: The first and last posts may lie outside the sampled span: room for them on either side, in days.
_ROOM = 62
#: Days in which a capture comes as likely as in any later stretch that doubles them. 30 made posts a year
#: younger than they were wherever the texts left two years open (development dumps captured 400 days later).
_SOON = 400.0
#: Steps of a day, where posts come daily: of 12 development channels with many posts a day, 9 deviate by 0.13
#: to 0.31 of their mean, which would be 10 steps and more; 8 dated no better than 6. Long ranges get fewer.
_STEPS, _FINE = 6, 4096
_UNLIKELY = 1e-3  # directions below this share of the evidence by weeks are not looked at by days
#: Steps of all posts from which weeks are looked at first where the compiled passes are loaded already.
_SHORT = 200_000
_EMITTED = 4_000_000  # values of likelihoods that are kept from the passes over weeks for those over days


class Timeline:
    """The days and paces of a document, and the posterior of its posts."""

    def __init__(self, told: Told, grid: Grid, offsets: Tables) -> None:
        """Survey a sample of the posts, if there are enough."""
        self._told, self._swept = told, False
        count, telling = len(told.clues), told.telling()
        gaps, shares = tuple(offsets["order"]["gaps"]), tuple(offsets["order"]["gap_shares"])
        self._paces = Paces(_BOTH, gaps, shares)
        if len(telling) >= _FEW:
            places = np.unique(np.linspace(0, len(telling) - 1, min(_SAMPLE, len(telling))).astype(int))
            sample = [telling[at] for at in places]
            grid, offsets, kept = self._survey(sample, grid, offsets, count / len(sample))
            if len(telling) >= _MANY:  # fewer leave direction and pace to all posts
                self._paces = kept
        elif count > _SAMPLE:
            # Next to nothing is told: no pace can be learned from it, and every pace costs a pass.
            self._paces = Paces(_BOTH, gaps[len(gaps) // 2 :][:1], (1.0,))
        if min(self._paces.gaps) < 1:
            self._paces = replace(self._paces, steps=max(1, min(_STEPS, _FINE // grid.size)))
        self.emissions = Emissions(grid, offsets)

    def posterior(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield blocks of posteriors (posts x days) with the number of their first post, last block first."""
        every = range(len(self._told.clues))
        emit, grid = self._emit(every, self.emissions), self.emissions.grid
        weeks = self._by_week(emit, len(every), self.emissions, self._paces, CLOSED)
        if weeks.posteriors is not None and (
            weeks.is_open() or not (any(self._told.fixed) or weeks.tells_a_year(grid))
        ):
            return weeks.by_days(grid.size, emit)
        return self._by_day(emit, len(every), self.emissions, weeks).posterior()

    def _survey(
        self, sample: Sequence[int], grid: Grid, offsets: Tables, stride: float
    ) -> tuple[Grid, Tables, Paces]:
        """Return the days, the tables and the paces that a sample of the posts leaves."""
        table = offsets["order"]
        paces = Paces(_BOTH, tuple(gap * stride for gap in table["gaps"]), tuple(table["gap_shares"]))
        emissions = Emissions(grid, offsets)
        emit = self._emit(sample, emissions)
        weeks = self._by_week(emit, len(sample), emissions, paces, CLOSED_SURVEY)
        order = self._by_day(emit, len(sample), emissions, weeks)
        mass, habits = np.zeros(grid.size), Habits(grid)
        for first, block in order.posterior():
            mass += block.sum(axis=0, dtype=np.float64)
            for at, row in enumerate(block, first):
                habits.see(row, self._told.clues[sample[at]])
        mass = np.cumsum(mass) / len(sample)
        ends = [int(np.searchsorted(mass, _OUTSIDE)), int(np.searchsorted(mass, 1 - _OUTSIDE))]
        days = [*ends, *(grid.index(day) for day in self._told.fixed if day)]
        low, high = max(min(days) - _ROOM, 0), min(max(days) + _ROOM, grid.size - 1)
        kept = order.kept()
        kept = replace(kept, gaps=tuple(gap / stride for gap in kept.gaps))
        return make_grid(grid.day(low), grid.day(high)), habits.tables(offsets), kept

    def _by_week(self, emit: Emit, count: int, emissions: Emissions, paces: Paces, closed: float) -> Weeks:
        """Return what a line of weeks leaves of some posts. Where days cost little, it leaves everything."""
        size = emissions.grid.size
        long = is_long(count, size, paces)
        self._swept = self._swept or long  # where the survey has loaded the compiled passes, they are there
        if not long and not (self._swept and paces.work(count, size) >= _SHORT):
            return Weeks(paces)
        cells = -(-size // CELL)
        weekly = by_week(emit)
        order = Order(
            cache(weekly) if count * cells <= 2 * _EMITTED else weekly,
            count,
            cells,
            mean_by_week(_last_prior(emissions.grid, self._told.bound)),
            replace(paces, steps=1, days=CELL),
            emissions.offsets,
            swept=True,
            least=_UNLIKELY,
        )
        return read_weeks(order, paces.steps, paces.days, count, closed)

    def _by_day(self, emit: Emit, count: int, emissions: Emissions, weeks: Weeks) -> Order:
        """Return the order of some posts on the days that the weeks leave them."""
        size, prior = emissions.grid.size, _last_prior(emissions.grid, self._told.bound)
        swept = self._swept or weeks.opened is not None
        return Order(
            emit, count, size, prior, weeks.paces, emissions.offsets, swept=swept, opened=weeks.opened
        )

    def _emit(self, posts: Sequence[int], emissions: Emissions) -> Emit:
        def emit(number: int) -> NDArray[np.float32] | None:
            day = self._told.fixed[posts[number]]
            return (
                emissions.row(self._told.clues[posts[number]]) if day is None else _spike(emissions.grid, day)
            )

        return cache(emit) if len(posts) * emissions.grid.size <= _EMITTED else emit


def _spike(grid: Grid, day: date) -> NDArray[np.float32]:
    row = np.full(grid.size, 1e-6, dtype=np.float32)
    row[grid.index(day)] = grid.size
    return row


def _last_prior(grid: Grid, bound: date | None) -> Row:
    """Weigh the days of the newest post: capture comes soon after it more often than years after it."""
    if bound is None:
        return np.ones(grid.size)
    before = np.maximum(bound.toordinal() - (grid.first + np.arange(grid.size)), 0)
    prior = 1.0 / (before + _SOON)
    return np.asarray(prior / prior.mean())
