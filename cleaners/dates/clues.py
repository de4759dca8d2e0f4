"""From mentions to clues: what each date in a text says about the day of the text itself."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from cleaners.dates.finder import find
from schemas.dates import Mention

ClueKind = Literal["day", "month_year", "month", "year", "weekday", "counted_year"]

_LEAD = 14  # letters into the text: 'On the 13th of ' and a flag or two
_NEAR = 40  # characters between 'Today' and its date
_MOST = 14  # mentions of one post that are read; tables of dates say no more with their fiftieth row
_READ = 200  # mentions looked at: bounds the work on tables of dates
_DATELINE = re.compile(r"^,?\s*(?:\([^()\n]{2,30}\)\s*[-–—]|[-–—]|/[^/\n]{2,30}/)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """A mention with its class (`days.*` of dates_offsets.toml, or the row of another table) and weight 0..1."""

    kind: ClueKind
    label: str
    mention: Mention
    weight: float
    year: int | None = None


@cache
def _cues() -> dict[str, re.Pattern[str]]:
    tables = tomllib.loads(files("cleaners.rules").joinpath("dates_cues.toml").read_text("utf-8"))
    either = {name: "|".join(map(re.escape, sorted(table["words"], key=len, reverse=True))) for name, table in tables.items()}
    return {
        "future": re.compile(rf"(?<!\w)(?:{either['future']})(?!\w)", re.IGNORECASE),
        "memory": re.compile(rf"(?<![^\W\d_])(?:{either['memory']})(?!\w)", re.IGNORECASE),
        "deadline": re.compile(rf"(?<!\w)(?:{either['deadline']})\s+(?:\w+\s+)?\W*$", re.IGNORECASE),
        "start": re.compile(rf"(?<!\w)(?:{either['start']})\s+(?:\w+\s+)?\W*$", re.IGNORECASE),
        "header": re.compile(rf"^\W*(?:(?:{either['header']})\W{{1,3}})$", re.IGNORECASE),
    }


def read_clues(text: str, mentions: Sequence[Mention] | None = None) -> tuple[Clue, ...]:
    """Return the clues of a text, title first, in order; equal dates are read once."""
    found = (find(text) if mentions is None else mentions)[:_READ]
    clues, seen = [], set()
    first_end = _line_end(text, 0)
    lead = re.search(r"\w", text)
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
    future = bool(_cues()["future"].search(_sentence(text, mention)))
    in_first = mention.start < first_end
    if mention.kind in {"date", "range"} and mention.month and mention.day:
        label = _day_label(text, mention, found, lead_at, first_end)
        return Clue(kind="day", label=label, mention=mention, weight=1.0 if label in _SPIKES else weight)
    if mention.kind == "weekday" and mention.relative is None:
        return Clue(kind="weekday", label="future" if future else "first" if in_first else "body", mention=mention, weight=weight)
    if mention.kind == "month" and mention.relative is None:
        kind: ClueKind = "month_year" if mention.year else "month"
        ahead = future or bool(_cues()["deadline"].search(text[max(0, mention.start - 12) : mention.start]))
        label = "future" if ahead else "plain"
        return Clue(kind=kind, label=label, mention=mention, weight=1.0 if kind == "month_year" else weight)
    if mention.kind == "year" and mention.end_year is None:
        ahead = future or bool(_cues()["deadline"].search(text[max(0, mention.start - 12) : mention.start]))
        return Clue(kind="year", label="future" if ahead else "plain", mention=mention, weight=1.0)
    if mention.kind == "since" and mention.count:
        origin = _origin(text, mention, found)
        if origin is not None:
            year = origin + mention.count
            return Clue(kind="counted_year", label="plain", mention=mention, weight=weight, year=year)
    return None


_SPIKES = frozenset({"header", "dateline", "today", "yesterday", "tomorrow", "paren"})


def _day_label(text: str, mention: Mention, found: Sequence[Mention], lead_at: int, first_end: int) -> str:
    before, cues = text[max(0, mention.start - 24) : mention.start], _cues()
    if mention.start < 60 and cues["header"].match(text[: mention.start]):
        return "header"
    if mention.start < first_end and _DATELINE.match(text[mention.end : mention.end + 40]) and mention.start - lead_at < 60:
        return "dateline"
    for other in found:
        if other.kind == "relative" and 0 <= mention.start - other.end <= _NEAR and "\n" not in text[other.end : mention.start]:
            if other.relative in {"today", "yesterday", "tomorrow"} and not re.search(r"[.!?]", text[other.end : mention.start]):
                return other.relative
    if cues["memory"].search(_sentence(text, mention)):
        return "memory"
    if cues["deadline"].search(before):
        return "deadline"
    if cues["start"].search(before):
        return "start"
    if cues["future"].search(_sentence(text, mention)):
        return "future"
    if mention.start >= first_end:
        return "body"
    if mention.year and re.search(r"\([^()]*$", text[:mention.start][-60:]) and re.match(r"[^()\n]{0,20}\)", text[mention.end :]):
        return "paren"
    return "lead" if mention.start - lead_at <= _LEAD else "first"


def _origin(text: str, since: Mention, found: Sequence[Mention]) -> int | None:
    """Return the year that '63 years since' counts from: the next year stated in the same sentence."""
    start, end = _sentence_span(text, since)
    if since.unit != "year" or "since" not in since.text.lower():
        return None  # 'the 80th anniversary' is announced years ahead
    return next((m.year for m in found if m.year and since.end <= m.start and start <= m.start < end), None)


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _sentence_span(text: str, mention: Mention) -> tuple[int, int]:
    """Return the sentence around a mention, at most 200 characters either side."""
    low, high = max(0, mention.start - 200), min(len(text), mention.end + 200)
    start = max(text.rfind("\n", low, mention.start) + 1, text.rfind(". ", low, mention.start) + 1, low)
    stops = [at for at in (text.find("\n", mention.end, high), text.find(". ", mention.end, high)) if at >= 0]
    return start, min([*stops, high])


def _sentence(text: str, mention: Mention) -> str:
    start, end = _sentence_span(text, mention)
    return text[start:end]


def _line_weight(text: str, position: int) -> float:
    """The further down, the less a date has to do with the day of the post."""
    line = text.count("\n", 0, position)
    return 1.0 if line < 2 else 0.6 if line < 5 else 0.35
