"""Bodies of HTTP answers, undone of gzip or deflate as they come, within bounds.

The ends are looked at: many decoders take a body that was cut for a whole one.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: What is asked for. Brotli and zstd would save a little and bring two more decoders of hostile bytes.
ENCODINGS = "gzip, deflate"
_STEP = 1 << 16
_FREE = 1 << 20  # below this no ratio is a bomb


class BodyError(Exception):
    """A body that cannot be used; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyBounds:
    """The most that one answer may hold. `ratio`: of bytes decoded to bytes received, after the first MiB."""

    wire: int = 16 << 20
    body: int = 64 << 20
    ratio: int = 200


def decoded(chunks: Iterable[bytes], encoding: str, bounds: BodyBounds = BodyBounds()) -> Iterator[bytes]:
    """Yield the body as it was before it was encoded. Raises BodyError."""
    meter = _Meter(bounds)
    names = [name.strip().lower() for name in encoding.split(",")]
    coded = [name for name in names if name not in {"", "identity"}]
    if not coded:
        yield from meter.plain(chunks)
    elif len(coded) == 1 and coded[0] in {"gzip", "x-gzip", "deflate"}:
        yield from _inflated(chunks, coded[0] == "deflate", meter)
    else:
        raise BodyError(f"the body is encoded as {encoding[:60]!r}, which was not asked for")


class _Meter:
    def __init__(self, bounds: BodyBounds) -> None:
        self._bounds = bounds
        self._received = self._made = 0

    def receive(self, chunk: bytes) -> bytes:
        self._received += len(chunk)
        if self._received > self._bounds.wire:
            raise BodyError(f"the answer is larger than {self._bounds.wire:,} bytes")
        return chunk

    def make(self, part: bytes) -> bytes:
        self._made += len(part)
        if self._made > self._bounds.body:
            raise BodyError(f"the body is larger than {self._bounds.body:,} bytes")
        if self._made > max(_FREE, self._received * self._bounds.ratio):
            raise BodyError(f"the body grows by more than {self._bounds.ratio} times (a bomb)")
        return part

    def plain(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            yield self.make(self.receive(chunk))


def _inflated(chunks: Iterable[bytes], deflate: bool, meter: _Meter) -> Iterator[bytes]:
    coder = None
    for chunk in chunks:
        rest = meter.receive(chunk)
        while rest:
            if coder is None or coder.eof:  # gzip may be of several members
                if coder is not None and deflate:
                    raise BodyError("bytes follow the end of the deflated body")
                coder = zlib.decompressobj(_window(rest, deflate))
            try:
                yield meter.make(coder.decompress(rest, _STEP))
            except zlib.error as error:
                raise BodyError(f"the body is not what it is said to be encoded as ({error})") from error
            rest = coder.unused_data if coder.eof else coder.unconsumed_tail
    if coder is not None and not coder.eof:
        raise BodyError("the body is cut: its encoding has no end")


def _window(head: bytes, deflate: bool) -> int:
    if not deflate:
        return 16 + zlib.MAX_WBITS
    # By the standard deflate has zlib's two bytes around it; servers that leave them out are common.
    zlib_head = len(head) > 1 and head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
    return zlib.MAX_WBITS if zlib_head else -zlib.MAX_WBITS
