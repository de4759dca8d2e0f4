"""The compiled loops that read lines: their keys, and the words of the keys as numbers.

The functions that call them say what they mean (cleaners.keys, cleaners.vocabulary).
"""

from typing import Any

import numpy as np

from cleaners.compiled import compiled_late

_POINTS, _BYTES, _PLACES, _BITS = "uint32[::1]", "uint8[::1]", "int64[::1]", "boolean[::1]"

# --- Flags of an entry of a table of keys; the lower 21 bits are a code point, or a place in the pool.
CODE = (1 << 21) - 1
DROPPED = 1 << 21
SEVERAL = 1 << 22  # a place in the pool: a length, then the code points
GIVEN_BACK = 1 << 23  # depends on what stands beside it
_SPECIAL = DROPPED | SEVERAL | GIVEN_BACK

# Letters of a stem: enough to see a shared topic. They are packed, 21 bits each, into two numbers of 64.
STEM = 6


@compiled_late(f"Tuple(({_POINTS}, {_PLACES}, {_BITS}))({_POINTS}, {_PLACES}, {_POINTS}, {_POINTS})")
def fold_lines(points: Any, starts: Any, entries: Any, pool: Any) -> Any:
    """Return lines by table, with single blanks, one behind the other; where each starts; and which could not
    be folded and are empty."""
    size = len(starts) - 1
    made = np.empty(2 * len(points) + 64, dtype=np.uint32)
    begins = np.zeros(size + 1, dtype=np.int64)
    back = np.zeros(size, dtype=np.bool_)
    filled = 0
    for line in range(size):
        begin = filled
        gap = False
        for at in range(starts[line], starts[line + 1]):
            entry = entries[points[at]]
            if entry == 0x20:
                gap = filled > begin
                continue
            if entry & np.uint32(_SPECIAL):
                if entry & np.uint32(DROPPED):
                    continue
                place = np.int64(entry & np.uint32(CODE))
                letters: Any = 0 if entry & np.uint32(GIVEN_BACK) else np.int64(pool[place])
                # What is left takes its own length at most, unless it is several characters again.
                if letters == 0 or filled + letters + 1 + len(points) - at > len(made):
                    filled, back[line] = begin, True
                    break
                if gap:
                    made[filled], gap = 0x20, False
                    filled += 1
                for step in range(letters):
                    made[filled + step] = pool[place + 1 + step]
                filled += letters
                continue
            if gap:
                made[filled], gap = 0x20, False
                filled += 1
            made[filled] = entry
            filled += 1
        begins[line + 1] = filled
    return made[:filled].copy(), begins, back


@compiled_late(f"Tuple(({_POINTS}, {_PLACES}, {_POINTS}))({_BYTES}, {_PLACES}, {_POINTS}, int64)")
def hash_words(text: Any, starts: Any, table: Any, opening: Any) -> Any:
    """Return the CRC-32 of each word between blanks, where the words of each line start, and the CRC-32 of
    each line's first `opening` characters without the full stops and blanks at their end.

    text: UTF-8; table: of CRC-32, by byte.
    """
    size = len(starts) - 1
    ones = np.uint32(0xFFFFFFFF)
    hashes = np.empty((len(text) + size) // 2 + 1, dtype=np.uint32)
    begins = np.zeros(size + 1, dtype=np.int64)
    openings = np.zeros(size, dtype=np.uint32)
    words = 0
    for line in range(size):
        state, inside = ones, False
        for at in range(starts[line], starts[line + 1]):
            byte = text[at]
            if byte == 0x20:
                if inside:
                    hashes[words], state, inside = state ^ ones, ones, False
                    words += 1
                continue
            inside = True
            state = table[(state ^ byte) & np.uint32(0xFF)] ^ (state >> np.uint32(8))
        if inside:
            hashes[words] = state ^ ones
            words += 1
        begins[line + 1] = words
        state, characters = ones, 0
        for at in range(starts[line], starts[line + 1]):
            byte = text[at]
            characters += byte & 0xC0 != 0x80
            if characters > opening:
                break
            state = table[(state ^ byte) & np.uint32(0xFF)] ^ (state >> np.uint32(8))
            if byte not in (0x20, 0x2E):
                openings[line] = state ^ ones
    return hashes[:words].copy(), begins, openings


@compiled_late(f"Tuple((int32[::1], {_PLACES}, int32[::1], uint32[:,::1]))({_POINTS}, {_PLACES}, {_BITS})")
def number_stems(points: Any, starts: Any, letters: Any) -> Any:
    """Return the number of the stem of each word of letters, where the words of each line start, how many
    letters each word has, and the distinct stems as code points, shape (stems, STEM), zeros behind the last.

    letters: by code point.
    """
    size = len(starts) - 1
    codes = np.empty((len(points) + size) // 2 + 1, dtype=np.int32)
    lengths = np.empty(len(codes), dtype=np.int32)
    begins = np.zeros(size + 1, dtype=np.int64)
    keys = np.empty((1024, 2), dtype=np.uint64)
    slots = np.full(4096, -1, dtype=np.int32)  # open addressing; more than a third is never taken
    packed = np.zeros(2, dtype=np.uint64)
    words = known = 0
    for line in range(size):
        length = 0
        for at in range(starts[line], starts[line + 1] + 1):
            if at < starts[line + 1] and letters[points[at]]:
                if length < STEM:
                    packed[length // 3] |= np.uint64(points[at]) << np.uint64(21 * (length % 3))
                length += 1
                continue
            if not length:
                continue
            value = (packed[0] * np.uint64(0x9E3779B97F4A7C15)) ^ (packed[1] * np.uint64(0xBF58476D1CE4E5B9))
            slot = np.int64((value ^ (value >> np.uint64(29))) & np.uint64(len(slots) - 1))
            while slots[slot] >= 0 and (
                keys[slots[slot], 0] != packed[0] or keys[slots[slot], 1] != packed[1]
            ):
                slot = (slot + 1) & (len(slots) - 1)
            if slots[slot] < 0:
                slots[slot] = known
                keys[known, 0], keys[known, 1] = packed[0], packed[1]
                known += 1
            codes[words], lengths[words] = slots[slot], length
            words += 1
            packed[:] = 0
            length = 0
            if known == len(keys):  # full: twice the room
                more = np.empty((2 * known, 2), dtype=np.uint64)
                more[:known] = keys
                keys = more
                slots = np.full(2 * len(slots), -1, dtype=np.int32)
                for number in range(known):
                    value = (keys[number, 0] * np.uint64(0x9E3779B97F4A7C15)) ^ (
                        keys[number, 1] * np.uint64(0xBF58476D1CE4E5B9)
                    )
                    slot = np.int64((value ^ (value >> np.uint64(29))) & np.uint64(len(slots) - 1))
                    while slots[slot] >= 0:
                        slot = (slot + 1) & (len(slots) - 1)
                    slots[slot] = number
        begins[line + 1] = words
    stems = np.empty((known, STEM), dtype=np.uint32)
    for number in range(known):
        for place in range(STEM):
            shifted = keys[number, place // 3] >> np.uint64(21 * (place % 3))
            stems[number, place] = np.uint32(shifted & np.uint64(CODE))
    return codes[:words].copy(), begins, lengths[:words].copy(), stems
