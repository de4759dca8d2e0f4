"""The compiled loops that read lines, against the same in plain Python."""

import re
from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

from cleaners.characters import LETTERS_END
from cleaners.code_points import every_character
from cleaners.keys import key, letters
from cleaners.many_keys import keys_of
from cleaners.openers import stem
from cleaners.vocabulary import hashed, stems_of

# What folds to one character, to several, to none, by its neighbours; blanks; letters of many planes.
_CHARACTERS = st.one_of(
    st.sampled_from("aБß…½«—  \t\xa0\u2009\u200b\ufe0f\u0301йeЙﬃıİ²1_.-ǰ가각\u11a8😀𝒜𐐀\U0001d165"),
    st.characters(),
)
_LINES = st.lists(st.text(_CHARACTERS, max_size=14), max_size=8)
_KEYS = st.lists(st.text("abcdé жщ.-7 ²", max_size=20), max_size=8)


@given(_LINES)
def test_many_lines_have_the_keys_that_each_has(texts: list[str]) -> None:
    assert keys_of(texts) == [key(text) for text in texts]


def test_each_character_has_the_key_that_it_has_alone() -> None:
    for form in ("{0}a {0} B{0}", "я{0}"):
        lines = [form.format(char) for char in every_character()[:LETTERS_END:3]]
        assert keys_of(lines) == [key(line) for line in lines]


def test_lines_that_grow_beyond_the_room_for_them_have_their_keys() -> None:
    lines = ["\ufdfa" * 90, "a", "\ufb03" * 200]
    assert keys_of(lines) == [key(line) for line in lines]


@given(_KEYS)
def test_words_are_hashed_as_they_stand_between_blanks(lines: list[str]) -> None:
    found = hashed(lines)
    ends = zip(found.starts[:-1], found.starts[1:], strict=True)
    assert [found.words[start:end].tolist() for start, end in ends] == [
        [crc32(word.encode()) for word in line.split(" ") if word] for line in lines
    ]
    openings = [crc32(line[:8].rstrip(". ").encode()) for line in lines]
    assert found.openings.tolist() == openings


@given(_KEYS)
def test_stems_are_those_of_the_words_of_letters(lines: list[str]) -> None:
    found = stems_of(lines)
    words = [letters(line) for line in lines]
    assert len(set(found.stems)) == len(found.stems)
    ends = zip(found.starts[:-1], found.starts[1:], strict=True)
    assert [[found.stems[code] for code in found.codes[start:end]] for start, end in ends] == [
        [stem(word) for word in line] for line in words
    ]
    assert found.topical.tolist() == [len(word) >= 4 for line in words for word in line]


def test_thousands_of_stems_are_told_apart() -> None:
    """More than the first table holds: it grows twice."""
    names = ["".join(chr(ord("a") + int(digit)) for digit in f"{number:05}") for number in range(5_000)]
    found = stems_of([" ".join(names), " ".join(reversed(names))])
    assert found.stems == tuple(names)
    assert found.codes.tolist() == [*range(5_000), *reversed(range(5_000))]


def test_words_of_letters_hold_no_digits_of_any_script() -> None:
    lines = [f"a{char}b" for char in every_character()[::11] if not re.match(r"\s", char)]
    found = stems_of(lines)
    assert [
        [found.stems[code] for code in found.codes[start:end]]
        for start, end in zip(found.starts[:-1], found.starts[1:], strict=True)
    ] == [[stem(word) for word in letters(line)] for line in lines]
