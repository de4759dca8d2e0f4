"""Structural marks: lines that are no text of a post but say where one begins or ends.

forwarded  'Forwarded from X' in the interface languages of Telegram (rules/headers.toml)
stamp      'Name, [13.07.2023 14:05]' as Telegram Desktop pastes it, or a recurring date-time line
separator  a recurring rule such as '---' or '* * *', or the addresses of one channel's posts in order
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

from cleaners.rules import rules
from schemas.swift import swift

MarkKind = Literal["forwarded", "stamp", "separator"]


@swift
@dataclass(frozen=True, slots=True)
class Mark:
    """What a structural line says: `name` is the channel or author, `when` an ISO minute without a zone.

    A recurring date line has neither; the date finder reads it.
    """

    kind: MarkKind
    name: str | None = None
    when: str | None = None


# 90 characters: the longest channel title that Telegram allows is 128, the longest seen in 12,000 real
# posts is 61; a longer line that starts with these words is prose.
_LONGEST_NAME = 90
_LONGEST_SENTENCE = 40  # up to here a name may hold a full stop: 'Раньше всех. Ну почти.'

_LONGEST_MARK = 170
_LINK_GAP = 10  # lines between two addresses that part posts; a list inside one post leaves the rest bare

# Halves of the day as the interfaces write them; Korean, Chinese and Japanese dates begin with the year.
_AFTERNOON = {"p", "P", "μ", "PM", "오후", "下午", "午後", "م", "ب.ظ", "ب.ظ."}
_YEAR_FIRST = {"오전", "오후", "上午", "下午", "午前", "午後"}
_PASTE = re.compile(
    r"^(?P<name>\S.{0,127}?), \[(?P<date>\d{1,4}(?:[/-]|\. ?)\d{1,2}(?:[/-]|\. ?)\d{1,4})\.?(?: ?[гр]\.?)?,? "
    r"(?P<before>AM|PM|오전|오후|上午|下午|午前|午後)? ?(?P<time>\d{1,2}[:.]\d{2}(?:[:.]\d{2})?)"
    r"(?:\s?(?P<half>[AaPpπμ])\.?\s?[Mmμ]\.?|\s?(?P<letter>[صم]|[قب]\.ظ\.?))?\]:?$"
)
_BETWEEN = re.compile(r"[./-] ?")  # the numbers of a date
# The same with the month as a word: '[13 июля 2023 г. 14:05]'. The date finder reads the day.
_PASTE_WORDS = re.compile(
    r"^(?P<name>\S.{0,127}?), \[(?=[^\]]*[^\W\d_]{3})"
    r"(?=[^\]]*\b\d{1,4}\b[^\]]*[^\d.:]\d{1,2}[:.]\d{2}\b)[^\]]{8,48}\]:?$"
)
_DATE_LINE = re.compile(
    # An optional weekday, a day in figures or with a month's name, an optional clock; nothing else: a line
    # with more words is prose that starts with a date.
    r"^[\[(]?(?:[^\W\d_]{2,12}\.?,? )?"
    r"(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|[^\W\d_]{3,12}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}"
    r"|\d{1,2}\.? (?:de )?[^\W\d_]{3,12}\.?,? (?:de )?\d{4}(?: ?г\.?| р\.)?)"
    r"(?:(?:,|T| at| в| о| um| à| a las)? ?\d{1,2}[:.]\d{2}(?:[:.]\d{2})?"
    r"(?: ?[AaPp]\.?[Mm]\.?)?(?: ?(?:UTC|GMT|MSK|Z))?(?:[+-]\d{1,2}(?::?\d{2})?)?)?"
    r"[\])]?$|^\[?\d{1,2}:\d{2}\]?$"
)
_LONGEST_DATE = 80  # the pattern matches no more characters
_RULE = re.compile(
    r"^(?:([-=_*~•—–#])\1{2,}|(?:\* ?){3,}|(?:- ?){3,}|(?:([•~◆◇■□●○❖✦✧✻✽]) ?){3}|⁂|post #?\d+)$",
    re.IGNORECASE,
)
# Forms that typesetters put between the sections of one text; '---' and '===' fence posts as well.
_ORNAMENT = re.compile(r"^(?:([*~•#⁂◆◇■□●○❖✦✧✻✽])(?: ?\1)*)$")
_PASTED = 2  # stamps with a name; one alone may be a quotation
_BROKEN = 10  # section breaks in one article; the longest of the news corpora looked at has 60 paragraphs
_HEADLINE = 120  # characters of a line without a full stop that may be a post's first
_POST_LINK = re.compile(r"^(?:https?://)?t\.me/(?:s/)?(\w+)/(\d+)$")


@cache
def _forwarded_pattern() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """One pattern over all languages; blanks behind the words are optional only in Chinese. With it patterns
    of the first and of the last character, of which one matches where the whole does."""
    known = rules("headers")["forwarded"]
    firsts, lasts = (
        "".join(re.escape(words[at]) for rule in known for words in rule.get(side, []))
        for side, at in (("before", 0), ("after", -1))
    )
    before: list[str] = []
    after: list[str] = []
    for rule in known:
        gap = r"\s*" if rule["id"] == "zh" else r"\s+"
        before += [
            re.escape(words).replace(r"\ ", r"\s+") + r"\s*:?" + gap for words in rule.get("before", [])
        ]
        after += [re.escape(words).replace(r"\ ", r"\s+") for words in rule.get("after", [])]
    whole = rf"^(?:(?:{'|'.join(before)})(?P<name>\S.*)|(?P<first>\S.*?)\s+(?:{'|'.join(after)}))$"
    headers, first, last = (re.compile(one, re.IGNORECASE) for one in (whole, f"[{firsts}]", f"[{lasts}]"))
    return headers, first, last


class _Lines:
    """The lines of a document, for what headers ask of it: whether one recurs, and of the first and last
    characters of lines, which are few, whether a header may have them."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._counts: Counter[str] = Counter()
        _, self._first, self._last = _forwarded_pattern()
        self._heads: dict[str, bool] = {}
        self._tails: dict[str, bool] = {}

    def may_be_header(self, text: str) -> bool:
        head, tail = text[0], text[-1]
        if head not in self._heads:
            self._heads[head] = bool(self._first.match(head))
        if tail not in self._tails:
            self._tails[tail] = bool(self._last.match(tail))
        return self._heads[head] or self._tails[tail]

    def recurs(self, text: str) -> bool:
        if not self._counts:
            self._counts.update(self._texts)
        return self._counts[text] > 1


