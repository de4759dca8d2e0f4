"""The compiled passes over posts: what `waits.Plain` does, some tens of times as fast.

A wait is a mixture of geometric distributions; each is a running sum that decays from step to step. One walk
over the steps carries the sums of all paces side by side, which is what the processor adds at once. It leaps
over the cells in which neither of two posts may lie: there the sums only decay.

Importing this module costs half a second; cleaners.compiled says where the machine code is kept.
"""

from typing import Any

import numpy as np
from numba import config, types
from numpy.typing import NDArray

from cleaners.compiled import compiled
from cleaners.dates.waits import CELL, Emitted, Opened, Singles, Waits

#: Paces side by side, at most: the table has 13. Most documents are left with a few of them.
LANES = 16
#: They are walked in whole vectors: as many lanes as are needed, which the compiler must not know, since of
#: 8 that it knows it makes no vectors, it unrolls them.
_VECTOR = 8
#: Geometric distributions of a mixture (waits.mixture).
TERMS = 8
_SUMS = TERMS * LANES


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
        _forward(state, emitted.rows, emitted.row_of, emitted.opened, evidence, kept, *self._model)
        return evidence

    def backward(
        self, behind: Singles, emitted: Emitted, states: Singles, weights: Singles
    ) -> tuple[Singles, NDArray[np.float64]]:
        """Do what `Plain.backward` does."""
        found = np.zeros((len(emitted.row_of), self._waits.size + 1), dtype=np.float32)
        shares = np.zeros(len(self._waits.shares))
        events = (behind, emitted.rows, emitted.row_of, emitted.opened)
        _backward(*events, states, weights, found, shares, *self._model)
        return found[:, :-1], shares


_FAST = {"reassoc", "contract"}  # so that it adds in any order, and as it multiplies


@compiled(fastmath=_FAST)
def _walk(
    line: Any, mixed: Any, now: Any, other: Any, model: Any, stays: Any, factor: Any, turned: bool, sums: Any
) -> None:
    """Move a line by one wait, to later steps or, turned, to earlier ones.

    now, other: the cells that are left and reached; the line is read, as 0 outside `now`, and written there.
    mixed: what each step gives to all paces, by their shares. sums: left as the sums of the lanes.
    """
    terms, shares, width, lanes = model
    for at in range(_SUMS + LANES):
        sums[at] = np.float32(0)
    low, high = 0, len(now)
    while low < high and not (now[low] or other[low]):
        low += 1
    while low < high and not (now[high - 1] or other[high - 1]):
        high -= 1
    for number in range(high - low):
        cell = high - 1 - number if turned else low + number
        if not (now[cell] or other[cell]):
            for at in range(_SUMS):
                sums[at] *= terms[2 * _SUMS + at]
            continue
        given = factor if now[cell] else np.float32(0)
        for within in range(width):
            step = cell * width + (width - 1 - within if turned else within)
            here, own, common = line[step], given * stays, given * mixed[step]
            for lane in range(lanes):
                comes, moved = own * here[lane] + common * shares[lane], np.float32(0)
                sums[_SUMS + lane] += comes
                for term in range(TERMS):
                    at = term * LANES + lane
                    left = sums[at] * terms[at] + comes
                    sums[at] = left
                    moved += terms[_SUMS + at] * left
                here[lane] = moved


_LINE, _LINES, _STATE = (types.Array(types.float32, many, "C") for many in (1, 2, 3))
_MODEL = (
    types.Array(types.int64, 1, "C"),  # days
    types.int64,  # width
    _LINE,  # terms
    _LINE,  # shares
    types.Array(types.boolean, 1, "C"),  # newest_first
    types.float32,  # switch
    types.float32,  # restart
)
#: state, rows, row_of, opened
_EVENTS = (_STATE, _LINES, types.Array(types.int64, 2, "C"), types.Array(types.boolean, 2, "C"))
_NUMBERS = types.Array(types.float64, 1, "C")


