"""The compiled loops over posts: a wait is one walk over the steps of the line, whatever its length.

A wait is a mixture of geometric distributions; each is a running sum that decays from step to step. One walk
over the steps carries the sums of all paces side by side, which is what the processor adds at once. It leaps
over the cells in which neither of two posts may lie: there the sums only decay.

What its arguments are, `sweeps` says, which lays them out. Importing this module compiles it.
"""

from typing import Any

import numpy as np
from numba import types

from cleaners.compiled import compiled

#: Paces side by side, at most: the table has 13. Most documents are left with a few of them.
LANES = 16
#: They are walked in whole vectors: as many lanes as are needed, which the compiler must not know, since of
#: 8 that it knows it makes no vectors, it unrolls them.
_VECTOR = 8
#: Geometric distributions of a mixture (waits.mixture).
TERMS = 8
_SUMS = TERMS * LANES

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
def sweep_forward(
    state: Any,
    rows: Any,
    row_of: Any,
    opened: Any,
    evidence: Any,
    states: Any,
    days: Any,
    width: int,
    terms: Any,
    shares: Any,
    newest_first: Any,
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
def sweep_backward(
    behind: Any,
    rows: Any,
    row_of: Any,
    opened: Any,
    states: Any,
    ways: Any,
    found: Any,
    kept: Any,
    days: Any,
    width: int,
    terms: Any,
    shares: Any,
    newest_first: Any,
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
