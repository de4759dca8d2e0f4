"""Texts in matching form to sets of shingle hashes: the recipe, in one place.

Two kinds of shingles. A long text in a spaced script is a set of word n-grams. A short text, and a text
in a script without spaces, is a set of character n-grams: word n-grams of 13 words (the median paragraph)
are so few that one edit takes a third of them, and a Thai sentence is a single "word".

Two kinds make a seam: a text of 29 words and its near copy of 31 would share no shingle. So texts just
above the limit are sketched both ways (`kinds`), and a pair is verified by the kind that suits the pair:
words if both texts are long, characters if either is short (`kind_of_pair`). Measured on 12,088 posts: all
24 pairs across the limit with Jaccard >= 0.7 become candidates, for a fifth more bands (30 a text, not 25).

The hash of a window is a polynomial over mixed code points (or mixed word hashes) modulo 2**64, passed
through the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). It can be rolled, so that a
compiled kernel can replace the array arithmetic below and give the same bits; it does not depend on
the process, the platform or PYTHONHASHSEED.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from schemas.signatures import Recipe

Hashes: TypeAlias = npt.NDArray[np.uint64]
Offsets: TypeAlias = npt.NDArray[np.int64]
ShingleKind = Literal["word", "char"]

#: Thai, Lao, Tibetan, Burmese, Khmer, kana, ideographs: scripts that do not put spaces between words.
#: Hangul is not here: Korean has spaces.
UNSPACED = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff]"
)
#: From this share of unspaced letters a text is shingled by characters. A fifth: below it the text is
#: words with foreign names in it; above it one changed letter costs whole clauses.
UNSPACED_SHARE = 0.2
#: Texts of up to this many times `short_words` words (or down to half of the share above) are sketched
#: both ways. A near copy (Jaccard >= 0.7) of a text of 30 words has at most 30 / 0.7 = 43 words.
SEAM = 1.5

BASE = 0x9E3779B97F4A7C15  # 2**64 / golden ratio, odd: multiplication by it is a bijection
MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
#: Keeps a word n-gram apart from the character n-gram that would have the same polynomial.
SALT = {"word": np.uint64(0x243F6A8885A308D3), "char": np.uint64(0x13198A2E03707344)}
_SPACE = 0x20


def kinds(folded: str, recipe: Recipe) -> tuple[ShingleKind, ...]:
    """Return the kinds of shingles that a text is sketched by, its own kind first; () for an empty text."""
    if not folded:
        return ()
    words = folded.count(" ") + 1
    unspaced = 0 if folded.isascii() else len(UNSPACED.findall(folded))
    share = unspaced / len(folded)
    if words <= recipe.short_words or share >= UNSPACED_SHARE:
        return ("char",)
    if words <= SEAM * recipe.short_words or share >= UNSPACED_SHARE / 2:
        return ("word", "char")
    return ("word",)


def kind_of_pair(left: tuple[ShingleKind, ...], right: tuple[ShingleKind, ...]) -> ShingleKind:
    """Return the kind by which two texts are compared, given the `kinds` of each: words if both are long."""
    return "word" if left[:1] == ("word",) == right[:1] else "char"


def shingle(folded: str, recipe: Recipe, kind: ShingleKind | None = None) -> Hashes:
    """Return the distinct shingle hashes of one text in matching form, ascending, uint64.

    `kind` None takes the text's own kind. A text shorter than a window is one shingle; an empty text none.
    Sketches use the upper 32 bits of a hash, verification all 64.
    """
    own = kinds(folded, recipe)
    if not own:
        return np.empty(0, dtype=np.uint64)
    hashes, _ = shingle_all([folded], recipe, kind or own[0])
    return hashes


def shingle_all(folded: Sequence[str], recipe: Recipe, kind: ShingleKind) -> tuple[Hashes, Offsets]:
    """Shingle many texts in one pass of array arithmetic.

    Returns (hashes, offsets): text i owns hashes[offsets[i]:offsets[i + 1]], distinct and ascending.
    """
    sizes = np.fromiter(map(len, folded), dtype=np.int64, count=len(folded))
    points = np.frombuffer("".join(folded).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    values = _mix(points.astype(np.uint64) + np.uint64(1))
    if kind == "char":
        units, counts, window = values, sizes, recipe.char_shingle
    else:
        units, counts, window = *_hash_words(points, values, sizes), recipe.word_shingle
    windows, owners = _hash_windows(units, counts, window)
    return _distinct(_mix(windows ^ SALT[kind]), owners, len(folded))


def _mix(x: Hashes) -> Hashes:
    """Apply the SplitMix64 finaliser, a bijection that spreads every input bit over the word."""
    x = (x ^ (x >> np.uint64(30))) * MIX[0]
    x = (x ^ (x >> np.uint64(27))) * MIX[1]
    return x ^ (x >> np.uint64(31))


def _powers(count: int) -> Hashes:
    """Return BASE**0 .. BASE**(count - 1) modulo 2**64."""
    factors = np.full(max(count, 1), BASE, dtype=np.uint64)
    factors[0] = 1
    return np.cumprod(factors, dtype=np.uint64)


def _hash_words(points: npt.NDArray[np.uint32], values: Hashes, sizes: Offsets) -> tuple[Hashes, Offsets]:
    """Return one hash a word, and the number of words of each text."""
    inside = points != _SPACE
    edges = np.cumsum(sizes)
    begins = edges - sizes
    first = inside.copy()  # a word begins behind a space and at the start of a text
    first[1:] &= ~inside[:-1]
    first[begins[sizes > 0]] |= inside[begins[sizes > 0]]
    starts = np.flatnonzero(first)
    before = np.concatenate(([0], np.cumsum(first, dtype=np.int64)))
    counts = before[edges] - before[begins]
    if not len(starts):
        return np.empty(0, dtype=np.uint64), counts
    # Each letter counts by its distance from the end of its word (Horner's order). A space weighs nothing.
    letters = np.cumsum(inside, dtype=np.int64)
    word = before[1:] - 1
    last = np.append(letters[starts[1:]] - 1, letters[-1])
    distance = np.where(inside, last[word] - letters, 0)
    weighted = np.where(inside, values * _powers(int(distance.max()) + 1)[distance], np.uint64(0))
    return _mix(np.add.reduceat(weighted, starts)), counts


def _hash_windows(units: Hashes, counts: Offsets, window: int) -> tuple[Hashes, Offsets]:
    """Return one hash a window of `window` units, and the text that owns it. Windows stay inside a text."""
    begins = np.cumsum(counts) - counts
    made = np.where(counts > 0, np.maximum(counts - window + 1, 1), 0)
    owners = np.repeat(np.arange(len(counts)), made)
    at = np.arange(len(owners)) - np.repeat(np.cumsum(made) - made, made) + begins[owners]
    size = np.minimum(counts, window)[owners]  # a text shorter than the window is one window
    total = np.zeros(len(owners), dtype=np.uint64)
    for step in range(window):
        here = at + step
        shifted = total * np.uint64(BASE) + units[np.minimum(here, len(units) - 1)]
        total = np.where(step < size, shifted, total)
    return total, owners


def _distinct(hashes: Hashes, owners: Offsets, texts: int) -> tuple[Hashes, Offsets]:
    """Sort the hashes of each text, in place, and drop repeats. `owners` ascend."""
    edges = np.concatenate(([0], np.cumsum(np.bincount(owners, minlength=texts)))).tolist()
    for start, end in pairwise(edges):  # ten times as fast as one lexsort of all
        hashes[start:end].sort()
    fresh = np.ones(len(hashes), dtype=np.bool_)
    fresh[1:] = (hashes[1:] != hashes[:-1]) | (owners[1:] != owners[:-1])
    offsets = np.concatenate(([0], np.cumsum(np.bincount(owners[fresh], minlength=texts))))
    return hashes[fresh], offsets
