"""Anchors: pairs of lines (i, j), i < j, of which j may be a copy of i.

Exact anchors come from equal keys. For lines without an equal partner nearby, candidates come from a
bottom-k MinHash sketch (Broder 1997: the k smallest hashes of the word 3-grams) and from shared first and
last words; every candidate is then verified on the whole line.
"""

import re
import zlib
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Indel
from rapidfuzz.fuzz import ratio

# A copy stands right behind its body: no body of 12,000 real posts has more than 120 lines, so 400 lines
# hold three copies of the longest.
WINDOW = 400
_PARTNERS = 3  # equal lines looked back at: enough for a body said three times
_NEAR = 12  # an equal line farther away does not spare the search for a near copy: footers recur
_SKETCH = 5
_CUT, _CUT_EDITED = 0.95, 0.85  # similarity of a truncated copy, and of one that was also edited
_FIGURE = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]+")
_TYPO = 2  # letters that an edit may put in or take out as a word of their own
_SAME_WORD = 66  # Indel ratio of a word and its damaged copy: one letter of three may change
_GRAM = 3
_MASK = (1 << 32) - 1
_MIX_1, _MIX_2 = 0x9E3779B1, 0x85EBCA77  # odd multipliers of xxHash: they spread the words over the grams
_LEAST_SHARED = 2  # buckets of eight: a damaged copy keeps more, unrelated lines seldom share two; short
# lines have fewer, and one damaged letter may leave them a single one
_VERIFIED = 5  # candidates verified a line, best shared sketch first
_SHORTEST = 8  # below this many characters, a near copy and another short line look alike
_PREFIX = 25


@dataclass(frozen=True, slots=True)
class Anchor:
    """Line `later` repeats line `first` with this similarity (1.0: equal keys).

    variant: the lines differ in a figure or in whole words, so they may be two facts. Such a pair is a copy
    only beside pairs that are.
    """

    first: int
    later: int
    similarity: float
    variant: bool = False


def similarity(left: str, right: str) -> float:
    """Return how surely one key is a copy of the other: 0, or 0.72..1.

    Equal keys are 1. A truncated copy (equal prefix over the whole shorter key, which ends in an ellipsis
    or is long, or nearly so) counts .95 or .85. Otherwise the Indel ratio where it is at least .72: below,
    two sentences of one topic pass.
    """
    if left == right:
        return 1.0
    short, long = sorted((left, right), key=len)
    cut = short.endswith(("...", "…"))
    short, long = sorted((left.rstrip(".… "), right.rstrip(".… ")), key=len)
    if len(short) < _SHORTEST - 2:
        return 0.0
    if (cut or len(short) >= _PREFIX) and long.startswith(short):
        return _CUT
    if len(long) > 1.6 * len(short):
        if len(short) >= _PREFIX and ratio(short, long[: len(short)], score_cutoff=88):
            return _CUT_EDITED
        return 0.0
    score: float = ratio(left, right, score_cutoff=72) / 100
    return score


def varies(left: str, right: str) -> bool:
    """Say whether two similar keys differ in a figure or replace whole words: 'lost 5', 'lost 7'; 'in Paris',
    'in Milan'. What a damaged copy changes (letters, punctuation, short words) is no variant."""
    if Counter(_FIGURE.findall(left)) != Counter(_FIGURE.findall(right)):
        return True
    ours, theirs = _WORD.findall(left), _WORD.findall(right)
    for step in Indel.opcodes(ours, theirs):
        if step.tag == "equal":
            continue
        mine = "".join(ours[step.src_start : step.src_end])
        other = "".join(theirs[step.dest_start : step.dest_end])
        if len(mine) > _TYPO and len(other) > _TYPO and ratio(mine, other) < _SAME_WORD:
            return True
    return False


def _sketch(key: str, hashes: dict[str, int]) -> tuple[int, ...]:
    """Return the bucket numbers of a line: its first and last words, its opening, its smallest 3-gram hashes.

    `hashes` remembers the hashes of words over a document; a 3-gram is mixed from those of its words.
    """
    words = []
    for word in key.split():
        found = hashes.get(word)
        if found is None:
            found = hashes[word] = zlib.crc32(word.encode())
        words.append(found)
    if len(words) < _GRAM:
        grams = [sum(words) & _MASK]
    else:
        grams = [
            (first * _MIX_1 + second * _MIX_2 + third) & _MASK
            for first, second, third in zip(words, words[1:], words[2:], strict=False)
        ]
    opening = zlib.crc32(key[:8].rstrip(". ").encode())
    ends = (_MASK + 1 + (sum(words[:4]) & _MASK), 2 * _MASK + 2 + (sum(words[-4:]) & _MASK), -opening)
    return (*ends, *sorted(set(grams))[:_SKETCH])


def find_anchors(keys: Sequence[str], usable: Sequence[bool]) -> list[Anchor]:
    """Return the anchors of a document, ordered by (first, later).

    `usable[i]` is False for structural lines, which never match. Cost: a constant number of candidates a
    line, so linear in the number of lines whatever they hold.
    """
    anchors: list[Anchor] = []
    equal: dict[str, deque[int]] = {}
    partnered = [False] * len(keys)
    for later, key in enumerate(keys):
        if not usable[later]:
            continue
        seen = equal.setdefault(key, deque(maxlen=_PARTNERS))
        # In a run of equal lines the nearest says all: the unit of the run is one line.
        for first in [later - 1] if later and keys[later - 1] == key and usable[later - 1] else seen:
            if later - first <= WINDOW:
                anchors.append(Anchor(first, later, 1.0))
                if later - first <= _NEAR:
                    partnered[first] = partnered[later] = True
        seen.append(later)
    buckets: dict[int, list[int]] = {}
    hashes: dict[str, int] = {}
    sketches: dict[str, tuple[int, ...]] = {}
    for later, key in enumerate(keys):
        if not usable[later] or len(key) < _SHORTEST:
            continue
        sketch = sketches.get(key)
        if sketch is None:
            sketch = sketches[key] = _sketch(key, hashes)
        shared: dict[int, int] = {}
        alone = not partnered[later]
        for bucket in sketch:
            lines = buckets.get(bucket)
            if lines is None:
                buckets[bucket] = [later]
                continue
            for first in lines:
                # a line without an equal one may be a damaged copy of a line that has
                if (alone or not partnered[first]) and later - first <= WINDOW:
                    shared[first] = shared.get(first, 0) + 1
            lines.append(later)
            if len(lines) > _PARTNERS:
                del lines[0]
        least = _LEAST_SHARED if len(sketch) >= _SKETCH + 3 else 1
        likely = [first for first, together in shared.items() if together >= least]
        ranked = sorted(likely, key=lambda first: (-shared[first], later - first))
        for first in ranked[:_VERIFIED]:
            score = similarity(keys[first], key)
            if score:
                variant = score not in (_CUT, _CUT_EDITED) and varies(keys[first], key)
                if alone or not variant:
                    anchors.append(Anchor(first, later, score, variant))
    anchors.sort(key=lambda anchor: (anchor.first, anchor.later))
    return anchors
