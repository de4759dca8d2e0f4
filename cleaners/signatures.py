"""Sign texts: an exact key, a MinHash signature that datasketch can load, and the keys of its LSH bands.

How a text becomes a signature is told in cleaners/shingles.py and cleaners/minhash.py. There are two ways to
the same bits: array arithmetic, which is there at once, and a compiled kernel (cleaners/kernel.py), some ten
times as fast once it is loaded. Large batches take the second.

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
55 contained ones. Short paragraphs have PARAGRAPH_RECIPE.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from cleaners.figures import marks
from cleaners.fold import fold
from cleaners.minhash import band_keys, permute
from cleaners.shingles import kinds, shingle_all
from schemas.errors import ConfigError, InputError
from schemas.signatures import BLANK_KEY, DEFAULT_RECIPE, Recipe, Signed

if TYPE_CHECKING:
    from datasketch import MinHash


#: Texts are signed in slices of this many, so that a batch of any size takes some 50 MB beside its texts.
_SLICE = 2048
#: From so many characters on the kernel is loaded: that costs 1 s of CPU once, the arrays .25 s a million.
COMPILED_CHARS = 5_000_000


def sign(texts: Sequence[str], recipe: Recipe = DEFAULT_RECIPE, *, may_load: bool = True) -> list[Signed]:
    """Sign texts in display form, in order. Texts do not influence each other: any batching signs alike.

    The signature is over the text's own kind of shingles. Texts near the limit between the kinds carry the
    bands of both (cleaners/shingles.py). A loaded kernel is used; `may_load` lets a large batch load it.
    Raises ConfigError for a recipe that cannot be made.
    """
    check(recipe)
    loaded = _kernel.cache_info().currsize > 0
    if loaded or (may_load and sum(map(len, texts)) >= COMPILED_CHARS):
        kernel = _kernel()
        if kernel:
            return list(_sign_compiled(texts, recipe, kernel))
    return [
        signed
        for start in range(0, len(texts), _SLICE)
        for signed in _sign_slice(texts[start : start + _SLICE], recipe)
    ]


def load_kernel() -> bool:
    """Load the compiled kernel, for this process; return False where it cannot be had.

    Takes .7 s of CPU, some seconds more the first time on a machine. Call it before memory is limited.
    """
    return _kernel() is not None


def text_key(text: str, folded: str) -> str:
    """Return the key of a text: 32 hex digits, blake2b-128 of its matching form and of its figures' signs.

    The matching form has neither the minus of "-5" nor the currency of "$90", so they are added, where there
    are any (cleaners/figures.py). A text without a word (emoji, punctuation, links) is keyed by what it is,
    letter for letter, and so matches only exactly. A blank text has BLANK_KEY and matches nothing.
    """
    return _key(text, folded.encode("utf-8", "surrogatepass"), marks(text) if folded else "")


def _key(text: str, form: bytes, signs: str) -> str:
    if form:
        # No matching form holds a NUL, so the two parts cannot be mistaken for each other.
        whole = form + b"\0" + signs.encode() if signs else form
        return hashlib.blake2b(whole, digest_size=16).hexdigest()
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


def check(recipe: Recipe) -> None:
    """Raise ConfigError for a recipe that cannot be made."""
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
def _kernel() -> ModuleType | None:
    # Imported here because it takes as long as signing ten thousand posts without it.
    try:
        from cleaners import kernel_batch  # noqa: PLC0415
    except ImportError:  # no numba for this Python or this numpy
        return None
    return kernel_batch if kernel_batch.is_compiled() else None


def _sign_compiled(texts: Sequence[str], recipe: Recipe, kernel: ModuleType) -> Iterator[Signed]:
    start = 0
    for made in kernel.sketches(texts, recipe):
        rows = np.ascontiguousarray(made.signatures, dtype="<u4").tobytes()
        width = 4 * recipe.permutations
        bands, banded = made.bands.tolist(), made.banded.tolist()
        marked = made.marked.tolist()
        for at, (form, size) in enumerate(zip(made.forms, made.sizes.tolist(), strict=True)):
            text = texts[start + at]
            yield Signed(
                text_key=_key(text, form, marks(text) if form and marked[at] else ""),
                shingles=size,
                signature=rows[at * width : (at + 1) * width] if size else b"",
                bands=tuple(bands[at][: banded[at]]),
            )
        start += len(made.forms)
