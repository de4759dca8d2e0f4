"""Differences of two texts, word by word."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.wording import word_diff

CASES = json.loads((Path(__file__).parent / "cases" / "wording.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["label"]))
def test_differences(case: dict[str, str]) -> None:
    assert word_diff(case["before"], case["after"]) == case["expect"]


def test_what_is_too_long_is_told() -> None:
    before = "same start " + "left " * 3000 + "same end"
    after = "same start " + "right " * 3000 + "same end"
    assert word_diff(before, after) == "same start [3,000 words become 3,000: too many to compare] same end"


def test_a_long_difference_is_cut() -> None:
    shown = word_diff("end", " ".join(map(str, range(1000))) + " end")
    assert shown.endswith("… (cut)")
    assert len(shown) < 2100


WORDS = st.lists(st.sampled_from(["one", "two", "three", "four", "\x1b[31m"]), max_size=12)


@given(before=WORDS, after=WORDS)
def test_it_is_empty_for_equal_words_only_and_safe_to_show(before: list[str], after: list[str]) -> None:
    shown = word_diff(" ".join(before), "\n".join(after))
    assert (shown == "") == (before == after)
    assert shown.isprintable()
