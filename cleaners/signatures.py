"""Sign texts: an exact key, a MinHash signature that datasketch can load, and the keys of its LSH bands.

MinHash: Broder, "On the resemblance and containment of documents", 1997. The permutations are those of
datasketch 2's scheme "affine32": the finaliser of MurmurHash3 over a 32-bit hash, then a * h + b modulo
2**32, a odd. The signature of a text equals `datasketch.MinHash` fed with the upper halves of its shingle
hashes, bit for bit (a property test holds it to that).

Bands x rows, measured on the 11,816 distinct texts of 12,088 Telegram posts of 15 channels, as the share of
the pairs of an exact all-pairs join on the same shingles that become candidates (125 pairs of long and 484
of short texts with Jaccard >= 0.7); and on 20,550 distinct paragraphs of 5 to 30 words, of all pairs with an
edit ratio >= 0.85 that are not equal up to digits (1,272; in brackets the 629 that no guard holds apart):

    bands x rows   long   short   candidates, posts   paragraphs
    16 x 8         .968   .855          1,452         .668 (.771)
    20 x 6        1.000   .983          2,804         .864 (.911)
    25 x 5        1.000  1.000          4,620         .951 (.975)
    28 x 4        1.000  1.000         25,030         .983 (.994)
    32 x 4        1.000  1.000         25,413         .984 (.994)
    36 x 3                                            .997 (.998), twice the candidates of 32 x 4

25 x 5 is the default, for items: every pair with Jaccard >= 0.7, with a fifth fewer keys than 32 x 4 and a
fifth of its candidates. It gives up 6 of 537 near pairs (all below 0.7, near by their edit ratio) and 5 of
55 contained ones. A table of short paragraphs wants `Recipe(bands=28, rows=4)`.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cleaners.fold import fold
from cleaners.shingles import Hashes, Offsets, ShingleKind, kinds, shingle_all
from schemas.errors import ConfigError, InputError
from schemas.signatures import BLANK_KEY, DEFAULT_RECIPE, Recipe, Signed

if TYPE_CHECKING:
    from datasketch import MinHash

Values = npt.NDArray[np.uint32]

_EMPTY = np.uint32(0xFFFFFFFF)  # the neutral value of a minimum, datasketch's as well
_FNV_PRIME = np.uint64(0x100000001B3)
_GOLDEN = 0x9E3779B97F4A7C15
#: Texts are signed in slices of this many, so that a batch of any size takes some 50 MB beside its texts.
_SLICE = 2048
#: Shingles permuted at once: 2,048 x 128 values of 4 bytes are 1 MB, which stays in the cache of one core.
_BLOCK = 2048
#: Where the bands of a kind begin in the numbering of bands; keys of different kinds are unrelated.
_FIRST_BAND = {"word": 0, "char": 1 << 16}


def sign(texts: Sequence[str], recipe: Recipe = DEFAULT_RECIPE) -> list[Signed]:
    """Sign texts in display form, in order. Texts do not influence each other: any batching signs alike.

    The signature is over the text's own kind of shingles. Texts near the limit between the kinds carry the
    bands of both (cleaners/shingles.py). Raises ConfigError for a recipe that cannot be made.
    """
    _check(recipe)
    return [
        signed
        for start in range(0, len(texts), _SLICE)
        for signed in _sign_slice(texts[start : start + _SLICE], recipe)
    ]


def text_key(text: str, folded: str) -> str:
    """Return the key of a text: 32 hex digits, blake2b-128 of its matching form.

    A text without a word (emoji, punctuation, links) is keyed by what it is, letter for letter, and so
    matches only exactly. A blank text has BLANK_KEY and matches nothing.
    """
    if folded:
        return hashlib.blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    bare = text.strip()
    if not bare:
        return BLANK_KEY
    # The person parameter keeps these keys apart from those of matching forms, as a prefix would.
    return hashlib.blake2b(bare.encode("utf-8", "surrogatepass"), digest_size=16, person=b"raw").hexdigest()


def to_datasketch(signed: Signed, recipe: Recipe = DEFAULT_RECIPE) -> "MinHash":
    """Return the signature as a `datasketch.MinHash`, ready for its LSH, forests and unions.

    Signatures of short and of long texts are over different kinds of shingles: their estimate is near 0.
    Raises InputError for a text without shingles: two empty MinHashes have a Jaccard of 1 in datasketch.
    """
    if not signed.shingles:
        raise InputError(
            f"text {signed.text_key} has no signature: it has no words (emoji, punctuation or links alone). "
            "Match it by its text_key."
        )
    # Imported here because datasketch imports scipy, 1.5 s of CPU that signing does not need.
    from datasketch import MinHash  # noqa: PLC0415

    values = np.frombuffer(signed.signature, dtype="<u4").astype(np.uint32)
    return MinHash(seed=recipe.seed, hashvalues=values, scheme="affine32")


def permute(hashes: Hashes, offsets: Offsets, recipe: Recipe) -> Values:
    """Return the MinHash signatures of texts, one row a text; text i owns hashes[offsets[i]:offsets[i + 1]].

    A text without shingles is a row of 2**32 - 1.
    """
    factors, terms = _permutations(recipe.seed, recipe.permutations)
    mixed = _fmix((hashes >> np.uint64(32)).astype(np.uint32))
    signatures = np.full((len(offsets) - 1, recipe.permutations), _EMPTY, dtype=np.uint32)
    for row, start, end in zip(signatures, offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        for low in range(start, end, _BLOCK):
            block = mixed[low : min(low + _BLOCK, end), None] * factors + terms
            np.minimum(row, block.min(axis=0), out=row)
    return signatures


def band_keys(signatures: Values, kind: ShingleKind, recipe: Recipe) -> Values:
    """Return one mixed 32-bit key a band, one row a text. The number of the band and the kind are mixed in.

    FNV-1a steps over the rows of a band and the finaliser of SplitMix64. One key without the band beside it
    is half the size in the store and joins faster; the rare false candidate ends at verification.
    """
    count, rows = recipe.bands, recipe.rows
    values = signatures[:, : count * rows].reshape(len(signatures), count, rows).astype(np.uint64)
    numbers = np.arange(count, dtype=np.uint64) + np.uint64(_FIRST_BAND[kind] + 1)
    keys = np.tile(numbers * np.uint64(_GOLDEN), (len(signatures), 1))
    for row in range(rows):
        keys = (keys ^ values[:, :, row]) * _FNV_PRIME
        keys ^= keys >> np.uint64(29)
    keys *= np.uint64(_GOLDEN)
    return (keys >> np.uint64(32)).astype(np.uint32)


def _check(recipe: Recipe) -> None:
    if recipe.scheme != "affine32":
        raise ConfigError(
            f"recipe {recipe.name}: signatures are made with the permutation scheme affine32, not "
            f"{recipe.scheme}. Set scheme='affine32' and sign the texts again."
        )
    if not 0 < recipe.bands * recipe.rows <= recipe.permutations:
        raise ConfigError(
            f"recipe {recipe.name}: {recipe.bands} bands of {recipe.rows} rows do not fit in "
            f"{recipe.permutations} permutations. Lower bands or rows, or raise permutations."
        )


def _sign_slice(texts: Sequence[str], recipe: Recipe) -> Iterator[Signed]:
    folded = [fold(text) for text in texts]
    made = [kinds(form, recipe) for form in folded]
    sizes = [0] * len(texts)
    signatures = [b""] * len(texts)
    bands: list[tuple[int, ...]] = [()] * len(texts)
    for kind in ("word", "char"):  # so that the bands of a text come in this order
        chosen = [at for at, own in enumerate(made) if kind in own]
        hashes, offsets = shingle_all([folded[at] for at in chosen], recipe, kind)
        values = permute(hashes, offsets, recipe)
        counts = np.diff(offsets).tolist()
        for at, count, row, keys in zip(
            chosen, counts, values, band_keys(values, kind, recipe).tolist(), strict=True
        ):
            bands[at] += tuple(keys)
            if made[at][0] == kind:
                sizes[at], signatures[at] = count, row.astype("<u4").tobytes()
    for at, text in enumerate(texts):
        yield Signed(
            text_key=text_key(text, folded[at]),
            shingles=sizes[at],
            signature=signatures[at],
            bands=bands[at],
        )


@cache
def _permutations(seed: int, count: int) -> tuple[Values, Values]:
    """Return the factors and terms that datasketch 2 draws for a seed, read-only because they are shared.

    numpy promises that the stream of RandomState never changes.
    """
    generator = np.random.RandomState(seed)
    factors = generator.randint(0, 1 << 31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    terms = generator.randint(0, 1 << 32, count, dtype=np.uint32)
    factors.flags.writeable = terms.flags.writeable = False
    return factors, terms


def _fmix(h: Values) -> Values:
    """Apply the 32-bit finaliser of MurmurHash3, as datasketch does before it permutes."""
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))
