"""The compiled passes over posts: what `waits.Plain` does, some tens of times as fast.

Importing this module costs half a second; cleaners.compiled says where the machine code is kept.
"""

from typing import Any

import numpy as np
from numba import config
from numpy.typing import NDArray

from cleaners.dates.sweep_kernel import LANES, TERMS, sweep_backward, sweep_forward
from cleaners.dates.waits import CELL, Emitted, Opened, Singles, Waits


def is_compiled() -> bool:
    """Say whether numba compiles: NUMBA_DISABLE_JIT makes the passes Python, a thousand times slower."""
    return not getattr(config, "DISABLE_JIT", 0)


class Sweeps:
    """The passes over posts, compiled. States are directions x steps x paces; held ones, of all open cells
    one after the other, directions x steps x paces, too."""

    def __init__(self, waits: Waits) -> None:
        """Lay out the steps, in whole cells: `_days` is the day of each, `size` behind the last."""
        self._waits = waits
        self._width = CELL * waits.steps
        self._days = np.minimum(np.arange(waits.cells * self._width) // waits.steps, waits.size)
        many, of = waits.ratios.shape
        if many > LANES or of != TERMS:
            message = f"{many} paces of {of} terms; the passes hold {LANES} of {TERMS}"
            raise ValueError(message)
        terms = np.zeros((3, TERMS, LANES), dtype=np.float32)  # ratios, weights, leaps
        terms[0, :, :many], terms[1, :, :many] = waits.ratios.T, waits.weights.T
        terms[2] = terms[0] ** self._width
        shares = np.zeros(LANES, dtype=np.float32)
        shares[:many] = waits.shares
        self._model: Any = (
            self._days,
            self._width,
            terms.ravel(),
            shares,
            waits.newest_first,
            np.float32(waits.switch),
            np.float32(waits.restart),
        )

    def start(self, values: Singles) -> Singles:
        """Do what `Plain.start` does."""
        inside = self._days < self._waits.size
        line: Singles = inside[:, None] * values
        return np.tile(line, (len(self._waits.newest_first), 1, 1))

    def held(self, opened: Opened) -> tuple[int, ...]:
        """Do what `Plain.held` does."""
        steps = int(opened.sum()) * self._width
        return (len(self._waits.newest_first), steps, len(self._waits.shares))

    def forward(self, state: Singles, emitted: Emitted, states: Singles | None = None) -> NDArray[np.float64]:
        """Do what `Plain.forward` does."""
        evidence = np.zeros(len(state))
        kept = np.empty((len(state), 1, state.shape[2]), dtype=np.float32) if states is None else states
        sweep_forward(state, emitted.rows, emitted.row_of, emitted.opened, evidence, kept, *self._model)
        return evidence

    def backward(
        self, behind: Singles, emitted: Emitted, states: Singles, weights: Singles
    ) -> tuple[Singles, NDArray[np.float64]]:
        """Do what `Plain.backward` does."""
        found = np.zeros((len(emitted.row_of), self._waits.size + 1), dtype=np.float32)
        shares = np.zeros(len(self._waits.shares))
        events = (behind, emitted.rows, emitted.row_of, emitted.opened)
        sweep_backward(*events, states, weights, found, shares, *self._model)
        return found[:, :-1], shares
