"""Folding by code point, for the compiled kernel: what `fold` makes of each character by itself.

Nearly every character folds to the same letters wherever it stands. Those go into a table; the few that
depend on their neighbours (marks that compose, whatever takes more than one pass) are marked CONTEXT, and a
text that holds one is folded by `fold` itself. The tables are made of the same functions that `fold` calls,
so a new version of Unicode changes both alike, and a test compares the two for every code point.

An entry is 32 bits: 21 for the code point that a character folds to (or the place of several in the pool),
the rest are flags. Made at first need, in about .3 s; nothing but the kernel asks for them.
"""

import sys
import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from cleaners.characters import LETTERS_END, VANISHING
from cleaners.code_points import every_character, marks, where
from cleaners.figures import SIGNS
from cleaners.fold import ADDRESS_END, SCRIPTS, in_each_script
from cleaners.kernel import (
    CONTEXT,
    CYRILLIC_LETTER,
    END,
    GREEK_LETTER,
    KEPT,
    LATIN,
    LATIN_LETTER,
    LOOK,
    LOOSE_MARK,
    MARK,
    MOST_LETTERS,
    NO_LETTER,
    OTHER_FORM,
    OTHER_SCRIPT,
    SEVERAL,
    UNSPACED_LETTER,
    VANISHES,
    WORD,
)
from cleaners.shingles import UNSPACED

Entries = npt.NDArray[np.uint32]

#: Behind the last letter of the three scripts that words may mix.
_REACH = 0x530


@dataclass(frozen=True, slots=True)
class Tables:
    """Entries by code point, and the pool of those that fold to several. Read-only: they are shared."""

    entries: Entries
    pool: Entries
    alike: Entries  # kinds of letters, and what a letter is in a Latin, Cyrillic, Greek word, by code point


@cache
def tables() -> Tables:
    """Return the tables for the Unicode version of this Python."""
    letters = every_character()[:LETTERS_END]
    flags = _flags(letters)
    composing = _composing(letters)
    entries = np.arange(sys.maxunicode + 1, dtype=np.uint32)
    entries[:LETTERS_END] |= flags
    entries[list(composing)] |= CONTEXT
    pool: list[int] = []
    # One call for all is fifty times as fast; the line feed keeps each from acting on the next.
    normal = unicodedata.normalize("NFKC", "\n".join(letters.replace("\n", " ")))
    for char, composed, folded in zip(
        letters, normal.split("\n"), normal.casefold().replace("ё", "е").split("\n"), strict=True
    ):
        if folded != char != "\n":
            entry = _changed(composed, folded, flags, composing, pool)
            entries[ord(char)] = entry or CONTEXT | int(flags[ord(char)])
    for char in SIGNS + ".:/":
        entries[ord(char)] |= LOOK
    entries[[match.start() for match in VANISHING.finditer(every_character())]] |= VANISHES
    pooled = np.array(pool, dtype=np.uint32)
    alike = _alike(entries)
    entries.flags.writeable = pooled.flags.writeable = alike.flags.writeable = False
    return Tables(entries, pooled, alike)


def _changed(
    composed: str, folded: str, flags: Entries, composing: frozenset[int], pool: list[int]
) -> int | None:
    """Return the entry of a character that folds to `folded`, by way of `composed`; None: not by table."""
    stable = unicodedata.normalize("NFKC", folded) == folded == folded.casefold()
    moving = any(unicodedata.combining(char) or ord(char) in composing for char in composed + folded)
    if not stable or moving or VANISHING.search(folded) or len(folded) > MOST_LETTERS:
        return None
    # Words are looked through for mixed scripts before letters lose their case: what either shows, counts.
    scripts = 0
    for char in composed + folded:
        scripts |= int(flags[ord(char)]) & (LATIN | OTHER_SCRIPT)
    if scripts == LATIN | OTHER_SCRIPT:
        return None
    made = [ord(char) | int(flags[ord(char)]) | scripts for char in folded]
    if len(made) == 1:
        return made[0]
    pool.append(len(made))
    pool.extend(made)
    return SEVERAL | scripts | (len(pool) - len(made) - 1)


def _alike(entries: Entries) -> Entries:
    """Return what words of mixed scripts are folded by. Letters of several forms are left to `fold`."""
    kinds = dict(zip(SCRIPTS, (LATIN_LETTER, CYRILLIC_LETTER, GREEK_LETTER), strict=True))
    alike = np.tile(np.arange(_REACH, dtype=np.uint32), (4, 1))
    for code in range(_REACH):
        char = chr(code)
        kind = next((kind for script, kind in kinds.items() if script.match(char)), NO_LETTER)
        if 0x300 <= code < 0x370:
            kind = LOOSE_MARK
        elif unicodedata.normalize("NFKC", char) != char and entries[code] & (LATIN | OTHER_SCRIPT):
            kind = OTHER_FORM
        alike[0, code] = kind
        alike[1:, code] = [ord(made) for made in in_each_script(char)]
    return alike


def _flags(letters: str) -> Entries:
    """Return the flags of the code points that may be letters."""
    word = where(r"[^\W_]")[:LETTERS_END]  # letters and digits, the underscore apart
    kept = word | marks()[:LETTERS_END]
    combining = np.fromiter(map(unicodedata.combining, letters), np.uint8, len(letters))
    word[ord("_")] = True
    flags = KEPT * kept.astype(np.uint32) | WORD * word.astype(np.uint32)
    flags |= MARK * (kept & (combining > 0)).astype(np.uint32)
    for pattern, flag in (
        (ADDRESS_END, END),
        (UNSPACED, UNSPACED_LETTER),
        (SCRIPTS[0], LATIN),
        (SCRIPTS[1], OTHER_SCRIPT),
        (SCRIPTS[2], OTHER_SCRIPT),
    ):
        flags |= where(pattern.pattern)[:LETTERS_END] * np.uint32(flag)
    return flags.astype(np.uint32)


def _composing(letters: str) -> frozenset[int]:
    """Return the code points that may melt into the one before them, and so cannot be folded alone."""
    found = {*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)}  # vowels and finals of Hangul, by rule
    for decomposition in map(unicodedata.decomposition, letters):
        if decomposition and not decomposition.startswith("<") and " " in decomposition:
            found.add(int(decomposition.split()[1], 16))
    return frozenset(found)
