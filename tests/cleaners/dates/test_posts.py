"""Reading a posterior: which day is the best one."""

import numpy as np
import pytest

from cleaners.dates.posts import _best


@pytest.mark.parametrize(
    ("label", "posterior", "best"),
    [
        ("the likeliest day, where it is about as well placed", [0, 0.02, 0.43, 0.3, 0.06, 0.19], 2),
        ("the day with the most beside it, not one that stands alone", [0.34, 0, 0, 0.2, 0.26, 0.2], 4),
        ("a day with more than half, whatever lies beside it", [0.02, 0.1, 0.2, 0.68], 3),
        ("the middle, where no three days hold a third", [1 / 9] * 9, 4),
    ],
)
def test_the_best_day(label: str, posterior: list[float], best: int) -> None:
    row = np.array(posterior, dtype=np.float32)
    block = (row / row.sum())[None, :]
    totals = np.concatenate([[[0]], np.cumsum(block, axis=1)], axis=1)
    assert _best(block, totals).tolist() == [best], label
