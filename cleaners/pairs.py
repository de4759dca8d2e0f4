"""All pairs of copies and variants among some texts: the matching of the warehouse, in memory and at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations

import numpy as np

from cleaners.match import NEAR, Candidate, verify
from cleaners.signatures import sign
from schemas.signatures import BLANK_KEY, DEFAULT_RECIPE, Pair, Recipe, Signed

#: Up to so many texts every pair is verified: 20,000 verifications take some .2 s, and none can be missed.
EXACT_TEXTS = 200


def find_pairs(
    texts: Sequence[str],
    recipe: Recipe = DEFAULT_RECIPE,
    threshold: float = NEAR,
    *,
    signed: Sequence[Signed] | None = None,
    exact_texts: int = EXACT_TEXTS,
) -> list[Pair]:
    """Return the pairs among texts in display form, by text_key, ordered, each once.

    Few texts are compared each with each, many only where a band proposes it; both are verified alike. From a
    Jaccard of 0.8 on the two find the same; of what is copied below it (short texts by their edit ratio,
    contained ones) bands miss some (docs/benchmarks.md).
    `signed`, what `sign` made of the texts, saves signing them again.
    Texts of one text_key are exact copies and make no pair, as for `lead`. Order does not matter.
    """
    spellings: dict[str, str] = {}
    known: dict[str, Signed] = {}
    for text, one in zip(texts, sign(texts, recipe) if signed is None else signed, strict=True):
        if one.text_key != BLANK_KEY:
            spellings[one.text_key] = min(spellings.get(one.text_key, text), text)
            known[one.text_key] = one
    met = combinations(sorted(known), 2) if len(known) <= exact_texts else propose(known)
    return verify(_candidates(met, spellings), recipe, threshold)


def propose(signed: Mapping[str, Signed]) -> list[tuple[str, str]]:
    """Return the pairs of text_keys that share a band, ordered, each once. `signed` goes by text_key."""
    keys = sorted(signed)
    counts = [len(signed[key].bands) for key in keys]
    bands = np.fromiter(chain.from_iterable(signed[key].bands for key in keys), np.uint32, sum(counts))
    order = np.argsort(bands, kind="stable")
    owners = np.repeat(np.arange(len(keys)), counts)[order]
    # Nearly all buckets hold one text; only the others are walked through.
    edges = np.flatnonzero(np.diff(bands[order], prepend=-1, append=1 << 32))
    shared = np.flatnonzero(np.diff(edges) > 1)
    met: set[tuple[int, int]] = set()
    for start, end in zip(edges[shared].tolist(), edges[shared + 1].tolist(), strict=True):
        met.update(combinations(dict.fromkeys(owners[start:end].tolist()), 2))
    return [(keys[left], keys[right]) for left, right in sorted(met)]


def _candidates(met: Iterable[tuple[str, str]], spellings: Mapping[str, str]) -> Iterator[Candidate]:
    for left, right in met:
        yield left, spellings[left], right, spellings[right]
