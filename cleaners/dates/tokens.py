"""Cut text into words and gaps, and write the neighbourhood of date words as a string of one-letter codes.

The grammar then runs over the codes of small windows only. All heavy passes are single calls into C
(split, accumulate), so a text without dates costs about 50 ns a character, whatever it holds.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise

from cleaners.dates.lexicon import Word

#: Digits; CJK date words; numerals before a CJK sign; words of letters. An apostrophe joins only before the
#: Ukrainian iotated letters, U+200C only inside Persian words.
SPLIT = re.compile(
    r"(\d+|[星周礼拜期]{1,2}[一二三四五六日天]|今天|今日|今晚|今年|昨天|昨日|明天|明日|去年|[年月日号至到和在于自]"
    r"|[〇零一二三四五六七八九十]{1,4}(?=[年月日号])"
    r"|[^\W\d_\u3040-\u30ff\u3400-\u9fff]+(?:(?:['’](?=[яюєїЯЮЄЇ])|\u200c)[^\W\d_]+)*)"
)

#: Words that start a window. The others (prepositions, articles, joints) count only inside one.
_TRIGGERS = frozenset("MmqWwfRUGJKLVv")

_JOINED = re.compile("[-./‐‑‒–—−]")  # between the numbers of a date without words

_REACH = 6  # words on either side of a trigger: the longest tail is ' of the year 2023 г.'

_CJK_DIGITS = {character: number for number, character in enumerate("〇一二三四五六七八九")} | {"零": 0}

_GAPS = {"": "_", " ": " ", ", ": ",", ". ": ";", ".": ".", ",": "k", "/": "/", "-": "-", ":": ":", " (": "("}
_DASHES = str.maketrans("‐‑‒–—−", "------")


@dataclass(frozen=True, slots=True)
class Window:
    """Words `first`.. of the text as codes: gap and word in turn, ending with a gap."""

    first: int
    codes: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text as `parts` (gap, word, gap, ..., gap) with the start of each part in code points."""

    parts: list[str]
    starts: list[int]
    words: Mapping[str, Word]

    def word(self, index: int) -> str:
        """Return the text of word `index`."""
        return self.parts[2 * index + 1]

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Return [start, end) of words `first`..`last`."""
        return self.starts[2 * first + 1], self.starts[2 * last + 2]


def tokenise(text: str, words: Mapping[str, Word]) -> Tokens:
    """Split `text`; linear in its length."""
    parts = SPLIT.split(text)
    return Tokens(parts, [0, *accumulate(map(len, parts))], words)


def windows(tokens: Tokens) -> Iterator[Window]:
    """Yield the stretches around date words and numbers, disjoint and in order."""
    parts, get = tokens.parts, tokens.words.get
    total = len(parts) // 2
    hits = [
        index
        for index, part in enumerate(parts[1::2])
        if part[0].isdecimal() or ((word := get(part)) is not None and word.code in _TRIGGERS)
    ]
    position = 0
    while position < len(hits):
        last = position
        while last + 1 < len(hits) and hits[last + 1] - hits[last] <= _REACH:
            last += 1
        if _worth(tokens, hits[position : last + 1]):
            first, end = max(0, hits[position] - _REACH), min(total, hits[last] + _REACH)
            yield Window(first, _codes(tokens, first, end))
        position = last + 1


def _worth(tokens: Tokens, hits: list[int]) -> bool:
    """Tell whether words can be a date: one is no number, or may be a year, or two numbers are joined."""
    if any(not (word := tokens.word(at))[0].isdecimal() or len(word) == 4 for at in hits):
        return True
    return any(
        right - left == 1 and _JOINED.search(tokens.parts[2 * right]) for left, right in pairwise(hits)
    )


def _codes(tokens: Tokens, first: int, end: int) -> str:
    codes = []
    for index in range(first, end):
        codes.append(gap_code(tokens.parts[2 * index]))
        codes.append(word_code(tokens.word(index), tokens.words))
    codes.append(gap_code(tokens.parts[2 * end]))
    return "".join(codes)


def gap_code(gap: str) -> str:
    """Return the letter of the text between two words."""
    known = _GAPS.get(gap)
    if known is not None:
        return known
    if len(gap) > 8:
        return "|"
    plain = gap.translate(_DASHES)
    if "\n" in plain:
        return "\n"
    body = plain.strip()
    if not body:
        return " "
    if body == "-":
        return "-" if body == plain else "~"
    if body == "/":
        return "/"
    if body in {",", "."}:
        return "," if body == "," else ";"
    if body in {"'", "’", "ʼ", "`", ", '", ", ’"}:
        return "'"
    if body[-1] in "$€£₽":
        return "$"
    return body[0] if (body[0] in "%()" and len(body) == 1) or body[0] == "%" else "|"


def word_code(word: str, words: Mapping[str, Word]) -> str:
    """Give the letter of a word: D day-like, d other two digits, Y likely year, y unlikely year, N number."""
    if word[0].isdecimal():
        return _number_code(word)
    known = words.get(word)
    if known is not None:
        return known.code
    value = cjk_number(word) if word[0] in _CJK_DIGITS or word[0] == "十" else None
    return "x" if value is None else _number_code(str(value))


def _number_code(word: str) -> str:
    if not word.isdecimal() or len(word) > 4:
        return "N"
    value = int(word)
    if len(word) <= 2:
        return "D" if 1 <= value <= 31 else "d"
    if len(word) == 3:
        return "N"
    return "Y" if 1900 <= value <= 2099 else "y"


def number(word: str) -> int:
    """Return the value of a number word in any decimal digits or in Chinese numerals."""
    if word.isdecimal():
        return int(word)
    value = cjk_number(word)
    if value is None:
        message = f"not a number word: {word!r}"
        raise ValueError(message)
    return value


def cjk_number(word: str) -> int | None:
    """Return 12 for 十二, 2018 for 二零一八, None for other words."""
    if not word or any(character not in _CJK_DIGITS and character != "十" for character in word):
        return None
    if "十" in word:
        tens, _, units = word.partition("十")
        if len(tens) > 1 or len(units) > 1 or "十" in units:
            return None
        return 10 * (_CJK_DIGITS[tens] if tens else 1) + (_CJK_DIGITS[units] if units else 0)
    return int("".join(str(_CJK_DIGITS[character]) for character in word))
