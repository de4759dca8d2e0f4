"""The compiled passes over posts: what `waits.Plain` does, some tens of times as fast.

Importing this module costs half a second; cleaners.compiled says where the machine code is kept.
"""

from typing import Any

import numpy as np
from numba import config
from numpy.typing import NDArray

from cleaners.dates.sweep_kernel import BLOCK, TABLE, TERMS, sweep_backward, sweep_forward
from cleaners.dates.waits import CELL, Emitted, Opened, Singles, Waits
from cleaners.eights import EIGHT

#: Where the tables of a walk begin, behind the first.
_ROWS = np.cumsum([BLOCK, TERMS, BLOCK, 1])


def is_compiled() -> bool:
    """Say whether numba compiles: NUMBA_DISABLE_JIT makes the passes Python, a thousand times slower."""
    return not getattr(config, "DISABLE_JIT", 0)


class Sweeps:
    """The passes over posts, compiled. States are directions x paces x blocks x 8; held ones, directions x
    numbers: of all open blocks one after the other, paces x 8."""

    def __init__(self, waits: Waits) -> None:
        """Lay out the steps, in whole cells: `_days` is the day of each of eight, `size` behind the last."""
        self._waits = waits
        if waits.ratios.shape[1] != TERMS:
            message = f"mixtures of {waits.ratios.shape[1]} terms; the passes hold {TERMS}"
            raise ValueError(message)
        fine = waits.cells * CELL * waits.steps
        self._days = np.full((fine // BLOCK, EIGHT), waits.size)
        self._days[:, :BLOCK] = np.minimum(np.arange(fine) // waits.steps, waits.size).reshape(-1, BLOCK)
        self._model: Any = (
            self._days.ravel(),
            CELL * waits.steps // BLOCK,
            _tables(waits),
            waits.shares,
            waits.newest_first,
            np.float32(waits.switch),
            np.float32(waits.restart),
        )

    def start(self, values: Singles) -> Singles:
        """Do what `Plain.start` does."""
        inside = self._days.ravel() < self._waits.size
        line: Singles = inside * values[:, None]
        return np.tile(line, (len(self._waits.newest_first), 1, 1))

    def held(self, opened: Opened) -> tuple[int, ...]:
        """Do what `Plain.held` does."""
        blocks = int(opened.sum()) * (CELL * self._waits.steps // BLOCK)
        return (len(self._waits.newest_first), blocks * EIGHT * len(self._waits.shares))

    def forward(self, state: Singles, emitted: Emitted, states: Singles | None = None) -> NDArray[np.float64]:
        """Do what `Plain.forward` does."""
        evidence = np.zeros(len(state))
        kept = np.empty((len(state), EIGHT), dtype=np.float32) if states is None else states
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


def _tables(waits: Waits) -> Singles:
    """Return what the walks multiply by (ways x paces x TABLE): the later steps of a block are first, turned,
    the earlier ones last."""
    ratios, weights = (np.asarray(row, dtype=np.float64) for row in (waits.ratios, waits.weights))
    made = np.zeros((2, len(ratios), TABLE // EIGHT, EIGHT))
    ahead = np.arange(BLOCK)
    powers = ratios[:, :, None] ** np.arange(BLOCK + 1)  # paces x terms x steps
    for way, order in enumerate((ahead, ahead[::-1])):
        apart = order[None, :] - order[:, None]  # from the step of the row to that of the column
        waited = np.einsum("pt,ptk->pk", weights, powers)[:, np.maximum(apart, 0)]
        among, out, into, decay, leap = np.split(made[way], _ROWS, axis=1)
        among[:, :, :BLOCK] = np.where(apart >= 0, waited, 0)
        out[:, :, :BLOCK] = weights[:, :, None] * powers[:, :, order + 1]
        into[:] = np.swapaxes(powers[:, :, BLOCK - 1 - order], 1, 2)
        decay[:, 0] = powers[:, :, BLOCK]
        leap[:, 0] = powers[:, :, BLOCK] ** (CELL * waits.steps // BLOCK)
    return made.reshape(2, len(ratios), TABLE).astype(np.float32)
