"""Read dates in digits: 2023-03-03, 13.07.2023, 7/13, am 28.10. Other numbers must not pass for them."""

import re
from collections.abc import Callable

from cleaners.dates.matches import Found, clock, full_year, make, valid
from cleaners.dates.tokens import number
from schemas.dates import Mention

_GERMAN_ON = frozenset({"am", "Am", "vom", "ab"})
#: Words before days that seldom stand before fractions. 'in 3/4 of the cases' counts.
_BEFORE_DAYS = frozenset(
    {"on", "On", "from", "From", "since", "until", "till", "through", "before", "after", "el", "le", "il",
     "am", "Am", "vom", "em", "في", "بتاريخ", "op", "vanaf"}
)  # fmt: skip
#: Words before days that also stand before fractions: 'no 27/11' is a day, 'no 3/4' may be none.
_BEFORE_SURE_DAYS = frozenset({"no", "do", "ao", "al", "del", "dal", "au", "du"})
#: What things are divided by: halves, quarters, inches.
_FRACTIONS = frozenset({2, 3, 4, 5, 8, 10, 16, 32})
#: Before 12/05: the number of a house or a paper.
_NUMBERED = re.compile(
    r"(?:№|(?<!\w)(?:д|дом|доме|кв|корп|стр|буд|оф|офис|каб|no|nr))\.?\s*\Z", re.IGNORECASE
)
_ATTACKS = (None, 9, 11)  # in English 9/11 is a name

#: Denominators of scales and tools: 7/20 and 3/16 are marks and sizes.
_SCALES = frozenset({16, 20, 24, 25, 30})
#: Words before days that rarely stand before decimal numbers.
_ON = frozenset({"on", "On", "en", "em", "el", "il", "في", "يوم", "op"})


#: 1402/05/12 is a day of the Solar Hijri calendar, 1445/09/01 of the Hijri one; neither is a day of ours.
_OTHER_CALENDARS = range(1300, 1500)


def _read_ymd(found: Found) -> Mention | None:
    year, month, day = (number(word) for word in found.texts[:3])
    if year in _OTHER_CALENDARS:
        return None
    if not valid(year, month, day):
        month, day = day, month
    return make("date", year=year, month=month, day=day, **clock(found)) if valid(year, month, day) else None


def _numeric(found: Found, first: int, second: int, year: int | None, separator: str) -> Mention | None:
    weekdays = found.values("Wwf")
    ambiguous = first != second and first <= 12 and second <= 12 and separator != "."
    month_first = separator != "." and found.english
    day, month = (second, first) if month_first else (first, second)
    if not valid(year, month, day):
        day, month = month, day
    if separator == "." and day != first:  # 7.13.2023 is no form in use: a version or a section number
        return None
    if not valid(year, month, day) or (found.english and (year, month, day) == _ATTACKS):
        return None
    fields = {"year": year, "month": month, "day": day, "weekday": weekdays[0] if weekdays else None}
    return make("date", **fields, **clock(found), ambiguous=ambiguous)


def _read_dmy(found: Found) -> Mention | None:
    at = found.letters().index("D")
    first, second, year = (number(word) for word in found.texts[at : at + 3])
    return _numeric(found, first, second, year, found.codes[2 * at + 1])


def _read_dmd(found: Found) -> Mention | None:
    at = found.letters().index("D")
    texts, separator = found.texts[at : at + 3], found.codes[2 * at + 1]
    if separator == "-" and found.in_han and number(texts[0]) > 12:  # 你27-7-3有时间吗
        year, month, day = full_year(number(texts[0])), number(texts[1]), number(texts[2])
        return make("date", year=year, month=month, day=day) if valid(year, month, day) else None
    if len(texts[2]) != 2 or (separator == "." and any(len(text) != 2 for text in texts)):
        return None  # 1.2.3 is a version, 2-1-5 a score
    return _numeric(found, number(texts[0]), number(texts[1]), full_year(number(texts[2])), separator)


def _read_on_dm(found: Found) -> Mention | None:
    """Read day and month with a slash. Bare ones must look like 22/04, or be 4/22 with nothing to count."""
    first, second = (text for code, text in zip(found.letters(), found.texts, strict=True) if code == "D")
    padded = len(first) == len(second) == 2 and "0" in {first[0], second[0]}
    padded = padded and _NUMBERED.search(found.before(8)) is None
    sure = found.closed and not found.cyrillic and _one_reading(first, second)
    sure = sure and int(second) not in _SCALES
    beside = re.match(r",D (?:C )?[Mm]", found.window[found.end : found.end + 6])  # 20/11, 12 de noviembre?
    led = found.letters()[0] in "WwfT" or (found.letters()[0] != "D" and found.texts[0] in _BEFORE_DAYS)
    led = led or (found.texts[0] in _BEFORE_SURE_DAYS and _one_reading(first, second))
    return (
        _numeric(found, number(first), number(second), None, "/")
        if padded or sure or led or found.listed or beside
        else None
    )


def _one_reading(first: str, second: str) -> bool:
    """Tell whether 4/22 can only be a day and a month. 24/7 is none: it is all week."""
    pair = int(first), int(second)
    return min(pair) <= 12 < max(pair) and pair != (24, 7)


