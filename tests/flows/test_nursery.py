"""The process that workers are forked from: one thread, nothing held of its workers, replaced if killed."""

import contextlib
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.cleaning import Single
from flows.nursery import Nursery
from flows.pool import Worker
from schemas.documents import Blob
from schemas.items import CleanedDocument
from schemas.options import CleanOptions

SINGLE = Single(
    blob=Blob(data=b"A post.\n", source="s", uri="a", media_type="text/plain"), options=CleanOptions()
)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with contextlib.closing(Nursery()) as found:
        yield found


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def cleans(worker: Worker) -> bool:
    return isinstance(worker.show(SINGLE), CleanedDocument)


def test_workers_are_forked_from_one_process_that_has_one_thread(nursery: Nursery) -> None:
    workers = [Worker(nursery, "compiled"), Worker(nursery, "compiled")]
    (mother,) = {parent_of(worker.pid) for worker in workers}
    assert parent_of(mother) == os.getpid()
    assert len(list(Path(f"/proc/{mother}/task").iterdir())) == 1
    assert all(map(cleans, workers))
    for worker in workers:
        worker.kill()
    assert not any(Path(f"/proc/{worker.pid}").exists() for worker in workers)


def test_it_holds_nothing_of_the_workers_and_they_nothing_of_each_other(nursery: Nursery) -> None:
    """A pipe that another process holds open would not tell of a worker's end."""
    first, second = Worker(nursery), Worker(nursery)
    open_in = {
        pid: set(map(os.readlink, Path(f"/proc/{pid}/fd").iterdir())) for pid in (first.pid, second.pid)
    }
    mother = set(map(os.readlink, Path(f"/proc/{parent_of(first.pid)}/fd").iterdir()))
    shared = open_in[first.pid] & open_in[second.pid]
    assert shared <= {os.devnull}
    assert not mother & (open_in[first.pid] | open_in[second.pid]) - {os.devnull}
    first.kill()
    second.kill()


def test_one_that_was_killed_is_replaced_and_its_workers_live_on(nursery: Nursery) -> None:
    first = Worker(nursery)
    mother = parent_of(first.pid)
    os.kill(mother, signal.SIGKILL)
    second = Worker(nursery)
    assert parent_of(second.pid) != mother
    assert cleans(first)
    assert cleans(second)
    first.kill()
    second.kill()


def test_the_status_of_a_worker_is_told_once(nursery: Nursery) -> None:
    with tempfile.TemporaryFile() as complaints:
        read, write = os.pipe()
        pid = nursery.fork((read, write, complaints.fileno()), "cold")
        os.kill(pid, signal.SIGTERM)
        assert nursery.ended(pid) == -signal.SIGTERM
        assert nursery.ended(pid) is None
        os.close(read)
        os.close(write)
