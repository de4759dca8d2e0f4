"""Words, gaps and Chinese numerals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.dates.lexicon import lexicon
from cleaners.dates.tokens import Tokens, cjk_ago, cjk_number, gap_code, number, windows

lexicon()  # read before hypothesis starts its clock


@pytest.mark.parametrize(
    ("word", "value"),
    [("十", 10), ("十二", 12), ("二十", 20), ("三十一", 31), ("二零一八", 2018), ("两千零四", 2004),
     ("一九七八", 1978), ("一千九百七十八", 1978), ("十十", None), ("百千", None), ("月", None), ("", None)],
)  # fmt: skip
def test_chinese_numerals(word: str, value: int | None) -> None:
    assert cjk_number(word) == value


@pytest.mark.parametrize(
    ("word", "counted"),
    [("3天前", (3, "天")), ("两周前", (2, "周")), ("十年前", (10, "年")), ("以前", None), ("2023年前", None)],
)
def test_chinese_ago(word: str, counted: tuple[int, str] | None) -> None:
    assert cjk_ago(word) == counted


@pytest.mark.parametrize("digits", ["13", "١٣", "۱۳", "１３"])
def test_all_digits_count(digits: str) -> None:
    assert number(digits) == 13


def test_other_words_are_no_numbers() -> None:
    with pytest.raises(ValueError, match="not a number"):
        number("thirteen")


@pytest.mark.parametrize(
    ("gap", "code"),
    [("", "_"), (" ", " "), ("\u00a0", " "), (", ", ","), (". ", ";"), ("–", "-"), (" – ", "~"), (".-", "-"),
     ("./", "/"), (" (", "("), ("’", "'"), (" \u0654", " "), ("\n\n", "\n"), (" €", "$"), ("%", "%"),
     ("=", "|")],
)  # fmt: skip
def test_gaps(gap: str, code: str) -> None:
    assert gap_code(gap) == code


@given(st.text(max_size=80))
def test_tokens_are_the_text(text: str) -> None:
    tokens = Tokens(text)
    assert "".join(tokens.parts) == text
    assert all(text.startswith(part, start) for part, start in zip(tokens.parts, tokens.starts, strict=False))


@given(st.text(st.sampled_from("May 5, 2023.-/月日年 x on"), max_size=60))
def test_windows_are_apart_and_end_with_a_gap(text: str) -> None:
    tokens = Tokens(text)
    assert all(len(window.codes) % 2 == 1 for window in windows(tokens))


@pytest.mark.parametrize("text", ["5 of 10 in", "1 2 3 4", "all the 12 people"])
def test_numbers_alone_open_no_window(text: str) -> None:
    assert list(windows(Tokens(text))) == []
