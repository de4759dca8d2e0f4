"""Formats of one record a line in parts: they are cut at line breaks."""

from cleaners.formats.entry import Cutter
from cleaners.wide import byte_order_mark, wide_without_mark


def line_cutter(head: bytes, context: bytes = b"") -> Cutter | None:
    """Return how a file of lines is cut; parts behind the first have this context. None: UTF-16 or UTF-32."""
    if is_wide(head):
        return None

    def cut(data: bytes, _: bytes, wanted: int) -> tuple[int, bytes] | None:
        at = data.rfind(b"\n", 0, wanted) + 1 or data.find(b"\n", wanted) + 1
        return (at, context) if at else None

    return Cutter(cut=cut, resume=behind_line)


def behind_line(data: bytes, _: bytes) -> int:
    """Return where the line behind the next line break begins, -1 if there is none."""
    return data.find(b"\n") + 1 or -1


def is_wide(head: bytes) -> bool:
    """Say whether a file is UTF-16 or UTF-32: line breaks of such files are not told by a byte."""
    found = byte_order_mark(head)
    return bool(found and found[0] != "utf-8-sig") or bool(b"\0" in head[:8192] and wide_without_mark(head))
