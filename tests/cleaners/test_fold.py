"""fold: what counts as the same for matching, and what must stay different."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cleaners.fold import FOLD_VERSION, fold
from schemas.signatures import Recipe

CASES = Path(__file__).parent / "cases"

TRICKY = "aZеЕёй\u0308\u0306\u0301\u0345о́\u039dvxк_ \u200b.w/:htps\ufb01½ǅİßſ²ẞΣς\u20e3\ufe0f①𝐁가ᄀक\u094d"
TEXTS = st.text(alphabet=st.sampled_from(TRICKY), max_size=12) | st.text(
    alphabet=st.characters(), max_size=20
)


def cases(name: str) -> list[Any]:
    rows = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return [pytest.param(row["input"], id=row["label"]) for row in rows]


@pytest.mark.parametrize("texts", cases("fold_equal"))
def test_equal(texts: list[str]) -> None:
    first, *others = [fold(text) for text in texts]
    assert first
    assert others == [first] * len(others)


@pytest.mark.parametrize("texts", cases("fold_different"))
def test_different(texts: list[str]) -> None:
    folded = [fold(text) for text in texts]
    assert len(set(folded)) == len(folded)


@pytest.mark.parametrize("text", cases("fold_empty"))
def test_empty(text: str) -> None:
    assert fold(text) == ""


@pytest.mark.parametrize("texts", cases("fold_known_failures"))
@pytest.mark.xfail(strict=True, reason="known limit, see the label")
def test_known_failure(texts: list[str]) -> None:
    assert len({fold(text) for text in texts}) == 1


@pytest.mark.parametrize(
    ("text", "expect"),
    [
        ("Hello,  World_1!", "hello world 1"),
        ("Ещё 10,5 % — «да»", "еще 10 5 да"),
        ("Cервис", "сервис"),
        ("Йод", "йод"),
        ("नमस्ते दुनिया", "नमस्ते दुनिया"),
        ("中国，北京。", "中国 北京"),
        ("см. https://президент.рф/a, там", "см там"),
        ("https://a.b" + "/x" * 1500, "x" * 1),
    ],
)
def test_form(text: str, expect: str) -> None:
    folded = fold(text)
    assert folded == expect if expect != "x" else set(folded.split()) == {"x"}


def test_long_addresses_are_dropped_for_2000_characters_only() -> None:
    assert fold("https://" + "a" * 2000) == ""
    assert fold("https://" + "a" * 2003) == "aaa"


@settings(max_examples=500)
@given(TEXTS)
@example("s\u0345")
@example("ё\u0308\u0308\u0308a")
def test_fold_is_idempotent_and_plain(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert folded == " ".join(folded.split())
    assert folded == folded.casefold()


@settings(max_examples=200)
@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_ascii_takes_the_same_way_as_the_rest(text: str) -> None:
    assert fold(text + " é") == (fold(text) + " é").strip()


def test_the_recipe_names_this_version() -> None:
    assert Recipe().fold_version == FOLD_VERSION


def test_hostile_marks_vanish() -> None:
    assert fold("a" + "\u0301\u0323" * 200_000 + "b") == "a b"
