"""Guard against runs of combining marks: the canonical order of 40 000 takes 1.2 s, and it is quadratic."""

import re
import unicodedata
from functools import cache
from itertools import groupby

from cleaners.characters import MARK_LIMIT, MAYBE_MARKS


def has_mark_run(text: str) -> bool:
    """Say whether more than MARK_LIMIT combining marks stand in a row."""
    return bool(_any_mark().search(text)) and any(
        _longest(match[0]) > MARK_LIMIT for match in MAYBE_MARKS.finditer(text)
    )


def drop_mark_runs(text: str) -> str:
    """Return `text` without the stretches of signs that hold such a run."""
    if not _any_mark().search(text):
        return text
    return MAYBE_MARKS.sub(lambda match: " " if _longest(match[0]) > MARK_LIMIT else match[0], text)


def _longest(signs: str) -> int:
    marks = groupby(signs, key=lambda sign: unicodedata.combining(sign) > 0)
    return max((len(list(run)) for is_mark, run in marks if is_mark), default=0)


@cache
def _any_mark() -> re.Pattern[str]:
    """Return a fast first test: all combining marks of the first plane, and everything beyond it."""
    marks = "".join(chr(code) for code in range(0x300, 0x10000) if unicodedata.combining(chr(code)))
    return re.compile(f"[{marks}\U00010000-\U0010ffff]")
