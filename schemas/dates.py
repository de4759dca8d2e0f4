"""A mention of a date in prose. Fields that the text leaves out stay None: nothing is filled in."""

from dataclasses import dataclass, replace
from typing import Literal, Self

from schemas.swift import swift

MentionKind = Literal[
    "date", "range", "weekday", "month", "year", "relative", "duration", "since", "time", "vague"
]


@swift
@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A date expression at [start, end) (code points) of the text that was searched.

    kind: date (has a day), range (a day with an end), weekday, month (month, maybe a year), year,
    relative (today, yesterday, ...; `relative` names it), duration (N units ago), since (N units since),
    time, vague (season, quarter, decade).
    """

    start: int
    end: int
    text: str
    kind: MentionKind
    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None  # Monday = 0
    end_year: int | None = None
    end_month: int | None = None
    end_day: int | None = None
    relative: str | None = None  # today, yesterday, tomorrow, this-year, last-week, ...
    count: int | None = None
    unit: str | None = None  # day, week, month, year
    hour: int | None = None
    minute: int | None = None
    ambiguous: bool = False  # 7/8/2023: month and day may be the other way round
    lang: str | None = None

    def placed(self, start: int, end: int, text: str, lang: str | None) -> Self:
        """Return the mention at a place of a text; quicker than `replace`, since every one is placed."""
        return type(self)(
            start=start,
            end=end,
            text=text,
            kind=self.kind,
            year=self.year,
            month=self.month,
            day=self.day,
            weekday=self.weekday,
            end_year=self.end_year,
            end_month=self.end_month,
            end_day=self.end_day,
            relative=self.relative,
            count=self.count,
            unit=self.unit,
            hour=self.hour,
            minute=self.minute,
            ambiguous=self.ambiguous,
            lang=lang,
        )

    def other_way(self) -> Self:
        """Return the other reading of an ambiguous mention: months for days, at both ends of a range."""
        return replace(
            self,
            month=self.day,
            day=self.month,
            end_month=self.end_day,
            end_day=self.end_month,
            ambiguous=False,
        )
