"""tar as a stream: the members in their order, whatever their names say. Nothing is ever written by a name.

POSIX ustar and pax, GNU long names. The standard library reads headers of any size into memory; here each has
a bound. https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
"""

from collections.abc import Iterator
from dataclasses import dataclass

from flows.streams import DamageError, Inflow

_BLOCK = 512
#: Bytes of a long name, and of a pax header.
_MAX_HEADER = 1 << 20
_REGULAR = frozenset({b"0", b"\0", b"7"})


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: its name, which is data, and its bytes, to be taken once and in order.

    `stored`: the bytes as the archive holds them, where they cannot be unpacked.
    """

    name: str
    chunks: Iterator[bytes]
    stored: Iterator[bytes] | None = None


def is_tar(head: bytes) -> bool:
    """Say whether a file begins with the header of a member: its checksum holds."""
    return len(head) >= _BLOCK and head[0] != 0 and _checked(head[:_BLOCK])


def tar_members(stream: Inflow) -> Iterator[Member]:
    """Yield the files of an archive. What of a member is not taken is passed over before the next one.

    Raises DamageError where the archive ends before its end mark, or a header is broken.
    """
    name: str | None = None
    size: int | None = None
    while True:
        header = stream.read(_BLOCK)
        if len(header) < _BLOCK:
            raise DamageError("truncated", "The archive ends before its end mark: members may be missing.")
        if not header.strip(b"\0"):
            return
        if not _checked(header):
            raise DamageError("corrupt", "The header of a member is broken; what follows cannot be found.")
        kind = header[156:157]
        length = _number(header[124:136])
        if kind in {b"x", b"L"}:
            if length > _MAX_HEADER:
                raise DamageError("corrupt", f"The header of a member has {length:,} bytes.")
            said = stream.read(length)
            if kind == b"L":
                name = _text(said.split(b"\0", 1)[0])
            else:
                records = _records(said)
                name = _text(records[b"path"]) if b"path" in records else name
                size = int(records[b"size"]) if records.get(b"size", b"").isdigit() else size
            _skip(stream, -length % _BLOCK)
            continue
        if kind in {b"g", b"K"}:  # of no member, and the target of a link
            _skip(stream, length + -length % _BLOCK)
            continue
        if kind == b"S":
            raise DamageError("unsupported", "It has sparse members (GNU), which are not read.")
        length = length if size is None else size
        name = name or _own_name(header)
        if kind in _REGULAR and not name.endswith("/"):
            left = [length]
            yield Member(name, _body(stream, left))
            _skip(stream, left[0])
            _skip(stream, -length % _BLOCK)
        else:
            _skip(stream, length + -length % _BLOCK)
        name = size = None


def _body(stream: Inflow, left: list[int]) -> Iterator[bytes]:
    for chunk in stream.take(left[0]):
        left[0] -= len(chunk)
        yield chunk
    if left[0]:
        raise DamageError("truncated", "The archive ends in this member.")


def _skip(stream: Inflow, size: int) -> None:
    for chunk in stream.take(size):
        size -= len(chunk)
    if size:
        raise DamageError("truncated", "The archive ends before its end mark: members may be missing.")


def _checked(header: bytes) -> bool:
    said = header[148:156].strip(b" \0")
    if not said or not set(said) <= set(b"01234567"):
        return False
    rest = header[:148] + b" " * 8 + header[156:]
    signed = sum(byte - 256 if byte > 127 else byte for byte in rest)
    return int(said, 8) in {sum(rest), signed}


def _number(field: bytes) -> int:
    if field[0] in {0x80, 0xFF}:  # GNU: large numbers in binary
        number = int.from_bytes(field[1:], "big") if field[0] == 0x80 else -1
    else:
        digits = field.split(b"\0", 1)[0].strip()
        number = int(digits or b"0", 8) if set(digits) <= set(b"01234567") else -1
    if number < 0:
        raise DamageError("corrupt", "The header of a member gives no size; what follows cannot be found.")
    return number


def _records(data: bytes) -> dict[bytes, bytes]:
    """Return the records `length key=value` of a pax header."""
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        blank = data.find(b" ", at, at + 10)
        digits = data[at:blank] if blank > 0 else b""
        if not digits.isdigit() or int(digits) <= len(digits) + 1:
            break
        key, _, value = data[blank + 1 : at + int(digits)].rstrip(b"\n").partition(b"=")
        found[key] = value
        at += int(digits)
    return found


def _own_name(header: bytes) -> str:
    name = _text(header[:100].split(b"\0", 1)[0])
    prefix = _text(header[345:500].split(b"\0", 1)[0]) if header[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
