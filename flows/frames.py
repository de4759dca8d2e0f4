"""Messages between a run and its worker processes: a length of eight bytes, then a pickle.

Pickle is safe here and only here: both ends are the same program, over pipes that nobody else holds.
"""

import os
import pickle
import select
import struct
import time

_LENGTH = struct.Struct("<Q")
_CHUNK = 1 << 20


class Closed(EOFError):  # noqa: N818 - the state of a pipe
    """The other end is gone."""


class Overdue(TimeoutError):  # noqa: N818 - the state of a pipe
    """The deadline passed before a whole message came."""


def send(descriptor: int, message: object) -> None:
    """Write one message. Raises Closed."""
    body = pickle.dumps(message, protocol=5)
    for part in (_LENGTH.pack(len(body)), body):
        rest = memoryview(part)
        while rest:
            try:
                written = os.write(descriptor, rest[:_CHUNK])
            except BrokenPipeError as error:
                raise Closed from error
            rest = rest[written:]


def receive(descriptor: int, deadline: float | None = None) -> object:
    """Read one message. `deadline` is on the clock of time.monotonic. Raises Closed or Overdue."""
    (length,) = _LENGTH.unpack(_exactly(descriptor, _LENGTH.size, deadline))
    return pickle.loads(_exactly(descriptor, length, deadline))  # noqa: S301 - from our own child, see above


def _exactly(descriptor: int, length: int, deadline: float | None) -> bytearray:
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


def _wait(descriptor: int, deadline: float) -> None:
    poll = select.poll()  # select.select cannot take descriptors above 1023
    poll.register(descriptor, select.POLLIN)
    left = deadline - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise Overdue
