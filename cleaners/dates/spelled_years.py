"""Read years in words: nineteen eighty-six, dos mil dieciocho, millenovecentouno, ألفين وثمانية عشر."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from cleaners.dates.lexicon import year_words

_YEARS = range(1500, 2100)
_FIRST_CENTURY, _LAST_CENTURY = 15, 20  # nineteen eighty: the first number counts hundreds
_LONGEST = 80  # characters of a year in words
_END = re.compile(r"\s*(?:[.,;:!?)\n]|\Z)")


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The number words of a language: what may stand before the first, one of them, and their values."""

    lead: re.Pattern[str]
    word: re.Pattern[str]
    values: Mapping[str, int]


@cache
def _numbers(lang: str) -> _Numbers | None:
    known = year_words(lang)
    if known is None:
        return None
    either = "|".join(map(re.escape, sorted(known.numbers, key=len, reverse=True)))
    joints, leads = "|".join(known.joints), "|".join(known.leads)
    return _Numbers(
        re.compile(rf"[\s,،]{{1,3}}(?P<lead>(?:(?:{leads})\s+)?)", re.IGNORECASE),
        re.compile(rf"(?:[\s-]*(?:(?:{joints})[\s-]*)?)(?P<number>{either})", re.IGNORECASE),
        known.numbers,
    )


def read_year(text: str, position: int, langs: Sequence[str]) -> tuple[int, int] | None:
    """Return (year, end) of the year in words that starts at `position`, in the first language it fits.

    Only whole words count. A round number that goes on ('2 octobre, deux mille personnes') counts things.
    """
    part = text[position : position + _LONGEST]
    for lang in langs:
        numbers = _numbers(lang)
        read = numbers and _read(part, numbers)
        if read:
            year, end = read
            return year, position + end
    return None


def _read(part: str, numbers: _Numbers) -> tuple[int, int] | None:
    lead = numbers.lead.match(part)
    if lead is None:
        return None
    values, end, whole = [], lead.end(), lead.end()
    while (match := numbers.word.match(part, end)) and (match.end() > end):
        values.append(numbers.values[match["number"].lower()])
        end = match.end()
        if not part[end : end + 1].isalpha():
            whole = end
    if not values or whole != end:
        return None
    year = _value(values)
    if year not in _YEARS:
        return None
    sure = lead["lead"] or year % 100 or _END.match(part, end)
    return (year, end) if sure else None


def _value(values: Sequence[int]) -> int:
    """Return 2018 for 2 1000 18, 1978 for 19 78, 19 70 8 or 1000 900 78, 1901 for 19 0 1; 0 for others."""
    large = any(value >= 100 for value in values)
    if not large:
        first, rest = values[0], values[1:]
        if first == 20 and rest and rest[0] in range(1, 10):  # twenty one is 21
            return 0
        paired = _FIRST_CENTURY <= first <= _LAST_CENTURY and rest and (sum(rest) >= 10 or rest[0] == 0)
        return first * 100 + sum(rest) if paired and sum(rest) < 100 else 0
    total, group = 0, 0
    for value in values:
        if value == 1000:
            total, group = total + (group or 1) * 1000, 0
        elif value == 100:
            group = (group or 1) * 100
        else:
            group += value
    return total + group
