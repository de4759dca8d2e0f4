"""One frozen class of options a stage."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeOptions:
    """Bounds of the decoder."""

    max_line: int = 1 << 20  # bytes; a longer line is quarantined as a range
    declared: str | None = None  # a codec that the source declares, tried before guessing
    wide: str | None = None  # UTF-16 or UTF-32 with its byte order, where that is known for sure


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which columns of a table (JSON lines, CSV, Parquet) hold what: pairs of a role and a column's name.

    What `scope` names (the source) is where an id column is unique: the same id there is the same item.
    """

    roles: tuple[tuple[str, str], ...] = ()
    scope: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeLine:
    """A line that a source puts above (`first`) or below (`last`) many of its items, and that is no text.

    It is any line that differs from `example` in case, marks and addresses only (cleaners.edges).
    """

    id: str
    position: Literal["first", "last"]
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Says that a document is one part of a larger file, which was cut between two of its records.

    `context` is what reading it needs to know of what stands before it, in the file's own format: the header
    line of a table, the fields of a chat up to its messages. It is read in front of the part, and what is
    found in it is left out.
    """

    first: bool
    last: bool
    context: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanOptions:
    """Everything that changes what the cleaners answer for the same bytes."""

    decode: DecodeOptions = field(default_factory=DecodeOptions)
    input_format: str | None = None  # None: detected
    columns: Columns | None = None  # None: guessed from common names
    edges: tuple[EdgeLine, ...] = ()  # what was learned of the source and accepted by a person
    part: Part | None = None  # None: the document is a whole file


DEFAULT_OPTIONS = CleanOptions()
