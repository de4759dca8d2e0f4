"""The recursions of the order: equal to the sum over every path, at any length."""

from itertools import pairwise, product

import numpy as np
import pytest

from cleaners.dates.likelihood import tables
from cleaners.dates.order import Chain, Order, _kernel

SIZE = 6


def emissions(count: int) -> list[np.ndarray | None]:
    """Return likelihoods of some posts; every third says nothing."""
    shape = np.random.default_rng(7)
    return [None if at % 3 == 2 else shape.random(SIZE, dtype=np.float32) + 0.01 for at in range(count)]


def by_enumeration(rows: list[np.ndarray | None], chain: Chain, last: np.ndarray) -> np.ndarray:
    """Return the posterior of each post by adding up all paths."""
    kernel = _kernel(chain.gap, SIZE, tables()["order"]["waits"])
    restart = tables()["order"]["restart"] / SIZE
    total = np.zeros((len(rows), SIZE))
    for path in product(range(SIZE), repeat=len(rows)):
        weight = last[path[0] if chain.newest_first else path[-1]]
        for row, day in zip(rows, path, strict=True):
            weight *= 1.0 if row is None else row[day]
        for left, right in pairwise(path):
            wait = left - right if chain.newest_first else right - left
            weight *= restart + (kernel[wait] if wait >= 0 else 0.0)
        for at, day in enumerate(path):
            total[at, day] += weight
    return np.asarray(total / total.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_posteriors_are_sums_over_paths(newest_first: bool, count: int) -> None:
    rows, chain, last = emissions(count), Chain(newest_first, 0.7, 0.0), np.linspace(1, 2, SIZE)
    order = Order(rows.__getitem__, count, SIZE, last, [chain], tables())
    ((first, found),) = order.posterior()
    assert first == 0
    assert found == pytest.approx(by_enumeration(rows, chain, last), abs=1e-5)


def test_blocks_meet() -> None:
    # 150 posts need three blocks; a post sure of its day must bound the blocks beside it.
    offsets = {**tables(), "order": {**tables()["order"], "restart": 1e-6}}
    rows: list[np.ndarray | None] = [None] * 150
    rows[70] = np.eye(SIZE, dtype=np.float32)[3] + np.float32(1e-6)
    order = Order(rows.__getitem__, 150, SIZE, np.ones(SIZE), [Chain(False, 0.01, 0.0)], offsets)
    blocks = dict(order.posterior())
    posterior = np.vstack([blocks[first] for first in sorted(blocks)])
    assert posterior.shape == (150, SIZE)
    assert posterior.sum(axis=1) == pytest.approx(1.0, abs=1e-4)
    assert posterior[:70, 4:].sum(axis=1).max() < 0.01
    assert posterior[71:, :3].sum(axis=1).max() < 0.01


def test_the_better_direction_is_kept() -> None:
    rows = [np.eye(SIZE, dtype=np.float32)[SIZE - 1 - at] + np.float32(1e-3) for at in range(SIZE)]
    candidates = [Chain(False, 1.0, 0.0), Chain(True, 1.0, 0.0)]
    order = Order(rows.__getitem__, SIZE, SIZE, np.ones(SIZE), candidates, tables())
    assert [chain.newest_first for chain in order.chains] == [True]
