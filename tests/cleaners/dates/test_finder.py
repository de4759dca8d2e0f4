"""The date finder: what it finds, what it leaves alone, and that its spans and cost are what they say."""

import json
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.dates import find
from schemas.dates import Mention

CASES = Path(__file__).parent / "cases"


def cases(name: str) -> list[object]:
    """Return the cases of a file as parameters; those with `xfail` are known failures."""
    rows = json.loads((CASES / name).read_text("utf-8"))
    return [
        pytest.param(
            row, id=row["label"], marks=pytest.mark.xfail(reason=row["xfail"]) if "xfail" in row else ()
        )
        for row in rows
    ]


def said(mention: Mention) -> dict[str, object]:
    """Return the fields that the text stated."""
    left_out = {"start", "end", "lang"}
    stated = asdict(mention).items()
    return {
        key: value
        for key, value in stated
        if value is not None and value is not False and key not in left_out
    }


@pytest.mark.parametrize("case", cases("finder.json") + cases("finder_by_language.json"))
def test_finds_what_the_text_says_and_no_more(case: dict[str, object]) -> None:
    assert [said(mention) for mention in find(str(case["input"]))] == case["expect"]


@pytest.mark.parametrize("case", cases("traps.json") + cases("traps_by_language.json"))
def test_leaves_traps_alone(case: dict[str, object]) -> None:
    assert [mention.text for mention in find(str(case["input"]))] == []


@given(st.text(st.sampled_from("May 5, 2023.-/月日年т'ав мая on I٣"), max_size=60) | st.text(max_size=60))
def test_spans_are_ordered_and_cut_the_text(text: str) -> None:
    mentions = find(text)
    assert all(text[mention.start : mention.end] == mention.text for mention in mentions)
    assert all(left.end <= right.start for left, right in pairwise(mentions))


@given(st.text(st.characters(categories=["L", "N", "P", "Z"]), max_size=40))
def test_a_mention_names_days_that_exist(text: str) -> None:
    for mention in find(f"{text} 31 {text} June 31"):
        assert mention.month is None or 1 <= mention.month <= 12
        assert mention.month not in {4, 6, 9, 11} or mention.day is None or mention.day <= 30


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Monday, " * 10_000, 10_000),
        ("monday " * 10_000, 10_000),
        ("1" * 100_000, 0),
        ("," * 1_000_000, 0),
        ("May 5 " * 10_000, 10_000),
        ("1, 2, 3 and " * 20_000, 0),
        ("5 May two thousand " * 5_000, 5_000),
    ],
    ids=["weekdays", "small weekdays", "digits", "commas", "dates", "lists", "years in words"],
)
def test_hostile_texts_end(text: str, count: int) -> None:
    # A quadratic finder takes minutes here and hits the time limit; a linear one takes under a second.
    assert len(find(text)) == count
