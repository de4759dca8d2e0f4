"""The compiled loops over lines, against the same in plain Python."""

from collections import Counter, deque
from collections.abc import Sequence
from itertools import pairwise
from math import isclose, log, sqrt

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cleaners.line_kernel import (
    BUCKETS,
    GRAMS,
    equal_pairs,
    near_pairs,
    number_buckets,
    overlaps,
    place_scores,
    sketch,
)
from cleaners.vocabulary import number

MASK = (1 << 32) - 1
MIX = (0x9E3779B1, 0x85EBCA77)
LINES = st.lists(st.lists(st.sampled_from("abcdefg"), max_size=9), min_size=1, max_size=30)
SEVERAL = st.lists(st.sampled_from("aabcdefg"), min_size=1, max_size=40)


class Words:
    """The words of lines as numbers."""

    def __init__(self, lines: list[list[str]]) -> None:
        self.words, self.codes = number([word for line in lines for word in line])
        self.starts = np.cumsum([0, *map(len, lines)], dtype=np.int64)


def hashes(words: Sequence[str]) -> list[int]:
    return [(ord(word) * 0x9E3779B97F4A7C15 >> 7) & MASK for word in words]


@given(LINES)
def test_a_sketch_holds_the_ends_and_the_smallest_grams(lines: list[list[str]]) -> None:
    words = Words(lines)
    openings = np.arange(len(lines), dtype=np.uint32)
    known = np.array(hashes(words.words), dtype=np.uint32)
    found = sketch(known[words.codes], words.starts, openings, *MIX)
    for at, line in enumerate(lines):
        own = hashes(line)
        grams = [(a * MIX[0] + b * MIX[1] + c) & MASK for a, b, c in zip(own, own[1:], own[2:], strict=False)]
        expected = [
            MASK + 1 + (sum(own[:4]) & MASK),
            2 * MASK + 2 + (sum(own[-4:]) & MASK),
            3 * MASK + 3 + at,
            *sorted(set(grams or [sum(own) & MASK]))[:GRAMS],
        ]
        assert found[at].tolist() == expected + [-1] * (BUCKETS - len(expected))


@given(st.lists(st.tuples(*[st.integers(-1, 40) | st.integers(0, 1 << 34)] * 3), max_size=60))
def test_buckets_are_numbered_as_they_come(rows: list[tuple[int, ...]]) -> None:
    made, size = number_buckets(np.array(rows, dtype=np.int64).reshape(-1, 3))
    distinct = list(dict.fromkeys(value for row in rows for value in row if value >= 0))
    assert size == len(distinct)
    assert made.tolist() == [[distinct.index(value) if value >= 0 else -1 for value in row] for row in rows]


@given(SEVERAL, st.data())
def test_equal_lines_are_paired_with_the_last_ones(lines: list[str], data: st.DataObject) -> None:
    usable = data.draw(st.lists(st.booleans(), min_size=len(lines), max_size=len(lines)))
    expected: list[tuple[int, int]] = []
    partnered = [False] * len(lines)
    equal: dict[str, deque[int]] = {}
    for later, line in enumerate(lines):
        if not usable[later]:
            continue
        seen = equal.setdefault(line, deque(maxlen=3))
        for first in [later - 1] if later and lines[later - 1] == line and usable[later - 1] else seen:
            if later - first <= 20:
                expected.append((first, later))
                if later - first <= 4:
                    partnered[first] = partnered[later] = True
        seen.append(later)
    distinct, of = number(lines)
    firsts, laters, near = equal_pairs(of, len(distinct), np.array(usable), 3, 20, 4)
    assert list(zip(firsts.tolist(), laters.tolist(), strict=True)) == expected
    assert near.tolist() == partnered


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 7), st.booleans(), st.booleans()), min_size=1, max_size=40),
)
def test_lines_that_share_buckets_are_paired_best_first(
    sketches: list[list[int]], lines: list[tuple[int, bool, bool]]
) -> None:
    of = [line % len(sketches) for line, _, _ in lines]
    usable, partnered = [one for _, one, _ in lines], [one for _, _, one in lines]
    expected: list[tuple[int, int]] = []
    known: dict[int, list[int]] = {}
    for later, line in enumerate(of):
        if not usable[later]:
            continue
        shared: Counter[int] = Counter()
        for bucket in sketches[line]:
            members = known.setdefault(bucket, [])
            shared.update(
                first
                for first in members
                if (not partnered[later] or not partnered[first]) and later - first <= 15
            )
            members.append(later)
            del members[:-3]
        least = 2 if len(sketches[line]) == 4 else 1
        likely = [first for first in shared if shared[first] >= least]
        ranked = sorted(likely, key=lambda first: (-shared[first], later - first))
        expected += [(first, later) for first in ranked[:2]]
    buckets = np.array([one + [-1] * (4 - len(one)) for one in sketches], dtype=np.int32)
    pairs = near_pairs(
        np.array(of, dtype=np.int32), buckets, 10, np.array(usable), np.array(partnered), 3, 15, 2, 2
    )
    assert list(zip(*(side.tolist() for side in pairs), strict=True)) == expected


