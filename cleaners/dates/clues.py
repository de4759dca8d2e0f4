"""From mentions to clues: what each date in a text says about the day of the text itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from cleaners.dates.cues import cues, sentence_span, told
from cleaners.dates.finder import find
from schemas.dates import Mention
from schemas.swift import swift

ClueKind = Literal["day", "month_year", "month", "year", "weekday", "counted_year"]

_LEAD = 14  # letters into the text: 'On the 13th of ' and a flag or two
_PLACES = 60  # letters into the text: 'date 2023-03-03 New Delhi, '
_NEAR = 40  # characters between 'Today' and its date
_BESIDE = 8  # characters between '3 days ago' and its date: ', on '
_WEEKEND = 60  # characters between 'the weekend' and its two days, with what there is to do
_MOST = 14  # mentions of one post that are read; tables of dates say no more with their fiftieth row
#: Days of a range that is an event. Of 28 longer ones in development posts, 16 began up to two months ahead
#: of the post or a week before it, and 1 was told of near its end.
_LONG_RANGE = 10
_READ = 200  # mentions looked at: bounds the work on tables of dates
_AGENCY = re.compile(r",?\s*(?:\([^()\n]{2,30}\)\s*[-–—]|/[^/\n]{2,30}/)")  # , (dpa/GNA) -  /TASS/
_DASH = re.compile(r"[.,]?\s*[-–—]")
_WORD_CHARACTER = re.compile(r"\w")
_PLACE = re.compile(r"[^\W\d_a-zа-яё]{3,}[^\n]{0,20}[,.]\s*$")  # MOSCOW,
_STOP = re.compile(r"[.!?\n]")
_OPEN_BRACKET, _CLOSING_BRACKET = re.compile(r"\([^()]*$"), re.compile(r"[^()\n]{0,20}\)")
_SINCE = ("since", "дня", "desde", "dalla")
_SPIKES = frozenset({"header", "dateline", "today", "yesterday", "tomorrow", "paren"})


@swift
@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """A mention with its class (`days.*` or a row of another table of offsets) and its weight 0..1."""

    kind: ClueKind
    label: str
    mention: Mention
    weight: float
    year: int | None = None

    @property
    def place(self) -> str:
        """Return the class without its tense: `lead` for `lead_past`."""
        return self.label.removesuffix("_past")


def may_have_header(text: str) -> bool:
    """Tell cheaply whether a text opens with a header word such as 'date' or 'опубликовано'."""
    return cues()["header"].match(text) is not None


def read_clues(text: str, mentions: Sequence[Mention] | None = None) -> tuple[Clue, ...]:
    """Return the clues of a text, title first, in order; equal dates are read once."""
    found = (find(text) if mentions is None else mentions)[:_READ]
    clues, seen = [], set()
    first_end = _line_end(text, 0)
    lead = _WORD_CHARACTER.search(text)
    lead_at = lead.start() if lead else 0
    for mention in found:
        said = (mention.kind, mention.year, mention.month, mention.day, mention.weekday, mention.relative)
        if said in seen:
            continue
        clue = _clue(text, mention, found, lead_at, first_end)
        if clue is not None:
            seen.add(said)
            clues.append(clue)
    return tuple(clues[:_MOST])


def _clue(text: str, mention: Mention, found: Sequence[Mention], lead_at: int, first_end: int) -> Clue | None:
    weight = _line_weight(text, mention.start)
    if mention.kind in {"date", "range"} and mention.month and mention.day:
        counted = _days_back(text, mention, found)
        if counted is not None:
            return Clue(kind="day", label="today", mention=counted, weight=1.0)
        if _is_long(mention):
            mention = replace(mention, kind="date", end_year=None, end_month=None, end_day=None)
            label = "start_past" if "done" in told(text, mention) else "start"
            return Clue(kind="day", label=label, mention=mention, weight=weight)
        label = _day_label(text, mention, found, lead_at, first_end)
        if _is_weekend(text, mention):
            mention = replace(mention, weekday=5)
        return Clue(kind="day", label=label, mention=mention, weight=1.0 if label in _SPIKES else weight)
    if mention.kind == "weekday" and mention.relative is None:
        said = told(text, mention)
        label = ("first" if mention.start < first_end else "body") + ("_past" if "reported" in said else "")
        label = "future" if "future" in said else label
        return Clue(kind="weekday", label=label, mention=mention, weight=weight)
    if mention.kind == "month" and mention.relative is None:
        kind: ClueKind = "month_year" if mention.year else "month"
        label = _tense(text, mention)
        return Clue(kind=kind, label=label, mention=mention, weight=1.0 if kind == "month_year" else weight)
    if mention.kind in {"year", "vague"} and mention.year and mention.end_year is None:
        label = _part_of_year(text, mention) or _tense(text, mention)
        return Clue(kind="year", label=label, mention=mention, weight=1.0)
    if mention.kind == "since" and mention.count:
        origin = _origin(text, mention, found)
        if origin is not None:
            year = origin + mention.count
            return Clue(kind="counted_year", label="plain", mention=mention, weight=weight, year=year)
    return None


def _tense(text: str, mention: Mention) -> str:
    """Return whether a month or year is ahead, past, or just named."""
    said = told(text, mention)
    past = "done" in said
    due = cues()["deadline"].search(text[max(0, mention.start - 12) : mention.start]) is not None
    return "future" if "future" in said or (due and not past) else "past" if past else "plain"


def _is_long(mention: Mention) -> bool:
    """Tell whether a range is long enough to be told of around its start, as a season or a term is."""
    if mention.kind != "range" or not mention.month or not mention.end_month:
        return False
    first = (mention.year or 0) * 372 + mention.month * 31 + (mention.day or 1)
    last = (mention.end_year or mention.year or 0) * 372 + mention.end_month * 31 + (mention.end_day or 1)
    last += 372 * (last < first and mention.end_year is None)  # over the turn of the year
    return not 0 <= last - first <= _LONG_RANGE


def _day_label(text: str, mention: Mention, found: Sequence[Mention], lead_at: int, first_end: int) -> str:
    before, patterns = text[max(0, mention.start - 40) : mention.start], cues()
    if mention.start < _PLACES and patterns["header"].fullmatch(text[: mention.start]):
        return "header"
    if mention.start < first_end and mention.start - lead_at < _PLACES and _files(text, mention):
        return "dateline"
    beside = _beside(text, mention, found)
    if beside is not None:
        return beside
    said = told(text, mention)
    if mention.kind == "range":
        return "range_past" if "past" in said else "range"
    if "memory" in said:
        return "memory"
    if patterns["deadline"].search(before):
        return "deadline"
    if patterns["start"].search(before):
        return "start_past" if "done" in said else "start"
    past = "past" in said
    future = "future" in said or (not past and "intent" in said)
    place = "body" if mention.start >= first_end else "lead" if mention.start - lead_at <= _LEAD else "first"
    if place != "lead" and (patterns["hour"].search(before) or patterns["at"].match(text, mention.end)):
        return "hour_past" if past and not future else "hour"
    if future:
        return "future" if mention.start < first_end else "future_body"
    if (
        mention.year
        and mention.start < first_end
        and _OPEN_BRACKET.search(before)
        and _CLOSING_BRACKET.match(text, mention.end, mention.end + 21)
    ):
        return "paren"
    if past:
        return f"{place}_past"
    closes = place == "first" and not _WORD_CHARACTER.search(text, mention.end, first_end)
    return "closing" if closes else place


def _beside(text: str, mention: Mention, found: Sequence[Mention]) -> str | None:
    """Return the today, yesterday or tomorrow that stands before a date in the same sentence."""
    for other in found:
        said = (
            other.relative in {"today", "yesterday", "tomorrow"} and 0 <= mention.start - other.end <= _NEAR
        )
        if said and not _STOP.search(text, other.end, mention.start):
            return other.relative
    return None


def _days_back(text: str, mention: Mention, found: Sequence[Mention]) -> Mention | None:
    """Return the day of writing of '3 days ago, on 5 May 2023' in place of the day that it names."""
    if mention.kind != "date" or not mention.month or not mention.day:
        return None
    for other in found:
        near = other.relative == "ago" and other.unit == "day" and 0 <= mention.start - other.end <= _BESIDE
        if near and other.count and not _STOP.search(text, other.end, mention.start):
            try:  # without a year any plain year will do
                day = date(mention.year or 2023, mention.month, mention.day) + timedelta(days=other.count)
            except (ValueError, OverflowError):
                return None
            year = None if mention.year is None else day.year
            return replace(mention, year=year, month=day.month, day=day.day, weekday=None)
    return None


def _part_of_year(text: str, mention: Mention) -> str | None:
    """Return the class of a year that is told of while it runs, or that figures are compared with."""
    before = text[max(0, mention.start - _NEAR) : mention.start]
    for label in ("partway", "compared"):
        if cues()[label].search(before):
            return label
    return "partway" if cues()["partway"].search(mention.text) else None


def _is_weekend(text: str, mention: Mention) -> bool:
    """Tell whether two days stand beside the word 'weekend': the first is a Saturday."""
    if mention.kind != "range" or mention.weekday is not None or not mention.day or not mention.end_day:
        return False
    if mention.end_day != mention.day + 1 and mention.end_day != 1:
        return False
    return bool(cues()["weekend"].search(text[max(0, mention.start - _WEEKEND) : mention.start]))


def _files(text: str, mention: Mention) -> bool:
    """Tell whether a date stands as the day of filing: before an agency, or between a PLACE and a dash."""
    if _AGENCY.match(text, mention.end):
        return True
    return bool(_DASH.match(text, mention.end)) and bool(
        _PLACE.search(text[max(0, mention.start - 40) : mention.start])
    )


def _origin(text: str, since: Mention, found: Sequence[Mention]) -> int | None:
    """Return the year that '63 years since' counts from: the next year stated in the same sentence."""
    start, end = sentence_span(text, since)
    if since.unit != "year" or not since.text.lower().endswith(_SINCE):
        return None  # 'the 80th anniversary' is announced years ahead
    return next((m.year for m in found if m.year and since.end <= m.start and start <= m.start < end), None)


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _line_weight(text: str, position: int) -> float:
    """The further down, the less a date has to do with the day of the post.

    Chosen among six rows by the likelihood of the true days on development dumps.
    """
    line = text.count("\n", 0, position)
    return 1.0 if line < 1 else 0.8 if line < 2 else 0.5 if line < 5 else 0.3
