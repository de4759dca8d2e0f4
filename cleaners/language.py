"""Name the language of a text, or none where it cannot be told.

By CLD2 (Sites, 2013), which weighs letter quadruples and, for scripts of one language, the script alone. Of
the libraries measured on posts of 15 channels it is the one that says when it does not know (4 % of them; of
the rest 2 in 3,800 wrong), and it loads in 3 ms (py3langid: 0.6 s, and a guess for every text).
"""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
import pycld2

from cleaners.characters import LETTERS_END
from cleaners.code_points import Points, every_character, points_of, slices, where
from cleaners.plain_kernel import ALONE, FOREIGN, OPENS, SEVERAL, SPACE, strip_texts

#: Characters that are looked at: of 4,351 posts, 86 of them longer, none is called otherwise by 4,000.
_ENOUGH = 1000
#: Share of the text that its language must make up, of two or where CLD2 is sure. Where it is not sure but
#: has found no other, less is enough: the rest of a short text are names and words that it has no score for.
_MOST, _ONLY = 60, 45
#: Addresses, tags, pictures: in no language; joiners between emoji read as a script of their own.
_ADDRESSES = ("https://", "http://", "www.", "t.me/", "@", "#")
_SIGN = r"[^\w\s.,:;!?'’-]"
#: Texts whose language is remembered: forwards and posts that stand in several dumps come close together, and
#: the detector takes as long as all that is done to a text's lines. Two kilobytes each at most.
_KNOWN = 2048
_ROOM = 2_000_000  # bytes: more than CLD2 takes of a text, none of which it keeps
_ROW = 64  # characters looked at together: most rows hold nothing that has another case
#: Codes of CLD2 that ISO 639-1 has given up since.
_NOW = {"iw": "he", "jw": "jv", "in": "id", "mo": "ro", "sh": "sr", "tl": "fil"}


_FOREIGN = re.compile(rf"(?:{'|'.join(map(re.escape, _ADDRESSES))})\S+|{_SIGN}+|_")


def language(text: str) -> str | None:
    """Return the language of a text as an ISO 639 code (`zh-Hant` for Chinese in traditional characters)."""
    return _detect(plain(text))


def plain(text: str) -> bytes:
    """Return what is looked at of a text: its letters in lower case, as UTF-8."""
    return _FOREIGN.sub(" ", text[:_ENOUGH]).casefold().encode("utf-8", "ignore")


def languages(texts: Sequence[str]) -> list[str | None]:
    """Return the language of each of many texts."""
    return [_detect(bare) for part in slices(texts) for bare in stripped(part)]


def stripped(texts: Sequence[str]) -> Iterator[bytes]:
    """Yield what `plain` makes of each text."""
    table = _table()
    points, starts = points_of([text[:_ENOUGH] for text in texts])
    made, begins = strip_texts(points, starts, table.entries, table.pool, table.openings)
    whole = made.tobytes()
    return (whole[start:end] for start, end in pairwise(begins.tolist()))


@lru_cache(maxsize=_KNOWN)
def _detect(bare: bytes) -> str | None:
    # CLD2 is C++ and ends the process where it finds no memory: here MemoryError is raised before that.
    np.empty(_ROOM, dtype=np.uint8)
    try:
        reliable, _, found = pycld2.detect(bare, isPlainText=True)
    except pycld2.error:  # characters that it does not take for text: nothing is known then
        return None
    code: str
    (_, code, share, _), (_, second, *_), _ = found
    alone = second == "un" and share >= _ONLY
    if code == "un" or code.startswith("xx") or not (alone or (reliable and share >= _MOST)):
        return None
    return _NOW.get(code, code)


@dataclass(frozen=True, slots=True)
class _Table:
    """Entries by code point (cleaners.plain_kernel), the pool of those that become several, and how
    addresses begin."""

    entries: Points
    pool: Points
    openings: Points


@cache
def _table() -> _Table:
    entries = np.arange(sys.maxunicode + 1, dtype=np.uint32)
    pool: list[int] = []
    everything = every_character()
    for row in range(0, LETTERS_END, _ROW):
        chars = everything[row : row + _ROW]
        if chars.casefold() != chars:
            for char in chars:
                low = char.casefold()
                if len(low) == 1:
                    entries[ord(char)] = ord(low)
                else:
                    entries[ord(char)] = SEVERAL | len(pool)
                    pool += [len(low), *map(ord, low)]
    entries[where(r"\s")] |= SPACE
    entries[where(_SIGN)] |= FOREIGN
    entries[ord("_")] |= ALONE
    openings = np.zeros((len(_ADDRESSES), max(map(len, _ADDRESSES))), dtype=np.uint32)
    for place, opening in enumerate(_ADDRESSES):
        openings[place, : len(opening)] = list(map(ord, opening))
        entries[ord(opening[0])] |= OPENS
    return _Table(entries, np.array([*pool, 0], dtype=np.uint32), openings)
