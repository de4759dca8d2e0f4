"""Compressed files as streams: gzip, zstd, xz and bzip2, a megabyte at a time, and never silently short.

Every one must end with its own end mark. Several streams one behind the other are one file, as gzip has it.
"""

import bz2
import lzma
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Protocol

from flows.inputs import CHUNK

#: Memory that unpacking may take. xz -9 takes 65 MB; zstd refuses windows above 128 MB by itself.
MAX_DICTIONARY = 1 << 27

_MARKS = (
    (b"\x1f\x8b\x08", "gz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"BZh", "bz2"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
)
_BZ2_BLOCK = (b"1AY&SY", b"\x17rE8P\x90")  # of data, and the end of an empty stream


class DamageError(Exception):
    """A stream or an archive that cannot be read on. `reason` is a short code, `detail` one sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class _Decompressor(Protocol):
    eof: bool
    unused_data: bytes
    needs_input: bool

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gunzip:
    """zlib in the shape of bz2 and lzma."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max(max_length, 0))


def kind_of(head: bytes) -> str | None:
    """Return gz, zst, xz, bz2 or zip by the first bytes of a file, None for others."""
    kind = next((kind for mark, kind in _MARKS if head.startswith(mark)), None)
    if kind == "bz2" and head[4:10] not in _BZ2_BLOCK:  # text may begin with BZh
        return None
    return kind


def inflate(handle: BinaryIO, kind: str) -> Iterator[bytes]:
    """Yield what is in a compressed file, at most a megabyte at a time.

    Raises DamageError where it ends early or is not what it says; all that could be read was yielded before.
    """
    if kind == "zst":
        yield from _unzstd(handle)
        return
    make: Any = {"gz": _Gunzip, "bz2": bz2.BZ2Decompressor, "xz": _unxz}[kind]
    inner: _Decompressor = make()
    data = handle.read(CHUNK)
    while True:
        try:
            out = inner.decompress(data, CHUNK)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, MemoryError) as error:
            raise _damage(error) from None
        if out:
            yield out
        if inner.eof:
            data = _behind(handle, inner.unused_data)
            if not data:
                return
            if kind_of(data) != kind:
                raise DamageError("trailing-bytes", "Behind its end there are bytes that belong to nothing.")
            inner = make()
        else:
            data = handle.read(CHUNK) if inner.needs_input else b""
            if not data and inner.needs_input:
                raise DamageError("truncated", "It ends before its end mark: it was cut off.")


def _behind(handle: BinaryIO, data: bytes) -> bytes:
    """Return what stands behind a stream and its padding, at least as much as tells what it is."""
    data = data.lstrip(b"\0")
    while len(data) < 16 and (more := handle.read(CHUNK)):
        data = (data + more).lstrip(b"\0")
    return data


def _unxz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=MAX_DICTIONARY)


def _unzstd(handle: BinaryIO) -> Iterator[bytes]:
    import pyarrow as pa  # noqa: PLC0415 - only for zstd

    stream = pa.CompressedInputStream(pa.PythonFile(handle, mode="r"), "zstd")
    while True:
        try:
            out = stream.read(CHUNK)
        except (OSError, pa.ArrowException) as error:
            raise _damage(error) from None
        if not out:
            return
        yield out


def _damage(error: Exception) -> DamageError:
    said = str(error)
    if "runcated" in said or "nexpected end" in said:
        return DamageError("truncated", "It ends before its end mark: it was cut off.")
    if isinstance(error, MemoryError) or "emory" in said:
        detail = f"Unpacking it takes more than {MAX_DICTIONARY:,} bytes of memory."
        return DamageError("large-window", detail)
    return DamageError("corrupt", f"It cannot be unpacked: {said}"[:200])


class Inflow:
    """A stream of chunks that can be read by the byte."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        """Take the chunks; none is asked for before it is needed."""
        self._chunks = chunks
        self._rest = b""
        self._damage: DamageError | None = None

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer at the end or before damage, and leave them there."""
        try:
            self._fill(size)
        except DamageError as error:
            self._damage = error  # for whoever has read what stands before it
        return self._rest[:size]

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer at the end."""
        self._fill(size)
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def _fill(self, size: int) -> None:
        while len(self._rest) < size and (chunk := self._next()):
            self._rest += chunk

    def _next(self) -> bytes:
        if self._damage:
            raise self._damage
        return next(self._chunks, b"")

    def take(self, size: int | None = None) -> Iterator[bytes]:
        """Yield the next `size` bytes, or all, in chunks; less at the end."""
        while size is None or size > 0:
            chunk = self._rest or self._next()
            if not chunk:
                return
            part = chunk if size is None else chunk[:size]
            self._rest = chunk[len(part) :]
            if size is not None:
                size -= len(part)
            yield part
