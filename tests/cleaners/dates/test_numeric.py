"""Dates in digits: their order, their ranges, and which order stays open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.dates import find
from cleaners.dates.grammar import FORMS
from cleaners.dates.numeric import NUMERIC
from schemas.dates import Mention


def only(text: str) -> Mention:
    """Return the one mention of a text."""
    (mention,) = find(text)
    return mention


@pytest.mark.parametrize(
    ("text", "month", "day", "ambiguous"),
    [("on 7/13/2023", 7, 13, False), ("on 13/7/2023", 7, 13, False), ("on 7/8/2023", 7, 8, True),
     ("el 7/8/2023", 8, 7, True), ("7.8.2023", 8, 7, False), ("7-8-2023", 8, 7, True),
     ("on 7/7/2023", 7, 7, False)],
)  # fmt: skip
def test_order(text: str, month: int, day: int, ambiguous: bool) -> None:
    mention = only(text)
    assert (mention.month, mention.day, mention.ambiguous) == (month, day, ambiguous)


def test_the_other_way_round_turns_both_ends() -> None:
    mention = only("from 10/1/2018-10/7/2018").other_way()
    assert (mention.month, mention.day, mention.end_month, mention.end_day) == (1, 10, 7, 10)
    assert not mention.ambiguous


def test_the_other_way_round_of_a_day_has_no_end() -> None:
    mention = only("on 7/8/2023").other_way()
    assert (mention.month, mention.day, mention.end_month, mention.end_day) == (8, 7, None, None)


@given(st.dates().filter(lambda day: day.year >= 1900 and day.year <= 2099))
def test_iso_days_are_themselves(day: object) -> None:
    mention = only(f"({day})")
    assert f"{mention.year:04d}-{mention.month:02d}-{mention.day:02d}" == str(day)


@given(st.integers(1, 99), st.integers(1, 99), st.sampled_from("./-"))
def test_versions_and_marks_with_three_parts_are_no_days(first: int, second: int, separator: str) -> None:
    assert find(f"v{first}{separator}{second}{separator}{first}{separator}{second}") == ()


@pytest.mark.parametrize("form", sorted(NUMERIC))
def test_every_reader_is_of_a_form(form: str) -> None:

    assert form.replace("_", "-") in FORMS or form in FORMS
