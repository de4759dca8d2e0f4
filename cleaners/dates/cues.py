"""Cues: words around a date that tell whether it is ahead, past, remembered, a deadline or a start."""

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from cleaners.rules import rules
from schemas.dates import Mention

_ABOUT = r"(?:в|во|с|о|об|около|примерно|к|at|from|around|about|um|gegen|à|vers|alle|a las|às)"
_CLOCK = r"\d{1,2}[:.]\d\d(?![.\d])"
_WORDS = re.compile(r"\w+")
_BY_WORD = ("future", "past", "done", "reported")  # cues that are words or their endings, mostly
_SENTENCE = 200  # characters of a sentence on either side of a date that are looked at
_NONE: frozenset[str] = frozenset()


@cache
def cues() -> Mapping[str, re.Pattern[str]]:
    """Return the patterns of the cues by name; those of a place end where a date begins."""
    tables = rules("dates_cues")
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


def told(text: str, mention: Mention) -> frozenset[str]:
    """Return the cues in the sentence of a mention: future, past, done, reported, intent, memory."""
    start, end = sentence_span(text, mention)
    return _told(text[start:end])


def sentence_span(text: str, mention: Mention) -> tuple[int, int]:
    """Return the sentence around a mention, at most 200 characters either side."""
    low, high = max(0, mention.start - _SENTENCE), min(len(text), mention.end + _SENTENCE)
    start = max(text.rfind("\n", low, mention.start) + 1, text.rfind(". ", low, mention.start) + 1, low)
    stops = [at for at in (text.find("\n", mention.end, high), text.find(". ", mention.end, high)) if at >= 0]
    return start, min([*stops, high])


@lru_cache(maxsize=1 << 8)  # several mentions stand in one sentence
def _told(sentence: str) -> frozenset[str]:
    """Return the cues of a sentence. Words are looked up, since feeds repeat them: a search tries every
    ending at every letter."""
    found = _NONE.union(*map(_told_by_word, _WORDS.findall(sentence)))
    plain = sentence.lower()
    for phrase, names in _phrases().items():
        if phrase in plain:
            found = found.union(name for name in names if cues()[name].search(sentence))
    return found


@lru_cache(maxsize=1 << 16)
def _told_by_word(word: str) -> frozenset[str]:
    found = frozenset(name for name in _BY_WORD if cues()[name].fullmatch(word))
    return found or _NONE


@cache
def _phrases() -> Mapping[str, tuple[str, ...]]:
    """Return what a sentence with a cue contains in lower case, unless one word of it tells, with the cues
    that it may be."""
    tables = rules("dates_cues")
    found = {name: tables["future" if name == "future" else "past"]["words"] for name in _BY_WORD}
    several = {name: [word for word in words if not _WORDS.fullmatch(word)] for name, words in found.items()}
    every = several | {name: tables[name]["words"] for name in ("intent", "memory")}
    phrases = {word.lower() for words in every.values() for word in words}
    lowered = {name: {word.lower() for word in words} for name, words in every.items()}
    return {
        phrase: tuple(name for name, words in lowered.items() if phrase in words)
        for phrase in sorted(phrases)
    }
