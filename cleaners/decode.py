"""Bytes -> lines of text, each with its byte range. What cannot be read is refused with a reason.

Lines end at LF and CRLF, in a file without LF at CR (old Mac); every other break is text (`mend` treats it).
Numbers count all lines of the file, refused ones too.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from cleaners.runs import RawLine, Span, read_damaged_utf8, read_runs
from cleaners.wide import (
    MARKS,
    byte_order_mark,
    huge_line,
    read_seven_bit,
    read_wide,
    wide_declared,
    wide_without_mark,
)
from schemas.documents import CodecRun, Decoded, Line, Refusal
from schemas.options import DecodeOptions

#: Bytes decoded at a time: bounds the copies that are made, and shows a huge line before it is decoded.
BLOCK = 1 << 22
#: Bytes in which controls are counted; file(1) looks at less.
PROBE = 1 << 18
#: Perl's -B calls a file binary above 30 % of odd characters.
MOSTLY_CONTROLS = 0.3
#: Random and compressed bytes hold 9 % of these controls, and half of them is not UTF-8; text in old code
#: pages holds none.
SOME_CONTROLS = 0.02
SOME_DAMAGE = 0.05
#: Share of good lines above which a file is UTF-8 with damage: 5 MB of ASCII with a bad byte is not "cp932".
NEARLY_ALL = 0.999

#: C0 controls that no text uses, and DEL. BEL, BS, HT, LF, VT, FF, CR and ESC are text to file(1).
_CONTROLS = bytes((*range(7), 14, 15, *range(16, 27), *range(28, 32), 127))


@dataclass(slots=True)
class _Page:
    """What has been read of a document so far."""

    lines: list[Line] = field(default_factory=list)
    failing: list[RawLine] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    number: int = 0  # of the last line
    beyond_ascii: bool = False  # a line of UTF-8 beyond ASCII was seen
    apart: bool = False  # the same, or a refused line, since the last failing line


def decode(data: bytes, options: DecodeOptions = DecodeOptions()) -> Decoded:  # noqa: B008 - frozen, so shared safely
    """Return the lines of `data`, the codecs that read them, and the ranges that nothing could read.

    Lines and refusals tile [0, len(data)). A byte order mark belongs to the range of the first line. Raises
    nothing on any input: empty, binary and NUL-filled data and huge lines are refused as ranges. The codec
    "utf-8" with how "guessed" means UTF-8 with broken bytes, which are U+FFFD in the text.
    """
    if not data:
        return _refused(data, "empty", "The document holds no bytes.")
    mark = byte_order_mark(data)
    if options.wide:
        mark = options.wide, len(MARKS[options.wide]) if data.startswith(MARKS[options.wide]) else 0
    begin = mark[1] if mark else 0
    if begin == len(data) and begin:
        return _refused(data, "empty", "The document holds only a byte order mark.")
    nuls = 0 in data
    if nuls and not data.strip(b"\0\r\n\t "):
        return _refused(
            data, "nul-bytes", f"The {len(data):,} bytes are NULs; the file was probably never written."
        )
    if mark and mark[0] != "utf-8-sig":
        return read_wide(data, mark[0], "bom" if begin else "guessed", begin, options.max_line)
    if not mark and (declared := wide_declared(options.declared, data)):
        return read_wide(data, declared, "declared", 0, options.max_line)
    if nuls or _share(_CONTROLS, data[:PROBE]) > SOME_CONTROLS:
        if not mark and (guessed := wide_without_mark(data)):
            return read_wide(data, guessed, "guessed", 0, options.max_line)
        if _is_binary(data):
            return _refused(
                data, "binary", f"The {len(data):,} bytes are no text: too many control characters."
            )
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")  # as long: byte ranges stay true
    return read_seven_bit(data, options.max_line) or _read_lines(data, begin, options)


def _refused(data: bytes, reason: str, detail: str) -> Decoded:
    return Decoded((), (), (Refusal(0, len(data), "decode", reason, detail),))


def _share(some: bytes, data: bytes) -> float:
    return 1 - len(data.translate(None, some)) / len(data)


def _is_binary(data: bytes) -> bool:
    # Start, middle and end: archives and PDF begin with text.
    third = PROBE // 3
    middle = len(data) // 2
    probe = data if len(data) <= PROBE else data[:third] + data[middle : middle + third] + data[-third:]
    if _share(_CONTROLS, probe) > MOSTLY_CONTROLS:
        return True
    # NULs alone are no sign: text has them where something overwrote a part of it.
    damage = probe.decode("utf-8", "replace").count("\ufffd") / len(probe)
    return _share(_CONTROLS[1:], probe) > SOME_CONTROLS and damage > SOME_DAMAGE


def _read_lines(data: bytes, begin: int, options: DecodeOptions) -> Decoded:
    """Read a document line by line as UTF-8, then the runs of lines that are something else."""
    page = _Page()
    for start, end in _blocks(data, begin):
        if not _read_block(data, start, end, page, options.max_line):
            _read_slowly(data, start, end, page, options.max_line)
    few = len(page.failing) < (1 - NEARLY_ALL) * page.number
    read, refusals, spans = read_runs(page.failing, options.declared, through_ascii=not few)
    if len(spans) == 1 and not (
        few or page.beyond_ascii
    ):  # beside ASCII there is one codec: it is the document's
        spans = [Span(1, page.number, spans[0].codec, spans[0].how)]
    lines, refusals = page.lines, [*page.refusals, *refusals]
    if read:
        lines = sorted(lines + read, key=lambda line: line.number)
    if begin and lines and lines[0].start == begin:  # the mark belongs to the first line
        lines[0] = Line(lines[0].number, 0, lines[0].end, lines[0].text)
    refusals = sorted(refusals, key=lambda refusal: refusal.start)
    if begin and refusals and refusals[0].start == begin:
        first = refusals[0]
        refusals[0] = Refusal(0, first.end, first.stage, first.reason, first.detail)
    spans = sorted([*page.spans, *spans], key=lambda span: span.first)
    usual = Span(0, 0, "utf-8-sig", "bom") if begin else Span(0, 0, "utf-8", "utf-8")
    if spans or refusals:
        return Decoded(tuple(lines), tuple(_codec_runs(lines, spans, usual)), tuple(refusals))
    return Decoded(tuple(lines), (CodecRun(0, len(data), usual.codec, usual.how),), ())


def _blocks(data: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Cut [start, len(data)) behind line breaks, into parts of at most BLOCK bytes or one longer line."""
    while start < len(data):
        end = len(data)
        if end - start > BLOCK:
            end = data.rfind(b"\n", start, start + BLOCK) + 1 or data.find(b"\n", start + BLOCK) + 1 or end
        yield start, end
        start = end


