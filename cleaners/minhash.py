"""MinHash in numpy: shingle hashes to signatures that datasketch can load, and the keys of their LSH bands.

MinHash: Broder, "On the resemblance and containment of documents", 1997. The permutations are those of
datasketch 2's scheme "affine32": the finaliser of MurmurHash3 over a 32-bit hash, then a * h + b modulo
2**32, a odd. The signature of a text equals `datasketch.MinHash` fed with the upper halves of its shingle
hashes, bit for bit (a property test holds it to that).
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from cleaners.shingles import BASE, Hashes, Offsets, ShingleKind
from schemas.signatures import Recipe

Values = npt.NDArray[np.uint32]

_EMPTY = np.uint32(0xFFFFFFFF)  # the neutral value of a minimum, datasketch's as well
FNV_PRIME = 0x100000001B3
#: Shingles permuted at once: 2,048 x 128 values of 4 bytes are 1 MB, which stays in the cache of one core.
_BLOCK = 2048
#: Where the bands of a kind begin in the numbering of bands; keys of different kinds are unrelated.
FIRST_BAND = {"word": 0, "char": 1 << 16}


def permute(hashes: Hashes, offsets: Offsets, recipe: Recipe) -> Values:
    """Return the MinHash signatures of texts, one row a text; text i owns hashes[offsets[i]:offsets[i + 1]].

    A text without shingles is a row of 2**32 - 1.
    """
    factors, terms = permutations(recipe.seed, recipe.permutations)
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
    numbers = np.arange(count, dtype=np.uint64) + np.uint64(FIRST_BAND[kind] + 1)
    keys = np.tile(numbers * np.uint64(BASE), (len(signatures), 1))
    for row in range(rows):
        keys = (keys ^ values[:, :, row]) * np.uint64(FNV_PRIME)
        keys ^= keys >> np.uint64(29)
    keys *= np.uint64(BASE)
    return (keys >> np.uint64(32)).astype(np.uint32)


@cache
def permutations(seed: int, count: int) -> tuple[Values, Values]:
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
