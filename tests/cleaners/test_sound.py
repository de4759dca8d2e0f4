"""Sound lines: what the tables call sound, `mend` leaves alone."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.code_points import every_character, moving
from cleaners.mend import mend
from cleaners.sound import sound_lines

_SEEDS = Path(__file__).resolve().parent.parent.parent / "seeds"
# Characters of every kind that some step of `mend` looks at, beside plain ones.
_CHARACTERS = st.one_of(
    st.sampled_from(
        "aé Ð°ВРСГ°«»вЂ™œÂÃ \xa0\u2009\t\r\x0b\x85\x9d\ufeff\u200b\u200d\ufe0f\u0301й…—₽½😀👍🏽ΒΟ‘’"
    ),
    st.characters(),
)
_MANY = 20_000  # of 29,400 characters up to the last ideograph
_LINES = st.lists(st.text(_CHARACTERS, max_size=12), max_size=6)


def _unchanged(line: str) -> bool:
    return mend(line) == (line, ())


@given(_LINES)
def test_a_sound_line_is_one_that_mend_leaves_alone(lines: list[str]) -> None:
    found = sound_lines(lines)
    assert len(found) == len(lines)
    assert all(_unchanged(line) for line, sound in zip(lines, found, strict=True) if sound)


@given(_LINES)
def test_lines_do_not_influence_each_other(lines: list[str]) -> None:
    assert sound_lines(lines) == [sound_lines([line])[0] for line in lines]


@pytest.mark.parametrize("form", ["{}", "a{}b", "В{}В"])
def test_characters_by_themselves_and_between_letters(form: str) -> None:
    lines = [form.format(char) for char in every_character()[::7]]
    called = [line for line, sound in zip(lines, sound_lines(lines), strict=True) if sound]
    assert len(called) > _MANY
    assert not [line for line in called[::2] if not _unchanged(line)]


def test_no_lines() -> None:
    assert sound_lines([]) == []
    assert sound_lines(["", "", "a"]) == [True, True, True]


@pytest.mark.parametrize("name", sorted(path.name for path in _SEEDS.glob("*.txt")))
def test_most_lines_of_real_dumps_are_sound(name: str) -> None:
    lines = (_SEEDS / name).read_text(encoding="utf-8").split("\n")
    found = sound_lines(lines)
    assert all(_unchanged(line) for line, sound in zip(lines, found, strict=True) if sound)
    assert 2 * sum(found) > len(lines)


def test_whatever_composes_is_moving() -> None:
    """The second character of every pair that NFC joins: what stands before it would change."""
    seconds = {
        int(parts[1], 16)
        for char in every_character()
        if (parts := unicodedata.decomposition(char).split()) and parts[0][0] != "<" and len(parts) == 2
    }
    assert all(moving()[list(seconds)])
    assert all(moving()[[at for at, char in enumerate(every_character()) if unicodedata.combining(char)]])
