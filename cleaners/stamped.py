"""Dates of records: what a format's time field says, no more and no less."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from cleaners.dates import DateInput, resolve
from cleaners.dates.edtf import day_or_interval
from schemas.items import Published
from schemas.records import Record

#: A local time of an unknown zone is at most 14 hours from UTC: its day, or one of its neighbours.
_EITHER_SIDE = timedelta(days=1)
#: Years that posts of the web can have, and the first that is written with four digits of its own.
_WEB = range(1990, 2101)
_FOUR_DIGITS = 1000
_UNZONED = 0.9  # the day itself holds for two thirds of the clock in most zones, its neighbours for the rest


def date_records(
    records: Sequence[Record], texts: Sequence[str], fetched_at: str | None
) -> tuple[Published, ...]:
    """Return when each record was published.

    A field with a time and a zone gives an instant, a day gives that day; a time whose zone is unknown gives
    its day, with a day on either side. A record without a time is dated by its text and its neighbours.
    """
    inputs = [
        DateInput(
            text=text,
            kind="article" if record.kind == "article" else "post",
            stamp=_usable(record.posted_at),
        )
        for record, text in zip(records, texts, strict=True)
    ]
    strange = {at for at, item in enumerate(inputs) if item.stamp and not _is_of_the_web(item.stamp)}
    resolved = iter(
        resolve([item for at, item in enumerate(inputs) if at not in strange], fetched_at=fetched_at)
    )
    dates = (
        resolve([item], fetched_at=fetched_at)[0] if at in strange else next(resolved)
        for at, item in enumerate(inputs)
    )
    return tuple(map(_as_stated, records, dates))


def utc(stamp: str | None) -> str | None:
    """Return a timestamp in UTC, None for none, for a day, and for a time without a zone."""
    moment = _moment(stamp)
    if moment is None or moment.tzinfo is None:
        return None
    try:
        instant = moment.astimezone(UTC)
    except OverflowError:  # the first or last hours that a calendar can name
        return None
    # Before the year 1000 strftime leaves out the zeros, and nothing reads the rest as a year.
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ") if instant.year >= _FOUR_DIGITS else None


def _is_of_the_web(stamp: str) -> bool:
    """Say whether a time may bound its neighbours: two days a thousand years apart are no timeline."""
    moment = _moment(stamp)
    return moment is None or moment.year in _WEB


def _usable(stamp: str | None) -> str | None:
    """Return a timestamp, but not one whose instant lies outside the calendar: 0001-01-01T00:00+14:00."""
    moment = _moment(stamp)
    return stamp if moment is None or moment.tzinfo is None or utc(stamp) is not None else None


def _as_stated(record: Record, published: Published) -> Published:
    if record.posted_at is None or published.basis != "field":
        return published
    evidence = record.posted_evidence or record.posted_at
    published = replace(published, basis=record.posted_basis, evidence=evidence)
    moment = _moment(record.posted_at)
    if moment is None or moment.tzinfo is not None or len(record.posted_at) <= len("2020-02-26"):
        return published
    earliest, latest = _around(moment.date())
    return replace(
        published,
        earliest=earliest.isoformat(),
        latest=latest.isoformat(),
        edtf=day_or_interval(earliest, latest),
        confidence=min(published.confidence, _UNZONED),
        evidence=f"{evidence} (local time, zone unknown)",
    )


def _around(day: date) -> tuple[date, date]:
    try:
        return day - _EITHER_SIDE, day + _EITHER_SIDE
    except OverflowError:
        return day, day


def _moment(stamp: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(stamp) if stamp else None
    except ValueError:
        return None
