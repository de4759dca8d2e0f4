"""Find dates in prose. Nothing is filled in: what the text leaves out stays None."""

import re
from dataclasses import replace

from cleaners.dates.grammar import grammar
from cleaners.dates.lexicon import lexicon
from cleaners.dates.matches import Found
from cleaners.dates.readers import READERS
from cleaners.dates.tokens import Tokens, Window, tokenise, windows
from schemas.dates import Mention

_CLOSE = ";.,|\n~)"  # gaps that end a phrase, or divide a list
_LISTED = re.compile(r"[PTWwf][ ,;(](?:D/D(?:,| [ab] )){1,6}$")  # on 11/5, 11/6 or
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_BESIDE = re.compile(r"D/D(?:,| [ab] )$")
_LIST = 40  # codes that hold such a list


def find(text: str) -> tuple[Mention, ...]:
    """Return the date mentions of `text` in order, spans in code points, never overlapping.

    Linear in the length of the text. Fields that the text does not state are None; `ambiguous` marks
    7/8/2023, which is read month first beside English words and day first elsewhere.
    """
    tokens = tokenise(text, lexicon())
    return tuple(mention for window in windows(tokens) for mention in _in_window(text, tokens, window))


def _in_window(text: str, tokens: Tokens, window: Window) -> list[Mention]:
    mentions = []
    position, codes = 1, window.codes
    pattern = grammar()
    while (match := pattern.search(codes, position)) is not None:
        if match.start() % 2 == 0:  # never: gaps and words share no letter
            position = match.start() + 1
            continue
        mention = _mention(text, tokens, window, match)
        if mention is None:
            position = match.start() + 2
        else:
            mentions.append(mention)
            # 'since' also introduces what it counts from: 63 years since 1960.
            position = (
                match.end() - 1 if mention.kind == "since" and match.group()[-1] == "S" else match.end() + 1
            )
    return mentions


def _mention(text: str, tokens: Tokens, window: Window, match: re.Match[str]) -> Mention | None:
    assert match.lastgroup is not None  # noqa: S101 - every alternative is a named group
    form = match.lastgroup.removeprefix("f_")
    first = window.first + (match.start() - 1) // 2
    last = window.first + (match.end() - 2) // 2
    texts = tuple(tokens.word(index) for index in range(first, last + 1))
    words = tuple(tokens.words.get(word) for word in texts)
    near = range(max(window.first, first - 12), min(last + 3, len(tokens.parts) // 2))
    around = (tokens.words.get(tokens.word(index)) for index in near)
    english = any(word is not None and word.langs[0] == "en" and word.code in "PpTr" for word in around)
    closing = match.string[match.end()]
    listed = bool(_LISTED.search(match.string[max(0, match.start() - _LIST) : match.start()]))
    cyrillic = _CYRILLIC.search(text, max(0, tokens.span(first, first)[0] - 20), tokens.span(first, first)[0])
    beside = match.string[max(0, match.start() - 8) : match.start()]
    closed = (
        closing in _CLOSE
        or _BESIDE.search(beside) is not None
        or (closing == "_" and match.end() + 1 == len(match.string))
    )
    found = Found(
        form, match.group(), texts, words, first, closed, listed, closing, cyrillic is not None, english
    )
    read = READERS[form](found)
    if read is None:
        return None
    skip = _lead(found)
    start, end = tokens.span(first + skip, last)
    return replace(read, start=start, end=end, text=text[start:end], lang=_lang(found))


def _lead(found: Found) -> int:
    """Return how many words before the date itself were only context: 'in' March, 'the' 5th."""
    letters = found.letters()
    skip = 0
    while skip < len(letters) and letters[skip] in "PpST":
        skip += 1
    return skip


def _lang(found: Found) -> str | None:
    langs = [
        word.langs
        for code, word in zip(found.letters(), found.words, strict=True)
        if word and code in "MmqWwfRUGA"
    ]
    return langs[0][0] if langs else None