def _read_dmky(found: Found) -> Mention | None:
    """Read 08/12,2015."""
    if found.codes[-4:-3] == "-" and any(len(text) != 2 for text in found.texts[-3:-1]):
        return None  # won 2-1, 2015
    first, second, year = (number(text) for text in found.texts[-3:])
    return _numeric(found, first, second, full_year(year), "/")


def _read_day_dm(found: Found) -> Mention | None:
    """Read 'Friday 7.6': the weekday makes it a day. 'Friday 7-6' may be a score, but not in Dutch."""
    first, second = found.numbers("D")
    if "-" in found.codes[2:] and "nl" not in found.langs("Ww"):
        return None
    return _numeric(found, first, second, None, "/")


def _read_de_dm(found: Found) -> Mention | None:
    """Read 'am 28.10.'. In other languages the phrase must end there, and only one reading may be a day."""
    first, second = found.numbers("D")
    glued = found.codes[found.codes.index("D") + 1] == "."
    if found.words[0] is not None and "de" in found.words[0].langs and (glued or found.closing in ".;"):
        if found.closing not in ".;" and found.texts[0] not in _GERMAN_ON:
            return None
        return make("date", month=second, day=first) if valid(None, second, first) else None
    ends = found.closed or (found.texts[0] == "op" and not glued)
    sure = found.texts[0] in _ON and ends and _one_reading(*found.texts[-2:])
    return _numeric(found, first, second, None, "/") if sure else None


def _read_dcd(found: Found) -> Mention | None:
    day, month = found.numbers("D")
    year = found.numbers("Y")[0]
    return make("date", year=year, month=month, day=day) if valid(year, month, day) else None


def _read_ddmy(found: Found) -> Mention | None:
    first, last, month, year = found.numbers("DY")[:4]
    if first >= last or not valid(year, month, last):
        return None
    return make("range", year=year, month=month, day=first, end_year=year, end_month=month, end_day=last)


def _read_span(found: Found) -> Mention | None:
    """Read two days in digits with a dash: 10/1/2018-10/7/2018, 28.02-03.03.2023, between 10/1-11/7.

    Both must be days in one order; `ambiguous` if they are in either. A year that only the end states
    holds for the start too, or the year before it.
    """
    numbers = found.numbers("DdYy")
    if found.form == "ymdymd":
        starts, ends = (numbers[1], numbers[2]), (numbers[4], numbers[5])
        years: tuple[int | None, int | None] = numbers[0], numbers[3]
        orders = [(0, 1)]
    else:
        full = found.form == "dmydmy"
        starts, ends = (
            (numbers[0], numbers[1]),
            (numbers[3], numbers[4]) if full else (numbers[2], numbers[3]),
        )
        years = (numbers[2], numbers[5]) if full else (None, numbers[4] if len(numbers) > 4 else None)
        dotted = "." in found.codes
        orders = [(1, 0)] if dotted else [(0, 1), (1, 0)] if found.english else [(1, 0), (0, 1)]
        if years[1] is None and (
            _are_fractions(numbers) or not (found.letters()[0] != "D" or _one_is_large(numbers))
        ):
            return None  # 1/2-3/4 cups
    readings = [order for order in orders if _runs(starts, ends, years, order)]
    if not readings:
        return None
    month, day = readings[0]
    year, end_year = years
    if year is None and end_year is not None:
        year = end_year - ((starts[month], starts[day]) > (ends[month], ends[day]))
    start = {"year": year, "month": starts[month], "day": starts[day]}
    end = {"end_year": end_year, "end_month": ends[month], "end_day": ends[day]}
    return make("range", **start, **end, ambiguous=len(readings) > 1)


def _are_fractions(numbers: list[int]) -> bool:
    """Tell whether two pairs look like fractions: 3/4-7/8 inches."""
    return numbers[1] in _FRACTIONS and numbers[3] in _FRACTIONS


def _one_is_large(numbers: list[int]) -> bool:
    """Tell whether a number can only be a day."""
    return any(12 < number <= 31 for number in numbers)


def _runs(
    starts: tuple[int, int],
    ends: tuple[int, int],
    years: tuple[int | None, int | None],
    order: tuple[int, int],
) -> bool:
    """Tell whether both pairs are days in an order (month, day), and the end is behind the start."""
    month, day = order
    exist = valid(years[0], starts[month], starts[day]) and valid(years[1], ends[month], ends[day])
    if years[0] is None or years[1] is None:
        return exist
    return exist and (years[0], starts[month], starts[day]) < (years[1], ends[month], ends[day])


NUMERIC: dict[str, Callable[[Found], Mention | None]] = {
    "ymd": _read_ymd, "ddmy": _read_ddmy, "dmy": _read_dmy, "dmd": _read_dmd, "dmky": _read_dmky,
    "dmydmy": _read_span, "ymdymd": _read_span, "dmdmy": _read_span, "dm_dm": _read_span,
    "on_dm": _read_on_dm, "day_dm": _read_day_dm, "de_dm": _read_de_dm, "dcd": _read_dcd,
}  # fmt: skip
