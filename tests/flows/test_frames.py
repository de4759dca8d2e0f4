"""Messages over pipes: whole, in order, and never waited for past the deadline."""

import os
import threading
from collections.abc import Iterator

import pytest

from flows.frames import Closed, Overdue, receive, send
from flows.patience import Patience


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for end in (reader, writer):
        try:
            os.close(end)
        except OSError:
            continue


def test_messages_arrive_whole_and_in_order(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    sent = [("ready",), ("done", b"\0" * 3_000_000), None]  # the second is larger than any pipe

    def write() -> None:
        for message in sent:
            send(writer, message)

    thread = threading.Thread(target=write)
    thread.start()
    assert [receive(reader, Patience(60)) for _ in sent] == sent
    thread.join()


def test_a_closed_pipe_is_told(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.write(writer, b"\x08\0\0\0\0\0\0\0cut")
    os.close(writer)
    with pytest.raises(Closed):
        receive(reader)


def test_nobody_reads(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.close(reader)
    with pytest.raises(Closed):
        send(writer, "x")


def test_a_deadline_is_kept_in_the_middle_of_a_message(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.write(writer, b"\x08\0\0\0\0\0\0\0cut")
    with pytest.raises(Overdue):
        receive(reader, Patience(0.05))
