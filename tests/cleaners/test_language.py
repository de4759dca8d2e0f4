"""The language of a text, and none where it cannot be told."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.language import language

CASES = json.loads((Path(__file__).parent / "cases" / "language.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["label"] for case in CASES])
def test_language(case: dict[str, Any]) -> None:
    assert language(case["input"]) == case["expect"]


@given(st.text(st.characters()))
def test_any_text_has_one_code_or_none(text: str) -> None:
    found = language(text)
    assert found is None or found.split("-")[0].isalpha()
    assert language(text) == found
