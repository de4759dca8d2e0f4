"""Cut text into words and gaps, and write the neighbourhood of date words as a string of one-letter codes.

The grammar then runs over the codes of small windows only. All heavy passes are single calls into C
(split, accumulate), so a text without dates costs about 50 ns a character, whatever it holds.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate, pairwise

from cleaners.dates.lexicon import Word, lexicon

#: Digits; CJK date words; numerals before a CJK sign; words of letters. An apostrophe joins only before the
#: Ukrainian iotated letters, U+200C only inside Persian words. What most words are stands first, and a gap is
#: told by its first character: both save half of the time.
SPLIT = re.compile(
    r"([A-Za-zА-Яа-яЁё]++(?![^\W\d_]|['’\u200c])|(?=\w)(?:\d+|(?<=\d)(?:天|周|个月|年)前|(?<![一二两三四五六七八九十几])[星周礼拜期]{1,2}[一二三四五六日天]"
    r"|今天|今日|今晚|今年|昨天|昨日|明天|明日"
    r"|去年|前年|明年|前天|后天|[上下本](?:(?:周|星期)(?![一二三四五六日天])|(?=周|星期))|(?:[上下这]个|本)月"
    r"|[一二两三四五六七八九十]{1,3}(?:天|周|个月|年)前|[年月日号至到和在于自]"
    r"|[〇零一二三四五六七八九十两千百]{1,7}(?=[年月日号])|(?<=月)[一二三四五六七八九十]{1,3}(?!\w)"
    r"|(?:تشرين|كانون) (?:الأول|الاول|الثاني)"
    r"|[^\W\d_\u3040-\u30ff\u3400-\u9fff]+(?:(?:['’](?=[яюєїЯЮЄЇ])|\u200c)[^\W\d_]+)*))"
)

#: Words that start a window. The others (prepositions, articles, joints) count only inside one.
TRIGGERS = frozenset("MmqWwfRUGJKLZv")

JOINED = re.compile("[-./‐‑‒–—−]")  # between the numbers of a date without words

REACH = 6  # words on either side of a trigger: the longest tail is ' of the year 2023 г.'

_CJK_DIGITS = {character: number for number, character in enumerate("〇一二三四五六七八九")}
_CJK_DIGITS |= {"零": 0, "两": 2}
_CJK_POWERS = {"十": 10, "百": 100, "千": 1000}
_CJK_AGO = re.compile(r"(?P<count>\d+|[一二两三四五六七八九十]+)(?P<unit>天|周|个月|年)前")

_GAPS = {"": "_", " ": " ", ", ": ",", ". ": ";", ".": ".", ",": "k", "/": "/", "-": "-", ":": ":", " (": "("}
HAMZA = "\u0654"  # of Persian (مهٔ), which the words leave out
_DASHES = str.maketrans("‐‑‒–—−", "------", HAMZA)


@dataclass(frozen=True, slots=True)
class Window:
    """Words `first`.. of the text as codes: gap and word in turn, ending with a gap."""

    first: int
    codes: str


@dataclass(frozen=True)
class Tokens:
    """A text, or a part of one from `origin` on, as `parts` (gap, word, gap, ..., gap)."""

    text: str
    origin: int = 0

    @cached_property
    def parts(self) -> list[str]:
        """Return gaps and words in turn. Linear in the length of the text."""
        return SPLIT.split(self.text)

    @cached_property
    def starts(self) -> list[int]:
        """Return the start of each part in code points. Most texts have no dates and need none."""
        return list(accumulate(map(len, self.parts), initial=self.origin))

    def word(self, index: int) -> str:
        """Return the text of word `index`."""
        return self.parts[2 * index + 1]

    def find(self, index: int) -> Word | None:
        """Return what is known of word `index`."""
        return lexicon().get(self.parts[2 * index + 1])

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Return [start, end) of words `first`..`last`."""
        return self.starts[2 * first + 1], self.starts[2 * last + 2]


@cache
def _triggers() -> frozenset[str]:
    return frozenset(form for form, word in lexicon().items() if word.code in TRIGGERS)


