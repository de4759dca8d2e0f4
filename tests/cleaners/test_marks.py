"""Structural marks: table-driven, and every language of the rule file by its own example."""

import json
from pathlib import Path
from typing import Any

import pytest

from cleaners.marks import mark
from cleaners.rules import rules

CASES = json.loads((Path(__file__).parent / "cases" / "marks.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_marks_are_what_the_case_says(case: dict[str, Any]) -> None:
    found = {str(at): [mark.kind, mark.name, mark.when] for at, mark in mark(case["lines"]).items()}
    assert found == case["expect"]


@pytest.mark.parametrize("rule", rules("headers")["forwarded"], ids=lambda rule: rule["id"])
def test_the_example_of_each_language_is_a_header(rule: dict[str, Any]) -> None:
    (found,) = mark([rule["example"]]).values()
    assert found.kind == "forwarded"
    assert found.name
    assert found.name in rule["example"]
