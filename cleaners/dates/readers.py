"""Read a match of the grammar as a mention: one reader a form, each None where the numbers make no date."""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass

from cleaners.dates.lexicon import Word
from cleaners.dates.tokens import number
from schemas.dates import Mention, MentionKind

#: English writes the month first; in the other languages 'в мае 5 человек' counts people.
_MONTH_FIRST = frozenset({"en", "es", "fa", "tr"})

#: 'by May' and 'after March' are as often a name or a verb as a month.
_FIRM_PREPOSITIONS = frozenset(
    {"in", "since", "until", "during", "early", "late", "mid", "In", "Since", "Until"}
)


@dataclass(frozen=True, slots=True)
class Found:
    """A match of the grammar: its codes, the words they stand for, and where they are."""

    form: str
    codes: str
    texts: tuple[str, ...]  # one a word
    words: tuple[Word | None, ...]
    first: int
    english: bool  # an English small word stands near: 7/8 is read month first

    def letters(self) -> str:
        return self.codes[::2]

    def numbers(self, kinds: str) -> list[int]:
        return [number(text) for code, text in zip(self.letters(), self.texts, strict=True) if code in kinds]

    def values(self, kinds: str) -> list[int]:
        pairs = zip(self.letters(), self.words, strict=True)
        return [
            word.value
            for code, word in pairs
            if code in kinds and word is not None and isinstance(word.value, int)
        ]

    def name(self, kinds: str) -> str | None:
        pairs = zip(self.letters(), self.words, strict=True)
        return next((str(word.value) for code, word in pairs if code in kinds and word is not None), None)

    def langs(self) -> tuple[str, ...]:
        return next((word.langs for word in self.words if word is not None), ())


def _make(kind: MentionKind, **fields: int | str | bool | None) -> Mention:
    return Mention(start=0, end=0, text="", kind=kind, **fields)  # type: ignore[arg-type] # fields are checked by their readers


def _valid(year: int | None, month: int, day: int) -> bool:
    """Tell whether the day exists; 29 February passes where the year is not stated."""
    return 1 <= month <= 12 and 1 <= day <= monthrange(2000 if year is None else year, month)[1]


