"""What is said of each date in a text: its class, the days it may mean, and the one that won."""

import pytest

from cleaners.dates import DateInput, explain_dates, resolve
from schemas.items import UNDATED

TEXTS = [
    "On July 13, Lavrov met Wang Yi.",
    "On August 1, 2023, they spoke.",
    "On Friday, August 11, they met.",
]


def test_the_year_that_won_and_those_that_did_not() -> None:
    published = resolve([DateInput(text=text) for text in TEXTS])[0]
    (reading,) = explain_dates(TEXTS[0], published)
    assert (reading.text, reading.label, reading.chosen) == ("July 13", "day.lead_past", "2023-07-13")
    assert reading.candidates == ("2022-07-13", "2023-07-13", "2024-07-13")
    assert reading.offset == 0
    assert "published on it" in reading.why
    assert "not 2022-07-13, 2024-07-13" in reading.why


def test_a_weekday_that_agrees_is_named() -> None:
    published = resolve([DateInput(text=text) for text in TEXTS])[2]
    (reading,) = explain_dates(TEXTS[2], published)
    assert reading.chosen == "2023-08-11"
    assert "it is a Friday, as stated" in reading.why


@pytest.mark.parametrize(
    ("text", "label", "candidates"),
    [("On July 13, they met.", "day.lead_past", ("XXXX-07-13",)), ("Born in 1960.", "year.plain", ("1960",)),
     ("In March 2022 it began.", "month_year.past", ("2022-03",))],
)  # fmt: skip
def test_without_a_published_day_no_reading_is_chosen(
    text: str, label: str, candidates: tuple[str, ...]
) -> None:
    (reading,) = explain_dates(text, UNDATED)
    assert (reading.label, reading.candidates, reading.chosen) == (label, candidates, None)
    assert "nothing in the document settles a year" in reading.why


def test_both_readings_of_a_numeric_date_are_candidates() -> None:
    text = "On 7/8/2023 they met."
    (reading,) = explain_dates(text, resolve([DateInput(text=text)])[0])
    assert reading.candidates == ("2023-07-08", "2023-08-07")


def test_spans_cut_the_text() -> None:
    for text, published in zip(TEXTS, resolve([DateInput(text=text) for text in TEXTS]), strict=True):
        for reading in explain_dates(text, published):
            assert text[reading.start : reading.end] == reading.text
