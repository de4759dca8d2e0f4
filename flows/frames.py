"""Messages between a run and its worker processes: a length of eight bytes, then a pickle or plain bytes.

Pickle is safe here and only here: both ends are the same program, over pipes that nobody else holds.
"""

import os
import pickle
import select
import struct

from flows.patience import Patience

_LENGTH = struct.Struct("<Q")
_CHUNK = 1 << 20


class Closed(EOFError):  # noqa: N818 - the state of a pipe
    """The other end is gone."""


class Overdue(TimeoutError):  # noqa: N818 - the state of a pipe
    """The deadline passed before a whole message came."""


def send(descriptor: int, message: object) -> None:
    """Write one message. Raises Closed."""
    send_bytes(descriptor, pickle.dumps(message, protocol=5))


def send_bytes(descriptor: int, body: bytes | bytearray) -> None:
    """Write bytes as they are: a batch may hold a gigabyte, and its pickle would be one more."""
    view = memoryview(body)
    for part in (memoryview(_LENGTH.pack(len(view))), view):
        rest = part
        while rest:
            try:
                written = os.write(descriptor, rest[:_CHUNK])
            except BrokenPipeError as error:
                raise Closed from error
            rest = rest[written:]


def receive(descriptor: int, deadline: Patience | None = None) -> object:
    """Read one message. Raises Closed or Overdue."""
    return pickle.loads(receive_bytes(descriptor, deadline))  # noqa: S301 - from our own child, see above


def receive_bytes(descriptor: int, deadline: Patience | None = None) -> bytearray:
    """Read what `send_bytes` wrote. Raises Closed or Overdue."""
    (length,) = _LENGTH.unpack(_exactly(descriptor, _LENGTH.size, deadline))
    return _exactly(descriptor, length, deadline)


def _exactly(descriptor: int, length: int, deadline: Patience | None) -> bytearray:
    body = bytearray(length)
    rest = memoryview(body)
    while rest:
        if deadline is not None:
            _wait(descriptor, deadline)
        count = os.readv(descriptor, [rest[:_CHUNK]])
        if not count:
            raise Closed
        rest = rest[count:]
    return body


def _wait(descriptor: int, deadline: Patience) -> None:
    poll = select.poll()  # select.select cannot take descriptors above 1023
    poll.register(descriptor, select.POLLIN)
    while left := deadline.left():
        if poll.poll(left * 1000):
            return
    raise Overdue