def _clock(found: Found) -> dict[str, int]:
    clock = re.search(r"[Dd]:[Dd](?::[Dd])?$", found.codes)
    if clock is None:
        return {}
    hour, minute = (number(word) for word in found.texts[clock.start() // 2 : clock.start() // 2 + 2])
    return {"hour": hour, "minute": minute} if hour < 24 and minute < 60 else {}


def _read_ymd(found: Found) -> Mention | None:
    year, month, day = (number(word) for word in found.texts[:3])
    if not _valid(year, month, day):
        month, day = day, month
    return (
        _make("date", year=year, month=month, day=day, **_clock(found)) if _valid(year, month, day) else None
    )


def _numeric(found: Found, first: int, second: int, year: int | None, separator: str) -> Mention | None:
    weekdays = found.values("Wwf")
    ambiguous = first != second and first <= 12 and second <= 12 and separator != "."
    month_first = separator != "." and found.english
    day, month = (second, first) if month_first else (first, second)
    if not _valid(year, month, day):
        day, month = month, day
    if separator == "." and day != first:  # 7.13.2023 is no form in use: a version or a section number
        return None
    if not _valid(year, month, day):
        return None
    fields = {"year": year, "month": month, "day": day, "weekday": weekdays[0] if weekdays else None}
    return _make("date", **fields, **_clock(found), ambiguous=ambiguous)


def _read_dmy(found: Found) -> Mention | None:
    at = found.letters().index("D")
    first, second, year = (number(word) for word in found.texts[at : at + 3])
    return _numeric(found, first, second, year, found.codes[2 * at + 1])


def _read_dmd(found: Found) -> Mention | None:
    at = found.letters().index("D")
    texts, separator = found.texts[at : at + 3], found.codes[2 * at + 1]
    if len(texts[2]) != 2 or (separator != "/" and any(len(text) != 2 for text in texts)):
        return None  # 1.2.3 is a version, 2-1-15 a score
    year = number(texts[2])
    return _numeric(
        found, number(texts[0]), number(texts[1]), year + (2000 if year < 70 else 1900), separator
    )


def _read_on_dm(found: Found) -> Mention | None:
    """Read day and month with a slash. Alone they must look like 22/04: 24/7 and 9/11 are none."""
    first, second = (text for code, text in zip(found.letters(), found.texts, strict=True) if code == "D")
    if found.letters()[0] == "D" and (
        len(first) != 2 or len(second) != 2 or "0" not in {first[0], second[0]}
    ):
        return None
    years = found.numbers("Y")
    return _numeric(found, number(first), number(second), years[0] if years else None, "/")


def _read_de_dm(found: Found) -> Mention | None:
    """Read the German 'am 28.10.'; without a German article or preposition 28.10 is a number."""
    day, month = found.numbers("D")
    german = found.words[0] is not None and "de" in found.words[0].langs
    return _make("date", month=month, day=day) if german and _valid(None, month, day) else None


def _read_dcd(found: Found) -> Mention | None:
    day, month = found.numbers("D")
    year = found.numbers("Y")[0]
    return _make("date", year=year, month=month, day=day) if _valid(year, month, day) else None


def _read_parts(found: Found) -> Mention | None:
    day, month, year = found.numbers("D")[0], found.values("Mm")[0], found.numbers("Yy")[0]
    return _make("date", year=year, month=month, day=day) if _valid(year, month, day) else None


def _read_ddmy(found: Found) -> Mention | None:
    first, last, month, year = found.numbers("DY")[:4]
    if first >= last or not _valid(year, month, last):
        return None
    return _make("range", year=year, month=month, day=first, end_year=year, end_month=month, end_day=last)


def _read_cjk(found: Found) -> Mention | None:
    letters = found.letters()
    year = number(found.texts[0]) if "J" in letters else None
    if year is not None and year < 100:
        year += 2000 if year < 70 else 1900
    month, *days = [
        n for at, n in enumerate(found.numbers("D")) if at or letters[0] != "D" or letters[1] != "J"
    ]
    if not days or not all(_valid(year, month, day) for day in days):
        return None
    return _dated(year, month, days, found.values("W"))


def _dated(year: int | None, month: int, days: list[int], weekdays: list[int]) -> Mention | None:
    weekday = weekdays[0] if weekdays else None
    if len(days) == 1:
        return _make("date", year=year, month=month, day=days[0], weekday=weekday)
    if days[0] >= days[1]:
        return None
    end = {"end_year": year, "end_month": month, "end_day": days[1]}
    return _make("range", year=year, month=month, day=days[0], weekday=weekday, **end)


def _year(found: Found) -> int | None:
    years = found.numbers("Yy")
    if years:
        return years[-1]
    at = _short_year(found)
    if at is None:
        return None
    short = number(found.texts[at])
    return short + (2000 if short < 70 else 1900)


def _short_year(found: Found) -> int | None:
    """Return which word is the '23 of July 13, '23."""
    match = re.search(r"(?<=[Mm])[^Mm]*?'([dD])", found.codes)
    return match.start(1) // 2 if match else None


def _read_named(found: Found) -> Mention | None:
    """Read a day or a range of days in one named month."""
    short = _short_year(found)
    days = [number(text) for at, text in enumerate(found.texts) if found.letters()[at] == "D" and at != short]
    month, year = found.values("Mmq")[0], _year(found)
    if found.form == "md" and not _MONTH_FIRST & set(_month_langs(found)):
        return None
    if any(not _valid(year, month, day) for day in days):
        return None
    if " a " in found.codes and len(days) == 2 and days[1] - days[0] != 1:
        days = days[1:]  # '5 and 16 July' is not a range; the second day is the one beside the month
    return _dated(year, month, days, found.values("Wwf"))


def _month_langs(found: Found) -> tuple[str, ...]:
    return next(word.langs for word in found.words if word is not None and word.code in "Mmq")


def _read_across(found: Found) -> Mention | None:
    """Read a range over two named months. A single year is that of its end."""
    days, months, years = found.numbers("D"), found.values("Mm"), found.numbers("Yy")
    end_year = years[-1] if years else None
    year = years[0] if len(years) == 2 else end_year
    if len(years) == 1 and year is not None and months[0] > months[1]:
        year -= 1
    if not (_valid(year, months[0], days[0]) and _valid(end_year, months[1], days[1])):
        return None
    start = {"year": year, "month": months[0], "day": days[0]}
    return _make("range", **start, end_year=end_year, end_month=months[1], end_day=days[1])


def _read_month(found: Found) -> Mention | None:
    months, years = found.values("Mm"), found.numbers("Y")
    if found.form == "pm" and "en" in _month_langs(found) and found.letters()[0] in "PpS":
        if found.texts[0] not in _FIRM_PREPOSITIONS:
            return None
    elif (
        found.form == "pm"
        and found.letters()[0] in "Pp"
        and not set(found.langs()) & set(_month_langs(found))
    ):
        return None  # 'on mars' is not 'en mars'
    relative = found.name("Q")
    return _make(
        "month",
        year=years[0] if years else None,
        month=months[0],
        end_month=months[1] if len(months) > 1 else None,
        relative=f"{relative}-month" if relative else None,
    )


def _read_cjk_month(found: Found) -> Mention | None:
    year, *months = found.numbers("YyD")
    if months and not 1 <= months[0] <= 12:
        return None
    return _make("month", year=year, month=months[0]) if months else _make("year", year=year)


def _read_year(found: Found) -> Mention | None:
    years = found.numbers("Y")
    if found.form == "py" and "n" in found.letters():
        return None
    if len(years) == 2 and years[1] <= years[0]:
        return None
    return _make("year", year=years[0], end_year=years[1] if len(years) == 2 else None)


def _read_ago(found: Found) -> Mention | None:
    return _counted(found, "duration", "ago")


def _read_since(found: Found) -> Mention | None:
    return _counted(found, "since", None)


def _read_anniversary(found: Found) -> Mention | None:
    count = found.numbers("DdN")[0]
    return _make("since", count=count, unit="year") if count < 3000 else None


def _counted(found: Found, kind: MentionKind, relative: str | None) -> Mention | None:
    counts = found.numbers("DdN") or found.values("H") or [1]  # 'a year ago'
    return (
        _make(kind, count=counts[0], unit=found.name("UG"), relative=relative) if counts[0] < 3000 else None
    )


def _read_period(found: Found) -> Mention | None:
    return _make("relative", relative=f"{found.name('Q')}-{found.name('UG')}")


def _read_weekday(found: Found) -> Mention | None:
    relative = found.name("Q")
    return _make(
        "weekday", weekday=found.values("Wf")[0], relative=f"{relative}-weekday" if relative else None
    )


def _read_relative(found: Found) -> Mention | None:
    return _make("relative", relative=found.name("R"))


READERS: dict[str, Callable[[Found], Mention | None]] = {
    "ymd": _read_ymd, "ddmy": _read_ddmy, "dmy": _read_dmy, "dmd": _read_dmd, "on_dm": _read_on_dm,
    "de_dm": _read_de_dm, "dcd": _read_dcd, "ymd_named": _read_parts, "dmy_named": _read_parts,
    "cjk": _read_cjk, "dmdm": _read_across, "mdmd": _read_across, "dm": _read_named, "md": _read_named,
    "qd": _read_named, "my": _read_month, "cjk_ym": _read_cjk_month, "pm": _read_month, "py": _read_year,
    "yg": _read_year, "ago": _read_ago, "since": _read_since, "anniversary": _read_anniversary,
    "period": _read_period, "weekday": _read_weekday, "relative": _read_relative,
}  # fmt: skip
