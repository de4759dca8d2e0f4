"""Times as feeds, mails and tables write them -> ISO 8601, with no zone and no day made up."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

from cleaners.dates.lexicon import is_weekday, month_of

#: Characters of a time that may be looked at: the mail parser is slow on long ones.
_LONGEST = 64
#: 2001 to 2200 in seconds; a thousand and a million times as large they are milli- and microseconds.
_FIRST, _LAST = 978_307_200, 7_258_118_400
_NUMBER = re.compile(r"\d{9,16}(?:\.\d{1,9})?")
_ISO = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:[T ]\s?(\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?\s?(Z|z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?)?"
)
_RFC822 = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d\d?) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (GMT|UT|UTC|Z|[+-]\d\d:?\d\d)"
)
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: at for at, name in enumerate(_NAMES, 1)}
_SLASHED = re.compile(r"(\d{4})[/.年](\d\d?)[/.月](\d\d?)日?(?!\d)(?: (.*))?")
_YEAR_LAST = re.compile(r"(\d\d?)([/.])(\d\d?)\2(\d{4})(?:,? (.*))?")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)?(Z|[+-]\d{4})?")
#: `GMT+3`, `UTC+03:00`, and `GMT+0300 (Moscow Standard Time)` as browsers print it.
_NAMED_OFFSET = re.compile(r"\b(?:GMT|UTC)\s?([+-])(\d\d?)(?::?(\d\d))?(?:\s?\([^()]*\))?$")
#: What programs write where they know no time: the first moment that they can count.
_NO_TIME = ("0001-01-01", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00+00:00")
# With the name of a month in any language: `lun., 14 juil. 2025 10:00 +0200`, `14 de julho de 2025 às 10:00`,
# `julio 14, 2025`. Words between the year and the time say no more than that it follows.
_LETTERS = r"[^\W\d_]"
_CLOCK = rf"(?:\s?[гр]\.)?(?:,?\s+(?:{_LETTERS}{{1,3}}\s+){{0,2}}(\d\d?:\d\d\S*(?:\s+\S{{1,9}}){{0,2}}))?"
_DAY_FIRST = re.compile(
    rf"(?:({_LETTERS}+(?:-{_LETTERS}+)?)([.,\u060c]{{0,2}})\s+)?(\d\d?)[.º]?\s+(?:de\s+)?({_LETTERS}{{3,12}})\.?,?\s+"
    rf"(?:del?\s+)?(\d{{4}}){_CLOCK}"
)
_MONTH_FIRST = re.compile(rf"({_LETTERS}{{3,12}})\.?\s+(\d\d?),?\s+(\d{{4}}){_CLOCK}")


def iso(value: object) -> str | None:
    """Return a time as ISO 8601, None for what is none: `2024-07-19T08:57:11+03:00`, or a day.

    Takes ISO 8601 and its relatives, RFC 822, also with names of months in other languages than English, and
    Unix time in seconds, milli- or microseconds. Without a zone there is no offset. A day in numbers whose
    order is open (7/8/2023) is no time; with full stops (7.8.2023) it is not open, since nobody writes the
    month first with them. The first moment of a clock (1970-01-01T00:00:00Z, the year 1) is no time: it
    stands for one that is not known.
    """
    moment = _read(value)
    return None if moment is not None and moment.startswith(_NO_TIME) else moment


def _read(value: object) -> str | None:
    if type(value) is str and len(value) == 20 and value[19] == "Z" and value[10] == "T":  # the usual form
        try:
            datetime.fromisoformat(value)
        except ValueError:
            return None
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _unix(float(value)) if value == value else None  # noqa: PLR0124 - NaN
    if not isinstance(value, str) or not 8 <= len(text := value[: _LONGEST + 20].strip()) <= _LONGEST:
        return None
    found = _RFC822.fullmatch(text)
    if found and found[2] in _MONTHS:
        return _rfc822(found)
    if "GMT" in text or "UTC" in text:  # the parsers read the name and pass over the offset behind it
        text = _NAMED_OFFSET.sub(lambda zone: f"{zone[1]}{int(zone[2]):02d}{zone[3] or '00'}", text)
    found = _ISO.fullmatch(text)
    if found:
        return _stated(found)
    if _NUMBER.fullmatch(text):
        return _unix(float(text))
    found = _COMPACT.fullmatch(text)
    if found:
        year, month, day, hour, minute, second, zone = found.groups()
        return _read(f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{zone or ''}")
    found = _SLASHED.fullmatch(text)
    if found:
        rest = f" {found[4]}" if found[4] else ""
        return _read(f"{found[1]}-{found[2]}-{found[3]}{rest}")
    found = _YEAR_LAST.fullmatch(text)
    return _year_last(found) if found else _mail(text) or _named(text)


def _year_last(found: re.Match[str]) -> str | None:
    """Read `13.07.2024 14:05`, and `13/07/2024` or `07/13/2024`, which have one reading each."""
    first, second = int(found[1]), int(found[3])
    if found[2] == "/" and first <= 12 and second <= 12 and first != second:
        return None
    day, month = (second, first) if found[2] == "/" and second > 12 else (first, second)
    rest = f" {found[5]}" if found[5] else ""
    return _read(f"{found[4]}-{month}-{day}{rest}")


def _rfc822(found: re.Match[str]) -> str | None:
    try:
        month = _MONTHS[found[2]]
        moment = datetime(int(found[3]), month, int(found[1]), int(found[4]), int(found[5]), int(found[6]))  # noqa: DTZ001
    except ValueError:
        return None
    zone = found[7].replace(":", "")
    if zone[0] not in "+-" or zone[1:] == "0000":
        return moment.isoformat() + "+00:00"
    if zone[1:3] < "24" and zone[3:] < "60":  # half of the time of what follows, which says the same
        return f"{moment.isoformat()}{zone[:3]}:{zone[3:]}"
    seconds = (int(zone[1:3]) * 60 + int(zone[3:])) * 60
    return _zoned(moment, -seconds if zone[0] == "-" else seconds)


def _stated(found: re.Match[str]) -> str | None:
    year, month, day, hour, minute = (int(found[at] or 0) for at in range(1, 6))
    try:
        moment = datetime(year, month, day, hour, minute, int(found[6] or 0))  # noqa: DTZ001 - the zone may be unknown
    except ValueError:
        return None
    if found[4] is None:
        return moment.date().isoformat()
    if found[7] is None:
        return moment.isoformat()
    digits = found[7].lstrip("+-").replace(":", "")
    if not digits.isdigit():
        return moment.isoformat() + "+00:00"
    return _zoned(moment, (int(digits[:2]) * 60 + int(digits[2:] or 0)) * (-60 if found[7][0] == "-" else 60))


def _mail(text: str) -> str | None:
    """Read `Fri, 19 Jul 2024 08:57:11 +0300`, also with the names of zones that RFC 822 knows."""
    if not re.search(r"\d:\d\d", text):
        text += " 00:00:00"
        timed = False
    else:
        timed = True
    try:
        parts = parsedate_tz(text)
        if parts is None or not 1000 <= parts[0] <= 9999:
            return None
        moment = datetime(*parts[:6])  # noqa: DTZ001 - the zone may be unknown
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if not timed:
        return moment.date().isoformat()
    if not re.search(r"[+-]\d{4}|\b(?:UTC?|GMT|Z|[ECMP][SD]T|A[SD]T)\b", text) or parts[9] is None:
        return moment.isoformat()  # a zone that has no name here is not UTC
    return _zoned(moment, parts[9])


def _named(text: str) -> str | None:
    """Read a time in which the month has its name in another language."""
    if found := _DAY_FIRST.fullmatch(text):
        weekday, mark, day, name, year, clock = found.groups()
        if weekday and not mark and not is_weekday(weekday):
            return None  # until 14 juillet 2025
    elif found := _MONTH_FIRST.fullmatch(text):
        name, day, year, clock = found.groups()
    else:
        return None
    month = month_of(name)
    return _mail(f"{day} {_NAMES[month - 1]} {year} {clock or ''}".rstrip()) if month else None


def _zoned(moment: datetime, seconds: int) -> str | None:
    try:
        return moment.replace(tzinfo=timezone(timedelta(seconds=seconds))).isoformat()
    except ValueError:
        return moment.isoformat()


def _unix(number: float) -> str | None:
    for unit in (1, 1_000, 1_000_000):
        if _FIRST <= number / unit <= _LAST:
            return datetime.fromtimestamp(number // unit, UTC).isoformat()
    return None
