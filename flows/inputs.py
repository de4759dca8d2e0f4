"""One input file: what is known of it, its bytes, and what to say when they cannot be had.

A file is opened without blocking and checked after opening, so that a pipe or a device under a file's
name can neither hang a run nor feed it without end.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from schemas.documents import Blob
from schemas.errors import InputError

# The bytes of a document are kept whatever becomes of it, and landing them takes ten times their size in
# memory (measured, in both processes together). Half a gigabyte is what a machine with 8 GB can keep; how
# much of it can be cleaned is a matter of the setting `memory_bytes` (flows.memory).
MAX_BYTES = 500_000_000
CHUNK = 1 << 20


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A document that can be read: a file and what its source says of it. `bytes` is its size when found."""

    source: str
    uri: str
    path: str
    bytes: int
    fetched_at: str | None = None
    input_format: str | None = None
    media_type: str = "text/plain"
    document_id: str | None = None


def read(ref: Ref) -> Blob:
    """Return the document with all its bytes, read once. Raises UnusableInputError."""
    with _opened(ref) as handle:
        data = handle.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UnusableInputError(too_big(ref.source, ref.uri))
    return Blob(
        data=data, source=ref.source, uri=ref.uri, media_type=ref.media_type, fetched_at=ref.fetched_at
    )


def fingerprint(ref: Ref) -> str:
    """Return the sha256 of a document, reading a little at a time. Raises UnusableInputError."""
    digest = hashlib.sha256()
    total = 0
    with _opened(ref) as handle:
        while chunk := handle.read(CHUNK):
            total += len(chunk)
            if total > MAX_BYTES:
                raise UnusableInputError(too_big(ref.source, ref.uri))
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
def _opened(ref: Ref) -> Iterator[BinaryIO]:
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
