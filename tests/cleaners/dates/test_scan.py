"""The compiled scan opens the windows that the plain one opens, with the same codes and words."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners.dates import find
from cleaners.dates.finder import COMPILED_CHARS, find_all
from cleaners.dates.lexicon import lexicon
from cleaners.dates.scan import scan
from cleaners.dates.tokens import Tokens, Window, windows

CASES = Path(__file__).parent / "cases"
WORDS = sorted(lexicon())
PIECES = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(
        ["5", "31", "32", "007", "2023", "1812", "20231", "x", "п'ять", "it's", "²", "3月3日", "١٣"]
    ),
    st.text(st.sampled_from(" \n\t.,:;/-–—()'’`%$€«»!?_|…\u00a0\u0654\u200b\u2028🎉"), max_size=4),
    st.text(max_size=3),
)
TEXTS = st.lists(
    st.lists(PIECES, max_size=24).map("".join) | st.lists(PIECES, max_size=24).map(" ".join), max_size=4
)


def opened(tokens: Tokens, window: Window) -> tuple[str, int, list[str]]:
    """Return the codes of a window, its place in the text, and its parts with those of some words behind."""
    words = (len(window.codes) - 1) // 2 + 8
    first = 2 * window.first
    return window.codes, tokens.starts[first], tokens.parts[first : first + 2 * words + 1]


@settings(max_examples=50, deadline=None)
@given(TEXTS)
def test_windows_are_those_of_the_plain_way(texts: list[str]) -> None:
    for text, found in zip(texts, scan(texts), strict=True):
        tokens = Tokens(text)
        plain = [opened(tokens, window) for window in windows(tokens)]
        assert found is None or [opened(*pair) for pair in found] == plain


@pytest.mark.parametrize(
    ("text", "told"),
    [("", True), ("no date", True), ("5 May", True), ("на п'ять днів", True),
     ("3月3日", False), ("٣ مارس", False), ("۱۳", False), ("５ May", False), ("سه\u200cشنبه", False)],
)  # fmt: skip
def test_only_scripts_that_part_words_by_blanks_are_told(text: str, told: bool) -> None:
    (found,) = scan([text])
    assert (found is not None) is told


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from([*WORDS[:400], "5", "7", "12", "2023", "x"]), max_size=40).map(" ".join))
def test_many_texts_are_read_as_each_is(text: str) -> None:
    many = [text, text.replace(" ", "-"), "a" * COMPILED_CHARS]
    assert find_all(many) == [find(one) for one in many]


def test_all_cases_of_the_finder_are_read_alike() -> None:
    texts = [
        str(row["input"])
        for name in ("finder.json", "finder_by_language.json")
        for row in json.loads((CASES / name).read_text("utf-8"))
    ]
    texts.append("a" * COMPILED_CHARS)  # enough to be worth the compiled way
    assert find_all(texts) == [find(text) for text in texts]
