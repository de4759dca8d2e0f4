"""The rule files: complete, and what they claim to be."""

import tomllib
from importlib.resources import files
from itertools import pairwise

import pytest

from cleaners.dates.curves import tables
from cleaners.dates.lexicon import lexicon

RULES = files("cleaners.rules")


@pytest.mark.parametrize("label", sorted(tables()["days"]))
def test_offsets_are_shares_of_one_class(label: str) -> None:
    bins = tables()["days"][label]["bins"]
    assert sum(share for _, _, share in bins) == pytest.approx(1.0)
    assert all(first <= last for first, last, _ in bins)
    assert all(right[0] == left[1] + 1 for left, right in pairwise(bins))


def test_every_class_has_its_share_of_old_mentions() -> None:
    labels = set(tables()["days"])
    assert labels == set(tables()["stated"]["old"]) == set(tables()["stated"]["ahead"])


@pytest.mark.parametrize("name", ["dates_words.toml", "dates_context.toml", "dates_cues.toml"])
def test_every_rule_says_why_with_an_example(name: str) -> None:
    for rule in tomllib.loads(RULES.joinpath(name).read_text("utf-8")).values():
        assert rule["why"]
        assert rule["example"]


@pytest.mark.parametrize("word", ["may", "march", "sun", "sat", "set", "среда", "pazar", "mar", "gen"])
def test_common_words_are_no_names_of_dates(word: str) -> None:
    known = lexicon().get(word)
    assert known is None or known.code not in "MmWw"


@pytest.mark.parametrize(
    ("word", "code", "value"),
    [("May", "M", 5), ("июля", "M", 7), ("липня", "M", 7), ("März", "M", 3), ("Eylül", "M", 9),
     ("يوليو", "M", 7), ("пятницу", "W", 4), ("lunedì", "W", 0), ("星期四", "W", 3),
     ("Sept", "m", 9), ("JULY", "M", 7)],
)  # fmt: skip
def test_names_come_from_the_locale_data(word: str, code: str, value: int) -> None:
    assert (lexicon()[word].code, lexicon()[word].value) == (code, value)
