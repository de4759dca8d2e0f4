"""The compiled kernel equals the arrays bit for bit, and is there only when it pays."""

import os
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cleaners import signatures
from cleaners.fold import fold
from cleaners.kernel_batch import fold_all, sketches
from cleaners.shingles import shingle
from cleaners.signatures import load_kernel, sign, to_datasketch
from schemas.signatures import PARAGRAPH_RECIPE, Recipe, Signed

ROOT = Path(__file__).parents[2]
RECIPE = Recipe()
#: What breaks folding by table: addresses, mixed scripts, marks, expansions, invisible signs, surrogates.
NASTY = [
    *"abcHTPхтрвВКкстзщйЙёЁѢ 12.:/-–−$€₽\n_'’\"«»()ßİſKＡー漢中ëĳ½№…µ한각ﬁﷺ🔥",
    *"\u0306\u0308\u0301\u0344\u0327\u0e31\u0e38\u0e48\u0591\u11a8\u00ad\u200d\ufe0f\u1c80\x1c\x85\u3000",
    *("http", "https://", "www.", "t.me/", "❤️", "ΟΚαβγ", "Ωx", "Dž", "\ud800", "\udc00", "-5", "$90"),
    *("word " * 40, "слово " * 35, "x" * 2100, "Mосква", "шoпинг", "ещë"),
]
TEXTS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(NASTY), max_size=60).map("".join))


@pytest.fixture(autouse=True)
def unloaded() -> Iterator[None]:
    """Leave the process as it was: other tests are about the arrays."""
    yield
    signatures._kernel.cache_clear()


def by_arrays(texts: list[str], recipe: Recipe) -> list[Signed]:
    signatures._kernel.cache_clear()
    return sign(texts, recipe, may_load=False)


def by_kernel(texts: list[str], recipe: Recipe) -> list[Signed]:
    assert load_kernel()
    return sign(texts, recipe)


@given(texts=st.lists(TEXTS, max_size=6))
@example(texts=["Сказал http://t.me/x?a=-5 и -5", "xhttp://y www.www.z", "www." + "a" * 1999 + "www.b c"])
@example(texts=["ѢзВhttps://x", "№−2", "ШтормZhttp://y"])
@example(texts=["а\u0301б", "aб", "a\u0301б", "ШтормZ", "ǅабв", "ﬁя"])
@settings(max_examples=200)
def test_equals_the_arrays(texts: list[str]) -> None:
    assert list(fold_all(texts)) == [fold(text) for text in texts]
    for recipe in (
        RECIPE,
        PARAGRAPH_RECIPE,
        replace(RECIPE, seed=7, permutations=40, bands=3, word_shingle=5),
    ):
        assert by_kernel(texts, recipe) == by_arrays(texts, recipe)


@given(text=TEXTS)
@settings(max_examples=100)
def test_equals_datasketch(text: str) -> None:
    (signed,) = by_kernel([text], RECIPE)
    hashes = (shingle(fold(text), RECIPE) >> np.uint64(32)).tolist()
    assert signed.shingles == len(hashes)
    if hashes:
        theirs = MinHash(num_perm=128, seed=1, scheme="affine32", hashfunc=int)
        theirs.update_batch(hashes)
        assert np.array_equal(to_datasketch(signed).hashvalues, theirs.hashvalues)


@pytest.mark.parametrize("pattern", ["{}", "я{}ж", "a{0}{0}b", "http://x{}y z"])
def test_every_character_folds_as_alone(pattern: str) -> None:
    """Ideographs and Hangul, half of all characters, are alike: every fiftieth of them will do."""
    letters = [
        chr(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) not in {"Cn", "Co"}
        and (code % 50 == 0 or not (0x3400 <= code < 0xD7A4 or code >= 0x17000))
    ]
    texts = [pattern.format(letter) for letter in letters]
    folded = zip(letters, fold_all(texts), map(fold, texts), strict=True)
    assert [(letter, ours) for letter, ours, theirs in folded if ours != theirs] == []


def test_slices_do_not_matter() -> None:
    texts = [f"{'слово ' * (at % 70)}{at}" for at in range(3000)] + ["длинный " * 100_000, "конец"]
    assert sum(len(part.sizes) for part in sketches(texts, RECIPE, with_forms=False)) == len(texts)
    whole = by_kernel(texts, RECIPE)
    assert whole == [one for text in texts for one in sign([text])]
    assert whole[-40:] == by_arrays(texts[-40:], RECIPE)


def test_a_long_text_needs_no_more_room_than_it_fills() -> None:
    """Its tables grow as they fill; what expands beyond its room goes by way of `fold`."""
    ideographs = "".join(chr(0x4E00 + at * 7919 % 20_000) for at in range(150_000))
    words = " ".join(f"w{at * 7919 % 90_001}" for at in range(90_000))
    expanding = "ﷺ" * 70_000
    texts = [ideographs, words, expanding, "кратко"]
    assert by_kernel(texts, RECIPE) == by_arrays(texts, RECIPE)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="limits of address space are Linux's")
def test_a_text_of_the_size_of_a_part_is_signed_in_half_of_what_a_part_may_take() -> None:
    code = (
        "import os, resource; from cleaners.signatures import load_kernel, sign; load_kernel();"
        "text = 'слово ' * 350_000; sign(['a'] * 2000);"
        "now = int(open('/proc/self/statm').read().split()[0]) * os.sysconf('SC_PAGE_SIZE');"
        "resource.setrlimit(resource.RLIMIT_AS, (now + 100_000_000,) * 2);"
        "print(sign([text])[0].shingles)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "1\n", done.stderr


def test_signatures_alone_are_the_same() -> None:
    texts = ["слово за словом " * 9, "", "🔥", "кратко"]
    with_forms, without = (next(sketches(texts, RECIPE, with_forms=asked)) for asked in (True, False))
    used = np.flatnonzero(with_forms.sizes)
    assert np.array_equal(with_forms.sizes, without.sizes)
    assert np.array_equal(with_forms.signatures[used], without.signatures[used])


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": "/nonexistent"} | environment,
    )
    return done.stdout.strip()


def test_a_small_batch_does_not_load_it() -> None:
    code = (
        "import sys, cleaners.match, cleaners.pairs; from cleaners.signatures import sign; "
        "sign(['text'] * 100); print('numba' in sys.modules)"
    )
    assert run(code) == "False"


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ({"NUMBA_DISABLE_JIT": "1"}, ""),
        ({}, "import sys; sys.modules['numba'] = None; "),  # as if it were not installed
    ],
)
def test_without_a_compiler_the_arrays_do_it(setting: dict[str, str], code: str) -> None:
    code += "from cleaners.signatures import load_kernel, sign; "
    code += "print(load_kernel(), len(sign(['text'])[0].bands))"
    assert run(code, **setting) == "False 25"
