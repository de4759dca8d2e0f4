"""Line keys: what makes two lines the same line of a dump."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.keys import key, letters


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("“Stop!”", '"stop!"'),
        ("a\u00a0b", "A b"),
        ("Sochi \u2212 talks", "Sochi - talks"),
        ("‼️Once", "‼Once"),
        ("we\u200bb", "web"),
        ("«Так»", '"так"'),
        ("It`s", "It's"),
    ],
)
def test_copies_that_differ_in_dress_share_a_key(left: str, right: str) -> None:
    assert key(left) == key(right)


@pytest.mark.parametrize(
    ("left", "right"), [("Stop.", "Stop?"), ("10,000 killed", "20,000 killed"), ("мой", "мои")]
)
def test_different_lines_have_different_keys(left: str, right: str) -> None:
    assert key(left) != key(right)


@given(st.text())
def test_a_key_is_its_own_key_once_folded_twice(text: str) -> None:
    once = key(key(text))
    assert key(once) == once


def test_the_words_of_a_line_are_its_runs_of_letters() -> None:
    assert letters(key("В 2023 году: «Радио-1», won't")) == ["в", "году", "радио", "won", "t"]
