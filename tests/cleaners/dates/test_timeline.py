"""The line of days: what may stretch it."""

from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from cleaners.dates.clues import read_clues
from cleaners.dates.curves import tables
from cleaners.dates.timeline import Timeline
from cleaners.dates.told import Told, span
from cleaners.dates.waits import CELL


@pytest.mark.parametrize("bound", [None, date(2024, 6, 1)])
@pytest.mark.parametrize("fault", [date(1, 1, 1), date(1970, 1, 1), date(9999, 12, 31)])
def test_a_faulty_stamp_does_not_stretch_the_days(fault: date, bound: date | None) -> None:
    clues = [(), read_clues("On March 5, 2024 they met.")]
    told = Told(clues, [fault, None], bound).sane()
    assert told.fixed == [None, None]
    grid = span(told)
    assert grid is not None
    assert grid.size <= 366 * 15
    assert grid.day(0) <= date(2024, 3, 5) <= grid.day(grid.size - 1)


def test_stamps_of_one_long_feed_are_all_kept() -> None:
    days = [date(2000, 5, 1), date(2024, 5, 1)]
    assert Told([(), ()], days, date(2024, 6, 1)).sane().fixed == days


@pytest.mark.parametrize(
    ("texts", "bound", "year"),
    [
        (["Тариф вырастет с 1 января 2025 года", "Налог введут в 2025 году"], date(2024, 12, 5), 2024),
        (["В 2018 году их было 300", "Тариф вырастет с 1 января 2026 года"], date(2025, 11, 2), 2025),
        (["The plan for 2050 will be read on 5 March 2025"], date(2024, 12, 5), 2024),
        (["В 2020 году закрыли", "С весны 2022 года не работает"], date(2025, 1, 5), 2024),
    ],
)
def test_the_days_reach_to_the_latest_year_or_the_capture(texts: list[str], bound: date, year: int) -> None:
    grid = span(Told([read_clues(text) for text in texts], [None] * len(texts), bound))
    assert grid is not None
    assert grid.day(0) <= date(year, 1, 1)
    assert grid.day(grid.size - 1) >= min(bound, date(year, 12, 31))


FAR_APART = [
    "In 2009 the bridge was built.",
    "The plant of 2013 has closed.",
    "Since 2016 nobody has come.",
    "They met in 2019.",
    "It was so in 2022, too.",
]


@pytest.mark.parametrize(
    ("said", "by_weeks"), [(FAR_APART, True), (["On 5 May 2019 they met."] * len(FAR_APART), False)]
)
def test_where_no_year_is_likely_by_weeks_days_are_not_looked_at(said: list[str], by_weeks: bool) -> None:
    texts = [""] * 30
    texts[3::6] = said
    told = Told([read_clues(text) for text in texts], [None] * len(texts), None).sane()
    grid = span(told)
    assert grid is not None
    line = Timeline(told, grid, tables())
    ((first, block),) = line.posterior()
    assert first == 0
    assert block.shape == (len(texts), line.emissions.grid.size)
    assert block.sum(axis=1) == pytest.approx(1.0, abs=1e-3)
    assert is_even(block[0]) is by_weeks


def test_where_weeks_leave_most_of_a_long_line_days_are_told_by_each_post_alone() -> None:
    """It would take most of the time of cleaning to tell that nothing is known."""
    texts = [""] * 300
    texts[20::70] = ["In 2009 it was built.", "As in 2013.", "Since 2016.", "They met on 5 May 2022."]
    told = Told([read_clues(text) for text in texts], [None] * len(texts), None).sane()
    grid = span(told)
    assert grid is not None
    line = Timeline(told, grid, tables())
    blocks = list(line.posterior())
    assert [first for first, _ in blocks] == [256, 0]
    block = np.concatenate([block for _, block in reversed(blocks)])
    assert block.shape == (len(texts), line.emissions.grid.size)
    assert block.sum(axis=1) == pytest.approx(1.0, abs=1e-3)
    silent = [at for at, text in enumerate(texts) if not text]
    assert all(is_even(block[at]) for at in silent)
    assert line.emissions.grid.day(int(block[230].argmax())) == date(2022, 5, 5)


def is_even(row: NDArray[np.float32]) -> bool:
    """Say whether the days of each week are alike."""
    whole = row[: len(row) // CELL * CELL].reshape(-1, CELL)
    return bool((np.ptp(whole, axis=1) == 0).all())
