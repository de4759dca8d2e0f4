"""The display form of a line: as close to its source as possible, every change recorded and replayable."""

import re
import unicodedata
from collections.abc import Callable

from cleaners.characters import (
    BLANKS,
    BREAK,
    DIRECTION,
    INVISIBLE,
    JUNK,
    LATE_BREAK,
    LONE_NEL,
    NEVER_OR_FLAG,
    OTHER_C1,
    RARE,
    RIGHT_TO_LEFT,
    STRAY_JOINER,
    STRAY_SELECTOR,
    SURROGATES,
)
from cleaners.combining import has_mark_run
from cleaners.mojibake import apply_plan, maybe_bad, repair
from schemas.traces import Step

#: What one round removes can bring to light what the next one repairs (Ã, zero-width space, ©). Text that
#: needs one round more is about twice as long, so that a line of 1 MiB never needs as many.
ROUNDS = 20


def mend(text: str) -> tuple[str, tuple[Step, ...]]:
    """Return the display form of one raw line and the steps that lead to it: `(text, ())` if all is well.

    Breaks other than LF and CRLF (VT, LS, a lone CR ...) become line feeds inside the result. Idempotent.
    """
    steps: list[Step] = []
    for _ in range(ROUNDS):
        if _is_sound(text):
            break
        before = text
        text = _take(steps, "line-breaks", text)
        text = _repair(steps, text)
        for name in ("late-breaks", "junk", "invisibles", "compose", "space"):
            text = _take(steps, name, text)
        if text == before:
            break
    return text, tuple(steps)


def replay(text: str, steps: tuple[Step, ...]) -> str:
    """Return the display form of a raw line by its stored steps; what to repair is not detected again.

    Raises KeyError for an unknown step, UnicodeError or IndexError for a plan that is not of this line.
    """
    for step in steps:
        text = _replay_repair(text, step.plan) if step.name == "repair" else _STEPS[step.name](text)
    return text


def _is_sound(text: str) -> bool:
    """Say, fast, that no step would change `text`. It may say no of sound text (emoji, Persian)."""
    if text[:1] in _BLANK or text[-1:] in _BLANK:
        return not text
    if text.isascii() and text.isprintable():
        return True
    return not RARE.search(text) and _compose(text) is text and not maybe_bad(text)


def _take(steps: list[Step], name: str, text: str) -> str:
    after = _STEPS[name](text)
    if after != text:
        steps.append(Step(name))
    return after


def _repair(steps: list[Step], text: str) -> str:
    """Repair each line of `text` by itself: one plan a line. Lines after the first are named in the plan."""
    if not maybe_bad(text):
        return text
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if maybe_bad(line):
            lines[index], plan = repair(line)
            if plan:
                steps.append(Step("repair", (("line", str(index)), *plan) if index else plan))
    return "\n".join(lines)


def _replay_repair(text: str, plan: tuple[tuple[str, str], ...]) -> str:
    index = 0
    if plan[0][0] == "line":
        index, plan = int(plan[0][1]), plan[1:]
    lines = text.split("\n")
    lines[index] = apply_plan(lines[index], plan)
    return "\n".join(lines)


def _break_lines(text: str) -> str:
    text = BREAK.sub("\n", text)
    # Beside other C1 controls it is the ellipsis of Windows-1252, which the repair knows.
    return text if OTHER_C1.search(text) else LONE_NEL.sub("\n", text)


def _break_late(text: str) -> str:
    """Break at what was kept for the repair (NEL), or came out of it (LS from mojibake)."""
    return LATE_BREAK.sub("\n", text)


def _drop_junk(text: str) -> str:
    return SURROGATES.sub(_join_surrogates, JUNK.sub("", text))


def _join_surrogates(match: re.Match[str]) -> str:
    pair = match[0]
    return pair.encode("utf-16", "surrogatepass").decode("utf-16") if len(pair) == 2 else "\ufffd"


def _drop_invisibles(text: str) -> str:
    if not INVISIBLE.search(text):
        return text
    text = NEVER_OR_FLAG.sub(r"\1", text)
    text = STRAY_SELECTOR.sub("", text)
    text = STRAY_JOINER.sub("", text)
    return text if RIGHT_TO_LEFT.search(text) else DIRECTION.sub("", text)


def _compose(text: str) -> str:
    """Return NFC; text with an absurd run of marks stays as it is (see `MARK_LIMIT`)."""
    if unicodedata.is_normalized("NFC", text) or has_mark_run(text):
        return text
    return unicodedata.normalize("NFC", text)


def _trim(text: str) -> str:
    """Trim each line, leave at most one empty line between two."""
    if "\n" not in text:
        return text.strip(BLANKS)
    text = "\n".join(line.strip(BLANKS) for line in text.split("\n"))
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.strip("\n")


_BLANK = frozenset(BLANKS) | {""}
_STEPS: dict[str, Callable[[str], str]] = {
    "line-breaks": _break_lines,
    "late-breaks": _break_late,
    "junk": _drop_junk,
    "invisibles": _drop_invisibles,
    "compose": _compose,
    "space": _trim,
}
