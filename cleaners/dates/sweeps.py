"""The compiled passes over posts: what `waits.Plain` does, some fifteen times as fast.

A wait is a mixture of geometric distributions; each is a running sum that decays from step to step. So that
the processor adds many steps at once, the line of steps is cut into WIDTH pieces that are walked side by
side: once for what leaves each piece, once more from what enters it. A state holds step i of every piece next
to each other; steps behind the last day hold nothing.

Importing this module costs half a second; cleaners.compiled says where the machine code is kept.
"""

from typing import Any

import numpy as np
from numba import config, types
from numpy.typing import NDArray

from cleaners.compiled import compiled
from cleaners.dates.waits import Emitted, Singles, Waits

#: Pieces of the line of steps that are walked side by side: enough for the vectors of any processor, and few
#: enough for the running sums of all terms to stay in its first cache.
WIDTH = 64


def is_compiled() -> bool:
    """Say whether numba compiles: NUMBA_DISABLE_JIT makes the passes Python, a thousand times slower."""
    return not getattr(config, "DISABLE_JIT", 0)


class Sweeps:
    """The passes over posts, compiled: states are directions x paces x (steps of a piece * WIDTH)."""

    def __init__(self, waits: Waits) -> None:
        """Lay out the steps: `_days` is the day of each, `size` behind the last."""
        self._waits = waits
        long = -(-waits.fine // WIDTH)
        days = np.minimum(np.arange(long * WIDTH) // waits.steps, waits.size)
        self._days = np.ascontiguousarray(days.reshape(WIDTH, long).T.ravel(), dtype=np.int64)
        self._model = (
            self._days,
            waits.ratios,
            waits.weights,
            waits.newest_first,
            waits.shares,
            np.float32(waits.switch),
            np.float32(waits.restart),
        )

    def line(self, days: Singles) -> Singles:
        """Return a value a day as a value a step."""
        return np.append(days, np.float32(0))[self._days]

    def forward(self, state: Singles, emitted: Emitted, states: Singles | None = None) -> NDArray[np.float64]:
        """Do what `Plain.forward` does."""
        evidence = np.zeros(len(state))
        kept = np.empty((0, *state.shape), dtype=np.float32) if states is None else states
        _forward(state, emitted.rows, emitted.row_of, *self._model, evidence, kept)
        return evidence

    def backward(
        self, behind: Singles, emitted: Emitted, states: Singles, weights: Singles
    ) -> tuple[Singles, NDArray[np.float64]]:
        """Do what `Plain.backward` does."""
        found = np.zeros((len(emitted.row_of), self._waits.size + 1), dtype=np.float32)
        shares = np.zeros(len(self._waits.shares))
        _backward(behind, emitted.rows, emitted.row_of, *self._model, states, weights, found, shares)
        return found[:, :-1], shares


# Inner loops run over neighbours of few arrays, which is what the compiler makes vectors of.


@compiled(fastmath={"reassoc"})  # so that it adds in any order
def _total(line: Any) -> Any:
    total = np.float32(0)
    for at in range(len(line)):
        total += line[at]
    return total


@compiled()
def _enter(line: Any, ratios: Any, turned: bool, sums: Any) -> None:
    """Write the running sums that enter each piece, from those that leave the pieces before it."""
    long = len(line) // WIDTH
    for at in range(len(sums)):
        sums[at] = np.float32(0)
    for step in range(long):
        first = (long - 1 - step if turned else step) * WIDTH
        here = line[first : first + WIDTH]
        for term in range(len(ratios)):
            ratio, own = ratios[term], term * WIDTH
            for at in range(WIDTH):
                sums[own + at] = sums[own + at] * ratio + here[at]
    for term in range(len(ratios)):
        through = ratios[term] ** long
        entering = np.float32(0)
        for step in range(WIDTH):
            at = term * WIDTH + (WIDTH - 1 - step if turned else step)
            left = sums[at]
            sums[at] = entering
            entering = entering * through + left


@compiled()
def _wait(line: Any, ratios: Any, weights: Any, turned: bool, floor: Any, sums: Any, moved: Any) -> None:
    """Write `line` moved by one wait, to later steps or, turned, to earlier ones; `floor` is added."""
    _enter(line, ratios, turned, sums)
    long = len(line) // WIDTH
    for step in range(long):
        first = (long - 1 - step if turned else step) * WIDTH
        here, there = line[first : first + WIDTH], moved[first : first + WIDTH]
        for at in range(WIDTH):
            there[at] = floor
        for term in range(len(ratios)):
            ratio, weight, own = ratios[term], weights[term], term * WIDTH
            for at in range(WIDTH):
                left = sums[own + at] * ratio + here[at]
                sums[own + at] = left
                there[at] += weight * left


@compiled()
def _mix(lines: Any, shares: Any, switch: Any, factor: Any, mean: Any, out: Any) -> None:
    """Write the lines of all paces with the chance of a change to another, times a factor."""
    for at in range(len(mean)):
        mean[at] = np.float32(0)
    for pace in range(len(lines)):
        for at in range(len(mean)):
            mean[at] += lines[pace, at]
    stays = factor * (np.float32(1) - switch)
    for pace in range(len(lines)):
        comes = factor * switch * shares[pace]
        for at in range(len(mean)):
            out[pace, at] = stays * lines[pace, at] + comes * mean[at]


@compiled()
def _stay(lines: Any, shares: Any, switch: Any, mean: Any, out: Any) -> None:
    """Write what each pace says of its posts, given that it may have changed behind them."""
    for at in range(len(mean)):
        mean[at] = np.float32(0)
    for pace in range(len(lines)):
        for at in range(len(mean)):
            mean[at] += switch * shares[pace] * lines[pace, at]
    for pace in range(len(lines)):
        for at in range(len(mean)):
            out[pace, at] = (np.float32(1) - switch) * lines[pace, at] + mean[at]


_LINE, _LINES, _STATE = (types.Array(types.float32, many, "C") for many in (1, 2, 3))
_MODEL = (
    types.Array(types.int64, 1, "C"),  # days
    _LINES,  # ratios
    _LINES,  # weights
    types.Array(types.boolean, 1, "C"),  # newest_first
    _LINE,  # shares
    types.float32,  # switch
    types.float32,  # restart
)
_EVENTS = (_STATE, _LINES, types.Array(types.int64, 2, "C"))  # state, rows, row_of
_NUMBERS, _STATES = types.Array(types.float64, 1, "C"), types.Array(types.float32, 4, "C")


@compiled(types.void(*_EVENTS, *_MODEL, _NUMBERS, _STATES))
def _forward(
    state: Singles,
    rows: Singles,
    row_of: NDArray[np.int64],
    days: NDArray[np.int64],
    ratios: Singles,
    weights: Singles,
    newest_first: NDArray[np.bool_],
    shares: Singles,
    switch: Any,
    restart: Any,
    evidence: NDArray[np.float64],
    states: Singles,
) -> None:
    """Run over the posts; states of no posts are not written."""
    paces, steps = state.shape[1], state.shape[2]
    sums = np.empty(ratios.shape[1] * WIDTH, np.float32)
    mean, mixed = np.empty(steps, np.float32), np.empty((paces, steps), np.float32)
    wide = np.empty(steps, np.float32)
    for post in range(len(row_of)):
        for way in range(len(state)):
            row = rows[row_of[post, way]]
            for at in range(steps):
                wide[at] = row[days[at]]
            total = np.float32(0)
            for pace in range(paces):
                for at in range(steps):
                    state[way, pace, at] *= wide[at]
                total += _total(state[way, pace])
            evidence[way] += np.log(np.float64(total))
            if len(states) > 0:
                for pace in range(paces):
                    line, kept = state[way, pace], states[post, way, pace]
                    for at in range(steps):
                        kept[at] = line[at]
            _mix(state[way], shares, switch, np.float32(1) / total, mean, mixed)
            for pace in range(paces):
                floor = restart * _total(mixed[pace])
                _wait(
                    mixed[pace], ratios[pace], weights[pace], newest_first[way], floor, sums, state[way, pace]
                )


@compiled(types.void(*_EVENTS, *_MODEL, _STATES, _LINE, types.Array(types.float32, 2, "C"), _NUMBERS))
def _backward(
    behind: Singles,
    rows: Singles,
    row_of: NDArray[np.int64],
    days: NDArray[np.int64],
    ratios: Singles,
    weights: Singles,
    newest_first: NDArray[np.bool_],
    shares: Singles,
    switch: Any,
    restart: Any,
    states: Singles,
    ways: Singles,
    found: Singles,
    kept: NDArray[np.float64],
) -> None:
    """Run back over the posts; `found` and `kept` are added to."""
    paces, steps = behind.shape[1], behind.shape[2]
    sums = np.empty(ratios.shape[1] * WIDTH, np.float32)
    daily, totals = np.empty(steps, np.float32), np.empty(paces, np.float32)
    wide, mean = np.empty(steps, np.float32), np.empty(steps, np.float32)
    both, moved = np.empty((paces, steps), np.float32), np.empty((paces, steps), np.float32)
    for post in range(len(row_of) - 1, -1, -1):
        for at in range(steps):
            daily[at] = np.float32(0)
        for way in range(len(behind)):
            total = np.float32(0)
            for pace in range(paces):
                for at in range(steps):
                    both[pace, at] = states[post, way, pace, at] * behind[way, pace, at]
                totals[pace] = _total(both[pace])
                total += totals[pace]
            factor = ways[way] / total
            for pace in range(paces):
                kept[pace] += np.float64(factor * totals[pace])
                for at in range(steps):
                    daily[at] += factor * both[pace, at]
            row = rows[row_of[post, way]]
            for at in range(steps):
                wide[at] = row[days[at]]
            total = np.float32(0)
            for pace in range(paces):
                for at in range(steps):
                    both[pace, at] = behind[way, pace, at] * wide[at]
                totals[pace] = _total(both[pace])
                total += totals[pace]
            factor = np.float32(1) / total
            for pace in range(paces):
                for at in range(steps):
                    both[pace, at] *= factor
                _wait(
                    both[pace],
                    ratios[pace],
                    weights[pace],
                    not newest_first[way],
                    restart * factor * totals[pace],
                    sums,
                    moved[pace],
                )
            _stay(moved, shares, switch, mean, behind[way])
        for at in range(steps):
            found[post, days[at]] += daily[at]
