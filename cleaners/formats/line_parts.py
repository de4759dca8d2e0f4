"""Formats of one record a line in parts: they are cut at line breaks."""

from cleaners.formats.entry import Cutter


def line_cutter(context: bytes = b"") -> Cutter:
    """Return how a file of lines is cut; parts behind the first have this context."""

    def cut(data: bytes, _: bytes, wanted: int) -> tuple[int, bytes] | None:
        at = data.rfind(b"\n", 0, wanted) + 1 or data.find(b"\n", wanted) + 1
        return (at, context) if at else None

    return Cutter(cut=cut, resume=behind_line)


def behind_line(data: bytes, _: bytes) -> int:
    """Return where the line behind the next line break begins, -1 if there is none."""
    return data.find(b"\n") + 1 or -1
