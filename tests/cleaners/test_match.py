"""Verification: exact figures, guards against two facts in one wording, one answer whatever the order."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners.fold import fold
from cleaners.match import compare, verify
from cleaners.signatures import text_key

CASES = json.loads((Path(__file__).parent / "cases" / "match.json").read_text(encoding="utf-8"))
BODY = [f"слово{chr(1072 + number // 20)}{chr(1072 + number % 20)}" for number in range(400)]


def candidate(left: str, right: str) -> tuple[str, str, str, str]:
    """Return the two texts as a candidate pair."""
    return text_key(left, fold(left)), left, text_key(right, fold(right)), right


def words(start: int, end: int) -> str:
    """Return a text of distinct words."""
    return " ".join(BODY[start:end])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_cases(case: dict[str, Any]) -> None:
    relation, rule = case["expect"]
    for left, right in ((case["left"], case["right"]), (case["right"], case["left"])):
        found = compare(left, right)
        assert found.relation == relation
        assert rule is None or found.rule == rule
        pairs = verify([candidate(left, right)])
        assert [pair.relation for pair in pairs] == ([relation] if relation not in (None, "exact") else [])


def test_long_texts_have_exact_figures() -> None:
    (pair,) = verify([candidate(words(0, 100), words(10, 110))])
    # 98 word 3-grams each, 88 shared
    assert (pair.relation, pair.similarity, pair.containment) == ("near", 88 / 108, 88 / 98)
    assert pair.left < pair.right


def test_short_texts_have_exact_figures() -> None:
    left, right = "abcdefghij klmnopqrst", "abcdefghij klmnopqrsu"
    (pair,) = verify([candidate(left, right)])
    assert (pair.relation, pair.similarity, pair.containment) == ("near", 16 / 18, 16 / 17)


@pytest.mark.parametrize(
    ("left", "right", "relation"),
    [
        ((0, 100), (0, 72), "near"),  # truncated: 70 of 98
        ((0, 100), (0, 60), "contained"),
        ((0, 100), (40, 100), "contained"),
        ((0, 100), (0, 50), None),  # 48 of 98: more than half of the longer text is new
        ((0, 100), (60, 160), None),
    ],
)
def test_truncated_and_extended_texts(
    left: tuple[int, int], right: tuple[int, int], relation: str | None
) -> None:
    assert compare(words(*left), words(*right)).relation == relation


def test_texts_on_both_sides_of_the_limit_are_compared_by_characters() -> None:
    found = compare(words(0, 29), words(0, 31))
    assert (found.relation, found.rule) == ("near", "char-jaccard")


def test_in_a_long_text_a_changed_figure_alone_is_another_fact() -> None:
    text = words(0, 50) + " {} killed " + words(50, 100)
    assert compare(text.format("10,000"), text.format("20,000")).rule == "guard:number"
    edited = words(1, 50) + " 20,000 killed " + words(50, 100) + " подпишись"
    assert compare(text.format("10,000"), edited).rule == "guard:number"


def test_a_vaguer_text_is_near_to_variants_of_each_other() -> None:
    told = [f"{words(0, 50)} at least {figure} killed {words(50, 100)}" for figure in ("several", "12", "15")]
    keys = [candidate(text, text)[0] for text in told]
    pairs = verify([candidate(left, right) for left, right in combinations(told, 2)])
    relations = {frozenset((pair.left, pair.right)): pair.relation for pair in pairs}
    assert [relations[frozenset(pair)] for pair in combinations(keys, 2)] == ["near", "near", "variant"]
    (variant,) = (pair for pair in pairs if pair.relation == "variant")
    # 102 word 3-grams each, all but the three with the figure shared
    assert (variant.similarity, variant.containment) == (99 / 105, 99 / 102)


def test_texts_too_unlike_to_be_copies_are_no_variants() -> None:
    assert compare(f"5 {words(0, 60)}", f"7 {words(40, 100)}").rule == "apart"


def test_in_a_long_text_a_figure_that_one_text_lacks_is_no_obstacle() -> None:
    text = words(0, 100)
    assert compare(text, f"{text} 18+").relation == "near"
    assert compare(f"16 и 17 мая {text}", f"17 мая {text}").relation == "near"


def test_in_a_long_text_one_word_of_the_guards_is_no_obstacle() -> None:
    assert compare(f"{words(0, 50)} не {words(50, 100)}", words(0, 100)).relation == "near"


def test_the_threshold_is_the_least_jaccard_of_near() -> None:
    one = candidate(words(0, 100), words(10, 110))
    assert verify([one], threshold=88 / 108)
    assert not verify([one], threshold=88 / 108 + 1e-9)


def test_a_long_text_without_spaces_is_not_aligned_letter_by_letter() -> None:
    text = "".join(chr(0x4E00 + number) for number in range(6000))
    assert compare(text, text[:4500] + text[:1500]).rule == "char-jaccard"
    assert compare(text, text[::-1]).rule == "apart"


TEXTS = st.lists(
    st.sampled_from(["war", "peace", "not", "5", "7", "Kyiv", "🔥", "the", "и", "俄罗斯"]), max_size=12
)


@given(texts=st.lists(TEXTS.map(" ".join), min_size=2, max_size=6), data=st.data())
@settings(max_examples=100)
def test_order_sides_and_repeats_do_not_matter(texts: list[str], data: Any) -> None:
    every = [candidate(left, right) for left in texts for right in texts]
    shuffled = data.draw(st.permutations(every))
    cut = data.draw(st.integers(0, len(every)))
    pairs = verify(every)
    assert pairs == verify(shuffled[:]) == verify([(c, d, a, b) for a, b, c, d in every])
    parts = {(pair.left, pair.right): pair for part in (every[:cut], every[cut:]) for pair in verify(part)}
    assert sorted(parts.values(), key=lambda pair: (pair.left, pair.right)) == pairs
    for pair in pairs:
        assert pair.left < pair.right
        # 0: one letter in the middle of nine changes every 5-gram, and not the edit ratio.
        assert 0 <= pair.similarity <= pair.containment <= 1


@given(left=TEXTS.map(" ".join), right=TEXTS.map(" ".join))
def test_compare_is_symmetric_and_says_what_verify_says(left: str, right: str) -> None:
    found = compare(left, right)
    assert found == compare(right, left)
    pairs = [(pair.relation, pair.similarity, pair.containment) for pair in verify([candidate(left, right)])]
    said = (found.relation, found.similarity, found.containment)
    assert pairs == ([] if found.relation in (None, "exact") else [said])


@given(
    words=st.lists(
        st.sampled_from(["lost", "drones", "5", "7", "10 000", "su27", "over", "kursk"]),
        min_size=1,
        max_size=60,
    )
)
def test_texts_that_differ_in_digits_alone_are_never_copies(words: list[str]) -> None:
    text = " ".join(words)
    other = text.replace("5", "6")
    assert text == other or compare(text, other).relation in (None, "variant")
