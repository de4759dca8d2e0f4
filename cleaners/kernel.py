"""The compiled kernel: texts to signatures in one pass over their code points.

It does what `fold`, `kinds`, `shingle_all`, `permute` and `band_keys` do, bit for bit (a test holds it to
that), some fifteen times as fast: each text is folded by table into a buffer that stays in the cache of the
core, hashed there, and permuted. A text that the tables cannot fold is given back for `fold`.

Importing this module costs half a second (numba and LLVM), compiling it the first time on a machine some
seconds more; cleaners.compiled says where the machine code is kept, and why this file is long.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types

from cleaners.compiled import compiled

UInt32 = npt.NDArray[np.uint32]
UInt64 = npt.NDArray[np.uint64]
Int64 = npt.NDArray[np.int64]
UInt8 = npt.NDArray[np.uint8]

# --- Flags of a table entry (cleaners/kernel_tables.py); the lower 21 bits are a code point.
CODE = (1 << 21) - 1
KEPT = 1 << 21  # stands in a word of the matching form; all else separates words
WORD = 1 << 22  # \w, which no www. or t.me/ may follow
END = 1 << 23  # ends an address
UNSPACED_LETTER = 1 << 24
MARK = 1 << 25  # combining: two in a row may have to change places
LATIN = 1 << 26
OTHER_SCRIPT = 1 << 27  # Cyrillic or Greek: beside a Latin letter, a word of mixed scripts
LOOK = 1 << 28  # a full stop, colon or slash, which an address may have; a minus or a currency
# From here on, what takes a character out of the fast lane.
VANISHES = 1 << 29
SEVERAL = 1 << 30  # the code is a place in the pool: a length, then the entries
CONTEXT = 1 << 31
_SPECIAL = VANISHES | SEVERAL | CONTEXT
_BOTH = LATIN | OTHER_SCRIPT

# --- Kinds of the first code points (all Latin, Cyrillic and Greek letters), for words of mixed scripts.
NO_LETTER, LATIN_LETTER, CYRILLIC_LETTER, GREEK_LETTER, LOOSE_MARK, OTHER_FORM = range(6)
_ALL_SCRIPTS = 1 << LATIN_LETTER | 1 << CYRILLIC_LETTER | 1 << GREEK_LETTER

# --- What became of a text.
DONE, SIGNED, GIVEN_BACK = 0, 1, 2

#: Longest expansion of one character that is folded by table.
MOST_LETTERS = 18
#: Code points by which a text may outgrow its own number in a buffer: no post of this size does.
_SURPLUS = 1 << 16

_SPACE, _COLON, _SLASH, _DOT = 0x20, 0x3A, 0x2F, 0x2E
_H, _T, _P, _S, _W, _M, _E = (ord(letter) for letter in "htpswme")


@compiled()
def _mix(x: Any, constants: Any) -> Any:
    """Apply the SplitMix64 finaliser."""
    x = (x ^ (x >> np.uint64(30))) * constants[1]
    x = (x ^ (x >> np.uint64(27))) * constants[2]
    return x ^ (x >> np.uint64(31))


@compiled()
def _spread(points: Any, entries: Any, pool: Any, alike: Any, middle: Any) -> tuple[int, bool]:
    """Write the entries of a text's characters; return how many, -1 if they depend on each other.

    Returns as well whether words of mixed scripts are left.
    """
    size = 0
    before = after_mark = np.uint32(0)
    mixed = moving = False
    for at in range(len(points)):
        entry = entries[points[at]]
        if entry & np.uint32(_SPECIAL):
            if entry & np.uint32(VANISHES):
                continue
            if entry & np.uint32(CONTEXT):
                return -1, False
            place: Any = np.int64(entry & np.uint32(CODE))
            letters: Any = np.int64(pool[place])
            if size + letters + len(points) - at > len(middle):
                return -1, False
            for step in range(letters):
                middle[size + step] = pool[place + 1 + step]
            size += letters
        else:
            middle[size] = entry
            size += 1
        # Without branches: what would be guessed wrong at every word costs more than it saves.
        mark = entry & np.uint32(MARK)
        moving |= (mark & after_mark) != 0
        after_mark = mark
        scripts = before if mark else entry & np.uint32(_BOTH)
        mixed |= (scripts | before) == np.uint32(_BOTH)
        before = scripts
    if moving:
        return -1, False
    if not mixed:
        return size, False
    left = _unmix(points, entries, pool, alike, middle)
    return (-1, False) if left < 0 else (size, left > 0)


@compiled()
def _unmix(points: Any, entries: Any, pool: Any, alike: Any, middle: Any) -> int:
    """Fold the words of mixed scripts in `middle` to one script each, as far as letters have look-alikes.

    Returns how many letters of another script are left; -1 if another pass might change them further.

    `alike`: kinds of letters, and what they become in a Latin, a Cyrillic and a Greek word, by code point.
    """
    reach = alike.shape[1]
    place = 0  # in `middle`
    start = begun = 0  # of a word, in `points` and in `middle`
    left = latin = cyrillic = greek = whole = 0
    for at in range(len(points) + 1):
        kind = NO_LETTER
        entry = np.uint32(0)
        if at < len(points):
            entry = entries[points[at]]
            if entry & np.uint32(VANISHES):
                continue
            if points[at] < reach:
                kind = alike[0, points[at]]
            elif entry & np.uint32(_BOTH):
                kind = OTHER_FORM
            if kind == OTHER_FORM:
                return -1
        if kind == NO_LETTER:
            if latin and (cyrillic or greek):
                script = _script_of(latin, cyrillic, greek, whole)
                if latin and cyrillic and greek and whole != 1 << script:
                    return -1  # what is left of the third script may tip the balance of the next pass
                more = _in_one_script(points[start:at], entries, pool, alike, script, middle[begun:])
                if more < 0:
                    return -1
                left += more
            latin = cyrillic = greek = 0
        else:
            if not (latin or cyrillic or greek):
                start, begun, whole = at, place, _ALL_SCRIPTS
            for one in range(1, 4):
                if alike[0, alike[one, points[at]]] not in (LOOSE_MARK, one):
                    whole &= ~(1 << one)
            latin += kind == LATIN_LETTER
            cyrillic += kind == CYRILLIC_LETTER
            greek += kind == GREEK_LETTER
        place += pool[entry & np.uint32(CODE)] if entry & np.uint32(SEVERAL) else 1
    return left


@compiled()
def _script_of(latin: int, cyrillic: int, greek: int, whole: int) -> int:
    """Return the script a word of mixed ones is folded to, by its letters and the scripts it fits whole."""
    for script in range(1, 4):
        if whole == 1 << script:
            return script
    if cyrillic > latin and cyrillic >= greek:
        return CYRILLIC_LETTER
    return GREEK_LETTER if greek > latin else LATIN_LETTER


@compiled()
def _in_one_script(points: Any, entries: Any, pool: Any, alike: Any, script: int, middle: Any) -> int:
    """Fold one word; return what `_unmix` does."""
    place = left = 0
    for at in range(len(points)):
        entry = entries[points[at]]
        if entry & np.uint32(VANISHES):
            continue
        changed = alike[script, points[at]]
        kind = alike[0, changed]
        if kind not in (LOOSE_MARK, script):
            # A letter that looks like none of the script stays. It is final if it would stay once more, in
            # lower case; in a Greek word the next pass may count other letters.
            final = entries[changed]
            if script == GREEK_LETTER or final & np.uint32(_SPECIAL):
                return -1
            if (final & np.uint32(CODE)) >= alike.shape[1]:
                return -1
            if alike[script, final & np.uint32(CODE)] != final & np.uint32(CODE):
                return -1
            left += 1
        if changed != points[at]:
            middle[place] = entries[changed]
        place += pool[entry & np.uint32(CODE)] if entry & np.uint32(SEVERAL) else 1
    return left


@compiled()
def _address(middle: Any, size: int, at: int, floor: int) -> int:
    """Return how many entries before `at` begin an address that goes on behind it, 0 if none does.

    Nothing before `floor` counts: it belongs to another address.
    """
    code = middle[at] & np.uint32(CODE)
    if code == _COLON:
        if at + 3 >= size or (middle[at + 1] & CODE) != _SLASH or (middle[at + 2] & CODE) != _SLASH:
            return 0
        if middle[at + 3] & np.uint32(END):
            return 0
        start = at - 4
        if start >= floor and (middle[at - 1] & CODE) == _S:
            start -= 1
        if (
            start >= floor
            and (middle[start] & CODE) == _H
            and (middle[start + 1] & CODE) == _T
            and (middle[start + 2] & CODE) == _T
            and (middle[start + 3] & CODE) == _P
        ):
            return at - start
        return 0
    if at + 1 >= size or middle[at + 1] & np.uint32(END):
        return 0
    if code == _DOT:
        start = at - 3
        if (
            start >= floor
            and (middle[start] & CODE) == _W
            and (middle[start + 1] & CODE) == _W
            and (middle[start + 2] & CODE) == _W
            and (start == 0 or not middle[start - 1] & np.uint32(WORD))
        ):
            return 3
    if code == _SLASH:
        start = at - 4
        if (
            start >= floor
            and (middle[start] & CODE) == _T
            and (middle[start + 1] & CODE) == _DOT
            and (middle[start + 2] & CODE) == _M
            and (middle[start + 3] & CODE) == _E
            and (
                start == 0 or not (middle[start - 1] & np.uint32(WORD) or (middle[start - 1] & CODE) == _DOT)
            )
        ):
            return 4
    return 0


@compiled()
def _signs(middle: Any, size: int, at: int) -> bool:
    """Say whether the character at `at` may be the sign of a figure; `text_key` looks closer."""
    code = middle[at] & np.uint32(CODE)
    if not middle[at] & np.uint32(LOOK) or code in (_DOT, _COLON, _SLASH):
        return False
    if code == 0x2D or 0x2010 <= code <= 0x2015 or code == 0x2212:  # dashes stand between words as well
        if at + 1 >= size or not middle[at + 1] & np.uint32(WORD | LOOK):
            return False
        return at == 0 or not middle[at - 1] & np.uint32(WORD)
    return True


@compiled()
def _settle(middle: Any, size: int, longest: int, form: Any) -> tuple[int, bool, bool]:
    """Write the matching form of a text: kept characters, single spaces, no addresses.

    Returns its length, whether a figure may have a sign, and whether an address was cut off a word.
    """
    made = floor = at = 0
    cut = False
    in_word: Any = np.int64(0)
    signed = False
    while at < size:
        entry = middle[at]
        if entry & np.uint32(LOOK):
            code = entry & np.uint32(CODE)
            signed = signed or _signs(middle, size, at)
            if code in (_DOT, _COLON, _SLASH):
                begun = _address(middle, size, at, floor)
                if begun:
                    made -= begun
                    at += 3 if code == _COLON else 1
                    stop = min(size, at + longest)
                    while at < stop and not middle[at] & np.uint32(END):
                        signed = signed or _signs(middle, size, at)
                        at += 1
                    floor = at
                    if made > 0 and form[made - 1] != _SPACE:
                        form[made] = _SPACE
                        made += 1
                        cut = True
                    in_word = np.int64(0)
                    continue
        # Without branches, as above. A separator is written behind a word only, and once.
        kept = np.int64((entry >> np.uint32(21)) & np.uint32(1))
        form[made] = entry if kept else np.uint32(_SPACE)
        made += kept | in_word
        in_word = kept
        at += 1
    if made > 0 and form[made - 1] == _SPACE:
        made -= 1
    return made, signed, cut


@compiled()
def _read(points: Any, entries: Any, form: Any) -> int:
    """Write a text that is in matching form already."""
    for at in range(len(points)):
        form[at] = points[at] | (entries[points[at]] & np.uint32(UNSPACED_LETTER))
    return len(points)


@compiled()
def _spell(form: Any, size: int, spelling: Any, start: int) -> int:
    """Write the matching form as UTF-8; return where it ends. Kept characters are no surrogates."""
    at = start
    for place in range(size):
        code = form[place] & np.uint32(CODE)
        if code < 0x80:
            spelling[at] = code
            at += 1
        elif code < 0x800:
            spelling[at] = 0xC0 | (code >> 6)
            spelling[at + 1] = 0x80 | (code & 0x3F)
            at += 2
        elif code < 0x10000:
            spelling[at] = 0xE0 | (code >> 12)
            spelling[at + 1] = 0x80 | ((code >> 6) & 0x3F)
            spelling[at + 2] = 0x80 | (code & 0x3F)
            at += 3
        else:
            spelling[at] = 0xF0 | (code >> 18)
            spelling[at + 1] = 0x80 | ((code >> 12) & 0x3F)
            spelling[at + 2] = 0x80 | ((code >> 6) & 0x3F)
            spelling[at + 3] = 0x80 | (code & 0x3F)
            at += 4
    return at


@compiled()
def _units(form: Any, size: int, by_words: bool, constants: Any, units: Any) -> int:
    """Write one hash a character or a word; return how many."""
    if not by_words:
        for at in range(size):
            units[at] = _mix(np.uint64(form[at] & np.uint32(CODE)) + np.uint64(1), constants)
        return size
    made = 0
    word = np.uint64(0)
    for at in range(size):
        code = form[at] & np.uint32(CODE)
        letter = word * constants[0] + _mix(np.uint64(code) + np.uint64(1), constants)
        units[made] = word
        space = code == _SPACE
        made += space
        word = np.uint64(0) if space else letter
    units[made] = word
    made += 1
    for at in range(made):
        units[at] = _mix(units[at], constants)
    return made


@compiled()
def _distinct(units: Any, count: int, window: int, salt: Any, constants: Any, seen: Any, hashes: Any) -> int:
    """Write the distinct shingle hashes of a text, as 32 bits that are ready to be permuted; return how many.

    `seen` is a hash table with open addressing, longer than twice the windows by a power of two.
    """
    window = min(window, count)
    windows = count - window + 1
    slots = 64
    while slots < 2 * windows:
        slots *= 2
    mask = np.uint64(slots - 1)
    for slot in range(slots):
        seen[slot] = 0
    nought = False
    made = 0
    for start in range(windows):
        polynomial = np.uint64(0)
        for step in range(window):
            polynomial = polynomial * constants[0] + units[start + step]
        whole = _mix(polynomial ^ salt, constants)
        if whole == 0:  # marks an empty slot
            if nought:
                continue
            nought = True
        else:
            slot = whole & mask
            while seen[slot] != 0 and seen[slot] != whole:
                slot = (slot + np.uint64(1)) & mask
            if seen[slot] == whole:
                continue
            seen[slot] = whole
        h = np.uint32(whole >> np.uint64(32))
        h = np.uint32((h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B))
        h = np.uint32((h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35))
        hashes[made] = h ^ (h >> np.uint32(16))
        made += 1
    return made


@compiled()
def _permute(hashes: Any, count: int, factors: Any, terms: Any, row: Any) -> None:
    """Write the minimum of each permutation. Every cast counts: numba widens the product of two uint32."""
    for lane in range(len(row)):
        row[lane] = np.uint32(0xFFFFFFFF)
    at = 0
    while at + 4 <= count:  # four at a time: a row is read and written once for all of them
        one, two, three, four = hashes[at], hashes[at + 1], hashes[at + 2], hashes[at + 3]
        for lane in range(len(row)):
            factor, term = factors[lane], terms[lane]
            least = min(row[lane], np.uint32(factor * one + term))
            least = min(least, np.uint32(factor * two + term))
            least = min(least, np.uint32(factor * three + term))
            row[lane] = min(least, np.uint32(factor * four + term))
        at += 4
    while at < count:
        h = hashes[at]
        for lane in range(len(row)):
            row[lane] = min(row[lane], np.uint32(factors[lane] * h + terms[lane]))
        at += 1


@compiled()
def _band(row: Any, bands: int, rows: int, first: int, golden: Any, prime: Any, keys: Any) -> None:
    """Write the keys of the bands of a signature."""
    for band in range(bands):
        key = np.uint64(band + first + 1) * golden
        for step in range(rows):
            key = (key ^ np.uint64(row[band * rows + step])) * prime
            key ^= key >> np.uint64(29)
        keys[band] = np.uint32((key * golden) >> np.uint64(32))


def _array(scalar: Any, dimensions: int, mutable: bool) -> Any:
    return types.Array(scalar, dimensions, "C", readonly=not mutable)


@compiled(
    types.void(
        _array(types.uint32, 1, False),  # points
        _array(types.int64, 1, False),  # offsets
        types.boolean,  # folded
        _array(types.uint32, 1, False),  # entries
        _array(types.uint32, 1, False),  # pool
        _array(types.uint32, 2, False),  # alike
        _array(types.uint64, 1, False),  # constants
        _array(types.uint32, 2, False),  # permutations
        _array(types.int64, 1, False),  # shape
        types.float64,  # share
        _array(types.uint8, 1, True),  # fates
        _array(types.int64, 1, True),  # sizes
        _array(types.uint32, 2, True),  # signatures
        _array(types.uint32, 2, True),  # bands
        _array(types.int64, 1, True),  # banded
        _array(types.uint8, 1, True),  # spelling
        _array(types.int64, 1, True),  # spelt
    )
)
def sketch(
    points: UInt32,
    offsets: Int64,
    folded: bool,
    entries: UInt32,
    pool: UInt32,
    alike: UInt32,
    constants: UInt64,
    permutations: UInt32,
    shape: Int64,
    share: float,
    fates: UInt8,
    sizes: Int64,
    signatures: UInt32,
    bands: UInt32,
    banded: Int64,
    spelling: UInt8,
    spelt: Int64,
) -> None:
    """Sketch texts: text i has the code points points[offsets[i]:offsets[i + 1]].

    In: `folded`, whether the texts are matching forms; the tables; `constants`: base and multipliers of the
    hash, the salts of words and characters, the multipliers of band keys; `permutations`: factors, terms;
    `shape`: word window, character window, longest short text and end of the seam in words, bands, rows,
    first band of words and of characters, longest address; `share` of unspaced letters.
    Out, by text: `fates`; `sizes`, its distinct shingles; `signatures`; `bands` of one or both kinds, and
    how many it has (`banded`); its matching form in UTF-8 at spelling[spelt[i]:spelt[i + 1]], where
    `spelling` has four bytes a code point (or none at all). Of a text given back nothing else is written.
    """
    longest = 0
    for text in range(len(fates)):
        longest = max(longest, offsets[text + 1] - offsets[text])
    # Of a long text not twice its size: what outgrows that is given back, and all of it counts as memory.
    room = longest + min(longest, _SURPLUS) + MOST_LETTERS
    middle = np.empty(room, np.uint32)
    form = np.empty(room + 1, np.uint32)
    units = np.empty(room + 1, np.uint64)
    hashes = np.empty(room + 1, np.uint32)
    slots = 64
    while slots < 2 * min(room, _SURPLUS):
        slots *= 2
    seen = np.empty(slots, np.uint64)
    other = np.empty(signatures.shape[1], np.uint32)
    spelt[0] = 0
    for text in range(len(fates)):
        spelt[text + 1] = spelt[text]
        own = points[offsets[text] : offsets[text + 1]]
        fates[text] = DONE
        sizes[text] = 0
        banded[text] = 0
        if folded:
            size = _read(own, entries, form)
        else:
            spread, mixed = _spread(own, entries, pool, alike, middle)
            if spread < 0:
                fates[text] = GIVEN_BACK
                continue
            size, signed, cut = _settle(middle, spread, shape[8], form)
            if mixed and cut:  # the rest of a word may count for another script
                fates[text] = GIVEN_BACK
                continue
            if signed:
                fates[text] = SIGNED
        if size == 0:
            continue
        if len(spelling) > 0:
            # An expansion may outgrow its character.
            if not folded and size > len(own):
                fates[text] = GIVEN_BACK
                continue
            spelt[text + 1] = _spell(form, size, spelling, spelt[text])
        words = 1
        unspaced = 0
        for at in range(size):
            words += form[at] == _SPACE
            unspaced += (form[at] & np.uint32(UNSPACED_LETTER)) != 0
        foreign = unspaced / size
        short = words <= shape[2] or foreign >= share
        seam = not short and (words <= shape[3] or foreign >= share / 2)
        # One call for both kinds: the compiler would make two copies of whatever is called twice.
        for by_chars in range(0 if not short else 1, 2 if short or seam else 1):
            is_own = by_chars == 0 or short
            count = _units(form, size, by_chars == 0, constants, units)
            while slots < 2 * count:
                slots *= 2
            if len(seen) < slots:
                seen = np.empty(slots, np.uint64)
            made = _distinct(units, count, shape[by_chars], constants[3 + by_chars], constants, seen, hashes)
            if is_own:
                sizes[text] = made
            row = signatures[text] if is_own else other
            _permute(hashes, made, permutations[0], permutations[1], row)
            keys = bands[text, banded[text] :]
            _band(row, shape[4], shape[5], shape[6 + by_chars], constants[5], constants[6], keys)
            banded[text] += shape[4]
