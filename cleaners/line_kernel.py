"""The compiled loops of the splitter: over lines whose words are numbers (cleaners.vocabulary).

Each does what its caller's docstring says; here stand the loops alone, since what is compiled takes all it
needs as arguments. `of[i]` is the distinct line that line i is.
"""

from typing import Any

import numpy as np

from cleaners.compiled import compiled_late

_INTS, _PLACES, _BITS, _REALS = "int32[::1]", "int64[::1]", "boolean[::1]", "float64[::1]"
# Buckets of a sketch: the first words, the last, the opening, and the smallest hashes of 3-grams.
ENDS, GRAMS = 3, 5
BUCKETS = ENDS + GRAMS
_NEIGHBOURS = 3  # lines back that share a topic with a line
_LONG_AGO = -9


@compiled_late(f"int64[:,::1](uint32[::1], {_PLACES}, uint32[::1], int64, int64)")
def sketch(hashes: Any, starts: Any, openings: Any, mix_1: Any, mix_2: Any) -> Any:
    """Return the buckets of each line, shape (lines, BUCKETS), -1 where a line has fewer.

    hashes: of the words of all lines; openings: of each line. Low bits survive the overflow of a product.
    """
    size = len(starts) - 1
    mask = np.int64((1 << 32) - 1)
    found = np.full((size, BUCKETS), -1, dtype=np.int64)
    for line in range(size):
        first, end = starts[line], starts[line + 1]
        words = end - first
        head = tail = whole = np.int64(0)
        for at in range(words):
            value = np.int64(hashes[first + at])
            whole += value
            if at < 4:
                head += value
            if at >= words - 4:
                tail += value
        found[line, 0] = mask + 1 + (head & mask)
        found[line, 1] = 2 * mask + 2 + (tail & mask)
        found[line, 2] = 3 * mask + 3 + openings[line]
        if words < 3:
            found[line, ENDS] = whole & mask
            continue
        kept = 0
        for at in range(first, end - 2):
            gram = np.int64(hashes[at]) * mix_1 + np.int64(hashes[at + 1]) * mix_2 + np.int64(hashes[at + 2])
            gram &= mask
            place = kept
            while place > 0 and found[line, ENDS + place - 1] > gram:
                place -= 1
            if place == GRAMS or (place > 0 and found[line, ENDS + place - 1] == gram):
                continue
            if kept < GRAMS:
                kept += 1
            for move in range(kept - 1, place, -1):
                found[line, ENDS + move] = found[line, ENDS + move - 1]
            found[line, ENDS + place] = gram
    return found


@compiled_late("Tuple((int32[:,::1], int64))(int64[:,::1])")
def number_buckets(found: Any) -> Any:
    """Return buckets as numbers from 0 on, -1 for those below 0, and how many there are."""
    room = 64
    while room < 2 * found.size:
        room *= 2
    slots = np.full(room, -1, dtype=np.int64)  # open addressing; no more than half is taken
    numbers = np.empty(room, dtype=np.int32)
    made = np.full(found.shape, -1, dtype=np.int32)
    known = 0
    for line in range(found.shape[0]):
        for column in range(found.shape[1]):
            value = found[line, column]
            if value < 0:
                continue
            mixed = np.uint64(value) * np.uint64(0x9E3779B97F4A7C15)
            slot = np.int64((mixed >> np.uint64(32)) & np.uint64(room - 1))
            while slots[slot] >= 0 and slots[slot] != value:
                slot = (slot + 1) & (room - 1)
            if slots[slot] < 0:
                slots[slot], numbers[slot] = value, known
                known += 1
            made[line, column] = numbers[slot]
    return made, known


@compiled_late(f"Tuple(({_PLACES}, {_PLACES}, {_BITS}))({_INTS}, int64, {_BITS}, int64, int64, int64)")
def equal_pairs(of: Any, distinct: Any, usable: Any, partners: Any, window: Any, near: Any) -> Any:
    """Return the pairs of equal lines as two arrays, and which lines have an equal one within `near`."""
    size = len(of)
    ring = np.empty((distinct, partners), dtype=np.int64)
    counts = np.zeros(distinct, dtype=np.int64)
    firsts = np.empty(size * partners, dtype=np.int64)
    laters = np.empty(size * partners, dtype=np.int64)
    partnered = np.zeros(size, dtype=np.bool_)
    pairs = 0
    for later in range(size):
        if not usable[later]:
            continue
        key = of[later]
        seen = counts[key]
        oldest = max(seen - partners, 0)
        # In a run of equal lines the nearest says all: the unit of the run is one line.
        if later > 0 and of[later - 1] == key and usable[later - 1]:
            oldest = seen - 1
        for number in range(oldest, seen):
            first = ring[key, number % partners]
            if later - first > window:
                continue
            firsts[pairs], laters[pairs] = first, later
            pairs += 1
            if later - first <= near:
                partnered[first] = partnered[later] = True
        ring[key, seen % partners] = later
        counts[key] = seen + 1
    return firsts[:pairs].copy(), laters[:pairs].copy(), partnered


