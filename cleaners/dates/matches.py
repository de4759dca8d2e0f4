"""A match of the date grammar, and what its numbers and words are."""

import re
from calendar import monthrange
from dataclasses import dataclass

from cleaners.dates.lexicon import Word
from cleaners.dates.tokens import Tokens, number
from schemas.dates import Mention, MentionKind
from schemas.swift import swift

_CLOSE = ";.,|\n~)"  # gaps that end a phrase, or divide a list
_LISTED = re.compile(r"[PTWwf][ ,;(](?:D/D(?:,| [ab] )){1,6}$")  # on 11/5, 11/6 or
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_BESIDE = re.compile(r"D/D(?:,| [ab] )$")
_HAN = re.compile("[\u3400-\u9fff]")
_BETWEEN = re.compile(r"B (?:[TPC] )?$")
_LIST = 40  # codes that hold such a list


@swift
@dataclass(frozen=True, slots=True)
class Found:
    """A match of the grammar: its codes, the words they stand for, and what stands around them."""

    form: str
    codes: str
    texts: tuple[str, ...]  # one a word
    words: tuple[Word | None, ...]
    first: int  # the number of its first word in `tokens`
    window: str  # the codes around it
    start: int  # where `codes` stands in `window`
    low: int  # the number of the first word of the window
    tokens: Tokens
    text: str

    @property
    def end(self) -> int:
        """Return where `codes` ends in `window`."""
        return self.start + len(self.codes)

    @property
    def closing(self) -> str:
        """Return the code of the gap behind it."""
        return self.window[self.end]

    @property
    def following(self) -> str:
        """Return the code of the word behind it, or nothing."""
        return self.window[self.end + 1 : self.end + 2]

    @property
    def at_end(self) -> bool:
        """Tell whether the text ends there."""
        return self.closing == "_" and self.end + 1 == len(self.window)

    @property
    def closed(self) -> bool:
        """Tell whether the phrase ends behind it, or it stands in a list."""
        beside = _BESIDE.search(self.window[max(0, self.start - 8) : self.start])
        return self.closing in _CLOSE or beside is not None or self.at_end

    @property
    def listed(self) -> bool:
        """Tell whether it follows other days: on 11/5, 11/6 or 11/7."""
        return _LISTED.search(self.window[max(0, self.start - _LIST) : self.start]) is not None

    @property
    def cyrillic(self) -> bool:
        """Tell whether Cyrillic letters stand before it: 27/1 is a house there, days are written 27.01."""
        return _CYRILLIC.search(self.before(20)) is not None

    @property
    def english(self) -> bool:
        """Tell whether an English small word stands near: 7/8 is read month first there."""
        last = self.first + len(self.texts) - 1
        high = min(last + 3, len(self.tokens.parts) // 2)
        around = (self.tokens.find(index) for index in range(max(self.low, self.first - 12), high))
        return any(word is not None and word.langs[0] == "en" and word.code in "BPpTrR" for word in around)

    @property
    def in_han(self) -> bool:
        """Tell whether Chinese characters touch it on both sides."""
        return self.before_han and _HAN.match(self.before(1)) is not None

    def before(self, characters: int) -> str:
        """Return some characters of the text before it."""
        at = self.tokens.span(self.first, self.first)[0]
        return self.text[max(0, at - characters) : at]

    def behind(self, characters: int) -> str:
        """Return some characters of the text behind it."""
        end = self.tokens.span(self.first, self.first + len(self.texts) - 1)[1]
        return self.text[end : end + characters]

    @property
    def before_han(self) -> bool:
        """Tell whether a Chinese character follows it."""
        return _HAN.match(self.behind(1)) is not None

    @property
    def led(self) -> str:
        """Return the code of the word before it if a space parts them, or nothing."""
        spaced = self.start > 1 and self.window[self.start - 1] == " "
        return self.window[self.start - 2] if spaced else ""

    @property
    def between(self) -> bool:
        """Tell whether 'between' stands before it or in it: its 'and' joins the ends of a range."""
        return (
            _BETWEEN.search(self.window[max(0, self.start - 4) : self.start]) is not None or "B" in self.codes
        )

    @property
    def previous(self) -> str:
        """Return the word before it if a space parts them, or nothing."""
        return self.tokens.word(self.first - 1) if self.led else ""

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

    def word(self, kinds: str) -> Word | None:
        """Return the first known word of some codes."""
        pairs = zip(self.letters(), self.words, strict=True)
        return next((word for code, word in pairs if code in kinds and word is not None), None)

    def name(self, kinds: str) -> str | None:
        """Return what the first word of some codes is called."""
        word = self.word(kinds)
        return None if word is None else str(word.value)

    def langs(self, kinds: str = "") -> tuple[str, ...]:
        """Return the languages of the first known word, or of the first one of some codes."""
        if kinds:
            word = self.word(kinds)
            return () if word is None else word.langs
        return next((word.langs for word in self.words if word is not None), ())

    def shared(self, one: str, other: str) -> bool:
        """Tell whether the words of two codes have a language in common."""
        return not set(self.langs(one)).isdisjoint(self.langs(other))


def make(kind: MentionKind, **fields: int | str | bool | None) -> Mention:
    """Return a mention whose place is filled in by the finder."""
    return Mention(start=0, end=0, text="", kind=kind, **fields)  # type: ignore[arg-type] # fields are checked by their readers


def valid(year: int | None, month: int, day: int) -> bool:
    """Tell whether the day exists; 29 February passes where the year is not stated."""
    return 1 <= month <= 12 and 1 <= day <= monthrange(2000 if year is None else year, month)[1]


def full_year(year: int) -> int:
    """Return 2023 for 23 and 1986 for 86."""
    return year if year > 99 else year + (2000 if year < 70 else 1900)


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
