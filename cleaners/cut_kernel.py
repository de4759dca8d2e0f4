"""The compiled loops of the splitter over anchors and posts: chains of anchors, and the best cut.

The functions that call them say what they mean (cleaners.echoes, cleaners.segments).
"""

from typing import Any

import numpy as np

from cleaners.compiled import compiled_late

_PLACES, _BITS, _REALS = "int64[::1]", "boolean[::1]", "float64[::1]"


@compiled_late(f"Tuple(({_PLACES}, {_PLACES}))({_PLACES}, {_PLACES}, {_REALS}, {_REALS}, int64)")
def link_chains(firsts: Any, laters: Any, worth: Any, total: Any, step: Any) -> Any:
    """Return anchors as chains, best first: the anchors one chain behind the other, and where each starts.

    firsts, laters: the two lines of each anchor, ordered and distinct; worth: of each anchor; total: of the
    lines before each line; step: the farthest line that a link reaches in either copy.
    """
    size = len(firsts)
    by_line = np.zeros(len(total) + 1, dtype=np.int64)  # anchors whose first line is before each line
    for at in range(size):
        by_line[firsts[at] + 1] += 1
    for line in range(len(total)):
        by_line[line + 1] += by_line[line]
    scores = np.empty(size)
    before = np.full(size, -1, dtype=np.int64)
    for at in range(size):
        i, j = firsts[at], laters[at]
        best = 0.0
        for back in range(1, min(step, i) + 1):
            for other in range(by_line[i - back + 1] - 1, by_line[i - back] - 1, -1):
                ahead = j - laters[other]
                if ahead < 1 or ahead > step:
                    continue
                skipped = total[i] - total[i - back + 1] + total[j] - total[j - ahead + 1]
                value = scores[other] - 0.5 * skipped - 0.05 * (back + ahead - 2)
                if value > best:
                    best, before[at] = value, other
        scores[at] = best + worth[at]
    used = np.zeros(size, dtype=np.bool_)
    chained = np.empty(size, dtype=np.int64)
    starts = np.empty(size, dtype=np.int64)
    filled = chains = 0
    for last in np.argsort(-scores, kind="mergesort"):
        at, begin = last, filled
        while at >= 0 and not used[at]:
            used[at] = True
            chained[filled] = at
            filled += 1
            at = before[at]
        if filled > begin:
            chained[begin:filled] = chained[begin:filled][::-1].copy()
            starts[chains] = begin
            chains += 1
    return chained, starts[:chains].copy()


@compiled_late(
    f"Tuple(({_PLACES}, {_PLACES}, float64))"
    f"({_REALS}, {_BITS}, {_REALS}, float64, {_PLACES}, {_PLACES}, {_REALS})"
)
def best_cut(opens: Any, head: Any, lengths: Any, onward: Any, starts: Any, ends: Any, scores: Any) -> Any:
    """Return for each line where the post that ends with it starts, which doubled post that is (-1: none),
    and the score of the whole.

    lengths: log-probability of a single post of 1, 2, .. lines, the last for as many and more; starts, ends,
    scores: of the doubled posts, ordered by their ends.
    """
    size, most = len(opens), len(lengths)
    best = np.full(size + 1, -np.inf)
    best[0] = 0.0
    origin = np.zeros(size + 1, dtype=np.int64)
    doubled = np.full(size + 1, -1, dtype=np.int64)
    # Of each line as the first line of a single post: the score up to there, and where the post starts.
    firsts, places = np.empty(size), np.empty(size, dtype=np.int64)
    oldest = 0  # the first line of the run of text that is fewer than `most` lines back
    long, long_start = -np.inf, 0  # the best single post of `most` lines or more that is still open
    lone = 0  # where the structural lines before this line begin
    offer = 0
    for at in range(size):
        while offer < len(ends) and ends[offer] < at + 1:
            offer += 1
        if head[at]:
            if at == 0 or not head[at - 1]:
                lone = at
            best[at + 1], origin[at + 1] = best[lone] + opens[lone], lone
            oldest, long = at + 1, -np.inf
            continue
        headed = at > 0 and head[at - 1]
        firsts[at] = best[at] if headed else best[at] + opens[at]
        places[at] = lone if headed else at
        long += onward
        if at - oldest + 1 == most:
            if firsts[oldest] + lengths[most - 1] > long:
                long, long_start = firsts[oldest] + lengths[most - 1], places[oldest]
            oldest += 1
        top, chosen, twice = -np.inf, at, -1
        for first in range(oldest, at + 1):
            value = firsts[first] + lengths[at - first]
            if value > top:
                top, chosen = value, places[first]
        if long > top:
            top, chosen = long, long_start
        while offer < len(ends) and ends[offer] == at + 1:
            value = best[starts[offer]] + opens[starts[offer]] + scores[offer]
            if value > top:
                top, chosen, twice = value, starts[offer], offer
            offer += 1
        best[at + 1], origin[at + 1], doubled[at + 1] = top, chosen, twice
    return origin, doubled, best[size]
