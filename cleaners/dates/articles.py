"""Date a lone article from what it states: dateline, title, captions, weekday + day + month; else not."""

from collections.abc import Sequence
from datetime import date, timedelta

from cleaners.dates.clues import Clue, read_clues
from cleaners.dates.edtf import day_or_interval, yearless
from cleaners.dates.finder import find
from cleaners.dates.inputs import DateInput
from schemas.dates import Mention
from schemas.items import UNDATED, Published

_HEAD = 6  # lines in which a dateline may open the text: headline, standfirst, and blank lines between
_LEAD = 1200  # characters: title and the first paragraphs, where news names its day
#: 'Friday, May 26' in a text that names 2019: the first fitting year from there, if it is near. The fits of
#: one weekday and date are 5, 6 or 11 years apart: at most one lies within 4 years of the latest year named.
_YEARS_AHEAD = 4
_PLANS = {"future", "future_body", "deadline", "partway"}  # classes of years that may lie ahead
_WEB = 1995  # feeds are texts of the web; an older year in a text says nothing about the text's own
_AFTER = 2  # days from an event in the lead of an article to its publication, at most, in daily news


def date_article(item: DateInput, bound: date | None) -> Published:
    """Return the date that an article states. `bound`: nothing was published later."""
    clues = read_clues(item.text)
    for attempt in (_dateline, _title, _caption, _weekday):
        answer = attempt(item, clues)
        if answer.best is not None and bound is not None and answer.best > bound.isoformat():
            continue
        if answer.basis != "none":
            return answer
    return UNDATED


def _dateline(item: DateInput, clues: Sequence[Clue]) -> Published:
    """NEW DELHI, March 3, 2023 (AP) - . Without the year: month and day. It may stand below the headline."""
    lines = item.text.split("\n")
    below = [_below(lines, at) for at in range(1, min(_HEAD, len(lines))) if lines[at]]
    for clue in [*clues, *(clue for found in below for clue in found)]:
        mention = clue.mention
        if clue.label == "dateline" and mention.month and mention.day:
            if mention.year:
                return _stated(date(mention.year, mention.month, mention.day), 1, 0.9, mention.text, "header")
            if mention.weekday is None:
                return _yearless(mention)
    return UNDATED


def _below(lines: Sequence[str], at: int) -> list[Clue]:
    """Return the datelines that open line `at`, read as if the text began there."""
    return [clue for clue in read_clues(lines[at]) if clue.label == "dateline"]


def _title(_item: DateInput, clues: Sequence[Clue]) -> Published:
    """(Sochi, October 2, 2023) in the title."""
    for clue in clues:
        mention = clue.mention
        if clue.label in {"paren", "today"} and mention.year and mention.month and mention.day:
            return _stated(date(mention.year, mention.month, mention.day), _AFTER, 0.8, mention.text)
    return UNDATED


def _caption(item: DateInput, clues: Sequence[Clue]) -> Published:
    """The newest captioned day, if the lead names its weekday: photographs show the event in the news."""
    days = [
        date(mention.year, mention.month, mention.day)
        for caption in item.captions
        for mention in find(caption)
        if mention.kind == "date" and mention.year and mention.month and mention.day
    ]
    if not days:
        return UNDATED
    newest = max(days)
    named = [clue.mention for clue in clues if clue.kind == "weekday" and clue.mention.start < _LEAD]
    if not named or named[0].weekday != newest.weekday():
        return UNDATED
    evidence = f"caption {newest.isoformat()} is the {named[0].text} of the lead"
    return _stated(newest, _AFTER, 0.8, evidence)


def _weekday(item: DateInput, clues: Sequence[Clue]) -> Published:
    """'Friday, May 26' in the lead: its own year if the weekday agrees, else the first fitting year."""
    lead = next((clue.mention for clue in clues if _is_lead(clue) and clue.mention.weekday is not None), None)
    if lead is None or lead.month is None or lead.day is None:
        return UNDATED
    if lead.year is not None:
        day = date(lead.year, lead.month, lead.day)
        return _stated(day, _AFTER, 0.85, lead.text, "weekday") if day.weekday() == lead.weekday else UNDATED
    plans = {clue.mention.start for clue in clues if clue.label in _PLANS}
    stated = [mention for mention in find(item.text) if mention.year and mention.start not in plans]
    newest = max((mention.end_year or mention.year or 0 for mention in stated), default=None)
    if newest is None or newest < _WEB:
        return _yearless(lead)
    fitting = [year for year in range(newest, newest + _YEARS_AHEAD + 1) if _falls_on(year, lead)]
    if len(fitting) != 1:
        return _yearless(lead)
    evidence = f"{lead.text}: first fitting year from {newest}, the latest year named"
    return _stated(date(fitting[0], lead.month, lead.day), _AFTER, 0.6, evidence, "weekday")


def _is_lead(clue: Clue) -> bool:
    return (
        clue.kind == "day"
        and clue.mention.start < _LEAD
        and clue.place in {"lead", "first", "body", "closing", "hour", "dateline"}
    )


def _falls_on(year: int, mention: Mention) -> bool:
    try:
        return date(year, mention.month or 1, mention.day or 1).weekday() == mention.weekday
    except ValueError:
        return False


def _stated(day: date, after: int, confidence: float, evidence: str, basis: str = "stated") -> Published:
    latest = day + timedelta(days=after)
    return Published(
        best=day.isoformat(),
        earliest=day.isoformat(),
        latest=latest.isoformat(),
        edtf=day_or_interval(day, latest),
        precision="day",
        basis=basis,  # type: ignore[arg-type] # one of the words of Basis
        confidence=confidence,
        evidence=evidence,
    )


def _yearless(mention: Mention) -> Published:
    return Published(
        edtf=yearless(mention.month or 1, mention.day or 1),  # callers have checked that both are stated
        precision="day",
        basis="stated-no-year",
        confidence=0.5,
        evidence=mention.text,
    )
