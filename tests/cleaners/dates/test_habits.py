"""Habits: what a document shows of its own offsets moves the tables, class by class."""

from datetime import date

import numpy as np

from cleaners.dates.clues import read_clues
from cleaners.dates.curves import tables
from cleaners.dates.grid import make_grid
from cleaners.dates.habits import Habits


def test_what_is_seen_moves_the_shares_of_its_class_only() -> None:
    grid = make_grid(date(2023, 1, 1), date(2023, 12, 31))
    habits = Habits(grid)
    posterior = np.zeros(grid.size, dtype=np.float32)
    posterior[grid.index(date(2023, 7, 14))] = 1.0
    for _ in range(50):
        habits.see(posterior, read_clues("On July 13, they met."))
    before, after = tables()["days"], habits.tables(tables())["days"]
    shares = {name: {low: share for low, _, share in rows["lead_past"]["bins"]} for name, rows in
              (("before", before), ("after", after))}  # fmt: skip
    total = sum(shares["after"].values())
    assert shares["after"][1] / total > shares["before"][1]
    assert shares["after"][0] / total < shares["before"][0]
    assert after["body"] == before["body"]
