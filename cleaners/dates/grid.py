"""The line of days that a document is dated on, and where named days lie on it."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from schemas.dates import Mention

#: First and last day, as ordinals, of a named day in some years.
Spans = tuple[tuple[int, int], ...]
Row = NDArray[np.float64]
Singles = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Grid:
    """Days `first`..`first` + `size` - 1 as ordinals, with their calendar columns."""

    first: int
    size: int
    years: NDArray[np.int64]
    months: NDArray[np.int64]  # since January of the year 0
    weekdays: NDArray[np.int64]
    year_share: Singles  # 0 on 1 January, 1 on 31 December

    def index(self, day: date) -> int:
        """Return the column of a day, clipped to the grid."""
        return min(max(day.toordinal() - self.first, 0), self.size - 1)

    def day(self, index: int) -> date:
        """Return the day of a column."""
        return date.fromordinal(self.first + index)

    def named(self, mention: Mention) -> Spans:
        """Return the first and last day, as ordinals, that a day or range means in each year around the grid;
        in its own year, if it states one."""
        if mention.year is None:
            named = (mention.month, mention.day, mention.end_month, mention.end_day)
            return _each_year(named, mention.kind == "range", int(self.years[0]), int(self.years[-1]))
        span = days_of(mention, mention.year)
        return ((span[0].toordinal(), span[1].toordinal()),) if span else ()


def make_grid(first: date, last: date) -> Grid:
    """Return the grid of the days from `first` to `last`, both included."""
    size = last.toordinal() - first.toordinal() + 1
    days = np.datetime64(first.isoformat(), "D") + np.arange(size)
    years = days.astype("datetime64[Y]")
    months = days.astype("datetime64[M]").astype(np.int64) + 1970 * 12
    of_year = (days - years).astype(np.float32)
    weekdays = (first.weekday() + np.arange(size)) % 7
    shares = np.minimum(of_year / np.float32(364), np.float32(1))
    return Grid(first.toordinal(), size, years.astype(np.int64) + 1970, months, weekdays, shares)


def days_of(mention: Mention, year: int) -> tuple[date, date] | None:
    """Return the first and last day that a day or range means in `year`; 29 February becomes the 28th."""
    start = _day(year, mention.month or 1, mention.day or 1)  # callers pass mentions that state both
    if mention.kind != "range" or mention.end_month is None or mention.end_day is None:
        return start, start
    rolls = (mention.end_month, mention.end_day) < (mention.month, mention.day)
    explicit = mention.end_year - mention.year if mention.end_year and mention.year else int(rolls)
    end = _day(year + explicit, mention.end_month, mention.end_day)
    return (start, end) if start <= end else None


@lru_cache(maxsize=1 << 12)  # all passes over a document ask for the same ones
def _each_year(named: tuple[int | None, ...], ranged: bool, first: int, last: int) -> Spans:
    month, day, end_month, end_day = named
    mention = Mention(
        start=0, end=0, text="", kind="range" if ranged else "date",
        month=month, day=day, end_month=end_month, end_day=end_day,
    )  # fmt: skip
    spans = (days_of(mention, year) for year in range(max(first - 1, 1), min(last + 1, 9998) + 1))
    return tuple((span[0].toordinal(), span[1].toordinal()) for span in spans if span)


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, 28)
