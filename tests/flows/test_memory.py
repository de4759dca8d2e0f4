"""Memory: the limit on one document, and the gate before many."""

import os
import random
import resource
import subprocess
import sys
import threading
from operator import itemgetter
from pathlib import Path

import pytest

from flows.cleaning import Answer, Job
from flows.inputs import Ref, fingerprint
from flows.memory import Gate, bounded, default_memory
from flows.pool import Pool
from warehouse.batch import Batch
from warehouse.packing import unpack

MEGABYTE = 1_000_000


def outcome(answer: Answer) -> tuple[int, list[tuple[str, int]]]:
    quarantine = Batch.from_ipc(answer.batch).quarantine
    rows = zip(quarantine["reason"].to_pylist(), quarantine["byte_end"].to_pylist(), strict=True)
    return answer.tallies["s"].items, sorted(rows)


def stored(batch: Batch, document_key: object, size: int) -> bytes:
    """Return the bytes of a document that a batch carries."""
    rows = [row for row in batch.bodies.to_pylist() if row["document_key"] == document_key]
    return unpack(b"".join(row["body"] for row in sorted(rows, key=itemgetter("piece"))), size)


def prose(lines: int) -> str:
    """Lines of words without repetition."""
    pick = random.Random(1)  # noqa: S311 - the same words each time
    words = ["".join(pick.choices("abcdefghijklmnopqrstuvwxyz", k=pick.randint(2, 10))) for _ in range(8000)]
    return "".join(" ".join(pick.choices(words, k=50)) + ".\n" for _ in range(lines))


def test_too_much_memory_is_an_error_and_the_limit_ends_with_the_block() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    with bounded(200 * MEGABYTE, 1):
        assert len(bytearray(20 * MEGABYTE)) == 20 * MEGABYTE
        with pytest.raises(MemoryError):
            bytearray(400 * MEGABYTE)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    with bounded(None, 1):
        assert len(bytearray(400 * MEGABYTE)) == 400 * MEGABYTE


@pytest.mark.parametrize(("size", "outcome"), [(1_000, "enough"), (5_000_000, "MemoryError")])
def test_what_earlier_documents_have_freed_is_none_of_the_limit_of_a_large_one(
    size: int, outcome: str
) -> None:
    code = f"""
from flows.memory import bounded
blocks = [bytes(10_000) for _ in range(4_000)]
del blocks
with bounded(10_000_000, {size}):
    try:
        blocks = [bytes(10_000) for _ in range(3_000)]
        said = "enough"
    except MemoryError:
        said = "MemoryError"
print(said)
"""
    late = dict(os.environ, MALLOC_TRIM_THRESHOLD_=str(64 << 20), MALLOC_MMAP_THRESHOLD_=str(32 << 20))
    done = subprocess.run([sys.executable, "-c", code], env=late, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == outcome


def test_a_document_too_large_for_its_worker_is_quarantined_and_the_others_are_not(tmp_path: Path) -> None:
    refs = []
    for number, lines in enumerate((10, 7000, 20)):
        path = tmp_path / f"{number}.txt"
        path.write_text(prose(lines))
        refs.append(Ref(source="s", uri=path.name, path=str(path), bytes=path.stat().st_size))
    with Pool(1) as pool:
        bounded_ = pool.clean(Job(refs=tuple(refs), memory=50 * MEGABYTE))
        free = pool.clean(Job(refs=tuple(refs)))
    items, rows = outcome(bounded_)
    assert rows == [("memory", refs[1].bytes)]
    assert outcome(free) == (items + 1, [])
    batch = Batch.from_ipc(bounded_.batch)
    assert {row["document_id"] for row in batch.documents.to_pylist()} == {fingerprint(ref) for ref in refs}
    keys = {row["document_id"]: row["document_key"] for row in batch.documents.to_pylist()}
    assert stored(batch, keys[fingerprint(refs[1])], refs[1].bytes) == (tmp_path / "1.txt").read_bytes()


@pytest.mark.parametrize("limit", [MEGABYTE // 2, MEGABYTE, 1_900_000, 2_200_000, 3 * MEGABYTE])
def test_a_worker_that_has_just_started_survives_any_limit(limit: int) -> None:
    """Far below what the setting allows. What fits is in what the heap still holds: it differs by machine."""
    paths = sorted((Path(__file__).parents[2] / "seeds").glob("*.txt"))
    refs = [Ref(source="s", uri=path.name, path=str(path), bytes=path.stat().st_size) for path in paths]
    with Pool(1) as pool:
        items, rows = outcome(pool.clean(Job(refs=tuple(refs), memory=limit)))
    assert {reason for reason, _ in rows} <= {"memory"}
    assert bool(items) or len(rows) == len(paths)


def test_preview_keeps_to_the_limit_too(tmp_path: Path) -> None:
    """In a process of its own: what other tests have freed would hold the document without any more."""
    large = tmp_path / "large.txt"
    large.write_text(prose(16_000))
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", "preview", str(large)],
        env={**os.environ, "FEEDMILL_MEMORY_BYTES": str(50 * MEGABYTE)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "large.txt" in done.stderr
    assert "Cleaning it takes more memory" in done.stderr


def test_the_machine_has_memory() -> None:
    assert 100 * MEGABYTE < default_memory() < 1 << 50


def test_the_gate_lets_in_what_fits_together() -> None:
    gate = Gate(10)
    entered, leave = threading.Event(), threading.Event()

    def large() -> None:
        with gate.share(1000):  # more than the whole: alone, and not never
            entered.set()
            leave.wait()

    with gate.share(4), gate.share(6):
        thread = threading.Thread(target=large)
        thread.start()
        assert not entered.wait(0.05)
    assert entered.wait(10)
    leave.set()
    thread.join()
    with Gate(None).share(1 << 60):
        pass
