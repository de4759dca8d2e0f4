"""EDTF texts."""

from datetime import date

import pytest

from cleaners.dates.edtf import day_or_interval, yearless

FIRST, LAST = date(2024, 1, 10), date(2024, 4, 8)


@pytest.mark.parametrize(
    ("earliest", "latest", "text"),
    [(FIRST, FIRST, "2024-01-10"), (FIRST, LAST, "2024-01-10/2024-04-08"), (None, LAST, "../2024-04-08"),
     (FIRST, None, "2024-01-10/.."), (None, None, None)],
)  # fmt: skip
def test_intervals(earliest: date | None, latest: date | None, text: str | None) -> None:
    assert day_or_interval(earliest, latest) == text


def test_a_day_without_its_year() -> None:
    assert yearless(7, 3) == "XXXX-07-03"
