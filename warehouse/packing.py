"""Bytes of a document to what is kept of them, and back: one plain zstd frame, that any tool can read."""

import pyarrow as pa

#: Bytes of a row of raw.bodies. DuckDB writes the last group of 122,880 rows of a table anew with every
#: checkpoint behind a change, so pieces are small: 63 MB, where all bodies of a warehouse would be one group.
PIECE = 512
#: Of prose 1 leaves .385 and takes 3.1 s a GB, 2 .360 and 4.3 s, 3 .356 and 6.0 s, 4 .353 and 9.2 s. By 1 the
#: file is larger than the 0.9 bytes a byte that it may be. Of real dumps, where lines come twice, 2 leaves a
#: twentieth more than 3.
_LEVEL = 2


def pack(data: bytes) -> bytes:
    """Return `data` as a zstd frame."""
    frame: bytes = pa.Codec("zstd", _LEVEL).compress(data, asbytes=True)
    return frame


def unpack(frame: bytes, size: int) -> bytes:
    """Return the `size` bytes in a frame.

    Raises OSError or pyarrow.ArrowException if they are not in it, whatever else is.
    """
    # Arrow takes any frame for an empty one's if no bytes are asked for.
    if not size and frame != pack(b""):
        raise pa.ArrowInvalid("the frame is not that of an empty document")
    data: bytes = pa.Codec("zstd").decompress(frame, decompressed_size=size, asbytes=True) if size else b""
    return data
