"""What two texts do not share, word by word, short enough to read."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from flows.values import visible

#: Equal words that are shown before and behind a difference.
_CONTEXT = 4
#: Words of both texts, multiplied, that difflib is let loose on: two seconds for two texts of 2,000 words
#: that have nothing in common. What is longer is told, and not compared.
_MOST = 4_000_000
#: Characters of a difference that are shown; a footer is shorter.
_LONGEST = 2_000
_WORD = re.compile(r"\S+")


def word_diff(before: str, after: str) -> str:
    """Return what changes `before` into `after`: [-words that go-] {+words that come+}.

    One line, with controls shown instead of obeyed. White space does not count; empty if nothing else is
    different. What two long texts do not share may be too much to compare: then it says so.
    """
    old, new = _WORD.findall(before), _WORD.findall(after)
    start = _shared(old, new)
    end = _shared(old[start:][::-1], new[start:][::-1])
    ours, theirs = old[start : len(old) - end], new[start : len(new) - end]
    behind = old[len(old) - end :][:_CONTEXT]
    if not ours and not theirs:
        return ""
    if len(ours) * len(theirs) > _MOST:
        said = f"[{len(ours):,} words become {len(theirs):,}: too many to compare]"
        return visible(_join(_before(old, start), [said], behind, more=end > _CONTEXT))
    found = _join(_before(old, start), list(_changes(ours, theirs)), behind, more=end > _CONTEXT)
    return visible(found if len(found) <= _LONGEST else f"{found[:_LONGEST]} … (cut)")


def _shared(left: list[str], right: list[str]) -> int:
    """Return how many words two lists begin with."""
    most = min(len(left), len(right))
    return next((at for at in range(most) if left[at] != right[at]), most)


def _before(words: list[str], end: int) -> list[str]:
    shown = words[max(0, end - _CONTEXT) : end]
    return ["…", *shown] if end > _CONTEXT else shown


def _changes(ours: list[str], theirs: list[str]) -> Iterator[str]:
    for tag, left, right, low, high in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if tag == "equal":
            same = ours[left:right]
            yield from same if len(same) <= 2 * _CONTEXT else [*same[:_CONTEXT], "…", *same[-_CONTEXT:]]
            continue
        if right > left:
            yield f"[-{' '.join(ours[left:right])}-]"
        if high > low:
            yield f"{{+{' '.join(theirs[low:high])}+}}"


def _join(before: list[str], middle: list[str], behind: list[str], *, more: bool) -> str:
    return " ".join([*before, *middle, *behind, *(["…"] if more else [])])