def _forwarded(text: str, lines: _Lines) -> Mark | None:
    """Return the mark of a forwarded header. A long name that reads as a sentence must recur to be one."""
    if len(text) > _LONGEST_NAME + 30 or text[0].islower():
        return None
    match = _forwarded_pattern()[0].match(text)
    if match is None:
        return None
    name = match["name"] or match["first"]
    sentence = len(name) > _LONGEST_SENTENCE and (name.endswith(".") or ". " in name or ", " in name)
    sentence |= name[0].islower() and " " in name  # 'Forwarded from the ministry'
    return (
        None
        if len(name) > _LONGEST_NAME or (sentence and not lines.recurs(text))
        else Mark("forwarded", name)
    )


def _paste(text: str) -> Mark | None:
    if not text.endswith(("]", "]:")):
        return None
    if match := _PASTE.match(text):
        half = match["half"] or match["before"] or match["letter"]
        return Mark("stamp", match["name"], _when(match["date"], match["time"], half))
    match = _PASTE_WORDS.match(text)
    return Mark("stamp", match["name"]) if match else None


def _when(date: str, time: str, half: str | None) -> str | None:
    """Return an ISO minute for the day-first and year-first forms that Telegram Desktop writes, or None."""
    numbers = [int(part) for part in _BETWEEN.split(date)]
    if numbers[0] <= 31 and half not in _YEAR_FIRST:
        numbers.reverse()
    year, month, day = numbers
    if "/" in date and half in ("A", "P"):  # English (US) interface: month first
        month, day = day, month
    if month > 12 and day <= 12:
        month, day = day, month
    year += 2000 if year < 100 else 0
    hour, minute = (int(part) for part in time.replace(".", ":").split(":")[:2])
    if half:
        hour = hour % 12 + (12 if half in _AFTERNOON else 0)
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and 1970 <= year < 2100):
        return None
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}"


