"""The compiled passes do what the plain ones do, at any size, direction and number of paces."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners.dates.sweeps import Sweeps
from cleaners.dates.waits import CELL, Emitted, Plain, make_waits

TABLE = {"waits": 0.07, "switch": 0.004, "restart": 1e-3}
SIZES = st.one_of(st.integers(1, 12), st.sampled_from([2 * CELL, 2 * CELL + 1, 700]))


@settings(max_examples=40)
@given(
    SIZES,
    st.sampled_from([1, 2, 6]),
    st.lists(st.sampled_from([0.01, 0.3, 2.0, 40.0]), min_size=1, max_size=3, unique=True),
    st.sampled_from([[False], [True], [False, True]]),
    st.integers(1, 8),
    st.sampled_from([0.0, 0.5, 0.9]),
    st.integers(0, 2**32 - 1),
)
def test_sweeps_do_what_the_plain_passes_do(
    size: int, steps: int, gaps: list[float], ways: list[bool], count: int, closed: float, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    rows = (0.03 + 20 * chance.random((count + 1, size + 1)) ** 8).astype(np.float32)
    rows[:, -1] = 0
    waits = make_waits(size, steps, gaps, [1.0] * len(gaps), ways, TABLE)
    opened = chance.random((count + 2, waits.cells)) >= closed
    opened[range(count + 2), chance.integers(0, waits.cells, count + 2)] = True
    emitted = Emitted(rows, chance.integers(0, count + 1, (count, len(ways))), opened)
    weights = np.full(len(ways), 1 / len(ways), dtype=np.float32)
    answers = []
    for passes in (Plain(waits), Sweeps(waits)):
        state = passes.start(waits.shares / np.float32(waits.fine))
        states = np.empty(passes.held(opened[1:-1]), dtype=np.float32)
        evidence = passes.forward(state.copy(), emitted)
        assert evidence == pytest.approx(passes.forward(state, emitted, states))
        behind = passes.start(np.ones(len(gaps), dtype=np.float32))
        answers.append((evidence, *passes.backward(behind, emitted, states, weights)))
    (evidence, found, shares), (swept_evidence, swept, swept_shares) = answers
    assert swept_evidence == pytest.approx(evidence, abs=1e-3)
    assert swept == pytest.approx(found, abs=1e-3)
    assert swept.sum(axis=1) == pytest.approx(1.0, abs=1e-3)
    assert swept_shares == pytest.approx(shares, abs=1e-2)


def test_other_mixtures_than_the_passes_are_made_for_are_refused() -> None:
    waits = make_waits(10, 1, [1.0], [1.0], [False], TABLE)
    with pytest.raises(ValueError, match="mixtures of 7 terms; the passes hold 8"):
        Sweeps(replace(waits, ratios=waits.ratios[:, 1:], weights=waits.weights[:, 1:]))


@pytest.mark.parametrize(
    "missing", ["sys.modules['numba'] = None", "import os; os.environ['NUMBA_DISABLE_JIT'] = '1'"]
)
def test_long_documents_are_dated_without_a_compiler(missing: str) -> None:
    code = (
        f"import sys; {missing}; from cleaners.dates import DateInput, resolve;"
        "items = [DateInput(text=f'On May {1 + at // 8}, 2023 they met.') for at in range(200)];"
        "print(resolve(items)[-1].best)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2023-05-25"


def test_short_documents_load_no_compiler() -> None:
    code = (
        "import sys; from cleaners.dates import DateInput, resolve;"
        "resolve([DateInput(text='On May 1, 2023 they met.')] * 13); print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
