"""Guards: what counts as another figure, and that every word of the rules does what its rule says."""

from typing import Any

import pytest

from cleaners.fold import fold
from cleaners.guards import Passage, differ, differ_briefly, passages
from cleaners.rules import rules

GUARDS = rules("guards")["guard"]


@pytest.mark.parametrize(
    ("left", "right", "rule"),
    [
        ("10 000 killed", "20 000 killed", "number"),
        ("10 killed", "10 000 killed", "number"),
        ("96 rubles", "96 5 rubles", "number"),
        ("on 16 17 may in town", "on 17 may in the town", None),
        ("lost drones", "lost 5 drones", None),
        ("in 2023 he lost 5 drones", "he lost 5 drones in 2023", None),
        ("5 of 7", "7 of 5", "number"),
        ("a text", "a test", None),
        ("10 000 killed", "10000 killed", None),
        ("10 000 killed", "10 thousand were killed", None),
        ("10 000 killed", "20 thousand were killed", "number"),
        ("10 000 killed", "twenty thousand killed", "number"),
        ("two million five hundred people", "2 000 500 people", None),
        ("the fair opens on friday at noon", "the fair opens on saturday at noon", "weekday"),
        (
            "the fair opens on 5 may at noon",
            "the fair opens on 5 june at noon see our other channel",
            "month",
        ),
        ("the fair opens on friday at noon", "the market opens on saturday at noon", None),
        ("сбор во вторник в полдень", "сбор в среду в полдень", "weekday"),
        ("world war i", "world war ii", None),
    ],
)
def test_figures(left: str, right: str, rule: str | None) -> None:
    assert differ(left, right) == differ(right, left) == rule


def test_texts_too_long_to_align_are_compared_by_their_figures_alone() -> None:
    body = "word " * 4000
    assert differ(f"{body}5", f"7 {body}end") == "number"
    assert differ(f"{body}5", f"5 {body}end") is None


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard["id"])
def test_the_example_of_a_rule_trips_it(guard: dict[str, Any]) -> None:
    left, right = guard["example"]
    assert differ_briefly(left, right, left, right) == guard["id"]
    assert guard["why"]


def test_the_example_of_the_negations_trips_them() -> None:
    left, right = rules("guards")["negation"]["example"]
    assert differ_briefly(left, right, left, right) == "negation"


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard["id"])
def test_every_word_stands_in_one_sense_only(guard: dict[str, Any]) -> None:
    said = [word for other in GUARDS for sense in other["senses"] for word in sense]
    for sense in guard["senses"]:
        for word in sense:
            assert said.count(word) == 1, word
            assert word == word.casefold().replace("ё", "е")


def test_words_of_one_sense_do_not_differ() -> None:
    left, right = "ограничения введены в городе", "ограничения объявлены в городе"
    assert differ_briefly(left, right, left, right) is None


def test_a_header_or_footer_may_hold_figures_and_negations() -> None:
    left = "власти сообщили о пожаре на складе"
    right = f"{left} не забудьте позвонить по номеру 112"
    assert differ_briefly(left, right, left, right) is None


def test_names_are_capitals_inside_a_sentence() -> None:
    left, right = "взрывы в киеве утром", "взрывы в одессе утром"
    assert differ_briefly(left, right, "Взрывы в Киеве утром", "Взрывы в Одессе утром") == "name"
    assert differ_briefly(left, right, left, right) is None  # no capitals, nothing to go by


def test_passages_say_what_lies_between_equal_words() -> None:
    assert list(passages("a b c 10 000 d", "b x c 20 000 d e")) == [
        Passage(("a",), (), edge=True),
        Passage((), ("x",), edge=False),
        Passage(("10 000",), ("20 000",), edge=False),
        Passage((), ("e",), edge=True),
    ]


@pytest.mark.parametrize(
    ("left", "right", "rule"),
    [
        ("Курс вырос до 90 евро", "Курс вырос до $90", "currency"),
        ("Курс вырос до 90 долларов", "Курс вырос до $90", None),
        ("Курс вырос до 90", "Курс вырос до $90", None),
        ("Курс $90 или 80 евро", "Курс $90 или 80 юаней", "currency"),
    ],
)
def test_signs_of_currencies_count_as_their_words(left: str, right: str, rule: str | None) -> None:
    assert differ_briefly(fold(left), fold(right), left, right) == rule
