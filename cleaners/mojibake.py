"""Text that was decoded by the wrong codec: find it cheaply, repair it with ftfy, replay a repair.

ftfy's own test (`is_bad`) reads 5-11 MB/s and takes 90 ms to import. `maybe_bad` stands before it: it may say
yes too often, and must never say no where ftfy says yes. Its patterns are built from ftfy's own tables, so
that an upgrade cannot part them.
"""

import re
from dataclasses import dataclass
from functools import cache

#: Capitals of Cyrillic and Greek that stand in UTF-8 read as Windows-1251 and -1253, a sign between two.
GATE_ALPHABETS = ("ВГРС", "ΒΓΞΟ")
Plan = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Gate:
    trigger: re.Pattern[str]
    pair: re.Pattern[str]
    other_alphabet: re.Pattern[str]


def maybe_bad(text: str) -> bool:
    """Say whether ftfy has to look at `text`."""
    if text.isascii():
        return False
    gate = _gate()
    return bool((gate.trigger.search(text) and gate.pair.search(text)) or gate.other_alphabet.search(text))


def repair(line: str) -> tuple[str, Plan]:
    """Return the line as it was meant, and the plan that repairs it; the line itself and () if it is sound.

    Only what ftfy knows of encodings is used: its other fixes change text that is right (curly quotes, CJK
    punctuation, Croatian digraphs, entities in prose).
    """
    import ftfy  # noqa: PLC0415 - 90 ms that ASCII does not need

    fixed, explanation = ftfy.fix_encoding_and_explain(line)
    plan = tuple((step.action, step.parameter) for step in explanation or ())
    # A repair that cannot be replayed is none: the stored plan must give the stored text.
    return (fixed, plan) if fixed != line and apply_plan(line, plan) == fixed else (line, ())


def apply_plan(line: str, plan: Plan) -> str:
    """Repair a line by a stored plan. Raises UnicodeError if the plan is not of this line."""
    import ftfy  # noqa: PLC0415

    return ftfy.apply_plan(line, list(plan))


@cache
def gate_classes() -> tuple[str, str, str]:
    """Return three classes of characters, for between brackets, without which `maybe_bad` says no: halves,
    which need another character beyond ASCII beside them; those that do not; and signs that stand between
    two letters of one of GATE_ALPHABETS."""
    from ftfy.badness import MOJIBAKE_CATEGORIES as known  # noqa: N811, PLC0415

    # Every rule of ftfy but the last two needs one of these beside another character beyond ASCII.
    classes = ("c1", "bad", "lower_accented", "upper_accented", "box", "currency", "numeric", "law")
    halves = "".join(known[name] for name in classes) + "Œœ×√≈‚ЂβāàÂÃÎÐØÙ€°"
    signs = ("c1", "bad", "start_punctuation", "end_punctuation", "currency")
    return halves, known["c1"] + "ŒœÂÃЂ", "".join(known[name] for name in signs) + "°µ"


@cache
def _gate() -> _Gate:
    halves, _, between = gate_classes()
    from ftfy.badness import MOJIBAKE_CATEGORIES as known  # noqa: N811, PLC0415

    cyrillic, greek = (f"[{letters}]" for letters in GATE_ALPHABETS)
    return _Gate(
        trigger=re.compile(f"[{halves}]"),
        pair=re.compile(f"[{known['c1']}]|[{halves}][^\x00-\x7f]|[^\x00-\x7f][{halves}]|[Œœ][^A-Za-z]|[ÂÃ] "),
        other_alphabet=re.compile(f"{cyrillic}[{between}]{cyrillic}|вЂ|{greek}[{between}]{greek}"),
    )
