"""The recursions of the order: equal to the sum over every path, at any length."""

from itertools import pairwise, product

import numpy as np
import pytest

from cleaners.dates.curves import tables
from cleaners.dates.order import Order, Paces
from cleaners.dates.waits import mixture

SIZE = 6


def emissions(count: int) -> list[np.ndarray | None]:
    """Return likelihoods of some posts; every third says nothing."""
    shape = np.random.default_rng(7)
    return [None if at % 3 == 2 else shape.random(SIZE, dtype=np.float32) + 0.01 for at in range(count)]


def by_enumeration(rows: list[np.ndarray | None], paces: Paces, last: np.ndarray) -> np.ndarray:
    """Return the posterior of each post by adding up all paths of steps and paces, for one direction."""
    table, (newest_first,), steps = tables()["order"], paces.newest_first, paces.steps
    fine, many = SIZE * steps, len(paces.gaps)
    mixtures = zip(*mixture(np.array(paces.gaps), SIZE, steps, table["waits"]), strict=True)
    kernels = [(weights * ratios ** np.arange(fine)[:, None]).sum(axis=1) for ratios, weights in mixtures]
    restart = table["restart"] / fine
    change = table["switch"] if many > 1 else 0.0
    shares = np.array(paces.shares) / sum(paces.shares)
    total = np.zeros((len(rows), SIZE))
    for path in product(product(range(fine), range(many)), repeat=len(rows)):
        weight = shares[path[0][1]] * last[(path[0] if newest_first else path[-1])[0] // steps]
        for row, (at, _) in zip(rows, path, strict=True):
            weight *= 1.0 if row is None else row[at // steps]
        for (left, pace), (right, following) in pairwise(path):
            wait = left - right if newest_first else right - left
            weight *= (1 - change) * (pace == following) + change * shares[following]
            weight *= restart + (kernels[following][wait] if wait >= 0 else 0.0)
        for number, (at, _) in enumerate(path):
            total[number, at // steps] += weight
    return np.asarray(total / total.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize(
    ("count", "gaps", "steps"),
    [(1, (0.7,), 1), (5, (0.7,), 1), (3, (0.7,), 2), (3, (0.2, 2.0), 1), (2, (0.2, 2.0), 2)],
)
def test_posteriors_are_sums_over_paths(
    newest_first: bool, count: int, gaps: tuple[float, ...], steps: int
) -> None:
    rows, last = emissions(count), np.linspace(1, 2, SIZE)
    paces = Paces((newest_first,), gaps, (1.0, 3.0)[: len(gaps)], steps)
    order = Order(rows.__getitem__, count, SIZE, last, paces, tables())
    ((first, found),) = order.posterior()
    assert first == 0
    assert found == pytest.approx(by_enumeration(rows, paces, last), abs=1e-5)


def test_shorter_steps_keep_the_posts_of_a_day_near_their_number() -> None:
    # 40 posts at 10 a day from the first day of a grid: whole days spread the last far wider than sixths do.
    widths = []
    for steps in (1, 6):
        rows: list[np.ndarray | None] = [None] * 40
        rows[0] = np.eye(12, dtype=np.float32)[0]
        order = Order(rows.__getitem__, 40, 12, np.ones(12), Paces((False,), (0.1,), (1.0,), steps), tables())
        found = np.vstack([block for _, block in order.posterior()])
        days = np.arange(12)
        mean = (found[20] * days).sum()
        widths.append((found[20] * (days - mean) ** 2).sum())
    assert widths[1] < 0.75 * widths[0]


def test_unlikely_paces_are_not_kept() -> None:
    rows = [np.eye(40, dtype=np.float32)[at] + np.float32(1e-6) for at in range(40)]
    order = Order(
        rows.__getitem__, 40, 40, np.ones(40), Paces((False, True), (0.01, 1.0), (0.5, 0.5)), tables()
    )
    assert sum(len(block) for _, block in order.posterior()) == 40
    assert order.kept() == Paces((False,), (1.0,), (0.5,))


def test_blocks_meet() -> None:
    # 150 posts need three blocks; a post sure of its day must bound the blocks beside it.
    offsets = {**tables(), "order": {**tables()["order"], "restart": 1e-6}}
    rows: list[np.ndarray | None] = [None] * 150
    rows[70] = np.eye(SIZE, dtype=np.float32)[3] + np.float32(1e-6)
    order = Order(rows.__getitem__, 150, SIZE, np.ones(SIZE), Paces((False,), (0.01,), (1.0,)), offsets)
    blocks = dict(order.posterior())
    posterior = np.vstack([blocks[first] for first in sorted(blocks)])
    assert posterior.shape == (150, SIZE)
    assert posterior.sum(axis=1) == pytest.approx(1.0, abs=1e-4)
    assert posterior[:70, 4:].sum(axis=1).max() < 0.01
    assert posterior[71:, :3].sum(axis=1).max() < 0.01


def test_the_better_direction_is_kept() -> None:
    rows = [np.eye(SIZE, dtype=np.float32)[SIZE - 1 - at] + np.float32(1e-3) for at in range(SIZE)]
    order = Order(rows.__getitem__, SIZE, SIZE, np.ones(SIZE), Paces((False, True), (1.0,), (1.0,)), tables())
    assert order.newest_first == (True,)


@pytest.mark.parametrize("swept", [False, True])
def test_closed_weeks_where_no_post_lies_change_nothing(swept: bool) -> None:
    # 30 posts over ten weeks, every third sure of its day: the others lie between them.
    days, size = [2 * at for at in range(30)], 70
    rows: list[np.ndarray | None] = [None] * 30
    for at in range(0, 30, 3):
        rows[at] = np.eye(size, dtype=np.float32)[days[at]] + np.float32(1e-6)
    weeks = np.arange(10)
    opened = np.abs(weeks - np.array(days)[:, None] // 7) <= 1
    paces = Paces((False, True), (0.5, 2.0), (0.5, 0.5), 2)
    found = []
    for here in (None, opened):
        order = Order(rows.__getitem__, 30, size, np.ones(size), paces, tables(), swept=swept, opened=here)
        assert order.newest_first == (False,)
        found.append(np.vstack([block for _, block in order.posterior()]))
    assert found[1] == pytest.approx(found[0], abs=2e-3)
    closed = np.repeat(~opened, 7, axis=1)
    assert found[1][closed].max() == 0
