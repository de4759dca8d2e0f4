"""How well each day of a grid explains a clue. Rows have mean 1: a value of 3 is evidence of 3 to 1."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaners.dates.clues import Clue
from schemas.dates import Mention

Row = NDArray[np.float64]
Tables = Mapping[str, Any]  # the shape of dates_offsets.toml

HALF_YEAR = 183
_OLDEST, _FARTHEST = 20_000, 4_000  # days back and ahead over which far mentions are spread
_WEEKDAY_GIVEN = 0.2  # factor on the far shares of a day given with its weekday
_ANNIVERSARIES = 20  # years over which the anniversaries of an old day are spread
_CACHED = 40_000_000  # bytes of rows kept: 2,500 on a grid of eleven years; all passes need the same ones
_FIELDS = ("kind", "year", "month", "day", "weekday", "end_year", "end_month", "end_day", "ambiguous")
_OTHER_WAY = 0.35  # share of the second reading of 7/8/2023: the words around only hint at the first
_DOUBT = 0.03  # share of a clue that may be about anything: finder errors, quotations, other people's dates
_WRONG_WEEKDAY = 0.03  # a stated weekday that does not fit: typing errors only


@cache
def tables() -> Tables:
    """Return the offset tables of dates_offsets.toml."""
    return tomllib.loads(files("cleaners.rules").joinpath("dates_offsets.toml").read_text("utf-8"))


def density(bins: Sequence[tuple[int, int, float]]) -> Row:
    """Return the density of post day - mentioned day at -183..183, summing to 1."""
    found = np.zeros(2 * HALF_YEAR + 1)
    for first, last, share in bins:
        found[first + HALF_YEAR : last + HALF_YEAR + 1] += share / (last - first + 1)
    return np.asarray(found / found.sum())


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

    def of_year(self, index: int) -> tuple[int, int]:
        """Return the first column of the year of a column, and the one behind its last."""
        year = self.day(index).year
        start, end = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1
        return max(start - self.first, 0), min(end - self.first, self.size)


def make_grid(first: date, last: date) -> Grid:
    """Return the grid of the days from `first` to `last`, both included."""
    size = last.toordinal() - first.toordinal() + 1
    days = np.datetime64(first.isoformat(), "D") + np.arange(size)
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    months = days.astype("datetime64[M]").astype(np.int64) % 12 + 1
    of_year = (days - days.astype("datetime64[Y]")).astype(np.int64)
    weekdays = (first.weekday() + np.arange(size)) % 7
    return Grid(first.toordinal(), size, years, months, weekdays, np.minimum(of_year / 364, 1.0))


class Emissions:
    """The likelihood of clues on the days of a grid, by tables of offsets. Rows are made once a clue."""

    def __init__(self, grid: Grid, offsets: Tables) -> None:
        """Keep the grid and the tables; nothing is computed before it is asked for."""
        self.grid, self.offsets = grid, offsets
        self._densities: dict[str, Row] = {}
        self._logs: dict[tuple[object, ...], NDArray[np.float32]] = {}

    def row(self, clues: Sequence[Clue]) -> NDArray[np.float32] | None:
        """Return the likelihood of the clues of one post on every day, mean 1; None without clues."""
        if not clues:
            return None
        total = np.zeros(self.grid.size, dtype=np.float32)
        for clue in clues:
            total += np.float32(clue.weight * self.offsets["temper"][clue.kind]) * self._log(clue)
        total -= total.max()
        np.exp(total, out=total)
        total *= np.float32(0.97) / total.mean()
        total += np.float32(0.03)
        return total

    def at(self, clue: Clue, column: int) -> float:
        """Return the likelihood of one clue on one day, where 1 is the mean over the grid."""
        return float(np.exp(self._log(clue)[column]))

    def _log(self, clue: Clue) -> NDArray[np.float32]:
        key = (clue.kind, clue.label, clue.year, *(getattr(clue.mention, name) for name in _FIELDS))
        found = self._logs.get(key)
        if found is None:
            if len(self._logs) * 4 * self.grid.size >= _CACHED:
                self._logs.clear()
            found = np.log(self._clue(clue)).astype(np.float32)
            self._logs[key] = found
        return found

    def _clue(self, clue: Clue) -> Row:
        """Return the likelihood of one clue on every day, mean 1, never 0."""
        row = getattr(self, f"_{clue.kind}_row")(clue)
        mean = row.mean()
        return np.asarray((1 - _DOUBT) * row / mean + _DOUBT) if mean > 0 else np.ones(self.grid.size)

    def _day_row(self, clue: Clue) -> Row:
        if not clue.mention.ambiguous:
            return self._one_reading(clue)
        swapped = replace(
            clue.mention, month=clue.mention.day, day=clue.mention.month, ambiguous=False
        )  # 7/8: both are at most 12
        return np.asarray(
            (1 - _OTHER_WAY) * self._one_reading(clue)
            + _OTHER_WAY * self._one_reading(replace(clue, mention=swapped))
        )

    def _density(self, label: str) -> Row:
        if label not in self._densities:
            self._densities[label] = density(self.offsets["days"][label]["bins"])
        return self._densities[label]

    def _one_reading(self, clue: Clue) -> Row:
        mention, density = clue.mention, self._density(clue.label)
        if mention.year is None:
            return self._yearless(mention, density)
        days = days_of(mention, mention.year)
        if days is None:
            return np.ones(self.grid.size)
        stated = self.offsets["stated"]
        # Nobody gives the weekday of a day long past, or of one far ahead.
        fits = mention.weekday is not None and days[0].weekday() == mention.weekday
        trust = _WEEKDAY_GIVEN if fits else 1.0
        old, ahead = trust * float(stated["old"][clue.label]), trust * float(stated["ahead"][clue.label])
        again = float(stated["anniversary"].get(clue.place, 0.0))
        row = np.zeros(self.grid.size)
        _place(row, self.grid, *days, density)
        row *= 1 - old - ahead
        after = self.grid.first + np.arange(self.grid.size) - days[1].toordinal()
        far = np.abs(after) > HALF_YEAR
        # Log-uniform: a mention a year old is more likely than one of a given day twenty years back.
        shares = np.where(
            after > 0, (1 - again) * old / np.log(_OLDEST / HALF_YEAR), ahead / np.log(_FARTHEST / HALF_YEAR)
        )
        row[far] = shares[far] / np.abs(after[far])
        if again:
            spike = self._yearless(mention, self._density("lead_past"))
            row += np.where(after > HALF_YEAR, again * old * spike / _ANNIVERSARIES, 0.0)
        return row

    def _yearless(self, mention: Mention, density: Row) -> Row:
        """Spread a class over every year of the grid: each day looks at the nearest day of that name."""
        row = np.zeros(self.grid.size)
        for year in range(int(self.grid.years[0]) - 1, int(self.grid.years[-1]) + 2):
            days = days_of(mention, year) if 1 <= year <= 9999 else None
            if days is not None:
                fits = mention.weekday is None or days[0].weekday() == mention.weekday
                _place(row, self.grid, *days, density if fits else density * _WRONG_WEEKDAY)
        return row

    def _year_row(self, clue: Clue) -> Row:
        assert clue.mention.year is not None  # noqa: S101 - a year clue has one
        table = self.offsets["years"]
        first = int(self.grid.years[0])
        offsets = np.arange(first, int(self.grid.years[-1]) + 1) - clue.mention.year  # a year, not a day each
        early = np.where(offsets < 0, float(table["later"]), float(table["older"]))
        late = early.copy()
        for shares, month in ((early, "january"), (late, "december")):
            for offset, share in table[f"{clue.label}_{month}"].items():
                shares[offsets == int(offset)] = share
        of_day = self.grid.years - first
        return np.asarray((1 - self.grid.year_share) * early[of_day] + self.grid.year_share * late[of_day])

    def _counted_year_row(self, clue: Clue) -> Row:
        assert clue.year is not None  # noqa: S101 - made with its year
        table = self.offsets["counted_year"]
        offsets = self.grid.years - clue.year
        row = np.full(self.grid.size, float(table["other"]))
        for offset, share in table["offsets"].items():
            row[offsets == int(offset)] = share
        return row

    def _month_row(self, clue: Clue) -> Row:
        shares = np.array(self.offsets["months"][clue.label])
        return shares[(self.grid.months - (clue.mention.month or 1)) % 12]

    def _month_year_row(self, clue: Clue) -> Row:
        offsets = (
            (self.grid.years - (clue.mention.year or 0)) * 12 + self.grid.months - (clue.mention.month or 1)
        )
        row = np.full(self.grid.size, 1e-4)
        for first, last, share in self.offsets["month_years"][clue.label]:
            row[(offsets >= first) & (offsets <= last)] = share / (last - first + 1)
        return row

    def _weekday_row(self, clue: Clue) -> Row:
        shares = np.array(self.offsets["weekdays"][clue.label])
        return shares[(self.grid.weekdays - (clue.mention.weekday or 0)) % 7]


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
    inside = np.full(end.toordinal() - start.toordinal() + 1, density[HALF_YEAR])
    shape = np.concatenate([density[:HALF_YEAR], inside, density[HALF_YEAR + 1 :]])
    at = start.toordinal() - HALF_YEAR - grid.first
    low, high = max(at, 0), min(at + len(shape), grid.size)
    if low < high:
        row[low:high] = np.maximum(row[low:high], shape[low - at : high - at])
