"""Structured timestamps and header lines: dates that need no reading between the lines."""

import re
from datetime import UTC, date, datetime

from cleaners.dates.clues import may_have_header, read_clues
from cleaners.dates.finder import find
from cleaners.dates.inputs import DateInput
from schemas.items import Published

_OPENING = 200  # characters that hold the header of a text


def read_day(text: str) -> date | None:
    """Return the day of an ISO 8601 day or timestamp, None if it is neither."""
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def from_stamp(item: DateInput) -> Published | None:
    """Return the date of an item that has a timestamp or a header with a full date, else None."""
    if item.stamp is not None:
        return _stamped(item.stamp, zoned=item.stamp_zoned)
    for header in item.headers:
        for mention in find(header):
            if (
                mention.kind == "date"
                and mention.year
                and mention.month
                and mention.day
                and not mention.ambiguous
            ):
                return header_day(date(mention.year, mention.month, mention.day), header.strip())
    for clue in read_clues(item.text[:_OPENING]) if may_have_header(item.text) else ():
        mention = clue.mention
        if (
            clue.label == "header"
            and mention.kind == "date"
            and mention.year
            and mention.month
            and mention.day
        ):
            day = date(mention.year, mention.month, mention.day)
            return header_day(day, item.text[: mention.end].strip())
    return None


def header_day(day: date, evidence: str) -> Published:
    """Return a day that the text itself carries as its date."""
    iso = day.isoformat()
    return Published(
        best=iso,
        earliest=iso,
        latest=iso,
        edtf=iso,
        precision="day",
        basis="header",
        confidence=0.95,
        evidence=evidence,
    )


def _stamped(stamp: str, *, zoned: bool) -> Published | None:
    """A stamp with a zone is an instant in UTC. A clock without a zone fixes the local day, no more."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    clocked = re.search(r"\d:\d", stamp) is not None
    if clocked and (zoned or moment.tzinfo is not None):
        try:
            instant = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except OverflowError:  # 0001-01-01T00:00+14:00: before the first instant of the calendar
            return None
        # isoformat, since strftime writes the year 1 as '1'
        iso = instant.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
        return Published(
            best=iso,
            earliest=iso,
            latest=iso,
            edtf=iso,
            precision="second",
            basis="field",
            confidence=1.0,
            evidence=stamp,
        )
    iso = moment.date().isoformat()
    return Published(
        best=iso,
        earliest=iso,
        latest=iso,
        edtf=iso,
        precision="day",
        basis="field",
        confidence=0.98,
        evidence=stamp,
    )
