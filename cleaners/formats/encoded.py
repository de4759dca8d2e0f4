"""Bytes of any encoding as UTF-8, with the way back: where each byte of the UTF-8 stands in the document."""

import codecs
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cleaners.decode import decode
from cleaners.wide import MARKS, byte_order_mark
from schemas.documents import CodecRun, Line
from schemas.options import DecodeOptions

#: Bytes checked at a time: a document of half a gigabyte is not copied to see that it is UTF-8.
_BLOCK = 1 << 22
_ESCAPED = re.compile("[\udc80-\udcff]")
_MARK = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Place:
    """Where a byte of the UTF-8 stands. Asked for in rising order, all answers take linear time."""

    lines: list[Line]
    starts: list[int]  # of each line, in the UTF-8
    codecs: list[str]
    size: int
    line: int = -1
    chars: int = 0  # of that line that were passed
    shown: int = 0  # their size in the UTF-8
    raw: int = 0  # their size in the document

    def of(self, offset: int) -> int:
        """Return the offset in the document of an offset in the UTF-8."""
        at = bisect_right(self.starts, offset) - 1
        if at < 0:
            return 0
        if at != self.line or offset - self.starts[at] < self.shown:
            self.line, self.chars, self.shown, self.raw = at, 0, 0, 0
        line, codec = self.lines[at], self.codecs[at]
        missing = offset - self.starts[at] - self.shown
        if missing > 0:
            part = (
                _shown(line.text[self.chars : self.chars + missing])
                .encode()[:missing]
                .decode("utf-8", "ignore")
            )
            exact = line.text[self.chars : self.chars + len(part)]
            self.chars += len(exact)
            self.shown += len(part.encode())
            self.raw += len(exact.encode(codec, "surrogateescape"))
        if self.chars == len(line.text) and offset - self.starts[at] > self.shown:
            return line.end  # the line break, or nothing
        # Inside of a character (only a size that a file states of itself ends there): before it.
        return min(line.start + self.raw, line.end)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A document as UTF-8 without byte order mark. `place` is None where offsets differ by `skip` only."""

    utf8: bytes
    runs: tuple[CodecRun, ...]
    skip: int = 0
    place: Place | None = None

    def at(self, offset: int) -> int:
        """Return the offset in the document of an offset in the UTF-8."""
        return offset + self.skip if self.place is None else self.place.of(offset)


def to_utf8(data: bytes, declared: str | None = None, options: DecodeOptions | None = None) -> Encoded:
    """Return a document as UTF-8. Bytes that no codec reads become U+FFFD, one each, and their run says so.

    `declared`: the codec that the document names; it counts where the bytes are not UTF-8.
    """
    wide = options.wide if options else None
    if not wide and is_utf8(data):
        if data.startswith(_MARK):
            return Encoded(data[3:], (CodecRun(0, len(data), "utf-8-sig", "bom"),), 3)
        return Encoded(data, (CodecRun(0, len(data), "utf-8", "utf-8"),))
    declared = declared or (options.declared if options else None)
    page = decode(data, DecodeOptions(max_line=max(len(data), 1), declared=declared, wide=wide))
    lines = sorted(
        [*page.lines, *(Line(0, refusal.start, refusal.end, "\ufffd") for refusal in page.refusals)],
        key=lambda line: line.start,
    )
    exact = [
        _exact(line, codec, how, data)
        for line, (codec, how) in zip(lines, _of_lines(lines, page.runs), strict=True)
    ]
    mark = byte_order_mark(data)
    begin = len(MARKS[wide]) if wide and data.startswith(MARKS[wide]) else mark[1] if mark else 0
    if begin and exact and exact[0][0].start == 0:  # structure, not a part of the first line
        exact[0] = (replace(exact[0][0], start=begin), exact[0][1])
    starts, shown, reached = [], [], 0
    for line, _ in exact:
        text = _shown(line.text).encode() + (
            b"\n" if data[line.start : line.end].rstrip(b"\0")[-1:] == b"\n" else b""
        )
        starts.append(reached)
        shown.append(text)
        reached += len(text)
    place = Place([line for line, _ in exact], starts, [codec for _, codec in exact], len(data))
    damaged = tuple(CodecRun(refusal.start, refusal.end, "utf-8", "guessed") for refusal in page.refusals)
    runs = tuple(sorted((*page.runs, *damaged), key=lambda run: run.start))
    return Encoded(b"".join(shown), runs, 0, place)


def is_utf8(data: bytes) -> bool:
    """Say whether all of `data` is UTF-8 and looks like no UTF-16 without a mark."""
    if b"\0" in data[:4096]:
        return False
    if data.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), _BLOCK):
            decoder.decode(data[start : start + _BLOCK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _of_lines(lines: list[Line], runs: tuple[CodecRun, ...]) -> Iterator[tuple[str, str]]:
    starts = [run.start for run in runs]
    for line in lines:
        at = bisect_right(starts, line.start) - 1
        run = runs[at] if at >= 0 and line.start < runs[at].end else None
        yield (run.codec, run.how) if run else ("utf-8", "guessed")


def _exact(line: Line, codec: str, how: str, data: bytes) -> tuple[Line, str]:
    """Return a line whose text gives its bytes again, and the codec by which it does."""
    codec = "utf-8" if codec == "utf-8-sig" else codec
    raw = data[line.start : line.end]
    damaged = how == "guessed" and codec == "utf-8"
    # A code page has no U+FFFD: it stands for a byte that the page does not know.
    if damaged or ("\ufffd" in line.text and not codec.startswith("utf-")):
        body = raw.removesuffix(b"\n").removesuffix(b"\r") if raw.endswith(b"\n") else raw
        return replace(line, text=body.decode(codec, "surrogateescape")), codec
    return line, codec


def _shown(text: str) -> str:
    """Return a text in which each broken byte is one U+FFFD."""
    return text if text.isascii() else _ESCAPED.sub("\ufffd", text).encode("utf-8", "replace").decode()
