"""The compiled loops over posts: a wait is one walk over the steps of the line, whatever its length.

A wait is a mixture of geometric distributions; each is a running sum that decays from step to step. The walk
goes by blocks of seven steps. Inside a block every step gives to those behind it what a small table says;
what came before the block is in the running sums, one for each distribution, side by side. It leaps over the
cells in which neither of two posts may lie: there the sums only decay.

What its arguments are, `sweeps` says, which lays them out. Importing this module compiles it.
"""

from typing import Any

import numpy as np
from numba import types

from cleaners.compiled import compiled
from cleaners.eights import EIGHT, load, plus, splat, store, times, total

#: Steps of a block, which are side by side; the last of the eight is always 0.
BLOCK = 7
#: Geometric distributions of a mixture (waits.mixture).
TERMS = EIGHT
#: The tables of one pace and one way, eight numbers each: what the steps of a block give to each other, what
#: the sums give to its steps, what its steps give to the sums; how a block and a cell make the sums decay.
_AMONG, _OUT, _IN = 0, BLOCK * EIGHT, (BLOCK + TERMS) * EIGHT
_DECAY, _LEAP = _IN + BLOCK * EIGHT, _IN + BLOCK * EIGHT + EIGHT
TABLE = _LEAP + EIGHT

_FAST = {"reassoc", "contract"}  # so that it adds in any order, and as it multiplies


@compiled(fastmath=_FAST)
def _walk(
    line: Any, start: int, mixed: Any, now: Any, other: Any, table: Any, share: Any, own: Any, turned: int
) -> Any:
    """Move the line of a pace by one wait, to later steps or, turned, to earlier ones; return its sum before.

    start: of the pace in the lines. now, other: the cells that are left and reached; the line is read, as 0
    outside of `now`, and written in `other`. mixed: what each step gives to all paces, by their shares. own,
    share: what a pace keeps of its own, and takes of that.
    """
    blocks = len(mixed) // (len(now) * EIGHT)
    work = np.empty(2 * EIGHT, np.float32)
    sums, came = splat(np.float32(0)), splat(np.float32(0))
    kept, taken = splat(own), splat(share)
    low, high = 0, len(now)
    while low < high and not (now[low] or other[low]):
        low += 1
    while low < high and not (now[high - 1] or other[high - 1]):
        high -= 1
    for number in range(high - low):
        cell = high - 1 - number if turned else low + number
        if not (now[cell] or other[cell]):
            sums = times(sums, load(table, _LEAP))
            continue
        for within in range(blocks):
            at = (cell * blocks + (blocks - 1 - within if turned else within)) * EIGHT
            store(work, EIGHT, sums)
            moved, added = splat(np.float32(0)), splat(np.float32(0))
            for term in range(TERMS):
                moved = plus(moved, times(splat(work[EIGHT + term]), load(table, _OUT + term * EIGHT)))
            if now[cell]:
                comes = plus(times(kept, load(line, start + at)), times(taken, load(mixed, at)))
                came = plus(came, comes)
                store(work, 0, comes)
                for step in range(BLOCK):
                    given = splat(work[step])
                    moved = plus(moved, times(given, load(table, _AMONG + step * EIGHT)))
                    added = plus(added, times(given, load(table, _IN + step * EIGHT)))
            sums = plus(times(sums, load(table, _DECAY)), added)
            if other[cell]:
                store(line, start + at, moved)
    return total(came)


_LINE, _LINES, _STATE = (types.Array(types.float32, many, "C") for many in (1, 2, 3))
_MODEL = (
    types.Array(types.int64, 1, "C"),  # days
    types.int64,  # blocks
    _STATE,  # tables
    _LINE,  # shares
    types.Array(types.boolean, 1, "C"),  # newest_first
    types.float32,  # switch
    types.float32,  # restart
)
#: state, rows, row_of, opened
_EVENTS = (_STATE, _LINES, types.Array(types.int64, 2, "C"), types.Array(types.boolean, 2, "C"))
_NUMBERS = types.Array(types.float64, 1, "C")


