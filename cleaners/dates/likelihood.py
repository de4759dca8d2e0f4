"""How well each day of a grid explains a clue. Rows have mean 1: a value of 3 is evidence of 3 to 1."""

from collections.abc import Sequence
from dataclasses import replace
from math import exp

import numpy as np
from numpy.typing import NDArray

from cleaners.dates.clues import Clue
from cleaners.dates.curves import HALF_YEAR, Curves, Tables
from cleaners.dates.grid import Grid, Row, Singles
from schemas.dates import Mention

_ANNIVERSARIES = 20  # years over which the anniversaries of an old day are spread
_CACHED = 40_000_000  # bytes of rows kept: 2,500 on a grid of eleven years; all passes need the same ones
_OTHER_WAY = 0.35  # share of the second reading of 7/8/2023: the words around only hint at the first
_DOUBT = 0.03  # share of a clue that may be about anything: finder errors, quotations, other people's dates


class Emissions:
    """The likelihood of clues on the days of a grid, by tables of offsets. Rows are made once a clue."""

    def __init__(self, grid: Grid, offsets: Tables) -> None:
        """Keep the grid and the tables; nothing is computed before it is asked for."""
        self.grid, self.offsets = grid, offsets
        self._curves = Curves(offsets, grid.size)
        self._logs: dict[tuple[object, ...], Singles] = {}
        self._years = np.arange(grid.years[0], grid.years[-1] + 1)
        self._months = np.arange(grid.months[0], grid.months[-1] + 1)
        self._in_year, self._in_month = (
            np.bincount(grid.years - grid.years[0]),
            np.bincount(grid.months - grid.months[0]),
        )
        self._of_weekday = np.bincount(grid.weekdays, minlength=7)

    def row(self, clues: Sequence[Clue]) -> Singles | None:
        """Return the likelihood of the clues of one post on every day, mean 1; None without clues."""
        if not clues:
            return None
        total, *others = (
            np.float32(clue.weight * self.offsets["temper"][clue.kind]) * self._log(clue) for clue in clues
        )
        for other in others:
            total += other
        total -= total.max()
        np.exp(total, out=total)
        total *= np.float32(0.97) * total.size / np.add.reduce(total)
        total += np.float32(0.03)
        return total

    def at(self, clue: Clue, column: int) -> float:
        """Return the likelihood of one clue on one day, where 1 is the mean over the grid."""
        return exp(self._log(clue)[column])

    def _log(self, clue: Clue) -> Singles:
        told = clue.mention
        key = (
            clue.kind, clue.label, clue.year, told.kind, told.year, told.month, told.day, told.weekday,
            told.end_year, told.end_month, told.end_day, told.ambiguous,
        )  # fmt: skip
        found = self._logs.get(key)
        if found is None:
            if len(self._logs) * 4 * self.grid.size >= _CACHED:
                self._logs.clear()
            found = self._logs[key] = getattr(self, f"_{clue.kind}_row")(clue)
        return found

    def _day_row(self, clue: Clue) -> Singles:
        mention = clue.mention
        row = self._one_reading(mention, clue.label)
        if mention.ambiguous:  # 7/8: both are at most 12
            swapped = replace(mention, month=mention.day, day=mention.month, ambiguous=False)
            other = self._one_reading(swapped, clue.label)
            row = np.float32(1 - _OTHER_WAY) * row + np.float32(_OTHER_WAY) * other
        return _log_of(row)

    def _one_reading(self, mention: Mention, label: str) -> Singles:
        spans = self.grid.named(mention)
        weekday = mention.weekday
        fits = [weekday is None or (start - 1) % 7 == weekday for start, _ in spans]
        if mention.year is None:
            return self._curves.yearly(label, spans, fits, self.grid.first)
        if not spans:
            return np.ones(self.grid.size, dtype=np.float32)
        (start, end), right = spans[0], weekday is not None and fits[0]
        row = self._curves.stated(label, self.grid.first - end, end - start + 1, fits=right)
        if again := self._curves.again(label):
            low = max(end + HALF_YEAR + 1 - self.grid.first, 0)
            share = again * self._curves.old(label, fits=right) / _ANNIVERSARIES
            spike = self._one_reading(replace(mention, year=None, end_year=None), "lead_past")
            row = row.copy()
            row[low:] += np.float32(share) * spike[low:]
        return row

    def _year_row(self, clue: Clue) -> Singles:
        assert clue.mention.year is not None  # noqa: S101 - a year clue has one
        table = self.offsets["years"]
        offsets = self._years - clue.mention.year  # a year, not a day each
        early = np.where(offsets < 0, float(table["later"]), float(table["older"]))
        late = early.copy()
        for shares, month in ((early, "january"), (late, "december")):
            for offset, share in table[f"{clue.label}_{month}"].items():
                shares[offsets == int(offset)] = share
        row = (late - early).astype(np.float32).repeat(self._in_year)
        row *= self.grid.year_share
        row += early.astype(np.float32).repeat(self._in_year)
        return _log_of(row)

    def _counted_year_row(self, clue: Clue) -> Singles:
        assert clue.year is not None  # noqa: S101 - made with its year
        table = self.offsets["counted_year"]
        shares = np.full(len(self._years), float(table["other"]))
        for offset, share in table["offsets"].items():
            shares[self._years - clue.year == int(offset)] = share
        return _logs_of(shares, self._in_year).repeat(self._in_year)

    def _month_row(self, clue: Clue) -> Singles:
        shares = np.array(self.offsets["months"][clue.label])
        shares = shares[(self._months - (clue.mention.month or 1) + 1) % 12]
        return _logs_of(shares, self._in_month).repeat(self._in_month)

    def _month_year_row(self, clue: Clue) -> Singles:
        mentioned = (clue.mention.year or 0) * 12 + (clue.mention.month or 1) - 1
        offsets = self._months - mentioned
        shares = np.full(len(offsets), 1e-4)
        for first, last, share in self.offsets["month_years"][clue.label]:
            shares[(offsets >= first) & (offsets <= last)] = share / (last - first + 1)
        return _logs_of(shares, self._in_month).repeat(self._in_month)

    def _weekday_row(self, clue: Clue) -> Singles:
        shares = np.array(self.offsets["weekdays"][clue.label])
        shares = np.roll(shares, clue.mention.weekday or 0)
        return _logs_of(shares, self._of_weekday)[self.grid.weekdays]


def _log_of(row: Singles) -> Singles:
    """Return the logarithm of a likelihood, scaled to mean 1, never 0. The row may be shared: it is kept."""
    total = np.add.reduce(row)  # half the time of `mean`
    if not total > 0:
        return np.zeros_like(row)
    made: Singles = row * np.float32((1 - _DOUBT) * row.size / total)
    made += np.float32(_DOUBT)
    np.log(made, out=made)
    return made


def _logs_of(shares: Row, days: NDArray[np.int64]) -> Singles:
    """Return `_log_of` of a row that has the same value on some days each: of a year, of a month."""
    mean = (shares @ days) / days.sum()
    if not mean > 0:
        return np.zeros(len(shares), dtype=np.float32)
    return np.asarray(np.log((1 - _DOUBT) * shares / mean + _DOUBT), dtype=np.float32)
