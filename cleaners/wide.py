"""Encodings that must be known before bytes can be cut into lines: UTF-16, UTF-32, ISO 2022 and HZ.

UTF-16 of Cyrillic or ASCII text is valid UTF-8, and ISO 2022 and HZ are valid ASCII: a test of lines would
accept all of them.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal

from schemas.documents import CodecRun, Decoded, Line, Refusal

How = Literal["bom", "utf-8", "declared", "guessed"]

#: Bytes looked at, from the start. A language's alphabet shows in far less.
SAMPLE = 8192
#: Bytes below which UTF-16 needs a mark: a few controls and digits in a row read as a letter each.
_LEAST = 16

_BOMS = (  # the longer first: UTF-32-LE begins with the mark of UTF-16-LE
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
#: The byte order marks of the wide codecs.
MARKS = {codec: mark for mark, codec in _BOMS if codec in _WIDE}
_ODD = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
#: Blocks in which living languages, their punctuation and emoji are written.
_TEXT = re.compile(
    "[\t\n\r\x20-\x7e\xa0-\u02ff\u0300-\u1fff\u2010-\u2027\u2030-\u205e\u20a0-\u214f\u2190-\u27bf"
    "\u3000-\u30ff\u3130-\u318f\u4e00-\u9fff\uac00-\ud7a3\ufe0f\uff00-\uffef\U0001f000-\U0001faff]"
)
_DESIGNATION = re.compile(rb"\x1b(?:\$[@AB]|\$\([A-D]|\([BIJ]|\$\)[ACG]|\.[AF])")
_HZ = re.compile(rb"~\{(?:[!-w][!-~])+~\}")
_ISO_2022 = ("iso2022_jp_2", "iso2022_jp_3", "iso2022_jp_ext", "iso2022_kr")


def byte_order_mark(data: bytes) -> tuple[str, int] | None:
    """Return (codec, length in bytes) of the byte order mark at the start of `data`, if there is one."""
    for mark, codec in _BOMS:
        if data.startswith(mark):
            # UTF-16-LE text may begin with NUL; it is no UTF-32 unless the rest is.
            if codec == "utf-32-le" and not _reads_as_text(data[: SAMPLE - SAMPLE % 4], codec, 0.9):
                continue
            # Two bytes may stand before anything; the text must bear them out.
            if codec.startswith("utf-16") and not _reads_as_text(data[2:SAMPLE], codec, 0.5):
                return None
            return codec, len(mark)
    return None


def wide_without_mark(data: bytes) -> str | None:
    """Return utf-16-le, utf-16-be, utf-32-le or utf-32-be if `data` reads as text in it; no mark is expected.

    In UTF-16 the high bytes of an alphabet are few and small (U+0000-U+1FFF), the low bytes many. That does
    not hold for ideographs: there the bytes must not be UTF-8, and most NULs (of ASCII) be high bytes.
    """
    sample = data[: min(SAMPLE, len(data) // 4 * 4 or len(data) // 2 * 2)]
    if len(sample) < _LEAST:
        return None
    for codec in ("utf-32-le", "utf-32-be"):
        if (
            len(sample) % 4 == 0
            and sample.count(0) * 4 >= len(sample)
            and _reads_as_text(sample, codec, 0.97)
        ):
            return codec
    for codec, high, low in (
        ("utf-16-le", sample[1::2], sample[::2]),
        ("utf-16-be", sample[::2], sample[1::2]),
    ):
        alphabet = _small(high) >= 0.6 and _small(low) < 0.3 and _share_of_commonest(high, 3) >= 0.8
        ideographs = high.count(0) > 2 * low.count(0) and not _is_utf8(sample)
        if (alphabet or ideographs) and _reads_as_text(sample, codec, 0.97):
            return codec
    return None


def wide_declared(declared: str | None, data: bytes) -> str | None:
    """Return the declared codec if it is UTF-16 or UTF-32 and the bytes bear it out."""
    name = (declared or "").strip().lower().replace("_", "-")
    if not name.startswith(("utf-16", "utf-32")) or (
        _is_utf8(data[:SAMPLE]) and not _ODD.search(data[:SAMPLE])
    ):
        return None
    candidates = (name,) if name.endswith(("le", "be")) else (f"{name}-be", f"{name}-le")
    return next(
        (codec for codec in candidates if codec in _WIDE and _reads_as_text(data[:SAMPLE], codec, 0.9)), None
    )


def wide_codec(head: bytes) -> str | None:
    """Return utf-16-le, utf-16-be, utf-32-le or utf-32-be if a document that begins so is written in it."""
    found = byte_order_mark(head)
    if found:
        return None if found[0] == "utf-8-sig" else found[0]
    return wide_without_mark(head) if b"\0" in head[:SAMPLE] else None


def narrowed(data: bytes, codec: str) -> bytes:
    """Return bytes of a wide codec as UTF-8 with the same characters, lone surrogates too.

    What is no character becomes U+FFFD; bytes behind the last whole unit are left out.
    """
    unit = 4 if codec.startswith("utf-32") else 2
    data = data[: len(data) // unit * unit]
    try:
        return data.decode(codec, "surrogatepass").encode("utf-8", "surrogatepass")
    except UnicodeDecodeError:  # UTF-32 beyond the last character: one U+FFFD a unit
        return data.decode(codec, "replace").encode()


def read_wide(data: bytes, codec: str, how: How, begin: int, max_line: int) -> Decoded:
    """Read UTF-16 or UTF-32 behind a mark of `begin` bytes. Lines are cut in bytes, so offsets stay exact."""
    unit = 4 if codec.startswith("utf-32") else 2
    whole = len(data) - (len(data) - begin) % unit
    lines: list[Line] = []
    refusals: list[Refusal] = []
    for number, (at, end) in enumerate(_wide_lines(data, "\n".encode(codec), begin, whole), 1):
        start = 0 if at == begin else at  # the mark belongs to the first line
        if end - at > max_line:
            refusals.append(huge_line(start, end, number, max_line))
            continue
        try:
            lines.append(Line(number, start, end, _wide_line(data[at:end].decode(codec))))
        except UnicodeDecodeError:
            detail = f"Line {number} is not valid {codec}; its bytes are kept raw."
            refusals.append(Refusal(start, end, "decode", "undecodable", detail))
    if whole < len(data):
        detail = f"The data ends inside a {unit}-byte unit of {codec}."
        refusals.append(Refusal(whole if whole > begin else 0, len(data), "decode", "undecodable", detail))
    return Decoded(tuple(lines), _runs_of(lines, codec, how), tuple(refusals))


def _wide_lines(data: bytes, newline: bytes, start: int, stop: int) -> Iterator[tuple[int, int]]:
    unit = len(newline)
    while start < stop:
        found = data.find(newline, start, stop)
        while found >= 0 and (found - start) % unit:  # the bytes of a newline, but across two characters
            found = data.find(newline, found + 1, stop)
        end = found + unit if found >= 0 else stop
        yield start, end
        start = end


def read_seven_bit(data: bytes, max_line: int) -> Decoded | None:
    """Read ISO 2022 or HZ: ASCII bytes with shifts, which decode to other letters. None if it is neither."""
    if b"\x1b" in data and data.isascii() and _DESIGNATION.search(data):
        candidates: tuple[str, ...] = _ISO_2022
    elif data.isascii() and b"~" in data and b"~{" in data and len(_HZ.findall(data)) == data.count(b"~{"):
        candidates = ("hz",)
    else:
        return None
    for codec in candidates:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        # A line break is never inside a shift: lines of text and lines of bytes correspond one to one.
        if text.isascii() or "\x1b" in text or text.count("\n") != data.count(b"\n"):
            continue
        return _shifted_lines(data, text, codec, max_line)
    return None


def _shifted_lines(data: bytes, text: str, codec: str, max_line: int) -> Decoded:
    lines: list[Line] = []
    refusals: list[Refusal] = []
    start = 0
    for number, (body, line) in enumerate(zip(data.split(b"\n"), text.split("\n"), strict=True), 1):
        end = min(start + len(body) + 1, len(data))
        if end - start > max_line:
            refusals.append(huge_line(start, end, number, max_line))
        elif end > start:
            lines.append(
                Line(number, start, end, line.removesuffix("\r") if data[end - 1 : end] == b"\n" else line)
            )
        start = end
    return Decoded(tuple(lines), _runs_of(lines, codec, "guessed"), tuple(refusals))


def huge_line(start: int, end: int, number: int, max_line: int) -> Refusal:
    """Return the refusal of a line that is over the limit."""
    detail = f"Line {number} is {end - start:,} bytes long, over the limit of {max_line:,} (max_line)."
    return Refusal(start, end, "decode", "huge-line", detail)


def _runs_of(lines: list[Line], codec: str, how: How) -> tuple[CodecRun, ...]:
    runs: list[CodecRun] = []
    for line in lines:
        if runs and runs[-1].end == line.start:
            runs[-1] = CodecRun(runs[-1].start, line.end, codec, how)
        else:
            runs.append(CodecRun(line.start, line.end, codec, how))
    return tuple(runs)


def _wide_line(text: str) -> str:
    return text[:-1].removesuffix("\r") if text.endswith("\n") else text


def _reads_as_text(sample: bytes, codec: str, share: float) -> bool:
    text = sample.decode(codec, "replace").rstrip("\ufffd")  # a sample may end inside a character
    return bool(text) and len(_TEXT.findall(text)) >= share * len(text)


def _small(values: bytes) -> float:
    return sum(count for value, count in Counter(values).items() if value < 0x20) / len(values)


def _share_of_commonest(values: bytes, n: int) -> float:
    return sum(count for _, count in Counter(values).most_common(n)) / len(values)


def _is_utf8(sample: bytes) -> bool:
    try:
        sample[:-4].decode()  # the end may be inside a character
    except UnicodeDecodeError as error:
        return error.start >= len(sample) - 8
    return True
