"""Anchors: what makes one line a copy of another, and what makes it another fact."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.anchors import find_anchors, similarity, varies
from cleaners.keys import key
from cleaners.vocabulary import number_lines


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("they lost 5 men", "they lost 7 men", True),
        ("talks in paris today", "talks in milan today", True),
        ("the union said", "the mayor said", True),
        ("said in the town hall", "said in the hall", False),  # a lost word is a slip
        ("he said the talks go on", "he sad the talks go on", False),
        ("the the talks go on", "the talks go on", False),
        ("talks go on, he said", "talks go on he said.", False),
        ("oslo: farmers reject bread", "farmers reject bread", False),
        ("in oslo farmers reject bread", "in accra farmers reject bread", True),
        ("5 and 7 men", "7 and 5 men", False),
        ("", "", False),
    ],
)
def test_another_figure_or_word_is_another_fact(left: str, right: str, expected: bool) -> None:
    assert varies(left, right) is expected
    assert varies(right, left) is expected


@given(st.text(alphabet="ab 1", max_size=20), st.text(alphabet="ab 1", max_size=20))
def test_variation_has_no_direction(left: str, right: str) -> None:
    assert varies(key(left), key(right)) == varies(key(right), key(left))


@given(
    st.lists(st.sampled_from(["first line of a post", "second line of a post", "third", "4"]), max_size=14)
)
def test_no_two_anchors_join_the_same_lines(lines: list[str]) -> None:
    found = find_anchors(number_lines(lines), [True] * len(lines))
    anchors = found.at(np.arange(len(found.firsts)))
    places = [(anchor.first, anchor.later) for anchor in anchors]
    assert places == sorted(set(places))
    assert all(first < later for first, later in places)
    assert all((anchor.similarity == 1) == (lines[anchor.first] == lines[anchor.later]) for anchor in anchors)


@pytest.mark.parametrize(
    ("left", "right", "least", "most"),
    [
        ("the same", "the same", 1, 1),
        ("a long opening of a sentence that goes on", "a long opening of a sentence...", 0.95, 0.95),
        ("farmers reject bread", "judges expect wages", 0, 0),
        ("short", "shore", 0, 0),  # below eight letters, likeness is chance
        ("the mayor resigns", "the mayor resigned", 0.72, 0.99),
        ("abc", "abcdef", 0, 0),
    ],
)
def test_likeness_of_keys(left: str, right: str, least: float, most: float) -> None:
    assert least <= similarity(left, right) <= most
    assert similarity(left, right) == similarity(right, left)
