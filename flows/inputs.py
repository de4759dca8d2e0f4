"""One input file: what is known of it, its bytes, and what to say when they cannot be had.

A file is opened without blocking and checked after opening, so that a pipe or a device under a file's
name can neither hang a run nor feed it without end.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from schemas.documents import Blob
from schemas.errors import InputError
from schemas.options import Columns, EdgeLine, Part

# What one input may hold, packed or unpacked: a day and a half of cleaning. Memory does not depend on it, for
# large files are read in parts (flows.parting).
MAX_BYTES = 16_000_000_000
CHUNK = 1 << 20
#: Memory that cleaning plain text takes, in bytes a byte: the most of all that real samples of it take
#: (benchmarks/formats_memory.py).
COST = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFailure:
    """An input that could not be used: what, why, and what to do next."""

    source: str
    uri: str
    reason: str
    next_step: str

    def __str__(self) -> str:
        return f"{self.uri}: {self.reason}. {self.next_step}"


class UnusableInputError(InputError):
    """One input cannot be read; `failure` says all about it."""

    def __init__(self, failure: InputFailure) -> None:
        super().__init__(str(failure))
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Harm:
    """What happened to a document before it could be read: the archive around it is damaged or locked.

    whole: nothing of it can be used. Else what is there can be, and the rest is missing.
    """

    reason: str
    detail: str
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A document that can be read: a file and what its source says of it. `bytes` is its size when found."""

    source: str
    uri: str
    path: str
    bytes: int
    fetched_at: str | None = None
    input_format: str | None = None
    columns: Columns | None = None
    edges: tuple[EdgeLine, ...] = ()
    media_type: str = "text/plain"
    document_id: str | None = None
    #: Its format is read by a parser that must run in a process of its own.
    risky: bool = False
    #: The one member of an archive that is meant; None: all of them, or no archive.
    member: str | None = None
    harm: Harm | None = None
    #: Where it begins in the file at `path`, and what it is a part of; None: it is the whole file.
    start: int = 0
    part: Part | None = None
    #: The bytes [start, end) of a file that are meant: its parts that have some of them. None: all.
    meant: tuple[int, int] | None = None
    #: Bytes of memory that cleaning it takes for each of its bytes.
    cost: int = COST
    #: Where it is to be fetched from, as it was given (`uri` shows it without secrets); None: from `path`.
    address: str | None = None
    private: bool = False  # the address may be of a private network
    insist: bool = False  # a person asks for it now, whenever it would be due


def read(ref: Ref) -> Blob:
    """Return the document with all its bytes, read once. Raises UnusableInputError."""
    with opened(ref) as handle:
        handle.seek(ref.start)
        data = handle.read(ref.bytes)  # what is written behind it from now on is for the next run
    return Blob(
        data=data, source=ref.source, uri=ref.uri, media_type=ref.media_type, fetched_at=ref.fetched_at
    )


def look(ref: Ref) -> Ref:
    """Return the document with what its ends say of its format: the media type, and whether it is risky.

    What cannot be opened stays as it is: reading it will say why.
    """
    # Brings the parsers, which commands that only ask do without.
    from cleaners.formats import detect, named, names  # noqa: PLC0415
    from cleaners.formats.entry import HEAD, TAIL, Glimpse  # noqa: PLC0415

    try:
        with opened(ref) as handle:
            handle.seek(ref.start)
            head = handle.read(HEAD)
            handle.seek(ref.start + max(ref.bytes - TAIL, 0))
            tail = handle.read(TAIL)
    except UnusableInputError:
        return ref
    known = named(ref.input_format) if ref.input_format in names() else None
    if ref.input_format is None:
        known = detect(Glimpse.of_ends(head, tail, ref.bytes, ref.uri, columns=ref.columns))
    if known is None:
        return ref
    return replace(ref, media_type=known.media_type, risky=known.risky, cost=known.cost)


def fingerprint(ref: Ref) -> str:
    """Return the sha256 of a document, reading a little at a time. Raises UnusableInputError."""
    digest = hashlib.sha256()
    left = ref.bytes
    with opened(ref) as handle:
        handle.seek(ref.start)
        while chunk := handle.read(min(left, CHUNK)):
            left -= len(chunk)
            digest.update(chunk)
    return digest.hexdigest()


def uri_of(path: str) -> str:
    """Return a path as the warehouse names it: relative to the working directory where it lies below it.

    Bytes of a name that are not UTF-8 are written as \\xNN, so that every program can store it.
    """
    here = Path.cwd()
    absolute = Path(os.path.normpath(here / path))
    shown = absolute.relative_to(here) if absolute.is_relative_to(here) else absolute
    return os.fsencode(shown.as_posix()).decode("utf-8", "backslashreplace")


def unreadable(source: str, uri: str, error: OSError) -> InputFailure:
    """Return what to say of an error of the operating system."""
    next_step = "Check that it is still there and try again."
    if isinstance(error, PermissionError):
        next_step = "Make it readable for this user (chmod u+r), or run as its owner."
    elif isinstance(error, FileNotFoundError):
        next_step = "The file, or what the link points to, is gone: restore or remove it."
    why = (error.strerror or type(error).__name__).lower()
    return InputFailure(source=source, uri=uri, reason=f"cannot be read ({why})", next_step=next_step)


def no_file(source: str, uri: str, mode: int) -> InputFailure:
    """Return what to say of something that is no regular file."""
    kinds = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISDIR, "a folder"))
    kind = next((name for test, name in kinds if test(mode)), "a device")
    return InputFailure(
        source=source,
        uri=uri,
        reason=f"this is {kind}, not a file",
        next_step="To ingest what comes out of it, pipe it in: `... | feedmill ingest -`.",
    )


def too_big(source: str, uri: str) -> InputFailure:
    """Return what to say of an input above MAX_BYTES."""
    return InputFailure(
        source=source,
        uri=uri,
        reason=f"larger than {MAX_BYTES:,} bytes",
        next_step="Split it at line breaks into smaller files and give those.",
    )


@contextlib.contextmanager
def opened(ref: Ref) -> Iterator[BinaryIO]:
    """Open a document for reading; every error while it is open becomes UnusableInputError."""
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(ref.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as handle:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                raise UnusableInputError(no_file(ref.source, ref.uri, mode))
            yield handle
    except OSError as error:
        raise UnusableInputError(unreadable(ref.source, ref.uri, error)) from error
