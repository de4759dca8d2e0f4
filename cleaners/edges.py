"""Edges: takes lines that were learned of a source (cleaners.footers) from the first and last lines of items.

Nothing is taken but at an edge: behind a line that stays, and that says something, the walk ends.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

from cleaners.fold import fold
from schemas.options import EdgeLine

Position = Literal["first", "last"]

#: Lines of an item that are its edges. Signatures of 15 channels have up to two lines, with hashtags and an
#: address among them; what stands above a text is a rubric and perhaps a dateline.
FIRST, LAST = 2, 4
_ONLY_TAGS = re.compile(r"(?:#\w+[\s,;|·]*)+")


def shape(line: str) -> str | None:
    """Return what two lines share if they are one line of a source: the matching form, without addresses.

    None for a line that says nothing by itself: marks, addresses or hashtags only. It is never taken, for
    hashtags and addresses tell of the item, and it does not end an edge.
    """
    return None if _ONLY_TAGS.fullmatch(line.strip()) else fold(line) or None


def edge_lines(lines: Sequence[str], rules: tuple[EdgeLine, ...]) -> dict[int, str]:
    """Return the ids of rules by the index of the line that they take from an item.

    lines: its non-blank lines in display form. No rule takes the last words of an item.
    """
    if not rules:
        return {}
    first, last = _by_shape(rules)
    # Only the lines of the edges are folded, and one more: what is left must say something.
    near = {*range(min(FIRST, len(lines))), *range(max(0, len(lines) - LAST), len(lines))}
    shapes = [shape(line) if at in near else line for at, line in enumerate(lines)]
    return take(shapes, first, last)


def take(shapes: Sequence[str | None], first: Mapping[str, str], last: Mapping[str, str]) -> dict[int, str]:
    """Return what `edge_lines` does, of the shapes of lines, and of ids by shape for either edge."""
    taken: dict[int, str] = {}
    for at in range(len(shapes) - 1, max(0, len(shapes) - LAST) - 1, -1):
        if (found := shapes[at]) is not None:
            if found not in last:
                break
            taken[at] = last[found]
    for at in range(min(FIRST, len(shapes))):
        if (found := shapes[at]) is not None and at not in taken:
            if found not in first:
                break
            taken[at] = first[found]
    says = any(found is not None and at not in taken for at, found in enumerate(shapes))
    return taken if says else {}


@lru_cache(maxsize=64)  # the sources of one run
def _by_shape(rules: tuple[EdgeLine, ...]) -> tuple[dict[str, str], dict[str, str]]:
    shapes = [(rule.position, shape(rule.example), rule.id) for rule in rules]
    first = {form: name for position, form, name in reversed(shapes) if position == "first" and form}
    last = {form: name for position, form, name in reversed(shapes) if position == "last" and form}
    return first, last
