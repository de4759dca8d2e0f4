"""Read dates in digits: 2023-03-03, 13.07.2023, 7/13, am 28.10. Other numbers must not pass for them."""

from collections.abc import Callable

from cleaners.dates.matches import Found, clock, make, valid
from cleaners.dates.tokens import number
from schemas.dates import Mention

_GERMAN_ON = frozenset({"am", "Am", "vom", "ab"})
#: Words before days that seldom stand before fractions. 'in 3/4 of the cases' counts.
_BEFORE_DAYS = frozenset(
    {"on", "On", "from", "From", "since", "until", "till", "through", "before", "after", "el", "le", "il",
     "am", "Am", "vom", "em", "في", "بتاريخ", "op", "vanaf"}
)  # fmt: skip
#: Denominators of scales and tools: 7/20 and 3/16 are marks and sizes.
_SCALES = frozenset({16, 20, 24, 25, 30})
#: Words before days that rarely stand before decimal numbers.
_ON = frozenset({"on", "On", "en", "em", "el", "il", "في", "يوم"})


def _read_ymd(found: Found) -> Mention | None:
    year, month, day = (number(word) for word in found.texts[:3])
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
    if not valid(year, month, day):
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
    if len(texts[2]) != 2 or (separator == "." and any(len(text) != 2 for text in texts)):
        return None  # 1.2.3 is a version, 2-1-5 a score
    year = number(texts[2])
    return _numeric(
        found, number(texts[0]), number(texts[1]), year + (2000 if year < 70 else 1900), separator
    )


def _read_on_dm(found: Found) -> Mention | None:
    """Read day and month with a slash. Bare ones must look like 22/04, or be 4/22 with nothing to count."""
    first, second = (text for code, text in zip(found.letters(), found.texts, strict=True) if code == "D")
    padded = len(first) == len(second) == 2 and "0" in {first[0], second[0]}
    sure = found.closed and not found.cyrillic and _one_reading(first, second)
    sure = sure and int(second) not in _SCALES
    led = found.letters()[0] in "WwfT" or (found.letters()[0] != "D" and found.texts[0] in _BEFORE_DAYS)
    return (
        _numeric(found, number(first), number(second), None, "/")
        if padded or sure or led or found.listed
        else None
    )


def _one_reading(first: str, second: str) -> bool:
    """Tell whether 4/22 can only be a day and a month. 24/7 is none: it is all week."""
    pair = int(first), int(second)
    return min(pair) <= 12 < max(pair) and pair != (24, 7)


def _read_dmky(found: Found) -> Mention | None:
    """Read 08/12,2015."""
    first, second, year = (number(text) for text in found.texts[-3:])
    return _numeric(found, first, second, year + 2000 if year < 70 else year, "/")


def _read_day_dm(found: Found) -> Mention | None:
    """Read 'Friday 7.6': the weekday makes it a day."""
    first, second = found.numbers("D")
    return _numeric(found, first, second, None, "/")


def _read_de_dm(found: Found) -> Mention | None:
    """Read 'am 28.10.'. In other languages the phrase must end there, and only one reading may be a day."""
    first, second = found.numbers("D")
    glued = found.codes[found.codes.index("D") + 1] == "."
    if found.words[0] is not None and "de" in found.words[0].langs and (glued or found.closing in ".;"):
        if found.closing not in ".;" and found.texts[0] not in _GERMAN_ON:
            return None
        return make("date", month=second, day=first) if valid(None, second, first) else None
    sure = found.texts[0] in _ON and found.closed and _one_reading(*found.texts[-2:])
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


NUMERIC: dict[str, Callable[[Found], Mention | None]] = {
    "ymd": _read_ymd, "ddmy": _read_ddmy, "dmy": _read_dmy, "dmd": _read_dmd, "dmky": _read_dmky,
    "on_dm": _read_on_dm, "day_dm": _read_day_dm, "de_dm": _read_de_dm, "dcd": _read_dcd,
}  # fmt: skip