@compiled(types.void(*_EVENTS, _NUMBERS, _LINES, *_MODEL), fastmath=_FAST)
def sweep_forward(
    state: Any,
    rows: Any,
    row_of: Any,
    opened: Any,
    evidence: Any,
    states: Any,
    days: Any,
    blocks: int,
    tables: Any,
    shares: Any,
    newest_first: Any,
    switch: Any,
    restart: Any,
) -> None:
    """Run over the posts; states of no posts are not written."""
    (_, paces, steps), width = state.shape, blocks * EIGHT
    floor, likely = np.empty(paces, np.float32), np.empty(EIGHT, np.float32)
    mixed = np.zeros(steps, np.float32)
    keeps = EIGHT * int(states.shape[1] > EIGHT)
    for way in range(len(state)):
        line, held, kept, turned = state[way].ravel(), states[way], 0, int(newest_first[way])
        floor[:] = np.float32(0)
        for post in range(len(row_of)):
            now, after, row = opened[post + 1], opened[post + 2], rows[row_of[post, way]]
            every = splat(np.float32(0))
            for cell in range(len(now)):
                if not now[cell]:
                    continue
                for at in range(cell * width, (cell + 1) * width, EIGHT):
                    for step in range(EIGHT):
                        likely[step] = row[days[at + step]]
                    seen, whole = load(likely, 0), splat(np.float32(0))
                    for pace in range(paces):
                        value = times(plus(load(line, pace * steps + at), splat(floor[pace])), seen)
                        store(line, pace * steps + at, value)
                        store(held, kept, value)
                        whole = plus(whole, value)
                        kept += keeps
                    every = plus(every, whole)
                    store(mixed, at, times(whole, splat(switch)))
            summed = total(every)
            evidence[way] += np.log(np.float64(summed))
            stays, factor = np.float32(1) - switch, np.float32(1) / summed
            for pace in range(paces):
                table, share = tables[turned, pace], factor * shares[pace]
                came = _walk(line, pace * steps, mixed, now, after, table, share, factor * stays, turned)
                floor[pace] = restart * came
        for pace in range(paces):
            state[way, pace] += floor[pace]


@compiled(types.void(*_EVENTS, _LINES, _LINE, _LINES, _NUMBERS, *_MODEL), fastmath=_FAST)
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
    blocks: int,
    tables: Any,
    shares: Any,
    newest_first: Any,
    switch: Any,
    restart: Any,
) -> None:
    """Run back over the posts; `found` and `kept` are added to."""
    (_, paces, steps), width = behind.shape, blocks * EIGHT
    floor, likely = np.empty(paces, np.float32), np.empty(EIGHT, np.float32)
    mixed, daily = np.zeros(steps, np.float32), np.empty(found.shape[1], np.float32)
    totals = np.empty(paces * EIGHT, np.float32)
    stays = splat(np.float32(1) - switch)
    for way in range(len(behind)):
        line, held, end, turned = (
            behind[way].ravel(),
            states[way],
            states.shape[1],
            int(not newest_first[way]),
        )
        floor[:] = np.float32(0)
        for post in range(len(row_of) - 1, -1, -1):
            before, now, row = opened[post], opened[post + 1], rows[row_of[post, way]]
            for cell in range(len(now)):
                end -= width * paces * now[cell]
            place, every, reached = end, splat(np.float32(0)), splat(np.float32(0))
            totals[:], daily[:] = np.float32(0), np.float32(0)
            for cell in range(len(now)):
                if not now[cell]:
                    continue
                for at in range(cell * width, (cell + 1) * width, EIGHT):
                    for step in range(EIGHT):
                        likely[step] = row[days[at + step]]
                    seen, whole, comes = load(likely, 0), splat(np.float32(0)), splat(np.float32(0))
                    for pace in range(paces):
                        value = plus(load(line, pace * steps + at), splat(floor[pace]))
                        comes = plus(comes, times(splat(switch * shares[pace]), value))
                    for pace in range(paces):  # the pace may have changed behind this post
                        value = plus(
                            times(stays, plus(load(line, pace * steps + at), splat(floor[pace]))), comes
                        )
                        both = times(load(held, place), value)
                        value = times(value, seen)
                        store(totals, pace * EIGHT, plus(load(totals, pace * EIGHT), both))
                        store(line, pace * steps + at, value)
                        whole, reached = plus(whole, both), plus(reached, value)
                        place += EIGHT
                    every = plus(every, whole)
                    store(likely, 0, whole)
                    for step in range(BLOCK):
                        daily[days[at + step]] += likely[step]
            factor = ways[way] / total(every)
            for pace in range(paces):
                kept[pace] += np.float64(factor * total(load(totals, pace * EIGHT)))
            for day in range(len(daily)):
                found[post, day] += factor * daily[day]
            factor = np.float32(1) / total(reached)
            for pace in range(paces):
                none, table = np.float32(0), tables[turned, pace]
                came = _walk(line, pace * steps, mixed, now, before, table, none, factor, turned)
                floor[pace] = restart * came
        for pace in range(paces):
            behind[way, pace] += floor[pace]
