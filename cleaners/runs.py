"""Read the lines that are not UTF-8, run by run: one line is too little to know a codec by."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from cleaners.codepages import SAMPLE, detect_codepage, guess_codepage, is_codepage, known_charset, worth_in
from schemas.documents import Line, Refusal

How = Literal["bom", "utf-8", "declared", "guessed"]

#: Bytes at either end of a run by which two codecs in one run are noticed: about three lines.
END = 512
#: A codec must read its own end of the run this much better than the other end's codec does. Tables of one
#: script differ by 0.25 and more, languages in one table by less than 0.1.
GAIN = 0.15
#: A run that reads this well in the last run's codec is in it too: koi8-r read as cp1251 reaches 0.6.
KNOWN = 0.7
#: Runs of one document that are guessed by themselves, at 0.7 ms; later ones are read like those before them.
GUESSES = 5_000
#: Fruitless questions to the statistical detector in one document, at 10 ms and more.
PATIENCE = 20
#: Replacement characters in a line above which it counts as unreadable.
LOSS = 0.05
#: Controls that no text holds, by share: as in `decode`.
SOME_CONTROLS = 0.02
#: Share of ASCII from which a line is worth keeping though its other bytes say nothing.
READABLE = 0.67

_CONTROLS = bytes(code for code in (*range(1, 7), 14, *range(15, 27), *range(28, 32), 127))
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_CUT_OFF = re.compile(rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z")


@dataclass(frozen=True, slots=True)
class RawLine:
    """A line that is not UTF-8. `body` is without the line break; `apart`: a line of another kind (not ASCII)
    stands between it and the failing line before it."""

    number: int
    start: int
    end: int
    body: bytes
    apart: bool


@dataclass(frozen=True, slots=True)
class Span:
    """Lines first..last (numbers, inclusive) were read by this codec."""

    first: int
    last: int
    codec: str
    how: How


def read_runs(
    failing: Sequence[RawLine], declared: str | None, *, through_ascii: bool
) -> tuple[list[Line], list[Refusal], list[Span]]:
    """Return the failing lines that a codec reads, the ranges that none reads, and who read what.

    Lines of ASCII do not end a run if `through_ascii`; they fit every code page.
    """
    lines: list[Line] = []
    refusals: list[Refusal] = []
    spans: list[Span] = []
    charset = known_charset(declared)
    hint: str | None = None
    patience = PATIENCE
    for number, run in enumerate(_runs(failing, through_ascii=through_ascii)):
        for known, how, segment in _codecs(run, charset, hint, guess=number < GUESSES):
            codec = known
            if codec is None and patience:
                codec = detect_codepage(_spread(segment))
                patience -= codec is None
            hint = codec or hint
            read = [(raw, _text(raw.body, codec)) for raw in segment]
            lines += [Line(raw.number, raw.start, raw.end, text) for raw, text in read if text is not None]
            _refuse(refusals, [raw for raw, text in read if text is None])
            kept = [raw.number for raw, text in read if text is not None]
            if kept:
                # A line that no code page reads was read as UTF-8 with damage: never its neighbours too.
                pieces = [(kept[0], kept[-1])] if codec else [(number, number) for number in kept]
                spans += [Span(first, last, codec or "utf-8", how) for first, last in pieces]
    return lines, refusals, spans


def read_damaged_utf8(body: bytes) -> str | None:
    """Return a line of UTF-8 in which some bytes are broken, with U+FFFD in their place; None if it is none.

    It is one if it holds at least four times more whole characters beyond ASCII than broken bytes, which code
    pages do not reach by chance; or if all that is wrong is a character cut off at the end.
    """
    whole = len(_SEQUENCE.findall(body))
    cut = _CUT_OFF.search(body, max(0, len(body) - 3)) if whole else None
    if cut and _decodes(body[: cut.start()], "utf-8"):
        return body[: cut.start()].decode() + "\ufffd"
    if whole < 4:
        return None
    text = body.decode("utf-8", "replace")
    return text if whole >= 4 * text.count("\ufffd") else None


def _runs(failing: Sequence[RawLine], *, through_ascii: bool) -> Iterator[list[RawLine]]:
    run: list[RawLine] = []
    for raw in failing:
        if run and (raw.apart or (raw.number != run[-1].number + 1 and not through_ascii)):
            yield run
            run = []
        run.append(raw)
    if run:
        yield run


def _codecs(
    run: list[RawLine], charset: str | None, hint: str | None, *, guess: bool
) -> list[tuple[str | None, How, list[RawLine]]]:
    if charset and all(_decodes(raw.body, charset) for raw in run):
        return [(charset, "declared", run)]
    if hint and is_codepage(hint) and len(run) == 1 and worth_in(hint, run[0].body[:SAMPLE]) >= KNOWN:
        return [(hint, "guessed", run)]
    if not guess:
        return [(hint, "guessed", run)]
    return [(codec, "guessed", segment) for codec, segment in _segments(run)]


def _segments(run: list[RawLine]) -> list[tuple[str | None, list[RawLine]]]:
    """Cut a run where one code page follows another, by bisection."""
    if len(run) == 1:
        return [(guess_codepage(run[0].body), run)]
    head, tail = _sample(run, END), _sample(run[::-1], END)
    first, last = guess_codepage(head), guess_codepage(tail)
    if (
        first is None
        or last is None
        or first == last
        or worth_in(first, head) - worth_in(last, head) < GAIN
        or worth_in(last, tail) - worth_in(first, tail) < GAIN
    ):
        return [(guess_codepage(_spread(run)), run)]
    middle = len(run) // 2
    return [*_segments(run[:middle]), *_segments(run[middle:])]


def _sample(run: Sequence[RawLine], size: int) -> bytes:
    taken: list[bytes] = []
    for raw in run:
        taken.append(raw.body)
        size -= len(raw.body)
        if size <= 0:
            break
    return b"\n".join(taken)[:SAMPLE]


def _spread(run: list[RawLine]) -> bytes:
    """Return a sample from all over the run: its start may be a heading in capitals."""
    step = 1 + sum(len(raw.body) for raw in run) // SAMPLE
    return _sample(run[::step], SAMPLE)


def _text(body: bytes, codec: str | None) -> str | None:
    """Decode a line; a codec of None keeps what is ASCII of a line that mostly is."""
    controls = len(body) - len(body.translate(None, _CONTROLS))
    if controls > 1 and controls > SOME_CONTROLS * len(body):
        return None
    if codec is None:
        plain = sum(byte < 0x80 for byte in body)
        return body.decode("utf-8", "replace") if plain >= READABLE * len(body) else None
    text = body.decode(codec, "replace")
    lost = text.count("\ufffd")
    return text if lost <= 1 or lost <= LOSS * len(text) else None


def _refuse(refusals: list[Refusal], unread: list[RawLine]) -> None:
    for raw in unread:
        start = raw.start
        if refusals and refusals[-1].end == start:
            start = refusals.pop().start
        refusals.append(
            Refusal(
                start,
                raw.end,
                "decode",
                "undecodable",
                "No codec reads these bytes as text; they are kept raw.",
            )
        )


def _decodes(body: bytes, codec: str) -> bool:
    try:
        body.decode(codec)
    except UnicodeDecodeError:
        return False
    return True
