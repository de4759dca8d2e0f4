"""The compiled loop that strips texts for the detector of languages (cleaners.language)."""

from typing import Any

import numpy as np

from cleaners.compiled import compiled_late

# --- Flags of an entry; the lower 21 bits are a code point in lower case, or a place in the pool.
CODE = (1 << 21) - 1
SEVERAL = 1 << 21  # a place in the pool: a length, then the code points
SPACE = 1 << 22  # ends an address
FOREIGN = 1 << 23  # in no language: a run of them is one blank
ALONE = 1 << 24  # in no language either, but each is a blank of its own
OPENS = 1 << 25  # an address may begin with it

_MOST = 12  # bytes that one character becomes: in lower case it is three at most (Unicode, CaseFolding)


@compiled_late(
    "Tuple((uint8[::1], int64[::1]))(uint32[::1], int64[::1], uint32[::1], uint32[::1], uint32[:,::1])"
)
def strip_texts(points: Any, starts: Any, entries: Any, pool: Any, openings: Any) -> Any:
    """Return texts in lower case as UTF-8, one behind the other, addresses and signs as blanks; and where
    each starts.

    openings: of addresses, one a row, zeros behind; something other than white space must follow.
    """
    size = len(starts) - 1
    made = np.empty(4 * len(points) + 256, dtype=np.uint8)
    begins = np.zeros(size + 1, dtype=np.int64)
    filled = 0
    for text in range(size):
        at, end = starts[text], starts[text + 1]
        if filled + _MOST * (end - at) > len(made):
            more = np.empty(2 * len(made) + _MOST * (end - at), dtype=np.uint8)
            more[:filled] = made[:filled]
            made = more
        while at < end:
            behind = at
            entry = entries[points[at]]
            for row in range(len(openings) if entry & np.uint32(OPENS) else 0):
                length = 0
                while (
                    length < openings.shape[1]
                    and openings[row, length]
                    and at + length < end
                    and points[at + length] == openings[row, length]
                ):
                    length += 1
                whole = length == openings.shape[1] or openings[row, length] == 0
                if whole and at + length < end and not entries[points[at + length]] & np.uint32(SPACE):
                    behind = at + length
                    break
            if behind > at:
                while behind < end and not entries[points[behind]] & np.uint32(SPACE):
                    behind += 1
            elif entry & np.uint32(FOREIGN):
                while behind < end and entries[points[behind]] & np.uint32(FOREIGN):
                    behind += 1
            elif entry & np.uint32(ALONE):
                behind = at + 1
            if behind > at:
                made[filled] = 0x20
                filled += 1
                at = behind
                continue
            place = np.int64(entry & np.uint32(CODE))
            letters = np.int64(pool[place]) if entry & np.uint32(SEVERAL) else 1
            for step in range(letters):
                code = np.int64(pool[place + 1 + step]) if entry & np.uint32(SEVERAL) else place
                if code < 0x80:
                    made[filled] = code
                    filled += 1
                    continue
                if 0xD800 <= code < 0xE000:
                    continue
                bytes_ = 2 if code < 0x800 else (3 if code < 0x10000 else 4)
                made[filled] = ((0xF00 >> bytes_) & 0xFF) | (code >> (6 * (bytes_ - 1)))
                for rest in range(1, bytes_):
                    made[filled + rest] = 0x80 | ((code >> (6 * (bytes_ - 1 - rest))) & 0x3F)
                filled += bytes_
            at += 1
        begins[text + 1] = filled
    return made[:filled].copy(), begins
