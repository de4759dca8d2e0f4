"""One value on its way out: as JSON types, as a cell, and safe to show on a terminal."""

import dataclasses
import datetime as dt
import decimal
import json
import math
import re
import uuid
from collections.abc import Mapping
from typing import Any

# DEL and C1 controls (some terminals obey them), and the separators at which readers that split on
# "any line break" would tear a JSONL row apart. JSON escapes C0 itself.
_JSON_ESCAPES = re.compile("[\x7f-\x9f\u2028\u2029]")
# Controls, and the embeddings and overrides that would turn the rest of the line around.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# What makes a spreadsheet calculate instead of show (OWASP, "CSV injection"), also in full-width forms; some
# pass over a tab or a line break before it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_SECOND = 1_000_000_000  # nanoseconds


def visible(text: str) -> str:
    """Return the text on one line, with controls shown instead of obeyed: a line feed as ⏎, ESC as ␛."""
    return _INVISIBLE.sub(_show, text)


def plain(value: object) -> Any:
    r"""Return a value as JSON types: ISO dates, durations and UTC timestamps, exact integers, null for NaN.

    Bytes become what DuckDB shows for a BLOB (`\xE2` for all but printable ASCII), which it can cast back.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if type(value).__name__ == "MonthDayNano":  # Arrow's interval, a tuple; naming its class costs 0.4 s
        return _interval(value)
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, dt.datetime):
        return _timestamp(value)
    if isinstance(value, decimal.Decimal):
        if not value.is_finite():
            return None
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return _blob(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return _duration(0, value.days, value.seconds * _SECOND + value.microseconds * 1000)
    if isinstance(value, uuid.UUID):
        return str(value)
    if dataclasses.is_dataclass(value):
        return plain(as_row(value))
    raise TypeError(f"a {type(value).__name__} has no form in JSON, CSV or a table")


def as_row(value: Any) -> dict[str, object]:
    """Return a dataclass instance as a dict, nested ones too, in declared order."""
    return {field.name: _nested(getattr(value, field.name)) for field in dataclasses.fields(value)}


def dumps(value: object, indent: int | None = None) -> str:
    """Return JSON: letters as they are, anything a terminal or a line reader could trip over escaped."""
    text = json.dumps(plain(value), ensure_ascii=False, allow_nan=False, indent=indent)
    return _JSON_ESCAPES.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def cell(value: object) -> str:
    """Return a value as the text of one table or CSV cell; null is empty, nested values are JSON."""
    simple = plain(value)
    if simple is None:
        return ""
    return simple if isinstance(simple, str) else dumps(simple)


def formula_safe(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: behind an apostrophe if it begins like one."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def flat(row: Mapping[str, object]) -> dict[str, object]:
    """Join the names of nested values by `_`: {"card": {"site": ..}} becomes {"card_site": ..}."""
    joined: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            joined.update({f"{name}_{inner}": deep for inner, deep in flat(value).items()})
        else:
            joined[name] = value
    return joined


def _show(match: re.Match[str]) -> str:
    character = match[0]
    if character in "\n\r\t":
        return {"\n": "⏎", "\r": "␍", "\t": " "}[character]
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"\\u{code:04x}"


def _timestamp(value: dt.datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _interval(value: Any) -> str:
    return _duration(value.months, value.days, value.nanoseconds)


def _duration(months: int, days: int, nanoseconds: int) -> str:
    """Return an ISO 8601 duration such as P1Y2M3DT4H5M6.7S; its parts have signs of their own."""
    sign = "-" if nanoseconds < 0 else ""
    minutes, rest = divmod(abs(nanoseconds), 60 * _SECOND)
    whole, fraction = divmod(rest, _SECOND)
    second = f"{whole}.{fraction:09}".rstrip("0").rstrip(".")
    years, month = int(months / 12), months - 12 * int(months / 12)
    date = [(years, "Y"), (month, "M"), (days, "D")]
    time = [(minutes // 60, "H"), (minutes % 60, "M"), (second if second != "0" else 0, "S")]
    left = "".join(f"{amount}{unit}" for amount, unit in date if amount)
    right = "".join(f"{sign}{amount}{unit}" for amount, unit in time if amount)
    return f"P{left}" + (f"T{right}" if right else "" if left else "T0S")


def _blob(value: bytes) -> str:
    return "".join(chr(b) if 32 <= b < 127 and b not in b"\\'\"" else f"\\x{b:02X}" for b in value)


def _nested(value: Any) -> object:
    if dataclasses.is_dataclass(value):
        return as_row(value)
    if isinstance(value, list | tuple):
        return [_nested(inner) for inner in value]
    return value
