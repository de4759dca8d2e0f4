"""zip: members read by its index, each within its own bytes, checked against its size and checksum.

What the index says is believed of nothing: its own size, the places, sizes and names of members may all lie.
APPNOTE.TXT 6.3.10.
"""

import bz2
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from flows.inputs import CHUNK
from flows.streams import DamageError
from flows.tars import Member

#: Bytes of an index. An entry has some hundred, and there are at most 10,000 members.
_MAX_INDEX = 8 << 20
_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s5H3L2H")
#: Documents that are zips inside: what they hold is one document and not many.
_OFFICE = frozenset({"[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF", "AndroidManifest.xml"})
_STORED, _DEFLATED, _BZIP2 = 0, 8, 12


def is_office(handle: BinaryIO) -> bool:
    """Say whether a zip is a document of an office program, a book or a program."""
    try:
        return any(info.filename in _OFFICE for info in _index(handle))
    except DamageError:
        return False


def zip_members(handle: BinaryIO) -> Iterator[Member]:
    """Yield the files of an archive in the order in which they lie. Raises DamageError for a broken index."""
    files = sorted(
        (info for info in _index(handle) if not info.is_dir()), key=lambda info: info.header_offset
    )
    reached = 0
    for info in files:
        if info.header_offset < reached:
            raise DamageError("overlapping-members", f"Two members share bytes (at {info.header_offset:,}).")
        reached = info.header_offset + _LOCAL.size + info.compress_size
    for info in files:
        if stat.S_ISLNK(info.external_attr >> 16):
            continue
        yield Member(info.filename, _body(handle, info), _stored(handle, info))


def _index(handle: BinaryIO) -> list[zipfile.ZipInfo]:
    """Return the entries of the index, checked for its size first: the standard library reads any."""
    size = handle.seek(0, os.SEEK_END)
    handle.seek(max(0, size - 65_536 - _END.size - 20))
    tail = handle.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise DamageError("truncated", "It has no index at its end: it was cut off.")
    index = _END.unpack_from(tail, at)[5]
    if index == 0xFFFFFFFF:
        locator = tail.rfind(b"PK\x06\x07", 0, at)
        place = struct.unpack_from("<Q", tail, locator + 8)[0] if locator >= 0 else size
        handle.seek(min(place, size))
        record = handle.read(56)
        index = (
            struct.unpack_from("<Q", record, 40)[0]
            if record[:4] == b"PK\x06\x06" and len(record) == 56
            else size
        )
    if index > _MAX_INDEX:
        raise DamageError("too-many-members", f"Its index has {index:,} bytes.")
    try:
        with zipfile.ZipFile(handle) as archive:
            return archive.infolist()
    except (
        zipfile.BadZipFile,
        ValueError,
        OSError,
        struct.error,
        NotImplementedError,
        UnicodeDecodeError,
    ) as error:
        raise DamageError("corrupt", f"Its index cannot be read: {error}"[:200]) from None


def _body(handle: BinaryIO, info: zipfile.ZipInfo) -> Iterator[bytes]:
    if info.flag_bits & 1:
        raise DamageError("encrypted", "It is encrypted. Unpack it with its password and give the files.")
    unpack, flush = _method(info.compress_type)
    total = checksum = 0
    for piece in _stored(handle, info):
        for chunk in unpack(piece):
            total += len(chunk)
            checksum = zlib.crc32(chunk, checksum)
            yield chunk
    if not flush():
        raise DamageError("truncated", "This member ends before its end mark.")
    if total != info.file_size or checksum != info.CRC:
        detail = (
            f"It unpacks to {total:,} bytes, and not to the {info.file_size:,} bytes that the index says."
        )
        raise DamageError("corrupt", detail if total != info.file_size else "Its checksum is another one.")


def _stored(handle: BinaryIO, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the bytes of a member as they are stored."""
    handle.seek(info.header_offset)
    header = handle.read(_LOCAL.size)
    if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
        raise DamageError("corrupt", "Where the index places this member there is none.")
    names = _LOCAL.unpack(header)[9:]
    at, left = info.header_offset + _LOCAL.size + sum(names), info.compress_size
    while left > 0:
        handle.seek(at)  # others read from it too
        piece = handle.read(min(left, CHUNK))
        if not piece:
            raise DamageError("truncated", "The archive ends in this member.")
        at, left = at + len(piece), left - len(piece)
        yield piece


def _method(number: int) -> tuple[Callable[[bytes], Iterator[bytes]], Callable[[], bool]]:
    """Return what unpacks pieces of a member, and what says whether all of it is unpacked."""
    if number == _STORED:
        return lambda piece: iter((piece,)), lambda: True
    if number not in {_DEFLATED, _BZIP2}:
        raise DamageError("unsupported", f"It is packed by a method that is not read (number {number}).")
    inner: Any = zlib.decompressobj(-15) if number == _DEFLATED else bz2.BZ2Decompressor()

    def unpack(piece: bytes) -> Iterator[bytes]:
        try:
            while not inner.eof and (piece or (number == _BZIP2 and not inner.needs_input)):
                chunk = inner.decompress(piece, CHUNK)
                piece = inner.unconsumed_tail if number == _DEFLATED else b""
                if chunk:
                    yield chunk
                if number == _BZIP2 and inner.needs_input:
                    return
        except (zlib.error, OSError, ValueError) as error:
            raise DamageError("corrupt", f"It cannot be unpacked: {error}"[:200]) from None

    return unpack, lambda: bool(inner.eof)
