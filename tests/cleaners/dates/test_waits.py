"""Waits: mixtures that are distributions of the shape they claim, and plain passes equal to direct sums."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners.dates.waits import Plain, kernel, make_waits

TAIL = 0.07
TABLE = {"waits": TAIL, "switch": 0.01, "restart": 1e-3}


@pytest.mark.parametrize("steps", [1, 6])
@pytest.mark.parametrize("gap", [0.004, 1.0, 90.0])
def test_a_mixture_is_the_distribution_of_waits_with_its_tail(gap: float, steps: int) -> None:
    size = 5500
    (found,) = kernel(make_waits(size, steps, [gap], [1.0], [False], TABLE))
    at = np.arange(size * steps)
    share = TAIL * min(1.0, gap)
    wanted = np.zeros(len(at))
    for mean, part in ((0.3, 0.35), (1.0, 0.48), (3.0, 0.17)):
        ratio = mean * gap * steps / (1 + mean * gap * steps)
        wanted += (1 - share) * part * (1 - ratio) * ratio**at
    tail = (at / steps + 0.7) ** -1.3
    wanted += share * tail / tail.sum()
    assert found.sum() == pytest.approx(1.0, abs=1e-4)
    assert np.abs(found - wanted / wanted.sum()).sum() / 2 < 0.03 * share + 1e-3


@settings(max_examples=30)
@given(
    st.integers(1, 30),
    st.sampled_from([1, 3]),
    st.lists(st.sampled_from([0.05, 0.7, 4.0]), min_size=1, max_size=2),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_a_wait_is_a_convolution(
    size: int, steps: int, gaps: list[float], newest: bool, back: bool, seed: int
) -> None:
    waits = make_waits(size, steps, gaps, [1.0] * len(gaps), [newest], TABLE)
    state = np.random.default_rng(seed).random((1, len(gaps), waits.fine), dtype=np.float32)
    moved = Plain(waits)._moved(state, back=back)
    for pace, shape in enumerate(kernel(waits)):
        line = state[0, pace].astype(np.float64)
        if newest != back:
            wanted = np.convolve(line[::-1], shape)[: waits.fine][::-1]
        else:
            wanted = np.convolve(line, shape)[: waits.fine]
        assert moved[0, pace] == pytest.approx(wanted + waits.restart * line.sum(), rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("gap", [0.1, 1.0, 10.0, 30.0])
def test_weeks_hold_the_long_waits_of_their_days(gap: float) -> None:
    daily = kernel(make_waits(7000, 1, [gap], [1.0], [False], TABLE))[0]
    weekly = kernel(make_waits(1000, 1, [gap], [1.0], [False], TABLE, days=7))[0]
    assert weekly.sum() == pytest.approx(1.0, abs=1e-4)
    for weeks in (4, 8, 16, 50):
        assert weekly[weeks:].sum() == pytest.approx(daily[7 * weeks :].sum(), rel=0.3)
