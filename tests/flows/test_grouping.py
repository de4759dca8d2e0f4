"""Batches that land together: in order, none lost, no more than fit."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from flows.cleaning import Answer
from flows.grouping import TOGETHER, grouped


@given(sizes=st.lists(st.integers(0, 50)), batch_bytes=st.integers(1, 20))
def test_groups_are_as_large_as_they_may_be(sizes: list[int], batch_bytes: int) -> None:
    answers = [Answer(batch=b"", tallies={}, failures=(), bytes=size) for size in sizes]
    groups = list(grouped(answers, batch_bytes, held=1e9))
    assert [answer for group in groups for answer in group] == answers
    most = TOGETHER * batch_bytes
    assert all(len(group) == 1 or sum(one.bytes for one in group) <= most for group in groups)
    for group, following in pairwise(groups):
        assert sum(one.bytes for one in group) + following[0].bytes > most


def test_what_waited_for_long_lands() -> None:
    answers = [Answer(batch=b"", tallies={}, failures=(), bytes=1) for _ in range(3)]
    assert list(grouped(answers, 100, held=-1.0)) == [[answer] for answer in answers]
