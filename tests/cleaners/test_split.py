"""Shapes of dumps, table-driven: where posts start and what is left of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from cleaners.chain import clean
from schemas.documents import Blob

CASES = json.loads((Path(__file__).parent / "cases" / "split.json").read_text(encoding="utf-8"))
PARAMS = [
    pytest.param(
        case,
        id=case["label"],
        marks=[pytest.mark.xfail(reason=case["xfail"], strict=True)] if "xfail" in case else [],
    )
    for case in CASES
]


def items_of(text: str) -> list[dict[str, Any]]:
    document = clean(Blob(data=text.encode(), source="test", uri="test.txt"))
    return [{"first_line": item.first_line, "text": item.text.split("\n")} for item in document.items]


@pytest.mark.parametrize("case", PARAMS)
def test_posts_and_their_text(case: dict[str, Any]) -> None:
    assert items_of("\n".join(case["lines"])) == case["expect"]


@pytest.mark.parametrize(
    "case", [case for case in CASES if "forwarded" in case], ids=lambda case: case["label"]
)
def test_forwards(case: dict[str, Any]) -> None:
    document = clean(Blob(data="\n".join(case["lines"]).encode(), source="test", uri="test.txt"))
    assert [item.forwarded_from for item in document.items] == case["forwarded"]


@pytest.mark.parametrize("case", PARAMS)
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_a_trailing_line_break_and_crlf_change_nothing(case: dict[str, Any], ending: str) -> None:
    assert items_of(ending.join(case["lines"]) + ending) == case["expect"]


@pytest.mark.parametrize(
    "case", [case for case in CASES if "xfail" not in case], ids=lambda case: case["label"]
)
def test_blank_lines_between_lines_move_no_boundary(case: dict[str, Any]) -> None:
    found = items_of("\n\n".join(case["lines"]))
    assert [item["first_line"] for item in found] == [2 * item["first_line"] - 1 for item in case["expect"]]


def test_what_the_boundary_rests_on_is_said() -> None:
    case = CASES[0]
    document = clean(Blob(data="\n".join(case["lines"]).encode(), source="test", uri="test.txt"))
    assert {item.boundary_cue for item in document.items} == {"echoes"}
    assert all(0 <= item.boundary_confidence <= 1 for item in document.items)