def _read_block(data: bytes, start: int, end: int, page: _Page, max_line: int) -> bool:
    """Read a block if all of it is UTF-8 in lines of fair length."""
    if end - start > BLOCK and end - start > max_line:
        return False
    block = data[start:end]
    try:
        text = block.decode()
    except UnicodeDecodeError:
        return False
    edges = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n")) + (start + 1)
    edges = np.concatenate(([start], edges, [] if block.endswith(b"\n") else [end])).astype(np.int64)
    if np.diff(edges).max() > max_line:
        return False
    texts = (text.replace("\r\n", "\n") if b"\r" in block else text).split("\n")
    if not texts[-1]:
        texts.pop()
    if not text.isascii():
        page.beyond_ascii = page.apart = True
    ends: list[int] = edges.tolist()
    page.lines.extend(map(Line, count(page.number + 1), ends, ends[1:], texts))
    page.number += len(texts)
    return True


def _read_slowly(data: bytes, start: int, end: int, page: _Page, max_line: int) -> None:
    """Read a block line by line; put lines that are not UTF-8 aside."""
    while start < end:
        stop = data.find(b"\n", start, end) + 1 or end
        page.number += 1
        if stop - start > max_line:
            page.refusals.append(huge_line(start, stop, page.number, max_line))
            page.apart = True
            start = stop
            continue
        body = data[start:stop]
        if body.endswith(b"\n"):
            body = body[:-1].removesuffix(b"\r")
        text: str | None = None
        try:
            text = body.decode()
        except UnicodeDecodeError:
            text = read_damaged_utf8(body)
            if text is not None:
                page.spans.append(Span(page.number, page.number, "utf-8", "guessed"))
        if text is None:
            page.failing.append(RawLine(page.number, start, stop, body, page.apart))
            page.apart = False
        else:
            page.lines.append(Line(page.number, start, stop, text))
            if not text.isascii():
                page.beyond_ascii = page.apart = True
        start = stop


def _codec_runs(lines: Iterable[Line], spans: Iterable[Span], usual: Span) -> Iterator[CodecRun]:
    """Merge neighbouring lines that were decoded alike."""
    waiting = iter(spans)
    span = next(waiting, None)
    run: CodecRun | None = None
    for line in lines:
        while span and span.last < line.number:
            span = next(waiting, None)
        by = span if span and span.first <= line.number else usual
        if run and run.end == line.start and (run.codec, run.how) == (by.codec, by.how):
            run = CodecRun(run.start, line.end, by.codec, by.how)
            continue
        if run:
            yield run
        run = CodecRun(line.start, line.end, by.codec, by.how)
    if run:
        yield run
