"""From mentions to clues: what each date in a text says about the day of the text itself."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

from cleaners.dates.finder import find
from schemas.dates import Mention

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
_ABOUT = r"(?:в|во|с|о|об|около|примерно|к|at|from|around|about|um|gegen|à|vers|alle|a las|às)"
_CLOCK = r"\d{1,2}[:.]\d\d(?![.\d])"
_WORD = re.compile(r"\w")
_PLACE = re.compile(r"[^\W\d_a-zа-яё]{3,}[^\n]{0,20}[,.]\s*$")  # MOSCOW,


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


_WORDS = re.compile(r"\w+")
_BY_WORD = frozenset({"future", "past", "done", "reported"})  # cues that are words or their endings, mostly


@cache
def _cues() -> dict[str, re.Pattern[str]]:
    tables = tomllib.loads(files("cleaners.rules").joinpath("dates_cues.toml").read_text("utf-8"))
    either = {
        name: "|".join(map(re.escape, sorted(table["words"], key=len, reverse=True)))
        for name, table in tables.items()
    }

    def verbs(name: str, *, but: str = "") -> re.Pattern[str]:
        table = tables[name]
        never = "|".join(filter(None, [but, *map(re.escape, table["not"])]))
        shapes = "|".join([either[name], *table["endings"]])
        return re.compile(rf"(?<!\w)(?!(?:{never})(?!\w))(?:{shapes})(?!\w)", re.IGNORECASE)

    return {
        "future": verbs("future"),
        "past": verbs("past", but=either["speech"]),
        "done": verbs("past", but=f"{either['speech']}|{either['decision']}"),
        "reported": verbs("past"),
        "weekend": re.compile(rf"(?<!\w)(?:{either['weekend']})(?!\w)", re.IGNORECASE),
        "memory": re.compile(rf"(?<![^\W\d_])(?:{either['memory']})(?!\w)", re.IGNORECASE),
        "deadline": re.compile(rf"(?<!\w)(?:{either['deadline']})\s+(?:\w+\s+)?\W*$", re.IGNORECASE),
        "start": re.compile(rf"(?<!\w)(?:{either['start']})\s+(?:\w+\s+)?\W*$", re.IGNORECASE),
        "partway": re.compile(rf"(?<!\w)(?:{either['partway']})\s+(?=$|\d)", re.IGNORECASE),
        "compared": re.compile(rf"(?<!\w)(?:{either['compared']})\s+$", re.IGNORECASE),
        "intent": re.compile(rf"(?<!\w)(?:{either['intent']})(?!\w)", re.IGNORECASE),
        "hour": re.compile(rf"(?<!\w)(?:{either['hour']}|{_CLOCK})\s+(?:\w+\s+)?$", re.IGNORECASE),
        "at": re.compile(rf",?\s*(?:{_ABOUT}\s+)*(?:{either['hour']}|{_CLOCK})(?!\w)", re.IGNORECASE),
        "header": re.compile(rf"\W{{0,5}}(?:{either['header']})\W{{1,3}}", re.IGNORECASE),
    }


@cache
def _phrases() -> Mapping[str, tuple[str, ...]]:
    """Return what a sentence that tells a cue contains in lower case, unless one word of it tells."""
    tables = tomllib.loads(files("cleaners.rules").joinpath("dates_cues.toml").read_text("utf-8"))
    found = {name: tables["future" if name == "future" else "past"]["words"] for name in _BY_WORD}
    several = {name: [word for word in words if not _WORDS.fullmatch(word)] for name, words in found.items()}
    every = several | {name: tables[name]["words"] for name in ("intent", "memory")}
    return {name: tuple(map(str.lower, words)) for name, words in every.items()}


@lru_cache(maxsize=1 << 16)
def _is_cue(name: str, word: str) -> bool:
    return _cues()[name].fullmatch(word) is not None


def _tells(name: str, text: str, mention: Mention) -> bool:
    """Tell whether the sentence of a mention holds a cue. Words are looked up, since feeds repeat them: a
    search tries every ending at every letter."""
    sentence = _sentence(text, mention)
    if name in _BY_WORD and any(_is_cue(name, word) for word in _WORDS.findall(sentence)):
        return True
    plain = sentence.lower()
    return any(phrase in plain for phrase in _phrases()[name]) and bool(_cues()[name].search(sentence))


def may_have_header(text: str) -> bool:
    """Tell cheaply whether a text opens with a header word such as 'date' or 'опубликовано'."""
    return _cues()["header"].match(text) is not None


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
    future = _tells("future", text, mention)
    in_first = mention.start < first_end
    if mention.kind in {"date", "range"} and mention.month and mention.day:
        counted = _days_back(text, mention, found)
        if counted is not None:
            return Clue(kind="day", label="today", mention=counted, weight=1.0)
        if _is_long(mention):
            mention = replace(mention, kind="date", end_year=None, end_month=None, end_day=None)
            label = "start_past" if _tells("done", text, mention) else "start"
            return Clue(kind="day", label=label, mention=mention, weight=weight)
        label = _day_label(text, mention, found, lead_at, first_end)
        if _is_weekend(text, mention):
            mention = replace(mention, weekday=5)
        return Clue(kind="day", label=label, mention=mention, weight=1.0 if label in _SPIKES else weight)
    if mention.kind == "weekday" and mention.relative is None:
        past = _tells("reported", text, mention)
        label = "future" if future else ("first" if in_first else "body") + ("_past" if past else "")
        return Clue(kind="weekday", label=label, mention=mention, weight=weight)
    past = _tells("done", text, mention)
    due = _cues()["deadline"].search(text[max(0, mention.start - 12) : mention.start]) is not None
    ahead = future or (due and not past)
    label = "future" if ahead else "past" if past else "plain"
    if mention.kind == "month" and mention.relative is None:
        kind: ClueKind = "month_year" if mention.year else "month"
        return Clue(kind=kind, label=label, mention=mention, weight=1.0 if kind == "month_year" else weight)
    if mention.kind in {"year", "vague"} and mention.year and mention.end_year is None:
        return Clue(kind="year", label=_part_of_year(text, mention) or label, mention=mention, weight=1.0)
    if mention.kind == "since" and mention.count:
        origin = _origin(text, mention, found)
        if origin is not None:
            year = origin + mention.count
            return Clue(kind="counted_year", label="plain", mention=mention, weight=weight, year=year)
    return None


def _is_long(mention: Mention) -> bool:
    """Tell whether a range is long enough to be told of around its start, as a season or a term is."""
    if mention.kind != "range" or not mention.month or not mention.end_month:
        return False
    first = (mention.year or 0) * 372 + mention.month * 31 + (mention.day or 1)
    last = (mention.end_year or mention.year or 0) * 372 + mention.end_month * 31 + (mention.end_day or 1)
    last += 372 * (last < first and mention.end_year is None)  # over the turn of the year
    return not 0 <= last - first <= _LONG_RANGE


_SINCE = ("since", "дня", "desde", "dalla")
_SPIKES = frozenset({"header", "dateline", "today", "yesterday", "tomorrow", "paren"})


def _day_label(text: str, mention: Mention, found: Sequence[Mention], lead_at: int, first_end: int) -> str:
    before, cues = text[max(0, mention.start - 40) : mention.start], _cues()
    if mention.start < _PLACES and cues["header"].fullmatch(text[: mention.start]):
        return "header"
    if mention.start < first_end and mention.start - lead_at < _PLACES and _files(text, mention):
        return "dateline"
    beside = _beside(text, mention, found)
    if beside is not None:
        return beside
    if mention.kind == "range":
        return "range_past" if _tells("past", text, mention) else "range"
    if _tells("memory", text, mention):
        return "memory"
    if cues["deadline"].search(before):
        return "deadline"
    if cues["start"].search(before):
        return "start_past" if _tells("done", text, mention) else "start"
    past = _tells("past", text, mention)
    future = _tells("future", text, mention)
    future = future or (not past and _tells("intent", text, mention))
    place = "body" if mention.start >= first_end else "lead" if mention.start - lead_at <= _LEAD else "first"
    if place != "lead" and (cues["hour"].search(before) or cues["at"].match(text, mention.end)):
        return "hour_past" if past and not future else "hour"
    if future:
        return "future" if mention.start < first_end else "future_body"
    if (
        mention.year
        and mention.start < first_end
        and re.search(r"\([^()]*$", before)
        and re.match(r"[^()\n]{0,20}\)", text[mention.end : mention.end + 21])
    ):
        return "paren"
    if past:
        return f"{place}_past"
    return "closing" if place == "first" and not _WORD.search(text, mention.end, first_end) else place


def _beside(text: str, mention: Mention, found: Sequence[Mention]) -> str | None:
    """Return the today, yesterday or tomorrow that stands before a date in the same sentence."""
    for other in found:
        said = (
            other.relative in {"today", "yesterday", "tomorrow"} and 0 <= mention.start - other.end <= _NEAR
        )
        if said and not re.search(r"[.!?\n]", text[other.end : mention.start]):
            return other.relative
    return None


def _days_back(text: str, mention: Mention, found: Sequence[Mention]) -> Mention | None:
    """Return the day of writing of '3 days ago, on 5 May 2023' in place of the day that it names."""
    if mention.kind != "date" or not mention.month or not mention.day:
        return None
    for other in found:
        near = other.relative == "ago" and other.unit == "day" and 0 <= mention.start - other.end <= _BESIDE
        if near and other.count and not re.search(r"[.!?\n]", text[other.end : mention.start]):
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
        if _cues()[label].search(before):
            return label
    return "partway" if _cues()["partway"].search(mention.text) else None


def _is_weekend(text: str, mention: Mention) -> bool:
    """Tell whether two days stand beside the word 'weekend': the first is a Saturday."""
    if mention.kind != "range" or mention.weekday is not None or not mention.day or not mention.end_day:
        return False
    if mention.end_day != mention.day + 1 and mention.end_day != 1:
        return False
    return bool(_cues()["weekend"].search(text[max(0, mention.start - _WEEKEND) : mention.start]))


def _files(text: str, mention: Mention) -> bool:
    """Tell whether a date stands as the day of filing: before an agency, or between a PLACE and a dash."""
    if _AGENCY.match(text, mention.end):
        return True
    return bool(_DASH.match(text, mention.end)) and bool(
        _PLACE.search(text[max(0, mention.start - 40) : mention.start])
    )


def _origin(text: str, since: Mention, found: Sequence[Mention]) -> int | None:
    """Return the year that '63 years since' counts from: the next year stated in the same sentence."""
    start, end = _sentence_span(text, since)
    if since.unit != "year" or not since.text.lower().endswith(_SINCE):
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
    """The further down, the less a date has to do with the day of the post.

    Chosen among six rows by the likelihood of the true days on development dumps.
    """
    line = text.count("\n", 0, position)
    return 1.0 if line < 1 else 0.8 if line < 2 else 0.5 if line < 5 else 0.3
