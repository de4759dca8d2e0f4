"""How well each day of a grid explains a clue. Rows have mean 1: a value of 3 is evidence of 3 to 1."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaners.dates.clues import Clue
from schemas.dates import Mention

Row = NDArray[np.float64]

_HALF_YEAR = 183
_OLDEST, _FARTHEST = 20_000, 4_000  # days back and ahead over which far mentions are spread
_WEEKDAY_GIVEN = 0.2  # factor on the far shares of a day given with its weekday
_ANNIVERSARIES = 20  # years over which the anniversaries of an old day are spread
_DOUBT = 0.05  # share of a clue that may be about anything: finder errors, quotations, other people's dates
_WRONG_WEEKDAY = 0.03  # a stated weekday that does not fit: typing errors only


@cache
def tables() -> Mapping[str, Any]:
    """Return the offset tables of dates_offsets.toml."""
    return tomllib.loads(files("cleaners.rules").joinpath("dates_offsets.toml").read_text("utf-8"))


@cache
def _density(label: str) -> Row:
    """Return the density of post day - mentioned day at -183..183, summing to 1."""
    density = np.zeros(2 * _HALF_YEAR + 1)
    for first, last, share in tables()["days"][label]["bins"]:
        density[first + _HALF_YEAR : last + _HALF_YEAR + 1] += share / (last - first + 1)
    density /= density.sum()
    return density


@dataclass(frozen=True, slots=True)
class Grid:
    """Days `first`..`first` + `size` - 1 as ordinals, with their calendar columns."""

    first: int
    size: int
    years: NDArray[np.int64]
    months: NDArray[np.int64]
    weekdays: NDArray[np.int64]
    year_share: Row  # 0 on 1 January, 1 on 31 December

    def index(self, day: date) -> int:
        """Return the column of a day, clipped to the grid."""
        return min(max(day.toordinal() - self.first, 0), self.size - 1)

    def day(self, index: int) -> date:
        """Return the day of a column."""
        return date.fromordinal(self.first + index)


def make_grid(first: date, last: date) -> Grid:
    """Return the grid of the days from `first` to `last`, both included."""
    size = last.toordinal() - first.toordinal() + 1
    days = np.datetime64(first.isoformat(), "D") + np.arange(size)
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    months = days.astype("datetime64[M]").astype(np.int64) % 12 + 1
    of_year = (days - days.astype("datetime64[Y]")).astype(np.int64)
    weekdays = (first.weekday() + np.arange(size)) % 7
    return Grid(first.toordinal(), size, years, months, weekdays, np.minimum(of_year / 364, 1.0))


def likelihood(grid: Grid, clues: Sequence[Clue]) -> Row | None:
    """Return the likelihood of the clues of one post on every day of the grid, mean 1; None without clues."""
    if not clues:
        return None
    total = np.zeros(grid.size)
    for clue in clues:
        total += clue.weight * temper(clue) * np.log(clue_row(grid, clue))
    row = np.exp(total - total.max())
    row /= row.mean()
    return np.asarray(0.97 * row + 0.03)


def temper(clue: Clue) -> float:
    """Return the exponent of a kind of clue."""
    return float(tables()["temper"][clue.kind])


def clue_row(grid: Grid, clue: Clue) -> Row:
    """Return the likelihood of one clue on every day, mean 1, never 0."""
    row = _ROWS[clue.kind](grid, clue)
    mean = row.mean()
    return (1 - _DOUBT) * row / mean + _DOUBT if mean > 0 else np.ones(grid.size)


def days_of(mention: Mention, year: int) -> tuple[date, date] | None:
    """Return the first and last day that a day or range means in `year`; 29 February becomes the 28th."""
    start = _day(year, mention.month or 1, mention.day or 1)  # callers pass mentions that state both
    if mention.kind != "range" or mention.end_month is None or mention.end_day is None:
        return start, start
    rolls = (mention.end_month, mention.end_day) < (mention.month, mention.day)
    explicit = mention.end_year - mention.year if mention.end_year and mention.year else int(rolls)
    end = _day(year + explicit, mention.end_month, mention.end_day)
    return (start, end) if start <= end else None


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, 28)


def _place(row: Row, grid: Grid, start: date, end: date, density: Row) -> None:
    """Write a density around a day or range into the row: 0 inside a range, the larger value on overlaps."""
    inside = np.full(end.toordinal() - start.toordinal() + 1, density[_HALF_YEAR])
    shape = np.concatenate([density[:_HALF_YEAR], inside, density[_HALF_YEAR + 1 :]])
    at = start.toordinal() - _HALF_YEAR - grid.first
    low, high = max(at, 0), min(at + len(shape), grid.size)
    if low < high:
        row[low:high] = np.maximum(row[low:high], shape[low - at : high - at])


def _day_row(grid: Grid, clue: Clue) -> Row:
    mention, density = clue.mention, _density(clue.label)
    if mention.year is None:
        return _yearless(grid, mention, density)
    days = days_of(mention, mention.year)
    if days is None:
        return np.ones(grid.size)
    stated = tables()["stated"]
    # Nobody gives the weekday of a day long past, or of one far ahead.
    fits = mention.weekday is not None and days[0].weekday() == mention.weekday
    trust = _WEEKDAY_GIVEN if fits else 1.0
    old, ahead = trust * float(stated["old"][clue.place]), trust * float(stated["ahead"][clue.place])
    again = float(stated["anniversary"].get(clue.place, 0.0))
    row = np.zeros(grid.size)
    _place(row, grid, *days, density)
    row *= 1 - old - ahead
    after = grid.first + np.arange(grid.size) - days[1].toordinal()
    far = np.abs(after) > _HALF_YEAR
    # Log-uniform: a mention a year old is more likely than one of a given day twenty years back.
    shares = np.where(
        after > 0, (1 - again) * old / np.log(_OLDEST / _HALF_YEAR), ahead / np.log(_FARTHEST / _HALF_YEAR)
    )
    row[far] = shares[far] / np.abs(after[far])
    if again:
        spike = _yearless(grid, mention, _density("lead_past"))
        row += np.where(after > _HALF_YEAR, again * old * spike / _ANNIVERSARIES, 0.0)
    return row


def _yearless(grid: Grid, mention: Mention, density: Row) -> Row:
    """Spread a class over every year of the grid: each day looks at the nearest day of that name."""
    row = np.zeros(grid.size)
    for year in range(int(grid.years[0]) - 1, int(grid.years[-1]) + 2):
        days = days_of(mention, year) if 1 <= year <= 9999 else None
        if days is not None:
            fits = mention.weekday is None or days[0].weekday() == mention.weekday
            _place(row, grid, *days, density if fits else density * _WRONG_WEEKDAY)
    return row


def _year_row(grid: Grid, clue: Clue) -> Row:
    assert clue.mention.year is not None  # noqa: S101 - a year clue has one
    table = tables()["years"]
    offsets = grid.years - clue.mention.year
    row = np.where(offsets < 0, float(table["later"]), float(table["older"]))
    early, late = (
        (table["future"], table["future"])
        if clue.label == "future"
        else (table["january"], table["december"])
    )
    for offset in early:
        share = (1 - grid.year_share) * early[offset] + grid.year_share * late[offset]
        row = np.where(offsets == int(offset), share, row)
    return row


def _counted_year_row(grid: Grid, clue: Clue) -> Row:
    assert clue.year is not None  # noqa: S101 - made with its year
    table = tables()["counted_year"]
    offsets = grid.years - clue.year
    row = np.full(grid.size, float(table["other"]))
    for offset, share in table["offsets"].items():
        row[offsets == int(offset)] = share
    return row


def _month_row(grid: Grid, clue: Clue) -> Row:
    shares = np.array(tables()["months"][clue.label])
    return shares[(grid.months - (clue.mention.month or 1)) % 12]


def _month_year_row(grid: Grid, clue: Clue) -> Row:
    offsets = (grid.years - (clue.mention.year or 0)) * 12 + grid.months - (clue.mention.month or 1)
    row = np.full(grid.size, 1e-4)
    for first, last, share in tables()["month_years"][clue.label]:
        row[(offsets >= first) & (offsets <= last)] = share / (last - first + 1)
    return row


def _weekday_row(grid: Grid, clue: Clue) -> Row:
    shares = np.array(tables()["weekdays"][clue.label])
    return shares[(grid.weekdays - (clue.mention.weekday or 0)) % 7]


_ROWS = {
    "day": _day_row,
    "month_year": _month_year_row,
    "month": _month_row,
    "year": _year_row,
    "weekday": _weekday_row,
    "counted_year": _counted_year_row,
}
