"""What the posts of a document say of their days before any is compared, and which days that leaves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from cleaners.dates.clues import Clue
from cleaners.dates.grid import Grid, make_grid

#: Feeds are texts of the web. A document that names no later year than this only speaks of history.
_WEB = 1995
#: Years that one document may span: the longest channel of the development data runs for nine.
_LONGEST = 15
#: Years that the stamps of one document may span: as old as the oldest feeds are.
_SPANNED = 30
#: Stamps of other years than these are defaults and faults (0001-01-01, 1970-01-01, 9999-12-31), not days
#: of a feed; where the capture is known, years later than _LATE after it (clocks run fast) are faults too.
_STAMPED, _LATE = (1990, 2100), 2
#: A single post that names a year may look back: this many later years stay possible. Two that agree do not.
_LOOKING_BACK = 8


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of each post before any is compared: its clues, or the day that a stamp fixes."""

    clues: Sequence[Sequence[Clue]]
    fixed: Sequence[date | None]
    bound: date | None  # nothing was published later

    def sane(self) -> "Told":
        """Return what is known without the stamps that are far from where most stamps are: they say nothing
        of the order, and one of them would stretch the line of days over all the years between."""
        last = _STAMPED[1] if self.bound is None else self.bound.year + _LATE
        years = [day.year for day in self.fixed if day and _STAMPED[0] <= day.year <= last]
        if not years:
            return replace(self, fixed=[None] * len(self.fixed))
        # Of the windows that begin with a stamp, the one that holds most; of equal ones the latest.
        held = {year: sum(year <= other <= year + _SPANNED for other in years) for year in set(years)}
        first = max(held, key=lambda year: (held[year], year))
        kept = [
            day if day and first <= day.year <= min(first + _SPANNED, last) else None for day in self.fixed
        ]
        return replace(self, fixed=kept)

    def telling(self) -> list[int]:
        """Return the posts that say anything about their day."""
        pairs = zip(self.clues, self.fixed, strict=True)
        return [at for at, (own, day) in enumerate(pairs) if own or day]


def span(told: Told) -> Grid | None:
    """Return the days to consider, None if no year is stated anywhere in the document. `told` must be sane.

    The range follows the years mentioned, not their extremes: each post gives its latest year that is not the
    future's, so one plan for 2050 or one memory of 1945 does not stretch it.
    """
    bound, fixed = told.bound, [day for day in told.fixed if day is not None]
    years = [day.year for day in fixed]
    for own in told.clues:
        stated = [clue.year or clue.mention.year for clue in own if clue.year or clue.mention.year]
        plain = [
            clue.year or clue.mention.year
            for clue in own
            if clue.label not in {"future", "future_body", "deadline", "memory"}
        ]
        named = [year for year in plain if year] or [year for year in stated if year]
        if named:
            # Plans reach past the capture, posts do not: a year after it still says that a year is known.
            years.append(min(max(named), bound.year if bound else _STAMPED[1]))
    if not years or max(years) < _WEB:
        return None
    low, high = float(np.quantile(years, 0.2)), float(np.quantile(years, 0.98, method="higher"))
    ahead = _LOOKING_BACK if len(years) == 1 and not fixed else 2
    # The middle of the years, not their lowest: an old year among a few does not stretch the range either.
    low = max(low, min(_WEB, high), high - _LONGEST)
    first, last = date(max(int(low) - 2, 1), 1, 1), date(min(int(high) + ahead, 9998), 12, 31)
    for day in fixed:
        first, last = min(first, date(day.year, 1, 1)), max(last, date(day.year, 12, 31))
    if bound is not None:
        last = min(last, max([bound, *fixed]))
    return make_grid(min(first, last), last)
