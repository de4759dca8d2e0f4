"""Signs of figures: what the matching form loses and the key and the guards keep."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.figures import marks, signs_differ
from cleaners.fold import fold
from cleaners.signatures import sign

CASES = json.loads((Path(__file__).parent / "cases" / "figures.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_marks(case: dict[str, Any]) -> None:
    assert marks(case["input"]) == case["expect"]


@pytest.mark.parametrize(
    ("left", "right", "rule"),
    [
        ("-5 at night", "+5 at night", "number"),
        ("-5 at night", "5 at night", "number"),
        ("−5 at night", "-5 at night", None),
        ("oil at $90", "oil at €90", "currency"),
        ("oil at $90", "oil at 90 $", None),
        ("oil at $90", "oil at 90", None),
        ("from -5 to 5", "from 5 to -5", None),  # the order of figures is not looked at
        ("$5 and 7", "7", None),  # what one text has more of is judged by its digits
    ],
)
def test_signs_differ(left: str, right: str, rule: str | None) -> None:
    assert signs_differ(left, right) == signs_differ(right, left) == rule


@pytest.mark.parametrize(
    ("left", "right"), [("Ночью -5", "Ночью +5"), ("Oil at $90", "Oil at €90"), ("Oil at $90", "Oil at 90")]
)
def test_keys_hold_the_signs(left: str, right: str) -> None:
    assert fold(left) == fold(right)
    one, other = sign([left, right])
    assert one.text_key != other.text_key
    assert one.bands == other.bands  # so that they meet, and a guard can hold them apart


@pytest.mark.parametrize(
    ("left", "right"), [("Ночью -5", "ночью −5!"), ("Oil at $90", "OIL AT 90 $"), ("10-15 мая", "10–15 мая")]
)
def test_keys_do_not_hold_their_typography(left: str, right: str) -> None:
    one, other = sign([left, right])
    assert one.text_key == other.text_key


@given(st.text(alphabet="-−–$€5 7.\n(a", max_size=30))
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert signs_differ(text, text) is None
    assert marks(text) == marks(text + " ")
