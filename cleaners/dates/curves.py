"""The tables of offsets as curves over days, slid along a grid and laid side by side.

A curve says how likely a text is that mentions a day, by the days from it to the text. Likelihoods of one
document are many rows of some thousand days; all that is the same in them is computed once.
"""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np

from cleaners.dates.grid import Row, Singles

Tables = Mapping[str, Any]  # the shape of dates_offsets.toml

HALF_YEAR = 183
_OLDEST, _FARTHEST = 20_000, 4_000  # days back and ahead over which far mentions are spread
_WEEKDAY_GIVEN = 0.2  # factor on the far shares of a day given with its weekday
_WRONG_WEEKDAY = 0.03  # a stated weekday that does not fit: typing errors only
_TWO_YEARS = 2 * 366  # a grid ends before the second year behind the last span's
_BESIDE = 1500  # days beside the grid in which most mentions of other years lie


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


class Curves:
    """The curves of some tables, for a grid of `size` days."""

    def __init__(self, offsets: Tables, size: int) -> None:
        """Keep the tables; nothing is computed before it is asked for."""
        self._offsets, self._size, self._reach = offsets, size, size + _BESIDE
        self._near: dict[str, Row] = {}
        self._stated: dict[tuple[str, bool], Singles] = {}
        self._years: dict[tuple[str, tuple[int, ...], tuple[int, ...]], Singles] = {}
        self._pieces: dict[tuple[str, bool, bool | None, int, int], Singles] = {}

    def stated(self, label: str, after: int, days: int, *, fits: bool) -> Singles:
        """Return the likelihood of a day or range with its year, from the day of the grid that lies `after`
        its last day on. fits: its weekday is given, too, and right."""
        if not -self._reach <= after <= self._reach - self._size:
            row = self._curve(label, after, after + self._size, fits=fits)
        else:
            if (label, fits) not in self._stated:
                self._stated[label, fits] = self._curve(label, -self._reach, self._reach, fits=fits)
            row = self._stated[label, fits][after + self._reach : after + self._reach + self._size]
        if days > 1:
            near = self._density(label)
            inside = np.full(min(days, HALF_YEAR + 1), near[HALF_YEAR])
            shape = np.concatenate([near[len(inside) - 1 : HALF_YEAR], inside])
            row = row.copy()
            at = -after - HALF_YEAR
            low, high = max(at, 0), min(at + len(shape), self._size)
            if low < high:
                row[low:high] = self._share(label, fits=fits) * shape[low - at : high - at]
        return row

    def yearly(
        self, label: str, spans: Sequence[tuple[int, int]], fits: Sequence[bool], first: int
    ) -> Singles:
        """Return the likelihood of a day or range without its year: each day looks at the nearest one.

        spans: its first and last day in each year, as ordinals; fits: whether a weekday that is given with it
        is right there. first: the first day of the grid, which is not before the first span.
        """
        starts = [start for start, _ in spans]
        after = first - starts[0]
        key = (
            label,
            tuple(right - left for left, right in pairwise(starts)),
            tuple(last - start + 1 for start, last in spans),
        )
        row = self._years.get(key) if all(fits) else None
        if row is None:
            behind: list[bool | None] = [*fits[1:], None]
            pieces = [
                self._piece(label, fit, ahead, size, days)
                for size, days, fit, ahead in zip((*key[1], _TWO_YEARS), key[2], fits, behind, strict=True)
            ]
            row = np.concatenate(pieces)
            if all(fits):  # most months and days are those of another one, some days later
                self._years[key] = row
        return row[after : after + self._size]

    def _piece(self, label: str, fit: bool, after: bool | None, size: int, days: int) -> Singles:
        """Return what lies between the day of a name and that of the next year, or the end of the grid: the
        larger of what both say."""
        key = (label, fit, after, size, days)
        found = self._pieces.get(key)
        if found is None:
            near = self._density(label)
            shape = np.concatenate([np.full(days, near[HALF_YEAR]), near[HALF_YEAR + 1 :]])[:size]
            row = np.zeros(size)
            row[: len(shape)] = shape * (1.0 if fit else _WRONG_WEEKDAY)
            if after is not None:
                ahead = near[:HALF_YEAR][-size:] * (1.0 if after else _WRONG_WEEKDAY)
                row[size - len(ahead) :] = np.maximum(row[size - len(ahead) :], ahead)
            found = self._pieces[key] = row.astype(np.float32)
        return found

    def _curve(self, label: str, low: int, high: int, *, fits: bool) -> Singles:
        """Return the likelihood of a day with its year at low..high - 1 days after it."""
        after = np.arange(low, high)
        old, ahead = self._far(label, fits=fits)
        again = self.again(label)
        # Log-uniform: a mention a year old is more likely than one of a given day twenty years back.
        shares = np.where(
            after > 0, (1 - again) * old / np.log(_OLDEST / HALF_YEAR), ahead / np.log(_FARTHEST / HALF_YEAR)
        )
        row = shares / np.maximum(np.abs(after), 1)
        start, end = max(-HALF_YEAR - low, 0), min(HALF_YEAR + 1 - low, high - low)
        if start < end:
            near = self._density(label)[low + start + HALF_YEAR : low + end + HALF_YEAR]
            row[start:end] = self._share(label, fits=fits) * near
        return np.asarray(row, dtype=np.float32)

    def again(self, label: str) -> float:
        """Return the share of old mentions of a class that are of anniversaries."""
        return float(self._offsets["stated"]["anniversary"].get(label.removesuffix("_past"), 0.0))

    def old(self, label: str, *, fits: bool) -> float:
        """Return the share of the mentions of a class that are of days long past."""
        return self._far(label, fits=fits)[0]

    def _far(self, label: str, *, fits: bool) -> tuple[float, float]:
        # Nobody gives the weekday of a day long past, or of one far ahead.
        trust, stated = _WEEKDAY_GIVEN if fits else 1.0, self._offsets["stated"]
        return trust * float(stated["old"][label]), trust * float(stated["ahead"][label])

    def _share(self, label: str, *, fits: bool) -> float:
        return 1 - sum(self._far(label, fits=fits))

    def _density(self, label: str) -> Row:
        if label not in self._near:
            self._near[label] = density(self._offsets["days"][label]["bins"])
        return self._near[label]
