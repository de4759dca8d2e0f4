"""Guard against runs of combining marks: putting them in canonical order takes quadratic time (40 000: 1.2 s)."""

import unicodedata
from itertools import groupby

from cleaners.characters import MARK_LIMIT, MAYBE_MARKS


def has_mark_run(text: str) -> bool:
    """Say whether more than MARK_LIMIT combining marks stand in a row."""
    return any(_longest(match[0]) > MARK_LIMIT for match in MAYBE_MARKS.finditer(text))


def drop_mark_runs(text: str) -> str:
    """Return `text` without the stretches of signs that hold such a run."""
    return MAYBE_MARKS.sub(lambda match: " " if _longest(match[0]) > MARK_LIMIT else match[0], text)


def _longest(signs: str) -> int:
    marks = groupby(signs, key=lambda sign: unicodedata.combining(sign) > 0)
    return max((len(list(run)) for is_mark, run in marks if is_mark), default=0)
