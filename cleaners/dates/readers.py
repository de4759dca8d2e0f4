"""Read a match of the grammar as a mention: one reader a form, each None where the words make no date."""

import re
from collections.abc import Callable

from cleaners.dates.matches import Found, dated, make, valid
from cleaners.dates.numeric import NUMERIC
from cleaners.dates.tokens import number
from schemas.dates import Mention, MentionKind

#: English writes the month first; in the other languages 'в мае 5 человек' counts people.
_MONTH_FIRST = frozenset({"en", "es", "fa", "tr", "ar"})

_OF = frozenset({"of", "del", "du", "do", "van"})  # the second of May, but the first in May

#: 63 года со дня, 63 anos desde: what 'since' is elsewhere. Other prepositions there start something else.
_SINCE = frozenset({("со", "дня"), ("с", "дня"), ("від", "дня"), ("з", "дня"), ("desde",), ("dalla",)})

#: 'by May' and 'after March' are as often a name or a verb as a month.
_FIRM_PREPOSITIONS = frozenset(
    {"in", "since", "until", "during", "early", "late", "mid", "In", "Since", "Until"}
)


def _read_spelled(found: Found) -> Mention | None:
    """Read a day in words: 20 and 1 make 21. 'First May' alone may begin any sentence about May."""
    parts = found.values("thH")
    day = sum(parts) if len(parts) == 1 or min(parts) < 10 else 0
    month, year = found.values("Mmq")[0], _year(found)
    bare = found.form == "spelled_dm" and re.match(r"h [Mmq]", found.codes) is not None
    joint = next(
        (
            text
            for code, text in list(zip(found.letters(), found.texts, strict=True))[len(parts) :]
            if code == "P"
        ),
        None,
    )
    if joint is not None and found.form == "spelled_dm" and joint not in _OF:
        return None
    if bare and year is None and "en" in found.langs():
        return None
    return dated(year, month, [day], found.values("Wwf")) if day and valid(year, month, day) else None


def _read_weak(found: Found) -> Mention | None:
    """Read months whose abbreviations are common words; day and year beside them tell."""
    days, years, month = (
        found.numbers("D") or [sum(found.values("thH"))],
        found.numbers("Yy"),
        found.values("e")[0],
    )
    if not years and found.letters()[0] != "P":
        return None
    day, year = days[0], years[0] if years else None
    return make("date", year=year, month=month, day=day) if valid(year, month, day) else None


def _read_parts(found: Found) -> Mention | None:
    day, month, year = found.numbers("D")[0], found.values("Mm")[0], found.numbers("Yy")[0]
    return make("date", year=year, month=month, day=day) if valid(year, month, day) else None


def _read_cjk(found: Found) -> Mention | None:
    letters = found.letters()
    year = number(found.texts[0]) if "J" in letters else None
    if year is not None and year < 100:
        year += 2000 if year < 70 else 1900
    month, *days = [
        n for at, n in enumerate(found.numbers("D")) if at or letters[0] != "D" or letters[1] != "J"
    ]
    if not days or not all(valid(year, month, day) for day in days):
        return None
    return dated(year, month, days, found.values("W"))


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
    match = re.search(r"(?<=[Mm])(?:[^Mm]*?'(?P<quoted>[dD])|(?: C)? (?P<bare>d))", found.codes)
    return match.start(match.lastgroup) // 2 if match and match.lastgroup else None


def _read_named(found: Found) -> Mention | None:
    """Read a day or a range of days in one named month."""
    short = _short_year(found)
    days = [number(text) for at, text in enumerate(found.texts) if found.letters()[at] == "D" and at != short]
    month, year = found.values("Mmq")[0], _year(found)
    joined = re.match(r"[Mm][._/-]D", found.codes)  # septembre.16
    if found.form == "md" and not joined and not _MONTH_FIRST & set(_month_langs(found)):
        return None
    if any(not valid(year, month, day) for day in days):
        return None
    if " a " in found.codes and len(days) == 2 and days[1] - days[0] != 1:
        days = days[1:]  # '5 and 16 July' is not a range; the second day is the one beside the month
    return dated(year, month, days, found.values("Wwf"))


def _month_langs(found: Found) -> tuple[str, ...]:
    return next(word.langs for word in found.words if word is not None and word.code in "Mmq")


def _read_across(found: Found) -> Mention | None:
    """Read a range over two named months. A single year is that of its end."""
    days, months, years = found.numbers("D"), found.values("Mm"), found.numbers("Yy")
    end_year = years[-1] if years else None
    year = years[0] if len(years) == 2 else end_year
    if len(years) == 1 and year is not None and months[0] > months[1]:
        year -= 1
    if not (valid(year, months[0], days[0]) and valid(end_year, months[1], days[1])):
        return None
    start = {"year": year, "month": months[0], "day": days[0]}
    return make("range", **start, end_year=end_year, end_month=months[1], end_day=days[1])


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
    return make(
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
    return make("month", year=year, month=months[0]) if months else make("year", year=year)


def _read_year(found: Found) -> Mention | None:
    years = found.numbers("Y")
    if found.form == "py" and "n" in found.letters():
        return None
    if len(years) == 2 and years[1] <= years[0]:
        return None
    return make("year", year=years[0], end_year=years[1] if len(years) == 2 else None)


def _read_ago(found: Found) -> Mention | None:
    return _counted(found, "duration", "ago")


def _read_since(found: Found) -> Mention | None:
    if "S" not in found.letters() and found.texts[2:] not in _SINCE:
        return None
    return _counted(found, "since", None)


def _read_anniversary(found: Found) -> Mention | None:
    count = found.numbers("DdN")[0]
    return make("since", count=count, unit="year") if count < 3000 else None


def _counted(found: Found, kind: MentionKind, relative: str | None) -> Mention | None:
    counts = found.numbers("DdN") or found.values("H") or [1]  # 'a year ago'
    return make(kind, count=counts[0], unit=found.name("UG"), relative=relative) if counts[0] < 3000 else None


def _read_period(found: Found) -> Mention | None:
    return make("relative", relative=f"{found.name('Q')}-{found.name('UG')}")


def _read_vague(found: Found) -> Mention | None:
    """Read a season, quarter or half. Which days it holds is left open: people do not agree on them."""
    years = found.numbers("Y")
    period = found.name("v")
    if not years and period in {"quarter", "half"}:
        return None  # of a game, of a life
    relative = found.name("Q")
    named = f"{relative}-{period}" if relative else period
    return make("vague", year=years[0] if years else None, relative=named)


def _read_weekday(found: Found) -> Mention | None:
    relative = found.name("Q")
    return make(
        "weekday", weekday=found.values("Wf")[0], relative=f"{relative}-weekday" if relative else None
    )


def _read_relative(found: Found) -> Mention | None:
    return make("relative", relative=found.name("R"))


READERS: dict[str, Callable[[Found], Mention | None]] = NUMERIC | {
    "ymd_named": _read_parts, "dmy_named": _read_parts, "spelled_dm": _read_spelled,
    "spelled_md": _read_spelled, "weak": _read_weak, "cjk": _read_cjk, "dmdm": _read_across,
    "mdmd": _read_across, "dm": _read_named, "md": _read_named, "qd": _read_named, "my": _read_month,
    "cjk_ym": _read_cjk_month, "pm": _read_month, "py": _read_year, "yg": _read_year, "ago": _read_ago,
    "since": _read_since, "anniversary": _read_anniversary, "period": _read_period,
    "vague": _read_vague, "weekday": _read_weekday, "relative": _read_relative,
}  # fmt: skip
