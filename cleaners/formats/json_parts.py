"""JSON in one piece, cut between two elements of the list that holds its records.

Brackets and strings are followed from the start of the part, so no text can look like the end of an element.
What stands in front of the list (the fields of its chat, the brackets around it) is the context of the parts
behind.
"""

import re

from cleaners.formats.entry import Cutter
from cleaners.formats.json_slices import Array, arrays

# What was matched is never given back, and blanks are bounded where a search may begin at each of them: else
# megabytes of blanks take hours.
_COMMA = re.compile(rb"\s*+,\s*+")
_BETWEEN = re.compile(rb"\s*+,?\s*+")
#: Where an element begins that stands on a line of its own. Strings hold no line breaks, so it is no text.
_LINE = re.compile(rb",[ \t]{0,9}\r?\n\s{0,99}+(?=\{)|\n[ \t]{0,99}+,\s{0,99}+(?=\{)")
#: Bytes of what may stand in front of a list: it is kept with each part.
_CONTEXT = 65_536


def array_cutter(key: bytes | None, sample: bytes = b"") -> Cutter:
    """Return how a document is cut whose records are the elements of its arrays named `key`.

    None: of the array that it is. `sample`: an element that the context of each part ends in.
    """

    def cut(data: bytes, context: bytes, wanted: int) -> tuple[int, bytes] | None:
        text, ahead = context + data, len(context)
        best: tuple[int, Array] | None = None
        for array in arrays(text, key):
            for _, end in array.elements:
                if end > ahead and (best is None or end <= ahead + wanted):
                    best = end, array
        if best is None:
            return None
        end, array = best
        comma = _COMMA.match(text, end)
        at = comma.end() if comma and comma.end() < len(text) else end
        following = array.around + text[array.owner_start : array.start + 1] + sample
        return (at - ahead, following) if len(following) <= _CONTEXT else None

    def resume(data: bytes, context: bytes) -> int:  # noqa: ARG001 - the shape of all
        found = _LINE.search(data)
        return found.end() if found else -1

    return Cutter(cut=cut, resume=resume)


def unread(last: Array | None, data: bytes, *, whole: bool) -> tuple[int, str] | None:
    """Return from where on nothing of a document was read, and why (`too-deep`, `truncated`); None: all was.

    `last`: its last list of records. Not `whole`: the document is a part behind which the list goes on.
    """
    if last is None:
        return None if whole else (0, "truncated")
    reached = last.elements[-1][1] if last.elements else last.start
    if last.too_deep:
        return reached, "too-deep"
    if last.end is not None:
        return None
    if not whole and _BETWEEN.fullmatch(data, last.elements[-1][1] if last.elements else last.start + 1):
        return None
    return (reached if last.rest is None else max(last.rest, reached)), "truncated"