@compiled(types.void(*_EVENTS, _NUMBERS, _STATE, *_MODEL), fastmath=_FAST)
def _forward(
    state: Singles,
    rows: Singles,
    row_of: NDArray[np.int64],
    opened: NDArray[np.bool_],
    evidence: NDArray[np.float64],
    states: Singles,
    days: NDArray[np.int64],
    width: int,
    terms: Singles,
    shares: Singles,
    newest_first: NDArray[np.bool_],
    switch: Any,
    restart: Any,
) -> None:
    """Run over the posts; states of no posts are not written."""
    steps, paces = state.shape[1], state.shape[2]
    lanes = -(-paces // _VECTOR) * _VECTOR
    line, floor = np.empty((steps, LANES), np.float32), np.empty(LANES, np.float32)
    mixed, sums = np.zeros(steps, np.float32), np.empty(_SUMS + LANES, np.float32)
    keeps = int(states.shape[1] > 1)
    for way in range(len(state)):
        line[:], floor[:], kept = np.float32(0), np.float32(0), 0
        for step in range(steps):
            for pace in range(paces):
                line[step, pace] = state[way, step, pace]
        for post in range(len(row_of)):
            now, after, row = opened[post + 1], opened[post + 2], rows[row_of[post, way]]
            total = np.float32(0)
            for cell in range(len(now)):
                if not now[cell]:
                    continue
                for step in range(cell * width, (cell + 1) * width):
                    here, likely, whole = line[step], row[days[step]], np.float32(0)
                    there = states[way, kept]
                    for pace in range(paces):
                        value = (here[pace] + floor[pace]) * likely
                        here[pace] = value
                        there[pace] = value
                        whole += value
                    kept += keeps
                    total += whole
                    mixed[step] = switch * whole
            evidence[way] += np.log(np.float64(total))
            stays, factor = np.float32(1) - switch, np.float32(1) / total
            model = (terms, shares, width, lanes)
            _walk(line, mixed, now, after, model, stays, factor, newest_first[way], sums)
            for lane in range(LANES):
                floor[lane] = restart * sums[_SUMS + lane]
        for step in range(steps):
            for pace in range(paces):
                state[way, step, pace] = line[step, pace] + floor[pace]


@compiled(types.void(*_EVENTS, _STATE, _LINE, _LINES, _NUMBERS, *_MODEL), fastmath=_FAST)
def _backward(
    behind: Singles,
    rows: Singles,
    row_of: NDArray[np.int64],
    opened: NDArray[np.bool_],
    states: Singles,
    ways: Singles,
    found: Singles,
    kept: NDArray[np.float64],
    days: NDArray[np.int64],
    width: int,
    terms: Singles,
    shares: Singles,
    newest_first: NDArray[np.bool_],
    switch: Any,
    restart: Any,
) -> None:
    """Run back over the posts; `found` and `kept` are added to."""
    steps, paces = behind.shape[1], behind.shape[2]
    lanes = -(-paces // _VECTOR) * _VECTOR
    line, floor = np.empty((steps, LANES), np.float32), np.empty(LANES, np.float32)
    mixed, sums = np.zeros(steps, np.float32), np.empty(_SUMS + LANES, np.float32)
    daily, totals = np.empty(found.shape[1], np.float32), np.empty(paces, np.float32)
    for way in range(len(behind)):
        line[:], floor[:], end = np.float32(0), np.float32(0), states.shape[1]
        for step in range(steps):
            for pace in range(paces):
                line[step, pace] = behind[way, step, pace]
        for post in range(len(row_of) - 1, -1, -1):
            before, now, row = opened[post], opened[post + 1], rows[row_of[post, way]]
            for cell in range(len(now)):
                end -= width * now[cell]
            at, total, reached = end, np.float32(0), np.float32(0)
            totals[:], daily[:] = np.float32(0), np.float32(0)
            for cell in range(len(now)):
                if not now[cell]:
                    continue
                for step in range(cell * width, (cell + 1) * width):
                    here, likely, held = line[step], row[days[step]], states[way, at]
                    comes, whole = np.float32(0), np.float32(0)
                    for pace in range(paces):
                        comes += shares[pace] * (here[pace] + floor[pace])
                    for pace in range(paces):  # the pace may have changed behind this post
                        value = (np.float32(1) - switch) * (here[pace] + floor[pace]) + switch * comes
                        both = held[pace] * value
                        totals[pace] += both
                        whole += both
                        here[pace] = value * likely
                        reached += here[pace]
                    at += 1
                    total += whole
                    daily[days[step]] += whole
            factor = ways[way] / total
            for pace in range(paces):
                kept[pace] += np.float64(factor * totals[pace])
            for day in range(len(daily)):
                found[post, day] += factor * daily[day]
            stays, factor = np.float32(1), np.float32(1) / reached
            model = (terms, shares, width, lanes)
            _walk(line, mixed, now, before, model, stays, factor, not newest_first[way], sums)
            for lane in range(LANES):
                floor[lane] = restart * sums[_SUMS + lane]
        for step in range(steps):
            for pace in range(paces):
                behind[way, step, pace] = line[step, pace] + floor[pace]
