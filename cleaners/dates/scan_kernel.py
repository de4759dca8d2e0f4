"""The compiled loops of the date finder: the words of many texts as codes, and the windows around dates.

They do what `tokens.tokenise` and `tokens.windows` do, for scripts that part words by blanks; here stand the
loops alone, since what is compiled takes all it needs as arguments.
"""

from typing import Any

import numpy as np

from cleaners.compiled import compiled_late

# --- What a character is. OTHER: its whole text is left to the plain way; IOTATED: a letter before which an
# apostrophe stands inside a word. APOSTROPHE and what is behind it are gaps, too; a JOINT stands between the
# numbers of a date without words.
GAP, LETTER, IOTATED, DIGIT, OTHER, APOSTROPHE, JOINT = range(7)
TRIGGER = 128  # flag of the code of a word that opens a window
ASK = 0  # code of a gap that is not told here
_SHORT = 8  # characters of a gap that is more than a break
#: Words behind a window that are handed on: readers look at what follows a date (periods.py).
BEHIND = 8

_POINTS, _BYTES, _PLACES = "uint32[::1]", "uint8[::1]", "int64[::1]"


@compiled_late(
    f"Tuple(({_BYTES}, {_PLACES}, {_PLACES}, {_PLACES}))"
    f"({_POINTS}, {_PLACES}, {_BYTES}, uint8[:,::1], {_PLACES}, {_POINTS}, {_PLACES}, {_BYTES}, int64)"
)
def read_words(
    points: Any,
    starts: Any,
    kinds: Any,
    gaps: Any,
    slots: Any,
    forms: Any,
    form_starts: Any,
    form_codes: Any,
    longest: Any,
) -> Any:
    """Return the codes of texts, gap and word in turn, ending with a gap each; where each word begins and
    ends; and where the words of each text start. A text that is left to the plain way has no words.

    gaps: codes of gaps of one character, and of one among blanks. slots: the forms by the hash of their
    letters, -1 for none; form_codes: of their words, with TRIGGER.
    """
    size = len(starts) - 1
    codes = np.empty(2 * len(points) + size, dtype=np.uint8)
    begins = np.empty(len(points), dtype=np.int64)
    ends = np.empty(len(points), dtype=np.int64)
    firsts = np.zeros(size + 1, dtype=np.int64)
    words = 0
    for text in range(size):
        at, end = starts[text], starts[text + 1]
        behind = at  # the last word
        while True:
            while at < end and (kinds[points[at]] == GAP or kinds[points[at]] >= APOSTROPHE):
                at += 1
            length = at - behind
            code = 0x7C if length > _SHORT else np.int64(gaps[0, points[behind]]) if length else 0x5F  # | _
            if 1 < length <= _SHORT:
                low, high, breaks, asked = at, behind, False, False
                for place in range(behind, at):
                    bare = gaps[0, points[place]]
                    breaks |= bare == 0x0A
                    asked |= bare == ASK
                    if bare not in (0x20, 0x0A):
                        low, high = min(low, place), place
                code = 0x7C
                if asked:
                    code = ASK
                elif breaks:
                    code = 0x0A
                elif low >= high:  # a sign among blanks, or blanks
                    code = np.int64(gaps[1, points[low]]) if low == high else 0x20
                elif gaps[0, points[high]] == 0x24:  # $
                    code = 0x24
                elif points[low] in (0x25, 0x2C, 0x2E):  # % , .
                    code = ASK
            codes[2 * words + text] = code
            if at == end:
                break
            begin = at
            if kinds[points[at]] == OTHER:
                words = firsts[text]
                codes[2 * words + text] = ASK
                break
            if kinds[points[at]] == DIGIT:
                value: Any = 0
                while at < end and kinds[points[at]] == DIGIT:
                    value = (10 * value + np.int64(points[at]) - 0x30) % 10000
                    at += 1
                code, length = 0x4E, at - begin  # N
                if length <= 2:
                    code = 0x44 if 1 <= value <= 31 else 0x64  # D, d
                elif length == 4:
                    code = 0x59 if 1900 <= value <= 2099 else 0x79  # Y, y
                code |= TRIGGER
            else:
                key: Any = 0
                while at < end:
                    kind = kinds[points[at]]
                    inside = kind == APOSTROPHE and at + 1 < end and kinds[points[at + 1]] == IOTATED
                    if kind not in (LETTER, IOTATED) and not inside:
                        break
                    key = (key * 0x01000193 ^ np.int64(points[at])) & 0xFFFFFFFF
                    at += 1
                code, length = 0x78, at - begin  # x
                slot = (key ^ (key >> 15)) & (len(slots) - 1)
                while length <= longest and slots[slot] >= 0:
                    form, step = form_starts[slots[slot]], 0
                    if form_starts[slots[slot] + 1] - form == length:
                        while step < length and forms[form + step] == points[begin + step]:
                            step += 1
                    if step == length:
                        code = form_codes[slots[slot]]
                        break
                    slot = (slot + 1) & (len(slots) - 1)
            codes[2 * words + text + 1] = code
            begins[words], ends[words] = begin, at
            words += 1
            behind = at
        firsts[text + 1] = words
    return codes[: 2 * words + size].copy(), begins[:words].copy(), ends[:words].copy(), firsts


@compiled_late(
    f"int64[:,::1]({_POINTS}, {_PLACES}, {_BYTES}, {_BYTES}, {_PLACES}, {_PLACES}, {_PLACES}, int64)"
)
def open_windows(
    points: Any, starts: Any, kinds: Any, codes: Any, begins: Any, ends: Any, firsts: Any, reach: Any
) -> Any:
    """Return the windows as rows: text, its first code and the one behind its last, the characters between
    the words before it and some words behind it. TRIGGER is taken off the codes.
    """
    size = len(starts) - 1
    hits = np.empty(len(begins), dtype=np.int64)
    found = np.empty((len(begins), 5), dtype=np.int64)
    made = 0
    for text in range(size):
        first, end, met = firsts[text], firsts[text + 1], 0
        for word in range(first, end):
            if codes[2 * word + text + 1] & TRIGGER:
                codes[2 * word + text + 1] ^= np.uint8(TRIGGER)
                hits[met] = word
                met += 1
        low = 0
        while low < met:
            high, worth = low, False
            while high + 1 < met and hits[high + 1] - hits[high] <= reach:
                high += 1
            for number in range(low, high + 1):
                word = hits[number]
                # One is no number, or may be a year,
                if kinds[points[begins[word]]] != DIGIT or ends[word] - begins[word] == 4:
                    worth = True
                # or two numbers are joined,
                if number > low and hits[number - 1] == word - 1:
                    for place in range(ends[word - 1], begins[word]):
                        worth |= kinds[points[place]] == JOINT
                # or a number to a weak month (2-Out).
                at = 2 * word + text
                if codes[at] in (0x20, 0x2D, 0x2F) or codes[at + 2] in (0x20, 0x2D, 0x2F):
                    worth |= word > first and codes[at - 1] == 0x65  # e
                    worth |= word + 1 < end and codes[at + 3] == 0x65
            if worth:
                start, stop = max(first, hits[low] - reach), min(end, hits[high] + reach)
                found[made, 0] = text
                found[made, 1] = 2 * start + text
                found[made, 2] = 2 * stop + text + 1
                found[made, 3] = ends[start - 1] if start > first else starts[text]
                found[made, 4] = begins[stop + BEHIND] if stop + BEHIND < end else starts[text + 1]
                made += 1
            low = high + 1
    return found[:made].copy()
