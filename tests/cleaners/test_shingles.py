"""Shingles: which kind a text gets, that sets are the n-grams, and that hashes are the same everywhere."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.shingles import kind_of_pair, kinds, shingle, shingle_all
from schemas.signatures import Recipe

RECIPE = Recipe()
CASES = json.loads((Path(__file__).parent / "cases" / "shingles.json").read_text(encoding="utf-8"))
WORDS = st.text(alphabet="abвгд7ย", min_size=1, max_size=4)
FOLDED = st.lists(WORDS, max_size=60).map(" ".join)


def grams(units: Any, size: int) -> set[Any]:
    """Return the n-grams of a sequence; a shorter sequence is one n-gram, an empty one none."""
    return {tuple(units[at : at + size]) for at in range(max(len(units) - size + 1, 1))} if units else set()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_kinds(case: dict[str, Any]) -> None:
    text, star, times = case["input"].partition("*")
    folded = " ".join([text] * int(times)) if star else text
    assert kinds(folded, RECIPE) == tuple(case["expect"])


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [(40, 50, "word"), (50, 29, "char"), (29, 31, "char"), (31, 31, "word"), (5, 5, "char")],
)
def test_a_pair_is_compared_by_words_only_if_both_are_long(left: int, right: int, kind: str) -> None:
    texts = [kinds(" ".join(["w"] * size), RECIPE) for size in (left, right)]
    assert kind_of_pair(texts[0], texts[1]) == kind_of_pair(texts[1], texts[0]) == kind


@given(short=st.integers(1, 30), long=st.integers(31, 90))
def test_texts_on_both_sides_of_the_limit_share_the_kind_they_are_compared_by(short: int, long: int) -> None:
    left, right = (kinds(" ".join(["w"] * size), RECIPE) for size in (short, long))
    near = short / long >= 0.7  # the most that the Jaccard of two such texts can be
    assert not near or kind_of_pair(left, right) in set(left) & set(right)


@given(texts=st.lists(FOLDED, max_size=6), kind=st.sampled_from(["word", "char"]))
def test_sets_are_the_n_grams(texts: list[str], kind: Any) -> None:
    hashes, offsets = shingle_all(texts, RECIPE, kind)
    found = [set(hashes[start:end].tolist()) for start, end in pairwise(offsets)]
    size = RECIPE.word_shingle if kind == "word" else RECIPE.char_shingle
    expected = [grams(text.split(" ") if kind == "word" and text else text, size) for text in texts]
    assert offsets[-1] == len(hashes)
    assert [len(one) for one in found] == [len(one) for one in expected]
    for one, other, ours, theirs in zip(found, found[1:], expected, expected[1:], strict=False):
        assert len(one & other) == len(ours & theirs)


@given(texts=st.lists(FOLDED.filter(bool), min_size=1, max_size=6), kind=st.sampled_from(["word", "char"]))
def test_a_text_is_shingled_alike_alone_and_in_a_batch(texts: list[str], kind: Any) -> None:
    hashes, offsets = shingle_all(texts, RECIPE, kind)
    for at, text in enumerate(texts):
        alone = shingle(text, RECIPE, kind)
        assert np.array_equal(alone, hashes[offsets[at] : offsets[at + 1]])
        assert np.all(alone[1:] > alone[:-1])


def test_the_kind_is_the_texts_own_unless_it_is_given() -> None:
    long = " ".join(f"w{at}" for at in range(50))
    assert len(shingle(long, RECIPE)) == 48
    assert np.array_equal(shingle("a short text", RECIPE), shingle("a short text", RECIPE, "char"))
    assert not set(shingle("abcde", RECIPE, "word").tolist()) & set(shingle("abcde", RECIPE, "char").tolist())


def test_nothing_has_no_shingles() -> None:
    assert len(shingle("", RECIPE)) == 0
    hashes, offsets = shingle_all([], RECIPE, "word")
    assert (len(hashes), offsets.tolist()) == (0, [0])


def test_hashes_are_pinned() -> None:
    """Stored bands were made with these; another value needs a new `Recipe.version`."""
    assert shingle("война и мир", RECIPE, "word").tolist() == [14484486038778265469]
    assert shingle("привет", RECIPE, "char").tolist() == [3997426649060748883, 10569511459872849393]


@pytest.mark.parametrize("seed", ["0", "1"])
def test_hashes_do_not_depend_on_the_process(seed: str) -> None:
    code = (
        "from cleaners.shingles import shingle; from schemas.signatures import Recipe; "
        "print(shingle('привет мир', Recipe()).tolist())"
    )
    environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert json.loads(run.stdout) == shingle("привет мир", RECIPE).tolist()


@pytest.mark.parametrize("bit", [0, 1, 31, 32, 63])
def test_hashes_are_spread_over_every_bit(bit: int) -> None:
    hashes, _ = shingle_all([f"{number:05d}" for number in range(4000)], RECIPE, "char")
    share = float(np.mean((hashes >> np.uint64(bit)) & np.uint64(1)))
    assert (
        0.45 < share < 0.55
    )  # 4,000 consecutive numbers, one shingle each: a fair coin stays within 0.03 of a half
