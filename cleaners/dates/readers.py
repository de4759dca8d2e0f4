"""Read a match of the grammar as a mention: one reader a form, each None where the words make no date."""

import re
from collections.abc import Callable

from cleaners.dates.matches import Found, dated, full_year, make, valid
from cleaners.dates.months import MONTHS, is_cjk_year, suffixed
from cleaners.dates.numeric import NUMERIC
from cleaners.dates.periods import PERIODS
from cleaners.dates.spelled_years import read_year
from cleaners.dates.tokens import number
from schemas.dates import Mention

#: English writes the month first; in the other languages 'в мае 5 человек' counts people.
_MONTH_FIRST = frozenset({"en", "es", "fa", "tr", "ar"})

_OF = frozenset({"of", "del", "du", "do", "van"})  # the second of May, but the first in May

_WITHIN = frozenset({"in", "In"})  # English days stand behind 'on'; 'in May 5 people' counts


def _read_spelled(found: Found) -> Mention | None:
    """Read a day in words: 20 and 1 make 21. 'First May' alone may begin any sentence about May."""
    parts = found.values("thH")
    if found.form == "spelled_qd" and found.letters()[0] == "q" and not found.closed:
        return None  # may the first to come be served
    if found.form == "spelled_md" and not _ends_in_words(found):
        return None
    day = sum(parts) if len(parts) == 1 or min(parts) < 10 else 0
    month, year = found.values("Mmq")[0], stated_year(found)
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
    if found.form == "spelled_dm" and found.texts[-1] == "sept" and "fr" in found.langs("th"):
        return None  # dix sept is seventeen
    if bare and year is None and "en" in found.langs():
        return None
    return dated(year, month, [day], found.values("Wwf")) if day and valid(year, month, day) else None


def _ends_in_words(found: Found) -> bool:
    """Tell whether 'March second' ends there: a noun may follow, but not behind 'March the second'."""
    if found.following not in {"x", "h", "t"} or found.closing != " " or found.letters()[1] in "TCP":
        return True
    end = found.tokens.span(found.first, found.first + len(found.texts) - 1)[1]
    return stated_year(found) is not None or read_year(found.text, end, found.langs("Mm")) is not None


def _read_weak(found: Found) -> Mention | None:
    """Read months whose abbreviations are common words; day and year beside them tell."""
    days, years, month = (
        found.numbers("D") or [sum(found.values("thH"))],
        found.numbers("Yy"),
        found.values("e")[0],
    )
    if not years and (found.letters()[0] != "P" or not _is_weak_day(found)):
        return None
    day, year = days[0], years[0] if years else None
    return make("date", year=year, month=month, day=day) if valid(year, month, day) else None


def _is_weak_day(found: Found) -> bool:
    """Tell whether 'il 22 Gen' is a day: one language, a capital and an end. 'em 2/Out' always is."""
    if " e" not in found.codes:
        return True
    return found.shared("P", "e") and found.texts[-1][0].isupper() and found.closed


def _read_parts(found: Found) -> Mention | None:
    day, month, year = found.numbers("D")[0], found.values("Mm")[0], found.numbers("Yy")[0]
    return make("date", year=year, month=month, day=day) if valid(year, month, day) else None


def _read_cjk(found: Found) -> Mention | None:
    letters = found.letters()
    said = found.texts[0]
    year = (full_year(number(said)) if len(said) < 4 else number(said)) if "J" in letters else None
    if year is not None and not is_cjk_year(said, year):
        return None
    month, *days = [
        n for at, n in enumerate(found.numbers("D")) if at or letters[0] != "D" or letters[1] != "J"
    ]
    if letters[-1] == "D" and found.before_han:
        return None  # 3月3个人: three people in March
    if not days or not all(valid(year, month, day) for day in days):
        return None
    return dated(year, month, days, found.values("W"))


def stated_year(found: Found) -> int | None:
    """Return the year behind a named month: 2023, '23."""
    years = found.numbers("Yy")
    if years:
        return years[-1]
    at = _short_year(found)
    if at is None:
        return None
    return full_year(number(found.texts[at]))


def _short_year(found: Found) -> int | None:
    """Return which word is the '23 of July 13, '23."""
    match = re.search(r"(?<=[Mm])(?:[^Mm]*?'(?P<quoted>[dD])|(?: C)? (?P<bare>d))", found.codes)
    return match.start(match.lastgroup) // 2 if match and match.lastgroup else None


def day_texts(found: Found) -> list[tuple[int, int]]:
    """Return the days of a match as (word, day); the 23 of '23 is none."""
    short = _short_year(found)
    return [
        (at, number(text))
        for at, text in enumerate(found.texts)
        if found.letters()[at] == "D" and at != short
    ]


def month_first(found: Found) -> bool:
    """Tell whether the number behind a month is its day: in most languages 'в мае 5 человек' counts."""
    joined = re.match(r"[Mm][._/-]D", found.codes)  # septembre.16
    hung = found.window[found.start - 1] == "-"  # Friday-Jun-15
    if joined and not (hung or found.closed or found.following in "PpWRGQ" or stated_year(found) is not None):
        return False  # the Oct-2 gene
    if joined or re.match(r"[Mm][ ,;](?:[TC] D|D_[oa])", found.codes):  # mei de 5e
        return True
    if not _MONTH_FIRST & set(found.langs("Mmq")):
        spaced = found.led == "" or found.led not in "BPpSQr"
        ends = found.closed or found.following == "Q"  # mars 3 cette semaine
        return spaced and (ends or "-" in found.codes or "~" in found.codes or " r " in found.codes)
    dated_in = found.led == "P" and found.previous in _WITHIN and "en" in found.langs("Mmq")
    return not dated_in or stated_year(found) is not None or found.closed  # in May 5 people died


def _read_named(found: Found) -> Mention | None:
    """Read a day or a range of days in one named month."""
    days = [day for _, day in day_texts(found)]
    month, year = found.values("Mmq")[0], stated_year(found)
    if found.form == "md" and not month_first(found):
        return None
    if re.search(r"[Mm]'[^dD]", found.codes) and not suffixed(found):
        return None
    if any(not valid(year, month, day) for day in days):
        return None
    if re.search("D(?:.o)?/D", found.codes) and days[-1] - days[0] != 1:
        return None  # '5./6. Juli' is a night, 1/4 is not
    if "/M" in found.codes and len(set(found.values("M"))) > 1:
        return None  # Arabic names a month twice: 13 يوليو/تموز
    if found.form == "qd" and year is None and not found.closed:
        return None  # the 2nd may be
    if "~M" in found.codes.lower().replace("m", "M") and "ar" not in found.langs("Mm"):
        return None  # 5 - May: only Arabic prose sets its dash so
    if " a " in found.codes and len(days) == 2 and days[1] - days[0] != 1 and not found.between:
        days = days[1:]  # '5 and 16 July' is not a range; the second day is the one beside the month
    return dated(year, month, days, found.values("Wwf"))


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


READERS: dict[str, Callable[[Found], Mention | None]] = NUMERIC | MONTHS | PERIODS | {
    "ymd_named": _read_parts, "dmy_named": _read_parts, "spelled_dm": _read_spelled,
    "spelled_md": _read_spelled, "spelled_qd": _read_spelled, "weak": _read_weak, "cjk": _read_cjk,
    "dmdm": _read_across, "mdmd": _read_across, "dm": _read_named, "md": _read_named, "qd": _read_named,
}  # fmt: skip
