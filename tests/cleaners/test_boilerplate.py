"""Boilerplate rules: each by its own example and counter-example; the structural rules by small articles."""

from typing import Any

import pytest

from cleaners.boilerplate import headline, line_rule, line_rules, mark_boilerplate
from cleaners.rules import rules

RULES = rules("boilerplate")["rule"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["id"])
def test_rule_hits_its_example_and_spares_its_negative(rule: dict[str, Any]) -> None:
    assert line_rule(rule["example"]) == rule["id"]
    assert line_rule(rule["negative"]) is None


def test_every_rule_has_an_id_of_its_own_and_a_reason() -> None:
    assert len({rule.id for rule in line_rules()}) == len(RULES)
    assert all(len(rule["why"]) > 10 for rule in [*RULES, *rules("boilerplate")["structure"]])


def test_a_hostile_line_is_refused_in_linear_time() -> None:
    for line in ("(" * 390, "share " * 60, "a" * 399 + "(", "Photo: " + "x" * 130):
        assert line_rule(line) in (None, "credit", "share")


ARTICLE = [
    "Minister resigns",
    "The minister resigned on Thursday.",
    "He gave no reasons.",
    "The vote was held at night.",
]


def test_teaser_takes_headline_marker_headline_and_standfirst_and_no_more() -> None:
    texts = [
        *ARTICLE,
        "Two arrested",
        "Other Topics of Interest",
        "Two arrested",
        "They had scouted targets.",
        "The body goes on.",
    ]
    assert mark_boilerplate(texts, texts) == {4: "teaser", 5: "see-also", 6: "teaser", 7: "teaser"}


def test_a_teaser_at_the_end_does_not_take_the_last_line() -> None:
    texts = [*ARTICLE, "Two arrested", "See also", "Two arrested", "The body ends here."]
    assert 7 not in mark_boilerplate(texts, texts)


def test_caption_before_lead_needs_the_only_trailing_no_break_space() -> None:
    assert mark_boilerplate(ARTICLE, [ARTICLE[0], ARTICLE[1] + "\u00a0", *ARTICLE[2:]]) == {
        1: "caption-before-lead"
    }
    assert mark_boilerplate(ARTICLE, [line + "\u00a0" for line in ARTICLE]) == {}
    assert mark_boilerplate(ARTICLE, ARTICLE) == {}


@pytest.mark.parametrize(
    ("texts", "expect"),
    [
        (["Minister resigns", "He did."], "Minister resigns"),
        (["Minister resigns"], None),
        (["The minister resigned on Thursday.", "He did."], None),
        (["“It is over.”", "He did."], None),
        (["x" * 201, "He did."], None),
        ([], None),
    ],
)
def test_headline(texts: list[str], expect: str | None) -> None:
    assert headline(texts) == expect
