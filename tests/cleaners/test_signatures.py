"""Signatures: equal to datasketch bit for bit, the same in any batch, and never a sketch of nothing."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners.fold import fold
from cleaners.shingles import shingle
from cleaners.signatures import band_keys, permute, sign, text_key, to_datasketch
from schemas.errors import ConfigError, InputError
from schemas.signatures import BLANK_KEY, Recipe

RECIPE = Recipe()
TEXTS = st.text(alphabet="абвгд efg 12 .!🔥", max_size=300)


@given(
    values=st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=50),
    seed=st.integers(0, 2**32 - 1),
    count=st.sampled_from([1, 16, 128]),
)
@settings(max_examples=50)
def test_permutations_equal_datasketch_bit_for_bit(values: list[int], seed: int, count: int) -> None:
    recipe = Recipe(seed=seed, permutations=count, bands=1, rows=1)
    theirs = MinHash(num_perm=count, seed=seed, scheme="affine32", hashfunc=lambda value: value >> 32)
    theirs.update_batch(values)
    ours = permute(np.array(values, dtype=np.uint64), np.array([0, len(values)]), recipe)
    assert np.array_equal(ours[0], theirs.hashvalues)


@given(text=TEXTS)
@settings(max_examples=50)
def test_a_text_signs_as_datasketch_does(text: str) -> None:
    (signed,) = sign([text])
    hashes = (shingle(fold(text), RECIPE) >> np.uint64(32)).tolist()
    assert signed.shingles == len(hashes)
    if not hashes:
        assert (signed.signature, signed.bands) == (b"", ())
        return
    theirs = MinHash(num_perm=128, seed=1, scheme="affine32", hashfunc=int)
    theirs.update_batch(hashes)
    ours = to_datasketch(signed)
    assert ours.jaccard(theirs) == 1.0
    assert np.array_equal(ours.hashvalues, theirs.hashvalues)
    assert (ours.seed, ours.scheme, ours.num_perm) == (theirs.seed, theirs.scheme, theirs.num_perm)


def test_a_text_of_many_blocks_signs_as_datasketch_does() -> None:
    text = " ".join(f"w{number}" for number in range(5000))
    (signed,) = sign([text])
    theirs = MinHash(num_perm=128, seed=1, scheme="affine32", hashfunc=int)
    theirs.update_batch((shingle(fold(text), RECIPE) >> np.uint64(32)).tolist())
    assert np.array_equal(to_datasketch(signed).hashvalues, theirs.hashvalues)


@given(texts=st.lists(TEXTS, max_size=8), data=st.data())
@settings(max_examples=50)
def test_batches_do_not_matter(texts: list[str], data: Any) -> None:
    cut = data.draw(st.integers(0, len(texts)))
    assert sign(texts) == sign(texts[:cut]) + sign(texts[cut:])


def test_the_estimate_has_the_error_that_theory_gives() -> None:
    """RMSE of 128 permutations is sqrt(J(1 - J) / 128); a faulty permutation is far off."""
    shared, own, trials = 90, 5, 300  # Jaccard .9
    generator = np.random.default_rng(7)
    sets = generator.integers(0, 2**64, size=(trials, shared + 2 * own), dtype=np.uint64)
    left = permute(sets[:, : shared + own].ravel(), np.arange(trials + 1) * (shared + own), RECIPE)
    right = permute(sets[:, own:].ravel(), np.arange(trials + 1) * (shared + own), RECIPE)
    # left holds columns 0..94, right 5..99: 90 shared of 100
    error = (left == right).mean(axis=1) - 0.9
    theory = (0.9 * 0.1 / 128) ** 0.5
    assert abs(error.mean()) < 0.2 * theory
    assert 0.85 < float(np.sqrt((error**2).mean())) / theory < 1.15


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("“Stop the war!” 🇷🇺", "stop the WAR"),
        ("Ещё раз", "ещё   раз."),
        ("Читайте https://example.org/a", "Читайте"),
    ],
)
def test_equal_matching_forms_have_one_key(left: str, right: str) -> None:
    one, other = sign([left, right])
    assert one == other


@pytest.mark.parametrize(
    ("left", "right"),
    [("🔥🔥", "🔥"), ("https://example.org/a", "https://example.org/b"), ("10,000 killed", "20,000 killed")],
)
def test_other_texts_have_other_keys(left: str, right: str) -> None:
    one, other = sign([left, right])
    assert one.text_key != other.text_key


@pytest.mark.parametrize("text", ["🔥🔥", "...", "https://example.org/a"])
def test_texts_without_words_have_an_exact_key_and_no_sketch(text: str) -> None:
    one, again = sign([text, f" {text}\n"])
    assert one == again
    assert (one.shingles, one.signature, one.bands) == (0, b"", ())
    assert len(one.text_key) == 32
    assert one.text_key != BLANK_KEY


@pytest.mark.parametrize("text", ["", " \n\t", "\u00a0"])
def test_blank_texts_have_the_blank_key(text: str) -> None:
    assert text_key(text, fold(text)) == BLANK_KEY


def test_an_empty_signature_is_refused_with_advice() -> None:
    with pytest.raises(InputError, match=r"no words.*text_key"):
        to_datasketch(sign(["🔥"])[0])


def test_texts_at_the_seam_carry_bands_of_both_kinds() -> None:
    words = [f"слово{number}" for number in range(50)]
    short, above, long = sign([" ".join(words[:30]), " ".join(words[:32]), " ".join(words)])
    assert [len(one.bands) for one in (short, above, long)] == [RECIPE.bands, 2 * RECIPE.bands, RECIPE.bands]
    assert set(short.bands) & set(above.bands)  # a near copy two words longer is found
    assert not set(short.bands) & set(long.bands)


def test_band_keys_hold_the_band_and_the_kind() -> None:
    same = np.full((1, 128), 7, dtype=np.uint32)
    words, chars = band_keys(same, "word", RECIPE)[0].tolist(), band_keys(same, "char", RECIPE)[0].tolist()
    assert len({*words, *chars}) == 2 * RECIPE.bands


def test_band_keys_change_with_any_row_and_only_their_own() -> None:
    values = np.arange(128, dtype=np.uint32)[None, :].repeat(129, axis=0)
    values[np.arange(128), np.arange(128)] += 1000
    keys = band_keys(values, "word", RECIPE)
    used = RECIPE.bands * RECIPE.rows
    changed = keys[:128] != keys[128]
    expected = [
        [at < used and at // RECIPE.rows == band for band in range(RECIPE.bands)] for at in range(128)
    ]
    assert changed.tolist() == expected


def test_keys_and_bands_are_pinned() -> None:
    """The warehouse stores these; another value needs a new `Recipe.version`."""
    (signed,) = sign(["Взрывы в Киеве."])
    assert signed.text_key == "29290fa907f77fc1b9b16783fb3febf5"
    assert signed.bands[:3] == (3572389245, 2169908286, 3004874735)


@pytest.mark.parametrize(
    ("recipe", "match"),
    [(replace(RECIPE, scheme="legacy"), "affine32"), (replace(RECIPE, bands=32, rows=5), "do not fit")],
)
def test_a_recipe_that_cannot_be_made_is_refused(recipe: Recipe, match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        sign(["text"], recipe)


def test_signing_does_not_import_datasketch_or_scipy() -> None:
    code = (
        "import sys; import cleaners.match, cleaners.clusters; from cleaners.signatures import sign; "
        "sign(['text']); "
        "print(sorted({'datasketch', 'scipy', 'numba'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert run.stdout.strip() == "[]"
