"""An entry of the registry of formats: what a format is called, how it is recognised, what reads it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cleaners.wide import narrowed, wide_codec
from schemas.options import CleanOptions, Columns
from schemas.records import Finding

#: Bytes of a document that recognition looks at: both ends.
HEAD, TAIL = 1 << 16, 1 << 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """What recognition sees of a document. `head` is without a byte order mark and blanks at its start."""

    head: bytes  # at most HEAD bytes
    tail: bytes  # at most TAIL bytes
    size: int
    name: str  # last part of its address, in lower case; a hint, never evidence enough
    media_type: str = "text/plain"
    columns: Columns | None = None  # what feedmill.toml says of the source's tables: their names are known

    @classmethod
    def of(
        cls, data: bytes, uri: str = "", media_type: str = "text/plain", columns: Columns | None = None
    ) -> "Glimpse":
        """Return the glimpse of a whole document."""
        return cls.of_ends(data[:HEAD], data[-TAIL:], len(data), uri, media_type, columns)

    @classmethod
    def of_ends(
        cls,
        head: bytes,
        tail: bytes,
        size: int,
        uri: str = "",
        media_type: str = "text/plain",
        columns: Columns | None = None,
    ) -> "Glimpse":
        """Return the glimpse of a document of which only both ends are at hand."""
        name = uri.rsplit("/", 1)[-1].lower()
        head, tail = head[:HEAD], tail[-TAIL:]
        if wide := wide_codec(head):  # seen as UTF-8: nothing is recognised by its code units
            whole = size <= HEAD
            head = narrowed(head, wide)
            tail = narrowed(tail[(len(tail) - size) % 4 :], wide)
            size = len(head) if whole else max(size, len(head) + 1)
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
        return cls(head=start, tail=tail, size=size, name=name, media_type=media_type, columns=columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutter:
    """How one large file is cut into parts (cleaners.parts).

    cut: given bytes from the start of a part, its context, and a wanted size: the size of the part and the
    context of the next one. The last place at most at the wanted size, else the first behind it; None: no
    record ends in these bytes. The bytes reach some way beyond the wanted size.
    resume: given bytes from inside of a record and its context, the first place behind their start at which
    another record begins; -1: none.
    lines: how many make a part too large, however short they are; None: they cost by their bytes.
    """

    cut: Callable[[bytes, bytes, int], tuple[int, bytes] | None]
    resume: Callable[[bytes, bytes], int]
    giant: str = "huge-record"  # the reason for which a record is refused that no part can hold
    lines: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One input format.

    recognise: how sure it is (0..1) that a document is of this format; 0.5 is the least that counts, and
    the highest wins. It must be cheap, and rest on bytes: the same bytes under another name are the same
    document.
    parse: the findings of a document in byte order, one at a time. It raises nothing for what the bytes hold
    but MemoryError; what cannot be used is a Refusal, and a cut document never ends silently.
    """

    name: str  # what --input-format calls it
    title: str  # for people
    recognise: Callable[[Glimpse], float]
    parse: Callable[[bytes, CleanOptions], Iterator[Finding]]
    media_type: str
    extensions: tuple[str, ...] = ()
    recognised_by: str = ""  # one sentence for `feedmill formats`
    keeps: tuple[str, ...] = ()  # what it keeps beside the text, for `feedmill formats`
    #: Whether lines of the document mean something to a person: then items carry line numbers.
    lined: bool = True
    #: Whether its parser (C code, deep trees) must only run in a process that can be killed.
    risky: bool = False
    #: How a file is cut that begins with these bytes; None: not at all, it can only be read whole.
    cutter: Callable[[bytes, CleanOptions], Cutter | None] = lambda head, options: None  # noqa: ARG005
    #: Bytes of memory that cleaning takes for each byte of a document (benchmarks/formats_memory.py).
    cost: int = 30
