"""Find dates in prose. Nothing is filled in: what the text leaves out stays None."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from cleaners.dates.grammar import grammar, starts
from cleaners.dates.lexicon import lexicon
from cleaners.dates.lists import read_list
from cleaners.dates.matches import Found
from cleaners.dates.readers import READERS
from cleaners.dates.scan import scan
from cleaners.dates.spelled_years import read_year
from cleaners.dates.tokens import Tokens, Window, windows
from schemas.dates import Mention

_LISTS = frozenset({"dd_m", "m_dd"})
#: Characters of texts from which the compiled loops are worth loading.
COMPILED_CHARS = 20_000


def find(text: str) -> tuple[Mention, ...]:
    """Return the date mentions of `text` in order, spans in code points, never overlapping.

    Linear in the length of the text. Fields that the text does not state are None; `ambiguous` marks
    7/8/2023, which is read month first beside English words and day first elsewhere. The days of a list
    ('5 and 16 July') are one mention each, with the month and year of the list.
    """
    tokens = Tokens(text)
    return tuple(mention for window in windows(tokens) for mention in _in_window(text, tokens, window))


def find_all(texts: Sequence[str]) -> list[tuple[Mention, ...]]:
    """Return what `find` does for each text; many are read together."""
    if sum(map(len, texts)) < COMPILED_CHARS:
        return [find(text) for text in texts]
    return [
        find(text)
        if found is None
        else tuple(mention for tokens, window in found for mention in _in_window(text, tokens, window))
        for text, found in zip(texts, scan(texts), strict=True)
    ]


def _in_window(text: str, tokens: Tokens, window: Window) -> list[Mention]:
    mentions: list[Mention] = []
    position, codes = 1, window.codes
    while (start := starts().search(codes, position)) is not None:
        at = start.start()
        found, read = _at(text, tokens, window, at)
        if found is None or not read:
            position = at + 2 - at % 2
            continue
        mentions.extend(read)
        # 'since' also introduces what it counts from: 63 years since 1960.
        counts = read[-1].kind == "since" and found.codes[-1] == "S"
        position = found.end - 1 if counts else _behind(tokens, window, found, read[-1].end)
    return mentions


def _behind(tokens: Tokens, window: Window, found: Found, end: int) -> int:
    """Return the place in the codes of the first word behind a mention: it may be shorter than its match."""
    index = found.first
    while 2 * index + 2 < len(tokens.starts) and tokens.starts[2 * index + 1] < end:
        index += 1
    return 2 * (index - window.first) + 1


def _at(text: str, tokens: Tokens, window: Window, at: int) -> tuple[Found | None, list[Mention]]:
    """Return the first form at a place whose words make a date."""
    forms = grammar().get(window.codes[at]) if at % 2 else None  # gaps and words share no letter
    match = forms and forms.either.match(window.codes, at)
    if not forms or not match:
        return None, []
    name = str(match.lastgroup).removeprefix("f_")
    found = _found(text, tokens, window, name, match)
    read = _read(found)
    if not read:
        for other, pattern in forms.after(name):
            match = pattern.match(window.codes, at)
            if match and (read := _read(found := _found(text, tokens, window, other, match))):
                break
    return found, read


def _found(text: str, tokens: Tokens, window: Window, name: str, match: re.Match[str]) -> Found:
    first = window.first + (match.start() - 1) // 2
    last = window.first + (match.end() - 2) // 2
    texts = tuple(tokens.parts[2 * first + 1 : 2 * last + 2 : 2])
    words = tuple(map(lexicon().get, texts))
    return Found(
        name, match.group(), texts, words, first, window.codes, match.start(), window.first, tokens, text
    )


def _read(found: Found) -> list[Mention]:
    if found.form in _LISTS:
        days = [_placed(found, read, first, last) for read, first, last in read_list(found) if _exists(read)]
        return [*map(partial(_dated_like, _with_year(found, days[-1])), days)] if days else []
    read = READERS[found.form](found)
    if read is None or not _exists(read):
        return []
    skip = _lead(found)
    return [_with_year(found, _placed(found, read, skip, len(found.texts) - 1))]


def _exists(read: Mention) -> bool:
    """Say whether a year is one of the calendar: programs write 0000-01-01 where they know no day."""
    return 0 not in (read.year, read.end_year)


def _placed(found: Found, read: Mention, first: int, last: int) -> Mention:
    start, end = found.tokens.span(found.first + first, found.first + last)
    return read.placed(start, end, found.text[start:end], _lang(found))


def _with_year(found: Found, mention: Mention) -> Mention:
    """Return a day with the year in words behind it, if there is one: 'eighteen ninety-six'."""
    if mention.year is not None or not mention.day or found.word("Mmqe") is None:
        return mention
    spelled = read_year(found.text, mention.end, found.langs("Mmqe"))
    if spelled is None:
        return mention
    year, end = spelled
    last = year if mention.end_day else None
    return replace(mention, year=year, end_year=last, end=end, text=found.text[mention.start : end])


def _dated_like(last: Mention, mention: Mention) -> Mention:
    """Return a day of a list with the year that stands behind the last one."""
    if mention.start == last.start:
        return last
    return replace(mention, year=last.year)


def _lead(found: Found) -> int:
    """Return how many words before the date itself were only context: 'in' March, 'the' 5th."""
    letters = found.letters()
    skip = 0
    if found.form == "pm" and letters[0] in "rU":  # a febbraio, the first week of October
        return 1 if letters[0] == "r" else 2
    while found.form != "ago_before" and skip < len(letters) and letters[skip] in "BPpST":
        skip += 1
    return skip


def _lang(found: Found) -> str | None:
    langs = [
        word.langs
        for code, word in zip(found.letters(), found.words, strict=True)
        if word and code in "MmqWwfRUGA"
    ]
    return langs[0][0] if langs else None
