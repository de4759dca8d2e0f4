"""Evidence: what the dating stage is told of each item: its text, its stamp, metadata and captions."""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from cleaners.assemble import Draft
from cleaners.dates import DateInput, find
from cleaners.marks import Mark
from cleaners.rules import rules

_CAPTIONS = frozenset({"caption", "caption-before-lead", "credit"})
_DATE_LINE = 60  # characters of a line that holds a date and its field's name
_FIELD = re.compile(
    r"\b(?:date|published|posted|updated|created|on|at|by|дата|опубликовано|обновлено|опубліковано|оновлено"
    r"|publié le|veröffentlicht|publicado|pubblicato|[ap]\.?m|utc|gmt|est|edt|msk|мск|t|z|г|р|года|року)\b",
    re.IGNORECASE,
)
_HEADER_LINES = 3  # metadata stands in front of the text, not in it


@cache
def _inline() -> re.Pattern[str]:
    return re.compile("|".join(rule["pattern"] for rule in rules("headers")["inline"]), re.IGNORECASE)


def gather(
    drafts: Sequence[Draft], texts: Sequence[str], marks: Mapping[int, Mark], *, feed: bool
) -> list[DateInput]:
    """Return one input of the dating stage a draft, in document order."""
    return [_input(draft, texts, marks, feed=feed) for draft in drafts]


def _input(draft: Draft, texts: Sequence[str], marks: Mapping[int, Mark], *, feed: bool) -> DateInput:
    segment = draft.segment
    kept = [texts[at] for at in draft.kept]
    structure = [at for at in range(segment.start, segment.end) if at in marks and marks[at].kind == "stamp"]
    captions = [
        texts[at]
        for at, role in enumerate(draft.roles, segment.start)
        if role.fate == "boilerplate" and role.rule in _CAPTIONS
    ]
    return DateInput(
        text="\n".join(kept),
        title_lines=max(1, segment.title),
        kind="post" if feed else "article",
        stamp=next((when for at in structure if (when := marks[at].when or _day(texts[at]))), None),
        headers=() if feed else tuple(found for line in kept[:_HEADER_LINES] if (found := _header(line))),
        captions=tuple(captions),
    )


def _header(line: str) -> str | None:
    """Return the part of a line that is metadata stating a date: a field in front of the text, or a line
    that holds nothing but a date and the name of its field ('Published: 5 March 2024, 10:15')."""
    if found := _inline().match(line):
        return found[0]
    if len(line) > _DATE_LINE or _day(line) is None:
        return None
    (mention, *_) = (mention for mention in find(line) if mention.kind == "date")
    rest = _FIELD.sub("", line[: mention.start] + line[mention.end :])
    return line if not any(char.isalpha() for char in rest) else None


def _day(line: str) -> str | None:
    """Return the ISO day that a date line states, or None if a field is missing or its order is open."""
    for mention in find(line):
        if (
            mention.kind == "date"
            and mention.year
            and mention.month
            and mention.day
            and not mention.ambiguous
        ):
            return f"{mention.year:04d}-{mention.month:02d}-{mention.day:02d}"
    return None