@cache
def _word_codes() -> Mapping[str, str]:
    return {form: word.code for form, word in lexicon().items()}


def windows(tokens: Tokens) -> Iterator[Window]:
    """Yield the stretches around date words and numbers, disjoint and in order."""
    parts, triggers = tokens.parts, _triggers()
    total = len(parts) // 2
    hits = [index for index, part in enumerate(parts[1::2]) if part in triggers or part.isdecimal()]
    position = 0
    while position < len(hits):
        last = position
        while last + 1 < len(hits) and hits[last + 1] - hits[last] <= REACH:
            last += 1
        if _worth(tokens, hits[position : last + 1]):
            first, end = max(0, hits[position] - REACH), min(total, hits[last] + REACH)
            yield Window(first, _codes(tokens, first, end))
        position = last + 1


def _worth(tokens: Tokens, hits: list[int]) -> bool:
    """Tell whether words can be a date: one is no number, or may be a year, or two numbers are joined.

    A weak month (2-Out) counts only if it is joined to a number too.
    """
    if any(not (word := tokens.word(at))[0].isdecimal() or len(word) == 4 for at in hits):
        return True
    if any(right - left == 1 and JOINED.search(tokens.parts[2 * right]) for left, right in pairwise(hits)):
        return True
    return any(_joins_weak(tokens, at) for at in hits)


def _joins_weak(tokens: Tokens, at: int) -> bool:
    gaps = tokens.parts[2 * at], tokens.parts[2 * at + 2]
    if not {"/", "-", " "} & set(gaps):
        return False
    beside = (index for index in (at - 1, at + 1) if 0 <= index < len(tokens.parts) // 2)
    return any((word := tokens.find(index)) is not None and word.code == "e" for index in beside)


def _codes(tokens: Tokens, first: int, end: int) -> str:
    parts, known = tokens.parts, _word_codes()
    pairs = zip(parts[2 * first : 2 * end : 2], parts[2 * first + 1 : 2 * end : 2], strict=True)
    codes = [(_GAPS.get(gap) or gap_code(gap)) + (known.get(word) or word_code(word)) for gap, word in pairs]
    return "".join(codes) + gap_code(parts[2 * end])


def gap_code(gap: str) -> str:
    """Return the letter of the text between two words."""
    known = _GAPS.get(gap)
    if known is not None:
        return known
    if len(gap) > 8:
        return "|"
    plain = gap.translate(_DASHES)
    if plain in {".-", "./"}:  # 5.-7. Juli
        return plain[1]
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


def word_code(word: str) -> str:
    """Give the letter of a word that the lexicon lacks.

    D day-like, d other two digits, Y likely year, y unlikely year, N other number, x other word.
    """
    if word[0].isdecimal():
        return _number_code(word)
    if word[0] not in _CJK_DIGITS and word[0] not in _CJK_POWERS:
        return "x"
    value = cjk_number(word)
    return "x" if value is None else _number_code(str(value))


def _number_code(word: str) -> str:
    if len(word) > 4:
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
    """Return 12 for 十二, 2018 for 二零一八, 2004 for 两千零四, None for other words."""
    if not word or any(character not in _CJK_DIGITS and character not in _CJK_POWERS for character in word):
        return None
    if not any(character in _CJK_POWERS for character in word):
        return int("".join(str(_CJK_DIGITS[character]) for character in word))
    total, units, last = 0, 1, 10_000
    for position, character in enumerate(word):
        if character not in _CJK_POWERS:
            units = _CJK_DIGITS[character]
            continue
        power = _CJK_POWERS[character]
        if power >= last or (position and word[position - 1] in _CJK_POWERS):
            return None
        total, units, last = total + units * power, 0, power
    return total + units


def cjk_ago(word: str) -> tuple[int, str] | None:
    """Return (3, '天') for 3天前, None for other words. 2023年前 is before a year."""
    match = _CJK_AGO.fullmatch(word)
    if match is not None and len(match["count"]) > 3:
        return None
    return (number(match["count"]), match["unit"]) if match else None
