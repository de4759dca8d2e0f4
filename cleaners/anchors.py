"""Anchors: pairs of lines (i, j), i < j, of which j may be a copy of i.

Exact anchors come from equal keys. For lines without an equal partner nearby, candidates come from a
bottom-k MinHash sketch (Broder 1997: the k smallest hashes of the word 3-grams) and from shared first and
last words; every candidate is then verified on the whole line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel, Postfix, Prefix
from rapidfuzz.fuzz import ratio

from cleaners.line_kernel import equal_pairs, near_pairs, number_buckets, sketch
from cleaners.vocabulary import Keyed, Places, hashed
from schemas.swift import swift

# A copy stands right behind its body: no body of 12,000 real posts has more than 120 lines, so 400 lines
# hold three copies of the longest.
WINDOW = 400
_PARTNERS = 3  # equal lines looked back at: enough for a body said three times
_NEAR = 12  # an equal line farther away does not spare the search for a near copy: footers recur
_CUT, _CUT_EDITED = 0.95, 0.85  # similarity of a truncated copy, and of one that was also edited
_FIGURE = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]+")
_TYPO = 2  # letters that an edit may put in or take out as a word of their own
_SAME_WORD = 66  # Indel ratio of a word and its damaged copy: one letter of three may change
_MIX_1, _MIX_2 = 0x9E3779B1, 0x85EBCA77  # odd multipliers of xxHash: they spread the words over the grams
_LEAST_SHARED = 2  # buckets of eight: a damaged copy keeps more, unrelated lines seldom share two; short
# lines have fewer, and one damaged letter may leave them a single one
_VERIFIED = 5  # candidates verified a line, best shared sketch first
_SHORTEST = 8  # below this many characters, a near copy and another short line look alike
_PREFIX = 25


@swift
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


@dataclass(frozen=True, slots=True)
class Anchors:
    """Many anchors as columns: lines are said again by the hundred thousand, and few pairs become a block."""

    firsts: Places
    laters: Places
    alike: NDArray[np.float64]
    variants: NDArray[np.bool_]

    def at(self, places: Places) -> list[Anchor]:
        """Return the anchors at some places."""
        columns = (self.firsts, self.laters, self.alike, self.variants)
        return list(map(Anchor, *(column[places].tolist() for column in columns)))


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
    if sorted(_FIGURE.findall(left)) != sorted(_FIGURE.findall(right)):
        return True
    # Only what stands between the first and the last difference is compared word by word.
    start, ends = Prefix.similarity(left, right), Postfix.similarity(left, right)
    start = left.rfind(" ", 0, start) + 1
    ends = min(ends, len(left) - start, len(right) - start)
    ends -= len(left[len(left) - ends :].partition(" ")[0])
    ours, theirs = (
        _WORD.findall(left, start, len(left) - ends),
        _WORD.findall(right, start, len(right) - ends),
    )
    mine = other = ""  # what stands in one line only and in the other only, between two equal words
    for step in [*Indel.opcodes(ours, theirs), None]:
        if step and step.tag != "equal":
            mine += "".join(ours[step.src_start : step.src_end])
            other += "".join(theirs[step.dest_start : step.dest_end])
            continue
        if len(mine) > _TYPO and len(other) > _TYPO and ratio(mine, other) < _SAME_WORD:
            return True
        mine = other = ""
    return False


def find_anchors(keyed: Keyed, usable: Sequence[bool]) -> Anchors:
    """Return the anchors of a document, ordered by (first, later), none twice.

    `usable[i]` is False for structural lines, which never match. Cost: a constant number of candidates a
    line, so linear in the number of lines whatever they hold.
    """
    lines, of = keyed.lines, keyed.of
    if not lines:
        none = np.empty(0, dtype=np.int64)
        return Anchors(none, none, np.empty(0), np.empty(0, dtype=np.bool_))
    may = np.array(usable, dtype=np.bool_)
    firsts, laters, partnered = equal_pairs(of, len(lines), may, _PARTNERS, WINDOW, _NEAR)
    near: list[tuple[int, int, float, bool]] = []
    near_firsts, near_laters = near_pairs(
        of, *_buckets(keyed), may, partnered, _PARTNERS, WINDOW, _LEAST_SHARED, _VERIFIED
    )
    unequal = of[near_firsts] != of[near_laters]  # equal ones are anchors already
    lonely = (~partnered).tolist()
    for first, later in zip(near_firsts[unequal].tolist(), near_laters[unequal].tolist(), strict=True):
        left, right = lines[of[first]], lines[of[later]]
        score = similarity(left, right)
        if score:
            variant = score not in (_CUT, _CUT_EDITED) and varies(left, right)
            if lonely[later] or not variant:
                near.append((first, later, score, variant))
    ones, others, scores, variants = zip(*near, strict=True) if near else ((), (), (), ())
    firsts = np.concatenate([firsts, np.array(ones, dtype=firsts.dtype)])
    laters = np.concatenate([laters, np.array(others, dtype=laters.dtype)])
    alike, varied = np.ones(len(firsts)), np.zeros(len(firsts), dtype=np.bool_)
    alike[len(firsts) - len(near) :] = scores
    varied[len(firsts) - len(near) :] = variants
    order = np.lexsort((laters, firsts))
    return Anchors(firsts[order], laters[order], alike[order], varied[order])


def _buckets(keyed: Keyed) -> tuple[NDArray[np.int32], int]:
    """Return the numbers of the buckets of each distinct line, and how many buckets there are.

    A line stands in one for its first words, its last words, its opening and each of its smallest 3-gram
    hashes; a 3-gram is mixed from the hashes of its words. Lines that are too short stand in none.
    """
    words = hashed(keyed.lines)
    found = sketch(words.words, words.starts, words.openings, _MIX_1, _MIX_2)
    found[[len(line) < _SHORTEST for line in keyed.lines]] = -1
    numbers, size = number_buckets(found)
    return numbers, int(size)
