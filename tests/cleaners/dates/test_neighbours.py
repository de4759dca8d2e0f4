"""Neighbours: what widens an interval, and what stops it."""

from datetime import date

import pytest

from cleaners.dates.grid import make_grid
from cleaners.dates.neighbours import Dated, bound_by_neighbours, widened
from schemas.items import UNDATED, Published

GRID = make_grid(date(2023, 1, 1), date(2023, 12, 31))


def dated(best: date, earliest: date, latest: date, *, sure: bool = False) -> Dated:
    return Dated(best, earliest, latest, 0.5, 1.0, None, sure)


def test_an_interval_is_widened_up_to_the_nearest_posts_that_state_their_day() -> None:
    first = dated(date(2023, 5, 1), date(2023, 5, 1), date(2023, 5, 2), sure=True)
    vague = dated(date(2023, 5, 11), date(2023, 5, 5), date(2023, 5, 15))
    assert widened([vague], GRID) == [dated(date(2023, 5, 11), date(2023, 4, 29), date(2023, 5, 19))]
    assert widened([first, vague], GRID)[1].earliest == date(2023, 5, 1)
    assert widened([vague, first], GRID)[0].earliest == date(2023, 5, 1)  # newest first
    assert widened([first, vague], GRID)[0] == first


def test_a_limit_never_narrows_an_interval() -> None:
    near = dated(date(2023, 5, 10), date(2023, 5, 10), date(2023, 5, 10), sure=True)
    vague = dated(date(2023, 5, 11), date(2023, 5, 5), date(2023, 5, 15))
    assert widened([near, vague], GRID)[1].earliest == date(2023, 5, 5)


@pytest.mark.parametrize(
    ("anchors", "days", "closed"),
    [(1, 20, True), (1, 50, False), (5, 50, True), (5, 80, False)],
)
def test_an_open_end_is_closed_where_the_posterior_leaves_few_days(
    anchors: int, days: int, closed: bool
) -> None:
    day = date(2023, 5, 1)
    stated = Published(best="2023-05-01", earliest="2023-05-01", latest="2023-05-01", basis="stated")
    last = dated(date(2023, 5, 8), day, date.fromordinal(day.toordinal() + days))
    *_, answer = bound_by_neighbours(
        [stated] * anchors + [UNDATED], [dated(day, day, day)] * anchors + [last], range(anchors + 1)
    )
    assert (answer.best, answer.latest is not None) == ("2023-05-08" if closed else None, closed)
    assert answer.earliest == "2023-05-01"
