"""Parts: a large file -> stretches that are cleaned one by one, each a document of its own.

Parts tile the file exactly, and are cut only where one record ends and the next begins. Wanted cuts lie on a
grid of the file, and each is made at the last such place before it: so bytes that are added to a file, or
changed without moving others, only change the parts in which they lie. A record that no part can hold is cut
blindly, and nothing of it is read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cleaners.formats.entry import Cutter
from cleaners.formats.json_slices import MAX_ELEMENT
from schemas.options import Part

#: Bytes of a file from its start: (start, size) -> at most `size` bytes.
Read = Callable[[int, int], bytes]
#: Bytes behind a wanted cut that a cutter sees: some records, which bear the cut out.
LOOK = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Bytes. Chosen so that two parts side by side are cleaned in a fifth of a gigabyte.

    A file of up to `whole` is one document; a larger one is cut near each multiple of `part`. A part grows
    to `most` where one record is that large.
    """

    whole: int = 8_000_000
    part: int = 2_000_000
    most: int = MAX_ELEMENT + LOOK


SIZES = Sizes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Bytes [start, end) of a file. `lost`: the reason and a sentence, where nothing of it can be read."""

    start: int
    end: int
    part: Part
    lost: tuple[str, str] | None = None


def cut(read: Read, size: int, cutter: Cutter, sizes: Sizes = SIZES) -> Iterator[Stretch]:
    """Yield the parts of a file of `size` bytes, in order; they tile it. Reads each byte once or twice."""
    start, context = 0, b""
    while start < size:
        wanted = sizes.part - start % sizes.part
        if wanted < sizes.part // 2:
            wanted += sizes.part
        if size - start <= wanted + sizes.part // 4 and not _crumbs(read, start, size, cutter):
            yield Stretch(start=start, end=size, part=Part(first=start == 0, last=True, context=context))
            return
        found = _cut(read, start, context, wanted, cutter, sizes)
        if found is None:
            end = _behind(read, start, size, context, cutter, sizes)
            yield from blind(read, start, end, sizes, _lost(cutter, end - start))
            start = end
            continue
        taken, following = found
        last = start + taken == size
        yield Stretch(start=start, end=start + taken, part=Part(first=start == 0, last=last, context=context))
        start, context = start + taken, following


def blind(read: Read, start: int, end: int, sizes: Sizes, lost: tuple[str, str]) -> Iterator[Stretch]:
    """Yield [start, end) cut at any character, as stretches of which nothing is read."""
    while start < end:
        stop = min(start + sizes.whole, end)
        if stop < end:
            edge = read(stop - 4, 4 + 1)
            back = next((back for back in range(4) if edge[4 - back] & 0xC0 != 0x80), 0)
            stop -= back if start < stop - back else 0
        yield Stretch(start=start, end=stop, part=Part(first=False, last=False), lost=lost)
        start = stop


def _crumbs(read: Read, start: int, size: int, cutter: Cutter) -> bool:
    """Say whether what is left of a file has too many lines for a part."""
    return cutter.lines is not None and read(start, size - start).count(b"\n") > cutter.lines


def _cut(
    read: Read, start: int, context: bytes, wanted: int, cutter: Cutter, sizes: Sizes
) -> tuple[int, bytes] | None:
    for enough in (wanted + LOOK, sizes.most):
        found = cutter.cut(read(start, enough), context, wanted)
        if found is not None:
            return found
    return None


def _behind(read: Read, start: int, size: int, context: bytes, cutter: Cutter, sizes: Sizes) -> int:
    """Return where the next record begins behind the one at `start`, which is larger than any part."""
    at = start
    while at < size:
        found = cutter.resume(read(at, sizes.whole + LOOK), context)
        if found > 0:
            return at + found
        # The windows overlap, so that no mark lies on an edge of both; each begins at a character of UTF-32.
        at += sizes.whole // 4 * 4
    return size


def _lost(cutter: Cutter, size: int) -> tuple[str, str]:
    what = "line" if cutter.giant == "huge-line" else "record"
    return cutter.giant, f"One {what} of {size:,} bytes is longer than any that is read."
