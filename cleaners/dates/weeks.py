"""Where a line of weeks leaves each post: what a line of days need not look at, or has nothing to add to."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaners.dates.grid import Grid, Singles
from cleaners.dates.order import Emit, Order, Paces
from cleaners.dates.waits import CELL, Opened

#: Weeks that hold this little of the posterior of a post are closed to it, unless they lie beside others.
#: 1e-3 moved the ends of 5 % of the intervals of development dumps and 3 best days of a thousand, 3e-4 half
#: as many ends and 1 best day. The survey finds the ends of the line itself, so it needs more of the tails.
CLOSED, CLOSED_SURVEY = 3e-4, 1e-5
#: Paces below this share of the posts are not looked at by days: with 1e-3, in the survey too, 7 undated
#: posts of a thousand lost their day.
_NO_PACE = 1e-5
#: Where no post has this share of a year by weeks, none will be given one (posts._OWN_YEAR_SHARE), and days
#: tell nothing more. Of development dumps in which some post is given a year, the least had 0.346 by weeks.
_NO_YEAR = 0.33
#: Where weeks leave this share of the line open, and so many steps of it, days are taken to be as likely
#: within their week as the post's own clues have them. Of four development channels, of which 92 dumps were
#: made, that holds for dumps of one, which names next to no days. By days .237 of its posts were given a
#: day, one in a thousand within a day of the truth, and .445 of the intervals held; by weeks .203 and
#: .594, in a tenth of the time.
_OPEN, _LONG = 0.5, 14_000_000
_WEEKS = 4_000_000  # values of posteriors by weeks that are kept: 3,800 posts on a line of twenty years
_BLOCK = 256  # posts whose posteriors are written out by days at once


@dataclass(frozen=True, slots=True)
class Weeks:
    """What weeks leave of directions and paces, and of the places of the posts (posts x weeks; None: any).

    posteriors: of all posts (posts x weeks), where they are few enough to be kept.
    """

    paces: Paces
    opened: Opened | None = None
    posteriors: Singles | None = None

    def is_open(self) -> bool:
        """Tell whether most of a long line is left: by days it would take most of the time of cleaning."""
        if self.opened is None or np.mean(self.opened) <= _OPEN:
            return False
        lines = len(self.paces.gaps) * len(self.paces.newest_first)
        return int(self.opened.sum()) * CELL * self.paces.steps * lines > _LONG

    def tells_a_year(self, grid: Grid) -> bool:
        """Tell whether some post may be given a year; the posteriors have been kept."""
        assert self.posteriors is not None  # noqa: S101 - as said
        first = np.flatnonzero(np.diff(grid.years, prepend=0))
        last = np.append(first[1:], grid.size) - 1
        totals = np.zeros((len(self.posteriors), self.posteriors.shape[1] + 1))
        np.cumsum(self.posteriors, axis=1, out=totals[:, 1:])
        # A year has all weeks that it begins in.
        return float((totals[:, last // CELL + 1] - totals[:, first // CELL]).max()) >= _NO_YEAR

    def by_days(self, size: int, emit: Emit) -> Iterator[tuple[int, Singles]]:
        """Yield blocks of posteriors (posts x `size` days) with the number of their first post, last block
        first; days are as likely within their week as `emit` says."""
        assert self.posteriors is not None  # noqa: S101 - they have been kept
        lengths = np.full(self.posteriors.shape[1], CELL)
        lengths[-1] = size - CELL * (len(lengths) - 1)
        shares = lengths.astype(np.float32)
        for first in range((len(self.posteriors) - 1) // _BLOCK * _BLOCK, -1, -_BLOCK):
            days: Singles = np.repeat(self.posteriors[first : first + _BLOCK] / shares, lengths, axis=1)
            for at in range(len(days)):
                if (row := emit(first + at)) is not None:
                    days[at] *= row / np.repeat(mean_by_week(row), lengths)
            yield first, days


def read_weeks(order: Order, steps: int, days: int, count: int, closed: float) -> Weeks:
    """Return what `order`, a line of weeks of `count` posts, leaves to one of `steps` a column of `days`.

    closed: the share of the posterior of a post that may lie in weeks that are closed to it.
    """
    opened: list[Opened] = []
    posteriors: list[Singles] = []
    for _, block in order.posterior():  # last block first
        opened.append(_beside(_bulk(block, closed)))
        if count * block.shape[1] <= _WEEKS:
            posteriors.append(block)
    kept = replace(order.kept(_NO_PACE), steps=steps, days=days)
    return Weeks(kept, np.concatenate(opened[::-1]), np.concatenate(posteriors[::-1]) if posteriors else None)


def by_week(emit: Emit) -> Emit:
    """Return likelihoods of posts over weeks in the place of days."""

    def row(number: int) -> Singles | None:
        found = emit(number)
        return None if found is None else mean_by_week(found)

    return row


def mean_by_week(row: NDArray[Any]) -> NDArray[Any]:
    """Return the mean of each seven days."""
    whole = len(row) - len(row) % CELL
    weeks = np.empty(-(-len(row) // CELL), dtype=row.dtype)
    np.dot(
        row[:whole].reshape(-1, CELL), np.full(CELL, 1 / CELL, dtype=row.dtype), out=weeks[: whole // CELL]
    )
    weeks[whole // CELL :] = np.add.reduce(row[whole:]) / max(len(row) - whole, 1)
    return weeks


def _bulk(block: Singles, share: float) -> Opened:
    """Return where the posteriors are, but for the least weeks that hold a share of each."""
    ordered = np.sort(block, axis=1)
    closed = (np.cumsum(ordered, axis=1) <= share).sum(axis=1)
    # What is no number closes nothing.
    return np.asarray(~(block < np.take_along_axis(ordered, closed[:, None], axis=1)))


def _beside(opened: Opened) -> Opened:
    """Open the weeks on both sides, too."""
    wide = opened.copy()
    wide[:, 1:] |= opened[:, :-1]
    wide[:, :-1] |= opened[:, 1:]
    return wide
