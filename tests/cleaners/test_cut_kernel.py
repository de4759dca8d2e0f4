"""The compiled loops over anchors and posts, against the same in plain Python."""

from itertools import accumulate
from math import inf, isclose

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cleaners.cut_kernel import best_cut, link_chains

STEP = 3
TENTHS = st.integers(-40, 40).map(lambda value: value / 10)


@given(
    st.sets(st.tuples(st.integers(0, 15), st.integers(1, 10)), max_size=30),
    st.lists(st.integers(1, 10), min_size=30, max_size=30),
)
def test_chains_are_linked_as_an_alignment(spans: set[tuple[int, int]], tenths: list[int]) -> None:
    places = sorted((first, first + gap) for first, gap in spans)
    weights = [value / 10 for value in tenths]
    total = [0.0, *accumulate(weights)]
    score: dict[tuple[int, int], float] = {}
    before: dict[tuple[int, int], tuple[int, int] | None] = {}
    for i, j in places:
        best, link = 0.0, None
        for back_i in range(1, STEP + 1):
            for back_j in range(1, STEP + 1):
                place = (i - back_i, j - back_j)
                if place in score:
                    skipped = total[i] - total[i - back_i + 1] + total[j] - total[j - back_j + 1]
                    value = score[place] - 0.5 * skipped - 0.05 * (back_i + back_j - 2)
                    if value > best:
                        best, link = value, place
        score[i, j], before[i, j] = best + weights[i], link
    used: set[tuple[int, int]] = set()
    expected = []
    for place in sorted(score, key=lambda at: (-score[at], at)):
        chain: list[tuple[int, int]] = []
        at: tuple[int, int] | None = place
        while at is not None and at not in used:
            used.add(at)
            chain.append(at)
            at = before[at]
        if chain:
            expected.append(chain[::-1])
    firsts, laters = (np.array([one[side] for one in places], dtype=np.int64) for side in (0, 1))
    worth = np.array([weights[first] for first, _ in places], dtype=np.float64)
    order, starts = link_chains(firsts, laters, worth, np.array(total), STEP)
    ends = [*starts.tolist(), len(order)][1:]
    found = [[places[at] for at in order[a:b]] for a, b in zip(starts.tolist(), ends, strict=True)]
    assert found == expected


@given(
    st.lists(st.tuples(TENTHS, st.booleans()), min_size=1, max_size=9),
    st.lists(st.tuples(st.integers(0, 8), st.integers(1, 6), TENTHS), max_size=6),
    st.lists(TENTHS, min_size=3, max_size=3),
)
def test_the_best_cut_is_the_best_of_all(
    lines: list[tuple[float, bool]], offers: list[tuple[int, int, float]], lengths: list[float]
) -> None:
    """All cuts are tried: single posts begin with any number of structural lines and hold none inside."""
    opens, head = [value for value, _ in lines], [structural for _, structural in lines]
    size, onward = len(lines), -0.3
    doubled = sorted(
        ((start, start + length, score) for start, length, score in offers if start + length <= size),
        key=lambda offer: offer[1],
    )
    # The text of a doubled post ends with text, and begins where a post may.
    doubled = [one for one in doubled if not head[one[1] - 1]]

    def single(start: int, end: int) -> float | None:
        if start and head[start - 1]:
            return None  # structural lines stand together above a post
        first = start
        while first < end and head[first]:
            first += 1
        if first == end:
            return opens[start]
        if any(head[first:end]):
            return None
        count = end - first
        return opens[start] + lengths[min(count, 3) - 1] + onward * max(0, count - 3)

    best = [0.0] + [-inf] * size
    for end in range(1, size + 1):
        for start in range(end):
            value = single(start, end)
            if value is not None:
                best[end] = max(best[end], best[start] + value)
        for start, stop, score in doubled:
            if stop == end:
                best[end] = max(best[end], best[start] + opens[start] + score)
    table = np.array(doubled, dtype=np.float64).reshape(-1, 3)
    origin, twice, score = best_cut(
        np.array(opens),
        np.array(head),
        np.array(lengths),
        onward,
        table[:, 0].astype(np.int64),
        table[:, 1].astype(np.int64),
        np.ascontiguousarray(table[:, 2]),
    )
    assert isclose(score, best[size], abs_tol=1e-9)
    at, total = size, 0.0
    while at:
        start = int(origin[at])
        if twice[at] >= 0:
            assert doubled[twice[at]][:2] == (start, at)
            total += opens[start] + doubled[twice[at]][2]
        else:
            value = single(start, at)
            assert value is not None
            total += value
        at = start
    assert isclose(total, score, abs_tol=1e-9)
