"""Guess the code page of bytes that are not UTF-8, from one word upwards.

Statistical detectors need some hundred bytes: charset-normalizer 3.5 read 11 of 29 one-line samples in 20
languages as another language. So the languages in `rules/codepages.toml` are scored first, by how common
their letters are and by where the letters stand; charset-normalizer is for what none of them explains.
"""

import codecs
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from cleaners.rules import rules

#: Bytes that a guess looks at: about ten lines.
SAMPLE = 2048
#: Mean worth of a character from which a page convinces. One-line samples in 20 languages score 0.46 and more
#: in their own page; of random bytes 7 % of strings of 20 bytes pass, and none of 50 and more.
CONVINCING = 0.4
#: Bytes beyond ASCII from which a page of another script may claim a line that is otherwise ASCII.
A_WORD = 4
#: Bytes beyond ASCII below which a statistical detector says anything.
DETECTABLE = 16
#: Taken off for each page of the language that is found more often than this one.
RARITY = 0.02

_TYPOGRAPHY = frozenset("\xa0«»“”„‘’‚–—…•·°§©®™€№£")
_LETTER = r"[^\W\d_\x00-\x7f]"
_BESIDE_ASCII = re.compile(f"[A-Za-z]{_LETTER}|{_LETTER}[A-Za-z]")
_NEIGHBOURS = re.compile(f"(?={_LETTER}{{2}})")
#: Codecs that are no charsets, or read any bytes as something.
_SPECIAL = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf_7", "undefined", "utf_8"}
)
#: What browsers read under these labels: the superset in real use (WHATWG Encoding Standard, section 4.2).
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
}


@dataclass(frozen=True, slots=True)
class Language:
    """A language as `rules/codepages.toml` has it; `worth` is 1.0 (most frequent letter) to 0.4."""

    script: str
    worth: dict[str, float]
    pages: tuple[str, ...]


def known_charset(label: str | None) -> str | None:
    """Return the codec that a declared charset stands for, or None if the label names no charset."""
    if not label:
        return None
    try:
        name = codecs.lookup(label.strip()).name
        b"a".decode(name)
    except (LookupError, ValueError):  # unknown, not for text (zlib), wide (UTF-16: not a matter of lines)
        return None
    return None if name.replace("-", "_") in _SPECIAL else _SUPERSETS.get(name, name)


def guess_codepage(sample: bytes) -> str | None:
    """Return the codec that reads `sample` (lines that are not UTF-8) as text, or None if no codec convinces.

    Of pages that score alike the one named first in the rules wins.
    """
    sample = sample[:SAMPLE]
    best, codec = max(((worth_in(page, sample), page) for page in _pages()), key=lambda pair: pair[0])
    return codec if best >= CONVINCING else None


def detect_codepage(sample: bytes) -> str | None:
    """Return the codec that charset-normalizer names for a sample in none of the known languages, if any."""
    if sum(byte > 0x7F for byte in sample) < DETECTABLE:
        return None
    import charset_normalizer  # noqa: PLC0415 - 45 ms that few documents need

    best = charset_normalizer.from_bytes(sample, cp_exclusion=["utf_8", "utf_7", "latin_1"]).best()
    if best is None or best.encoding.startswith(("utf", "latin")):
        return None
    beyond = [char for char in sample.decode(best.encoding, "replace") if char > "\x7f"]
    letters = sum(char.isalpha() or char in _TYPOGRAPHY for char in beyond)
    # Text beyond ASCII is letters; damage reads as a mixture of letters, signs and controls.
    return codecs.lookup(best.encoding).name if letters >= 0.9 * len(beyond) else None


def worth_in(page: str, sample: bytes) -> float:
    """Return the mean worth (at most 1) of the characters beyond ASCII that `page` reads in `sample`."""
    text = sample.decode(page, "replace")
    counts = Counter(text)
    beyond = [(char, count) for char, count in counts.items() if char > "\x7f"]
    total = sum(count for _, count in beyond)
    if not total:
        return 0.0
    capitals_inside = sum(a.islower() and b.isupper() and b > "\x7f" for a, b in pairwise(text))
    beside_ascii = len(_BESIDE_ASCII.findall(text))
    neighbours = len(_NEIGHBOURS.findall(text))
    best = -9.0
    lonely = total < A_WORD and sum(char.isalpha() for char in text if char <= "\x7f") > total
    for language in _pages()[page]:
        if lonely and language.script != "latin":
            continue
        worth = sum(count * _worth(char, language) for char, count in beyond)
        # A letter with an accent stands among plain ones; letters of other scripts stand among themselves.
        misplaced = 0.5 * neighbours if language.script == "latin" else 0.7 * beside_ascii
        rarity = RARITY * language.pages.index(page)
        best = max(best, (worth - misplaced - capitals_inside) / total - rarity)
    return best


def is_codepage(codec: str) -> bool:
    """Say whether the rules know this codec."""
    return codec in _pages()


def _worth(char: str, language: Language) -> float:
    if char in language.worth:
        return language.worth[char]
    if char in _TYPOGRAPHY:
        return 0.5
    if char == "\ufffd":
        return -2.0
    if not char.isalpha():
        return -1.0
    if language.script in {"han", "kana"}:  # too many letters to list
        kana = language.script == "kana" and "\u3041" <= char <= "\u30fc"
        return 0.35 if kana or "\u4e00" <= char <= "\u9fff" else -1.0
    if language.script == "hangul":
        return 0.3 if "\uac00" <= char <= "\ud7a3" else -1.0
    return -0.2 if unicodedata.name(char, "").lower().startswith(language.script) else -1.0


@cache
def _pages() -> dict[str, tuple[Language, ...]]:
    pages: dict[str, tuple[Language, ...]] = {}
    for rule in rules("codepages")["language"]:
        letters = rule["letters"]
        worth = {letter: 1.0 - 0.6 * rank / len(letters) for rank, letter in enumerate(letters)}
        # Capitals are rarer than their letters, but a headline may be all capitals.
        capitals = {
            letter.upper(): 0.8 * value for letter, value in worth.items() if len(letter.upper()) == 1
        }
        language = Language(script=rule["script"], worth=capitals | worth, pages=tuple(rule["pages"]))
        for page in language.pages:
            pages[page] = (*pages.get(page, ()), language)
    return pages
