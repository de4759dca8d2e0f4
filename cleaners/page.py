"""A page: the lines of a document in display form."""

from collections.abc import Sequence
from dataclasses import dataclass

from cleaners.mend import mend
from cleaners.sound import sound_lines
from schemas.documents import Line
from schemas.traces import Trace


@dataclass(frozen=True, slots=True)
class Page:
    """The non-blank lines of a document in display form, with the blank lines counted before each."""

    lines: tuple[Line, ...]
    texts: tuple[str, ...]
    blanks: tuple[int, ...]
    traces: tuple[Trace, ...]


def mend_page(lines: Sequence[Line]) -> Page:
    """Return the non-blank lines in display form, and what was changed in them."""
    kept: list[Line] = []
    texts: list[str] = []
    blanks: list[int] = []
    traces: list[Trace] = []
    empty = 0
    for line, sound in zip(lines, sound_lines([line.text for line in lines]), strict=True):
        text = line.text
        if not sound:
            text, steps = mend(text)
            if steps:
                traces.append(Trace(line.number, steps))
        if not text:
            empty += 1
            continue
        kept.append(line)
        texts.append(text)
        blanks.append(empty)
        empty = 0
    return Page(tuple(kept), tuple(texts), tuple(blanks), tuple(traces))
