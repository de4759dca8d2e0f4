"""The language of a text, and none where it cannot be told."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.code_points import every_character
from cleaners.language import language, languages, plain, stripped
from cleaners.plain_kernel import _MOST

CASES = json.loads((Path(__file__).parent / "cases" / "language.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["label"] for case in CASES])
def test_language(case: dict[str, Any]) -> None:
    assert language(case["input"]) == case["expect"]


@given(st.text(st.characters()))
def test_any_text_has_one_code_or_none(text: str) -> None:
    found = language(text)
    assert found is None or found.split("-")[0].isalpha()
    assert language(text) == found


# Letters that become several, addresses and what ends them, signs, blanks, what no encoding has.
_PARTS = st.sampled_from(
    [
        "http://",
        "https:/",
        "https://",
        "www.",
        "t.me/",
        "@",
        "#",
        "_",
        "—",
        "ßİ",
        "Мир",
        " ",
        "\n",
        "😀",
        "'",
        "\ud800",
    ]
)
_TEXTS = st.lists(st.lists(_PARTS | st.text(max_size=3), max_size=12).map("".join), max_size=6)


@given(_TEXTS)
def test_many_texts_are_stripped_as_one_is(texts: list[str]) -> None:
    assert list(stripped(texts)) == [plain(text) for text in texts]


def test_a_text_of_the_widest_letters_before_one_of_signs_has_room() -> None:
    """The first fills what was made for both, so the second is what would run over."""
    texts = ["\u0390" * 1000, "_" * 440]
    assert list(stripped(texts)) == [plain(text) for text in texts]


def test_no_letter_becomes_more_than_three_in_lower_case() -> None:
    """What the room for one character rests on (cleaners.plain_kernel)."""
    assert max(len(char.casefold()) for char in every_character()) == 3
    assert max(len(char.casefold().encode("utf-8", "ignore")) for char in every_character()) <= _MOST


@pytest.mark.parametrize("char", ["ﬃ", "ΐ", "İ"])
def test_letters_that_become_several_have_room(char: str) -> None:
    assert list(stripped([char * 400, "a"])) == [plain(char * 400), b"a"]


def test_each_character_is_stripped_alike_by_table() -> None:
    texts = [f"a{char}b" for char in every_character()[::5]]
    assert list(stripped(texts)) == [plain(text) for text in texts]


def test_many_texts_have_the_languages_that_each_has() -> None:
    texts = [case["input"] for case in CASES]
    assert languages(texts) == [language(text) for text in texts]
    assert languages([]) == []