def _shape(text: str) -> str:
    """Return the form of a line: digits become 9, letters a, runs are kept short."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", text))


def _recurring(shapes: Sequence[tuple[int, str]], least: int, share: float) -> set[int]:
    """Keep the lines whose form occurs at least `least` times and at least `share` of the commonest form."""
    counts = Counter(shape for _, shape in shapes)
    if not counts:
        return set()
    floor = max(least, share * max(counts.values()))
    return {index for index, shape in shapes if counts[shape] >= floor}


def _ordered_links(links: Sequence[tuple[int, str, int]], lines: int) -> set[int]:
    """Keep the post addresses of a channel only if enough of them run strictly up or down: an
    address that a channel's posts repeat is an advertisement, not a fence."""
    kept: set[int] = set()
    for channel in {channel for _, channel, _ in links}:
        own = [(index, number) for index, name, number in links if name == channel]
        numbers = [number for _, number in own]
        steps = {(right > left) - (right < left) for left, right in pairwise(numbers)}
        places = [-1, *(index for index, _ in own), lines]
        spread = max(right - left for left, right in pairwise(places)) <= max(_LINK_GAP, lines / 3)
        if len(own) >= 3 and spread and len(steps) == 1 and 0 not in steps:
            kept.update(index for index, _ in own)
    return kept


def mark(texts: Sequence[str]) -> dict[int, Mark]:
    """Return the structural marks of a document by line index.

    Date lines and separators count only when their form recurs (at least twice and at least a quarter, or
    70 %, as often as the commonest form): one date line in an article is its dateline, not a fence.
    """
    marks: dict[int, Mark] = {}
    dates: list[tuple[int, str]] = []
    fences: list[tuple[int, str]] = []
    links: list[tuple[int, str, int]] = []
    lines = _Lines(texts)
    for index, text in enumerate(texts):
        if len(text) > _LONGEST_MARK or not text:
            continue
        found = _paste(text) if text[-1] in "]:" else None
        if found is None and lines.may_be_header(text):
            found = _forwarded(text, lines)
        if found:
            marks[index] = found
        elif len(text) <= _LONGEST_DATE and _DATE_LINE.match(text):
            dates.append((index, _shape(text)))
        elif (not text[0].isalnum() or text[0] in "pP") and _RULE.match(text):
            fences.append((index, _shape(text)))
        elif "t.me/" in text and (link := _POST_LINK.match(text)):
            links.append((index, link[1], int(link[2])))
    if sum(found.name is not None for found in marks.values() if found.kind == "stamp") >= _PASTED:
        return marks  # every message has its name: date lines and rules are parts of messages
    for index in _recurring(dates, 2, 0.25):
        marks[index] = Mark("stamp")
    parts = _recurring(fences, 2, 0.7)
    if _section_breaks(texts, parts):
        parts = set()
    for index in parts | _ordered_links(links, len(texts)):
        marks[index] = Mark("separator")
    return marks


def _section_breaks(texts: Sequence[str], parts: set[int]) -> bool:
    """Say whether recurring rules part the sections of one text: ornaments, few, and what stands behind
    them goes on in full sentences where a post would open with a title, a tag or a pictograph."""
    if not parts or len(parts) > _BROKEN or not all(_ORNAMENT.match(texts[at]) for at in parts):
        return False
    behind = [texts[at + 1] for at in sorted(parts) if at + 1 < len(texts)]
    return 2 * sum(map(_is_title, behind)) < len(behind)


def _is_title(text: str) -> bool:
    if text[0] in "#@" or unicodedata.category(text[0]) == "So":
        return True
    return len(text) <= _HEADLINE and not text.rstrip("\"'”»)").endswith((".", "…", "!", "?", ",", ":"))
