"""The matching form of a text: blunt, for shingles, keys and equality. Never shown, never stored."""

import re
import unicodedata
from functools import cache

from cleaners.characters import CYRILLIC_LATIN, GREEK_LATIN, VANISHING
from cleaners.combining import drop_mark_runs

#: Raise it with every change of what `fold` returns: signatures of different versions never meet.
FOLD_VERSION = 1
#: Casefolding and compatibility forms settle in two passes; the third is for look-alikes that these reveal.
PASSES = 4

_LATIN = "A-Za-z\xc0-\xd6\xd8-\xf6\xf8-\u024f"
_CYRILLIC = "\u0400-\u0481\u048a-\u052f"
_GREEK = "\u0370-\u0373\u0376-\u03ff"
_MARKS = "\u0300-\u036f"
_MIXED = re.compile(f"[{_LATIN}][{_MARKS}]*[{_CYRILLIC}{_GREEK}]|[{_CYRILLIC}{_GREEK}][{_MARKS}]*[{_LATIN}]")
_WORD = re.compile(f"[{_LATIN}{_CYRILLIC}{_GREEK}{_MARKS}]+")
_SCRIPTS = (re.compile(f"[{_LATIN}]"), re.compile(f"[{_CYRILLIC}]"), re.compile(f"[{_GREEK}]"))

_CYRILLIC_TO_LATIN = str.maketrans(CYRILLIC_LATIN[::2], CYRILLIC_LATIN[1::2])
_GREEK_TO_LATIN = str.maketrans(GREEK_LATIN[::2], GREEK_LATIN[1::2])
# Reversed, so that of two letters for one Latin letter the first in the table wins.
_LATIN_TO_CYRILLIC = str.maketrans(CYRILLIC_LATIN[::-2], CYRILLIC_LATIN[-2::-2])
_LATIN_TO_GREEK = str.maketrans(GREEK_LATIN[::-2], GREEK_LATIN[-2::-2])
_TO_LATIN = _CYRILLIC_TO_LATIN | _GREEK_TO_LATIN

#: An address ends at white space, quotes and brackets (of Markdown too), and after 2 000 characters.
_ADDRESS = re.compile(
    "(?:https?://|(?<!\\w)www\\.|(?<![\\w.])t\\.me/)[^\\s<>()\\[\\]{}|\"'`\u2018-\u201f«»、。，；：！？（）【】《》「」]{1,2000}",
    re.IGNORECASE,
)
_ASCII_SEPARATORS = re.compile(r"[^0-9a-z]+")


def fold(text: str) -> str:
    """Return the matching form: lower case, letters, digits and marks only, single spaces, no addresses.

    Look-alikes are folded only inside words that mix scripts, ё is е, й stays й; numbers keep their digits. Text
    without letters and digits folds to "", and two such texts are not equal to each other. Idempotent.
    """
    if text.isascii():
        return _ASCII_SEPARATORS.sub(" ", _drop_addresses(text).lower()).strip()
    for _ in range(PASSES):
        folded = _pass(text)
        if folded == text or _is_settled(folded):
            break
        text = folded
    return folded


def _is_settled(text: str) -> bool:
    """Say, fast, that another pass would change nothing."""
    return text.isascii() or (
        unicodedata.is_normalized("NFKC", text) and text.casefold() == text and not _MIXED.search(text)
    )


def _pass(text: str) -> str:
    text = unicodedata.normalize("NFKC", drop_mark_runs(VANISHING.sub("", text)))
    if _MIXED.search(text):
        text = _WORD.sub(_one_script, text)
    text = _drop_addresses(text.casefold())
    text = _separators().sub(" ", text).replace("ё", "е").strip()
    return drop_mark_runs(text)


def _one_script(match: re.Match[str]) -> str:
    """Fold a mixed word to the script that most of its letters are of; Latin on a tie."""
    word = match[0]
    latin, cyrillic, greek = (len(script.findall(word)) for script in _SCRIPTS)
    if not latin or not (cyrillic or greek):
        return word
    if cyrillic > latin and cyrillic >= greek:
        return word.translate(_GREEK_TO_LATIN).translate(_LATIN_TO_CYRILLIC)
    if greek > latin:
        return word.translate(_CYRILLIC_TO_LATIN).translate(_LATIN_TO_GREEK)
    return word.translate(_TO_LATIN)


def _drop_addresses(text: str) -> str:
    # Three searches for a fixed string are ten times faster than the pattern, which is rarely needed.
    if "://" in text or "t.me/" in text or "www." in text:
        return _ADDRESS.sub(" ", text)
    return text


@cache
def _separators() -> re.Pattern[str]:
    """Return a pattern of everything but letters, digits and combining marks (U+0300 up, as Python knows them)."""
    marks = "".join(chr(code) for code in range(0x300, 0x1F000) if unicodedata.category(chr(code))[0] == "M")
    return re.compile(f"(?:[^\\w{marks}]|_)+")