@given(LINES, st.data())
def test_overlaps_are_cosines_by_rarity(lines: list[list[str]], data: st.DataObject) -> None:
    counted = data.draw(st.lists(st.booleans(), min_size=len(lines), max_size=len(lines)))
    words = Words(lines)
    topics = [{word for word in line if word != "a"} for line in lines]  # "a" tells no topic
    spread = Counter(word for topic, counts in zip(topics, counted, strict=True) if counts for word in topic)
    whole = log(len(lines) + 1)

    def mass(topic: set[str]) -> float:
        return sum(whole - log(spread[word]) if spread[word] else whole for word in topic)

    def cosine(left: set[str], right: set[str], left_mass: float) -> float:
        return mass(left & right) / (1 + sqrt(left_mass * mass(right)))

    expected: list[list[float]] = [[], [], [], []]
    for at, topic in enumerate(topics):
        back = topics[max(0, at - 3) : at]
        before: set[str] = set().union(*back)
        expected[0].append(cosine(before, topic, sum(map(mass, back))))
        expected[1].append(cosine(topics[at - 1], topic, mass(topics[at - 1])) if at else 0.0)
        last = at + 1 == len(topics)
        expected[2].append(0.0 if last else cosine(topic, topics[at + 1], mass(topic)))
        between = not at or last
        expected[3].append(0.0 if between else cosine(topics[at - 1], topics[at + 1], mass(topics[at - 1])))
    stems = np.array([-1 if word == "a" else at for at, word in enumerate(words.words)], dtype=np.int32)
    of = np.arange(len(lines), dtype=np.int32)
    found = overlaps(of, stems[words.codes], words.starts, len(words.words), np.array(counted))
    for values, wanted in zip(found, expected, strict=True):
        assert all(isclose(a, b, abs_tol=1e-9) for a, b in zip(values.tolist(), wanted, strict=True))


@given(LINES)
def test_scores_of_words_count_each_stem_once_a_place(lines: list[list[str]]) -> None:
    words = Words(lines)
    tables = [{"a": 1.0, "b": 0.5}, {"a": -1.0, "c": 2.0}, {"b": 0.25, "c": -3.0, "d": 1.5}]
    values = np.array([[table.get(word, np.nan) for table in tables] for word in words.words]).reshape(-1, 3)
    stems = np.arange(len(words.words), dtype=np.int32)
    found = place_scores(stems[words.codes], words.starts, values, 4)
    for line, scores in zip(lines, found.tolist(), strict=True):
        first, early, rest = (
            [table[word] for word in dict.fromkeys(part) if word in table]
            for part, table in zip((line[:1], line[1:4], line[4:]), tables, strict=True)
        )
        expected = [sum(first), sum(early), sum(rest) / sqrt(len(rest)) if rest else 0.0]
        assert all(isclose(a, b, abs_tol=1e-9) for a, b in zip(scores, expected, strict=True))


def test_a_line_without_words_has_a_sketch_of_its_opening_alone() -> None:
    words = Words([[], ["a"]])
    found = sketch(np.array([7], np.uint32), words.starts, np.array([3, 4], np.uint32), *MIX)
    assert [row.tolist()[:4] for row in found] == [
        [MASK + 1, 2 * MASK + 2, 3 * MASK + 3 + 3, 0],
        [MASK + 8, 2 * MASK + 9, 3 * MASK + 3 + 4, 7],
    ]
    assert all(left != right for left, right in pairwise(found[:, 3].tolist()))
