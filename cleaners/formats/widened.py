"""Documents in UTF-16 and UTF-32 for parsers and cutters that know UTF-8 only.

Line breaks and brackets of such documents are not told by a byte, so they are turned into UTF-8 as a whole,
and what is found in that is put back to where it stands.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from cleaners.formats.encoded import to_utf8
from cleaners.formats.entry import Cutter
from cleaners.wide import MARKS, narrowed
from schemas.documents import CodecRun, Refusal
from schemas.options import CleanOptions
from schemas.records import Finding, Record


def codec_of(context: bytes) -> str | None:
    """Return the codec of a part whose context begins with the mark of a wide one."""
    for codec, mark in MARKS.items():
        # A header of a code page may begin with the same two bytes; it has no NULs.
        if context.startswith(mark) and (context == mark or b"\0" in context):
            return codec
    return None


def read_widened(
    parse: Callable[[bytes, CleanOptions], Iterator[Finding]], data: bytes, codec: str, options: CleanOptions
) -> Iterator[Finding]:
    """Yield what a parser finds in a document of a wide codec."""
    encoded = to_utf8(data, options=replace(options.decode, wide=codec))
    yield from encoded.runs
    size = len(encoded.utf8)
    for finding in parse(encoded.utf8, options):
        match finding:
            case Record() | Refusal():
                end = len(data) if finding.end == size else encoded.at(finding.end)
                yield replace(finding, start=encoded.at(finding.start), end=end)
            case CodecRun():
                continue
            case _:
                yield finding


def widened(inner: Cutter, codec: str) -> Cutter:
    """Return how a file of a wide codec is cut, by a cutter that sees it as UTF-8.

    The contexts of its parts are wide, and begin with the mark of the codec.
    """
    unit, mark = (4 if codec.startswith("utf-32") else 2), MARKS[codec]

    def cut(data: bytes, context: bytes, wanted: int) -> tuple[int, bytes] | None:
        ahead = narrowed(context.removeprefix(mark), codec)
        found = inner.cut(narrowed(data, codec), ahead, len(narrowed(data[: max(wanted, unit)], codec)))
        if found is None:
            return None
        at, following = found
        return size(narrowed(data, codec)[:at]), mark + _text(following).encode(codec, "surrogatepass")

    def resume(data: bytes, context: bytes) -> int:
        utf8 = narrowed(data, codec)
        at = inner.resume(utf8, narrowed(context.removeprefix(mark), codec))
        return size(utf8[:at]) if at > 0 else -1

    def size(utf8: bytes) -> int:
        text = _text(utf8)
        return len(text) * unit if unit == 4 else len(text.encode(codec, "surrogatepass"))

    return Cutter(cut=cut, resume=resume, giant=inner.giant)


def _text(utf8: bytes) -> str:
    return utf8.decode("utf-8", "surrogatepass")
