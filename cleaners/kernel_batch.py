"""Batches through the compiled kernel: Python strings in, columns out.

Apart from `kernel` because of what goes on around the compiled pass: strings to code points, slices that stay
in the cache, and texts that the tables cannot fold (some 2 % of Telegram posts) by way of `fold`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt
from numba import config

from cleaners.fold import ADDRESS_LENGTH, fold
from cleaners.kernel import GIVEN_BACK, SIGNED, sketch
from cleaners.kernel_tables import tables
from cleaners.minhash import FIRST_BAND, FNV_PRIME, Values, permutations
from cleaners.shingles import BASE, MIX, SALT, SEAM, UNSPACED_SHARE
from schemas.signatures import Recipe

#: A slice's code points take 4 bytes each: 1 MB, so that they are still in the cache when they are read.
_SLICE_CHARS = 1 << 18
_SLICE_TEXTS = 1 << 10


@dataclass(frozen=True, slots=True)
class Sketches:
    """What the kernel makes of some texts: one row a text."""

    forms: list[bytes]  # matching forms in UTF-8; empty if they were not asked for
    marked: npt.NDArray[np.bool_]  # may have figures with a sign, which the text_key holds
    sizes: npt.NDArray[np.int64]  # distinct shingles of the text's own kind
    signatures: Values
    bands: Values  # as wide as both kinds of bands
    banded: npt.NDArray[np.int64]  # how many of these the text has


def is_compiled() -> bool:
    """Say whether numba compiles: NUMBA_DISABLE_JIT makes the kernel Python, a thousand times slower."""
    return not getattr(config, "DISABLE_JIT", 0)


def sketches(texts: Sequence[str], recipe: Recipe, *, with_forms: bool = True) -> Iterator[Sketches]:
    """Sketch texts in display form, in order, some hundreds at a time."""
    for part in _slices(texts):
        points, offsets = _points(part)
        made = _sketch(points, offsets, recipe, folded=False, with_forms=with_forms)
        back = np.flatnonzero(made.fates == GIVEN_BACK).tolist()
        found = made.sketches
        if back:
            forms = [fold(part[at]) for at in back]
            again = _sketch(*_points(forms), recipe, folded=True, with_forms=False).sketches
            for column in ("sizes", "signatures", "bands", "banded"):
                getattr(found, column)[back] = getattr(again, column)
            found.marked[back] = True
            if with_forms:
                for at, form in zip(back, forms, strict=True):
                    found.forms[at] = form.encode("utf-8", "surrogatepass")
        yield found


def fold_all(texts: Sequence[str]) -> Iterator[str]:
    """Yield what `fold` makes of each text."""
    for found in sketches(texts, Recipe(permutations=1, bands=1, rows=1)):
        for form in found.forms:
            yield form.decode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class _Made:
    sketches: Sketches
    fates: npt.NDArray[np.uint8]


def _sketch(
    points: npt.NDArray[np.uint32],
    offsets: npt.NDArray[np.int64],
    recipe: Recipe,
    *,
    folded: bool,
    with_forms: bool,
) -> _Made:
    texts = len(offsets) - 1
    fates = np.empty(texts, np.uint8)
    sizes, banded = np.empty(texts, np.int64), np.empty(texts, np.int64)
    signatures = np.empty((texts, recipe.permutations), np.uint32)
    bands = np.empty((texts, 2 * recipe.bands), np.uint32)
    spelling = np.empty(4 * len(points) if with_forms else 0, np.uint8)
    spelt = np.zeros(texts + 1, np.int64)
    sketch(
        points,
        offsets,
        folded,
        tables().entries,
        tables().pool,
        tables().alike,
        _constants(),
        np.stack(permutations(recipe.seed, recipe.permutations)),
        _shape(recipe),
        UNSPACED_SHARE,
        fates,
        sizes,
        signatures,
        bands,
        banded,
        spelling,
        spelt,
    )
    forms: list[bytes] = []
    if with_forms:
        spelt_bytes, ends = spelling[: spelt[-1]].tobytes(), spelt.tolist()
        forms = [spelt_bytes[start:end] for start, end in pairwise(ends)]
    return _Made(Sketches(forms, fates == SIGNED, sizes, signatures, bands, banded), fates)


@cache
def _constants() -> npt.NDArray[np.uint64]:
    return np.array([BASE, *MIX, SALT["word"], SALT["char"], BASE, FNV_PRIME], np.uint64)


def _shape(recipe: Recipe) -> npt.NDArray[np.int64]:
    short = recipe.short_words
    windows = (recipe.word_shingle, recipe.char_shingle, short, int(SEAM * short))
    bands = (recipe.bands, recipe.rows, FIRST_BAND["word"], FIRST_BAND["char"])
    return np.array([*windows, *bands, ADDRESS_LENGTH], np.int64)


def _points(texts: Sequence[str]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return points, np.fromiter(accumulate(map(len, texts), initial=0), np.int64, len(texts) + 1)


def _slices(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    start = size = 0
    for at, text in enumerate(texts):
        size += len(text)
        if size >= _SLICE_CHARS or at + 1 - start >= _SLICE_TEXTS:
            yield texts[start : at + 1]
            start, size = at + 1, 0
    if start < len(texts):
        yield texts[start:]