@compiled_late(
    f"Tuple(({_PLACES}, {_PLACES}))"
    f"({_INTS}, int32[:,::1], int64, {_BITS}, {_BITS}, int64, int64, int64, int64)"
)
def near_pairs(
    of: Any,
    buckets: Any,
    size: Any,
    usable: Any,
    partnered: Any,
    partners: Any,
    window: Any,
    least: Any,
    most: Any,
) -> Any:
    """Return the pairs of lines that share buckets, best first for each later line, as two arrays.

    buckets: of each distinct line, numbers below `size`, -1 for none, and all -1 for a line without a sketch;
    partners: lines kept in one bucket; least: buckets shared by lines that have all; most: pairs a line.
    """
    width = buckets.shape[1]
    ring = np.empty((size, partners), dtype=np.int64)
    counts = np.zeros(size, dtype=np.int64)
    met = np.empty(width * partners, dtype=np.int64)
    shared = np.empty(width * partners, dtype=np.int64)
    firsts = np.empty(len(of) * most, dtype=np.int64)
    laters = np.empty(len(of) * most, dtype=np.int64)
    pairs = 0
    for later in range(len(of)):
        if not usable[later] or buckets[of[later], 0] < 0:
            continue
        alone = not partnered[later]
        found = 0
        full = True
        for column in range(width):
            bucket = buckets[of[later], column]
            if bucket < 0:
                full = False
                continue
            seen = counts[bucket]
            for number in range(max(seen - partners, 0), seen):
                first = ring[bucket, number % partners]
                # a line without an equal one may be a damaged copy of a line that has
                if later - first > window or (not alone and partnered[first]):
                    continue
                at = 0
                while at < found and met[at] != first:
                    at += 1
                if at == found:
                    met[at], shared[at] = first, 0
                    found += 1
                shared[at] += 1
            ring[bucket, seen % partners] = later
            counts[bucket] = seen + 1
        wanted = least if full else 1
        for _ in range(most):
            best = -1
            for at in range(found):
                if shared[at] >= wanted and (
                    best < 0
                    or shared[at] > shared[best]
                    or (shared[at] == shared[best] and met[at] > met[best])
                ):
                    best = at
            if best < 0:
                break
            firsts[pairs], laters[pairs] = met[best], later
            pairs += 1
            shared[best] = 0
    return firsts[:pairs].copy(), laters[:pairs].copy()


@compiled_late(
    f"Tuple(({_REALS}, {_REALS}, {_REALS}, {_REALS}))({_INTS}, {_INTS}, {_PLACES}, int64, {_BITS})"
)
def overlaps(of: Any, stems: Any, starts: Any, distinct: Any, counted: Any) -> Any:
    """Return how much of its topic each line shares with the lines before, the line before and the line
    behind, and how much these two share: rarity-weighted cosines, 0..1.

    stems: of the words of each distinct line, -1 for words that tell no topic; distinct: number of stems;
    counted: lines by which their rarity is measured.
    """
    size = len(of)
    spread = np.zeros(distinct, dtype=np.int64)
    last = np.full(distinct, _LONG_AGO, dtype=np.int64)
    for line in range(size):
        if counted[line]:
            for at in range(starts[of[line]], starts[of[line] + 1]):
                if stems[at] >= 0 and last[stems[at]] != line:
                    last[stems[at]] = line
                    spread[stems[at]] += 1
    whole = np.log(size + 1.0)
    rarity = np.full(distinct, whole)
    for stem in range(distinct):
        if spread[stem]:
            rarity[stem] = whole - np.log(float(spread[stem]))
    masses = np.zeros(size)
    last[:] = _LONG_AGO  # where a stem stood last
    second = last.copy()  # and where before that
    before, line_before, around = np.zeros(size), np.zeros(size), np.zeros(size)
    for line in range(size):
        near = next_to = across = 0.0
        for at in range(starts[of[line]], starts[of[line] + 1]):
            stem = stems[at]
            if stem < 0 or last[stem] == line:
                continue
            weight, ago = rarity[stem], line - last[stem]
            masses[line] += weight
            if ago <= _NEIGHBOURS:
                near += weight
            if ago == 1:
                next_to += weight
            if ago == 2 or (ago == 1 and line - second[stem] == 2):
                across += weight
            second[stem], last[stem] = last[stem], line
        if near > 0.0:
            mass = 0.0
            for ahead in range(max(0, line - _NEIGHBOURS), line):
                mass += masses[ahead]
            before[line] = near / (1.0 + np.sqrt(mass * masses[line]))
        if next_to > 0.0:
            line_before[line] = next_to / (1.0 + np.sqrt(masses[line - 1] * masses[line]))
        if across > 0.0:
            around[line - 1] = across / (1.0 + np.sqrt(masses[line - 2] * masses[line]))
    behind = np.zeros(size)
    behind[:-1] = line_before[1:]
    return before, line_before, behind, around


@compiled_late(f"float64[:,::1]({_INTS}, {_PLACES}, float64[:,::1], int64)")
def place_scores(stems: Any, starts: Any, ratios: Any, early: Any) -> Any:
    """Return the summed log ratios of each line's words by place, shape (lines, 3): see openers.word_scores.

    stems: of each word; ratios: of each stem by place, NaN where it has none.
    """
    size = len(starts) - 1
    found = np.zeros((size, 3))
    met = np.full(len(ratios), -1, dtype=np.int64)
    for line in range(size):
        first, end = starts[line], starts[line + 1]
        told = 0
        for at in range(first, end):
            place = 0 if at == first else (1 if at < first + early else 2)
            stem = stems[at]
            mark = 2 * line + (place == 2)  # a stem counts once a place
            if place and met[stem] == mark:
                continue
            if place:
                met[stem] = mark
            value = ratios[stem, place]
            if not np.isnan(value):
                found[line, place] += value
                told += place == 2
        if told:
            found[line, 2] /= np.sqrt(float(told))
    return found
