"""How a large file is cut. Plain text: where a post begins, which the splitter says of a window of lines."""

import re

from cleaners.decode import decode
from cleaners.formats.entry import Cutter, Format
from cleaners.formats.line_parts import behind_line
from cleaners.formats.widened import widened
from cleaners.marks import mark
from cleaners.page import mend_page
from cleaners.split import split
from cleaners.wide import narrowed, wide_codec
from schemas.options import CleanOptions

#: Bytes in front of a wanted cut in which a place is looked for, and how far beyond them the splitter looks:
#: some dozens of posts, and a hundredth of the time that cleaning the part takes.
WINDOW, EDGE = 24_576, 8_192
#: Lines of a part: each takes up to 1.2 kB while it is cleaned, however short, and a part has 200 MB.
MOST_LINES = 100_000
#: More lines than this are not left in one document: it would be refused for its memory.
TOO_MANY_LINES = 150_000
_BLANK_LINE = re.compile(rb"\n[ \t]*\r?\n(?=[^\s])")


def cutter_of(known: Format | None, head: bytes, options: CleanOptions) -> Cutter | None:
    """Return how a file that begins with `head` is cut; None for a format that is read whole.

    Of UTF-16 and UTF-32 it is cut as the UTF-8 that it would be.
    """
    wide = wide_codec(head)
    if wide:
        head = narrowed(head, wide)
    cutter = known.cutter(head, options) if known else TEXT_CUTTER
    return widened(cutter, wide) if cutter and wide else cutter


def _cut(data: bytes, context: bytes, wanted: int) -> tuple[int, bytes] | None:
    if data.count(b"\n", 0, wanted) > MOST_LINES:  # of crumbs: no post is looked for
        return _behind_line(data, MOST_LINES, wanted), context
    last = data.rfind(b"\n", 0, wanted) + 1
    if not last:  # a line that is larger than the part: by itself, and refused as it is in a small file
        behind = data.find(b"\n", wanted) + 1
        return (behind, context) if behind else None
    return between_posts(data, wanted) or last, context


def _behind_line(data: bytes, number: int, end: int) -> int:
    """Return the end of so many lines; there are more before `end`."""
    start = 0
    while end - start > 1:
        middle = (start + end) // 2
        inside = data.count(b"\n", start, middle)
        if inside < number:
            number, start = number - inside, middle
        else:
            end = middle
    return end


def between_posts(data: bytes, wanted: int) -> int | None:
    """Return where a post begins in the window before `wanted`: the start of which the splitter is surest.

    Where it finds one text only: behind the last blank line. None: there is none in the window.
    """
    low = data.find(b"\n", max(wanted - WINDOW - EDGE, 0), wanted) + 1
    high = data.rfind(b"\n", wanted, wanted + EDGE) + 1 or wanted
    least = max(wanted - WINDOW, low + 1)
    page = mend_page(decode(data[low:high]).lines)
    found = split(page.texts, page.blanks, mark(page.texts)).segments
    starts = [(segment.confidence, low + page.lines[segment.start].start) for segment in found]
    inside = [(sure, at) for sure, at in starts if least <= at <= wanted]
    if inside:
        return max(inside)[1]
    blanks = [match.end() for match in _BLANK_LINE.finditer(data, least, wanted)]
    return blanks[-1] if blanks else None


TEXT_CUTTER = Cutter(cut=_cut, resume=behind_line, giant="huge-line", lines=TOO_MANY_LINES)
