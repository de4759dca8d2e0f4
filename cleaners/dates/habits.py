"""Learn the habits of one document: whether it reports the same day, the day after, or what is to come.

Feeds differ more than words do: one ministry reports the day before, one city announces next week. The shares
of each class are counted again over the posts of the document, each day weighed by its posterior, and the
tables count as much as a number of posts (one step of empirical Bayes).
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cleaners.dates.clues import Clue
from cleaners.dates.curves import HALF_YEAR, Tables
from cleaners.dates.grid import Grid, Row

#: Mentions that the tables count for. On development dumps 8 was overconfident in dumps with few dates, and
#: the true days were likelier with 120 than with 60: the days that habits are counted on rest on the tables.
_TABLES_WORTH = 120.0
_FAR = HALF_YEAR + 1  # days: no offset


class Habits:
    """Counts of post day - mentioned day by class, over the days of a grid."""

    def __init__(self, grid: Grid) -> None:
        """Start from nothing."""
        self._grid = grid
        self._counts: dict[str, Row] = defaultdict(lambda: np.zeros(2 * HALF_YEAR + 1))

    def see(self, posterior: NDArray[np.float32], clues: Sequence[Clue]) -> None:
        """Count the day clues of one post, whose day has the given posterior."""
        days = [clue for clue in clues if clue.kind == "day" and not clue.mention.ambiguous]
        if not days:
            return
        columns = np.flatnonzero(posterior)
        for clue in days:
            offsets = self._offsets(clue, columns)
            near = np.abs(offsets) <= HALF_YEAR
            self._counts[clue.label] += clue.weight * np.bincount(
                offsets[near] + HALF_YEAR, weights=posterior[columns[near]], minlength=2 * HALF_YEAR + 1
            )

    def tables(self, offsets: Tables) -> Tables:
        """Return the tables with the shares of `days` moved towards what was seen."""
        days = dict(offsets["days"])
        for label, counts in self._counts.items():
            bins = [
                [first, last, _TABLES_WORTH * share + counts[first + HALF_YEAR : last + HALF_YEAR + 1].sum()]
                for first, last, share in days[label]["bins"]
            ]
            days[label] = {"bins": bins}
        return {**offsets, "days": days}

    def _offsets(self, clue: Clue, columns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the days of some columns - the mentioned day, 0 inside a range, to the nearest year."""
        days, spans = self._grid.first + columns, np.array(self._grid.named(clue.mention), dtype=np.int64)
        starts, ends = spans.reshape(-1, 2).T
        before = starts.searchsorted(days, side="right") - 1
        # Days from the name before and to the one behind; the nearer one counts, of equal ones the first.
        since = np.where(before < 0, _FAR, np.maximum(days - np.append(ends, 0)[before], 0))
        until = days - np.append(starts, days[-1:] + _FAR)[before + 1]
        return np.where(-until < since, until, since)
