"""The matching form of a text: blunt, for shingles, keys and equality. Never shown, never stored."""

import re
import unicodedata
from functools import cache

from cleaners.characters import (
    CYRILLIC_LATIN,
    GREEK_LATIN,
    LETTERS_END,
    MARK_LIMIT,
    MAYBE_VANISHING,
    VANISHING,
)
from cleaners.combining import drop_mark_runs

#: Raise it with every change of what `fold` returns: signatures of different versions never meet.
FOLD_VERSION = 2
#: Nearly all text settles in one pass. A pass may take one mark from a letter (ё with further diaereses), and
#: runs of marks are bounded; the rest is for letters and look-alikes that casefolding reveals.
PASSES = MARK_LIMIT + 5

_LATIN = "A-Za-z\xc0-\xd6\xd8-\xf6\xf8-\u024f"
_CYRILLIC = "\u0400-\u0481\u048a-\u052f"
_GREEK = "\u0370-\u0373\u0376-\u03ff"
_MARKS = "\u0300-\u036f"
_MIXED = re.compile(f"[{_LATIN}][{_MARKS}]*[{_CYRILLIC}{_GREEK}]|[{_CYRILLIC}{_GREEK}][{_MARKS}]*[{_LATIN}]")
_WORD = re.compile(f"[{_LATIN}{_CYRILLIC}{_GREEK}{_MARKS}]+")
#: Latin, Cyrillic, Greek: the letters that may make a word a mixed one.
SCRIPTS = (re.compile(f"[{_LATIN}]"), re.compile(f"[{_CYRILLIC}]"), re.compile(f"[{_GREEK}]"))

_BEYOND = re.compile("[\U00010000-\U0010ffff]")
_OTHERS = re.compile(f"[{_CYRILLIC}{_GREEK}]")

_CYRILLIC_TO_LATIN = str.maketrans(CYRILLIC_LATIN[::2], CYRILLIC_LATIN[1::2])
_GREEK_TO_LATIN = str.maketrans(GREEK_LATIN[::2], GREEK_LATIN[1::2])
# Reversed, so that of two letters for one Latin letter the first in the table wins.
_LATIN_TO_CYRILLIC = str.maketrans(CYRILLIC_LATIN[::-2], CYRILLIC_LATIN[-2::-2])
_LATIN_TO_GREEK = str.maketrans(GREEK_LATIN[::-2], GREEK_LATIN[-2::-2])
_TO_LATIN = _CYRILLIC_TO_LATIN | _GREEK_TO_LATIN

#: An address ends at white space, quotes and brackets (of Markdown too), and after 2 000 characters.
ADDRESS_LENGTH = 2000
_ADDRESS_END = "\\s<>()\\[\\]{}|\"'`\u2018-\u201f«»、。，；：！？（）【】《》「」"
ADDRESS_END = re.compile(f"[{_ADDRESS_END}]")
_ADDRESS = re.compile(
    f"(?:https?://|(?<!\\w)www\\.|(?<![\\w.])t\\.me/)[^{_ADDRESS_END}]{{1,{ADDRESS_LENGTH}}}", re.IGNORECASE
)
_ASCII_SEPARATORS = re.compile(r"[^0-9a-z]+")


def fold(text: str) -> str:
    """Return the matching form: lower case, letters, digits and marks only, single spaces, no addresses.

    Look-alikes are folded only inside words that mix scripts, ё is е, й stays й; numbers keep their digits.
    Text without letters and digits folds to "", and two such texts do not equal each other. Idempotent.
    """
    if text.isascii():
        return _ASCII_SEPARATORS.sub(" ", drop_addresses(text).lower()).strip()
    for _ in range(PASSES):
        folded = _pass(text)
        if folded == text or _is_settled(folded):
            break
        text = folded
    return folded


def _is_settled(text: str) -> bool:
    """Say, fast, that another pass would change nothing."""
    return text.isascii() or (
        unicodedata.is_normalized("NFKC", text) and text.casefold() == text and not _has_mixed_word(text)
    )


def _pass(text: str) -> str:
    if MAYBE_VANISHING.search(text):
        text = VANISHING.sub("", text)
    text = unicodedata.normalize("NFKC", drop_mark_runs(text))
    if _has_mixed_word(text):
        text = _WORD.sub(_one_script, text)
    text = drop_addresses(text.casefold())
    first_plane, beyond = _separators()
    if _BEYOND.search(text):
        text = beyond.sub(" ", text)
    text = first_plane.sub(" ", text).replace("ё", "е").strip()
    return drop_mark_runs(text)


def _has_mixed_word(text: str) -> bool:
    # Most text has letters of one script only, which the first two searches tell ten times faster.
    return bool(SCRIPTS[0].search(text) and _OTHERS.search(text) and _MIXED.search(text))


def _one_script(match: re.Match[str]) -> str:
    """Fold a mixed word to the one script that all of its letters have a form in: сoобщилa is Cyrillic by б.

    If several scripts have one for all, or none has: to that of most of its letters, Latin on a tie.
    """
    word = match[0]
    if not _MIXED.search(word):
        return word
    forms = in_each_script(word)
    whole = [form for form, script in zip(forms, SCRIPTS, strict=True) if _is_of(script, form)]
    if len(whole) == 1:
        return whole[0]
    latin, cyrillic, greek = (len(script.findall(word)) for script in SCRIPTS)
    if cyrillic > latin and cyrillic >= greek:
        return forms[1]
    return forms[2] if greek > latin else forms[0]


def _is_of(script: re.Pattern[str], word: str) -> bool:
    return not any(other.search(word) for other in SCRIPTS if other is not script)


def in_each_script(letters: str) -> tuple[str, str, str]:
    """Return what letters are in a mixed word that counts as Latin, Cyrillic, Greek."""
    return (
        letters.translate(_TO_LATIN),
        letters.translate(_GREEK_TO_LATIN).translate(_LATIN_TO_CYRILLIC),
        letters.translate(_CYRILLIC_TO_LATIN).translate(_LATIN_TO_GREEK),
    )


def drop_addresses(text: str) -> str:
    """Put a space for every address."""
    # Three searches for a fixed string are ten times faster than the pattern, which is rarely needed.
    if "://" in text or "t.me/" in text or "www." in text:
        return _ADDRESS.sub(" ", text)
    return text


@cache
def _separators() -> tuple[re.Pattern[str], re.Pattern[str]]:
    r"""Return patterns of all that is no letter, digit or mark: of the first plane, and of the planes beyond.

    Spelled out, not as \w: `re` looks a character up in one table if all ranges are of the first plane, and
    walks through them one by one otherwise (3 MB/s).
    """
    first = _ranges(0x30, 0x10000)
    beyond = _ranges(0x10000, LETTERS_END)
    return re.compile(f"[^{first}\U00010000-\U0010ffff]+"), re.compile(f"[^\x00-\uffff{beyond}]+")


def is_kept(char: str) -> bool:
    """Say whether a character of the matching form stands in a word: letters, digits and marks."""
    return char.isalnum() or unicodedata.category(char)[0] == "M"


def _ranges(start: int, stop: int) -> str:
    """Return the letters, digits and marks among [start, stop) as ranges for a character class."""
    ranges: list[list[int]] = []
    for code in range(start, stop):
        if is_kept(chr(code)):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)
