"""The forms of dates: each starts only with the codes that it is filed under."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.dates.grammar import FORMS, grammar, starts
from cleaners.dates.readers import READERS

WORDS = st.sampled_from("xDdYyNMmWwfFPpBCToGJKLraRQUASVZnzthbHveqE")
GAPS = st.sampled_from("_ ,;.k/-:(~'|\n$%)")
LISTS = {"dd_m", "m_dd"}  # read as several mentions


@pytest.fixture(scope="module")
def forms() -> dict[str, re.Pattern[str]]:
    """Return every form on its own."""
    return {name: re.compile(form) for name, (_, form) in FORMS.items()}


@given(st.lists(st.tuples(GAPS, WORDS), min_size=1, max_size=8))
def test_no_form_starts_with_a_code_that_it_is_not_filed_under(
    forms: dict[str, re.Pattern[str]], pairs: list[tuple[str, str]]
) -> None:
    codes = "".join(gap + word for gap, word in pairs) + " "
    for at in range(1, len(codes), 2):
        for name, form in forms.items():
            assert form.match(codes, at) is None or codes[at] in FORMS[name][0], (name, codes)


def test_every_form_has_a_reader() -> None:
    assert {name.replace("-", "_") for name in FORMS} == set(READERS) | LISTS


def test_the_forms_behind_one_are_those_filed_later() -> None:
    later = [name for name, _ in grammar()["W"].after("dmy")]
    assert later[0] == "dmd"
    assert "weekday" in later
    assert "dmy" not in later


def test_a_start_is_a_code_of_some_form() -> None:
    assert starts().search("xxn") is None
    assert starts().search("x M") is not None
