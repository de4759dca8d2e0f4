"""A match of the date grammar, and what its numbers and words are."""

import re
from calendar import monthrange
from dataclasses import dataclass

from cleaners.dates.lexicon import Word
from cleaners.dates.tokens import number
from schemas.dates import Mention, MentionKind


@dataclass(frozen=True, slots=True)
class Found:
    """A match of the grammar: its codes, the words they stand for, and where they are."""

    form: str
    codes: str
    texts: tuple[str, ...]  # one a word
    words: tuple[Word | None, ...]
    first: int
    closed: bool  # the phrase ends behind it, or it stands in a list
    listed: bool  # it follows other days: on 11/5, 11/6 or 11/7
    closing: str  # the code of the gap behind it
    cyrillic: bool  # Cyrillic letters stand before it: 27/1 is a house there, days are written 27.01
    english: bool  # an English small word stands near: 7/8 is read month first

    def letters(self) -> str:
        """Return the codes of the words."""
        return self.codes[::2]

    def numbers(self, kinds: str) -> list[int]:
        """Return the numbers among the words of some codes."""
        return [number(text) for code, text in zip(self.letters(), self.texts, strict=True) if code in kinds]

    def values(self, kinds: str) -> list[int]:
        """Return the numbers that words of some codes stand for."""
        pairs = zip(self.letters(), self.words, strict=True)
        return [
            word.value
            for code, word in pairs
            if code in kinds and word is not None and isinstance(word.value, int)
        ]

    def name(self, kinds: str) -> str | None:
        """Return what the first word of some codes is called."""
        pairs = zip(self.letters(), self.words, strict=True)
        return next((str(word.value) for code, word in pairs if code in kinds and word is not None), None)

    def langs(self) -> tuple[str, ...]:
        """Return the languages of the first known word."""
        return next((word.langs for word in self.words if word is not None), ())


def make(kind: MentionKind, **fields: int | str | bool | None) -> Mention:
    """Return a mention whose place is filled in by the finder."""
    return Mention(start=0, end=0, text="", kind=kind, **fields)  # type: ignore[arg-type] # fields are checked by their readers


def valid(year: int | None, month: int, day: int) -> bool:
    """Tell whether the day exists; 29 February passes where the year is not stated."""
    return 1 <= month <= 12 and 1 <= day <= monthrange(2000 if year is None else year, month)[1]


def clock(found: Found) -> dict[str, int]:
    """Return the hour and minute behind a date, if any."""
    clock = re.search(r"[Dd]:[Dd](?::[Dd])?$", found.codes)
    if clock is None:
        return {}
    hour, minute = (number(word) for word in found.texts[clock.start() // 2 : clock.start() // 2 + 2])
    return {"hour": hour, "minute": minute} if hour < 24 and minute < 60 else {}


def dated(year: int | None, month: int, days: list[int], weekdays: list[int]) -> Mention | None:
    """Return a day, or a range of two days of one month."""
    weekday = weekdays[0] if weekdays else None
    if len(days) == 1:
        return make("date", year=year, month=month, day=days[0], weekday=weekday)
    if days[0] >= days[1]:
        return None
    end = {"end_year": year, "end_month": month, "end_day": days[1]}
    return make("range", year=year, month=month, day=days[0], weekday=weekday, **end)
