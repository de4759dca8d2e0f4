"""Worker processes: same answers as in process, and no document takes the others with it."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import pool as pools
from flows.cleaning import Answer, Job, clean_batch
from flows.inputs import Ref
from flows.pool import Pool
from schemas.errors import FeedmillError
from warehouse.batch import Batch

HOSTILE = (sys.executable, "-P", str(Path(__file__).with_name("hostile_worker.py")))
SEEDS = sorted((Path(__file__).parents[2] / "seeds").glob("*.txt"))


def ref(path: Path) -> Ref:
    return Ref(source="s", uri=path.name, path=str(path), bytes=path.stat().st_size)


@pytest.fixture
def hostile() -> Iterator[Pool]:
    with Pool(1, HOSTILE) as pool:
        yield pool


def job(folder: Path, *texts: str) -> Job:
    refs = []
    folder.mkdir(exist_ok=True)
    for number, text in enumerate(texts):
        path = folder / f"{number}.txt"
        path.write_text(text, encoding="utf-8")
        refs.append(ref(path))
    return Job(refs=tuple(refs))


def outcome(answer: Answer) -> tuple[int, int, list[tuple[str, bytes]]]:
    quarantine = Batch.from_ipc(answer.batch).quarantine
    rows = zip(quarantine["reason"].to_pylist(), quarantine["raw"].to_pylist(), strict=True)
    tally = answer.tallies["s"]
    return tally.documents, tally.items, sorted(rows)


def test_workers_answer_as_this_process_does_and_in_order() -> None:
    jobs = [Job(refs=(ref(path),)) for path in SEEDS] + [Job(refs=tuple(ref(path) for path in SEEDS))]
    with Pool(2) as pool:
        answers = list(pool.map(jobs))
    assert answers == [clean_batch(one) for one in jobs]
    assert answers[-1].tallies["s"].documents == len(SEEDS) == 5


def test_a_text_of_two_documents_is_signed_for_both(tmp_path: Path) -> None:
    first, second = (job(tmp_path / name, text) for name, text in (("a", "A post.\n"), ("b", "A post.\n\n")))
    other = job(tmp_path / "c", "Another post.\n")
    batch = Batch.from_ipc(clean_batch(Job(refs=(*first.refs, *second.refs, *other.refs))).batch)
    alone = [Batch.from_ipc(clean_batch(one).batch) for one in (first, second, other)]
    keys = [key for one in alone for key in one.items["text_key"].to_pylist()]
    assert batch.items["text_key"].to_pylist() == keys
    assert len(set(keys)) == 2
    assert batch.signatures.num_rows == 2


def test_a_document_that_kills_its_worker_goes_to_quarantine(hostile: Pool, tmp_path: Path) -> None:
    answer = hostile.clean(job(tmp_path, "One post.\n", "DIE now", "Another post.\n"))
    assert outcome(answer) == (3, 2, [("worker-died", b"DIE now")])
    detail = Batch.from_ipc(answer.batch).quarantine["detail"].to_pylist()
    assert detail == ["The cleaning process was ended by SIGKILL while it cleaned this document, twice."]


def test_a_worker_that_was_killed_from_outside_changes_nothing(hostile: Pool, tmp_path: Path) -> None:
    once = f"DIE-ONCE {tmp_path / 'mark'}"
    answer = hostile.clean(job(tmp_path, "One post.\n", once))
    assert outcome(answer) == (2, 2, [])


def test_several_bad_documents_in_one_batch(hostile: Pool, tmp_path: Path) -> None:
    answer = hostile.clean(job(tmp_path, "DIE a", "EXIT b", "RAISE c", "A post.\n", "DIE d"))
    reasons = [("cleaner-failed", b"RAISE c"), ("worker-died", b"DIE a"), ("worker-died", b"DIE d")]
    assert outcome(answer) == (5, 1, [*reasons, ("worker-died", b"EXIT b")])


def test_a_document_that_hangs_is_given_up(
    hostile: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The others may take as long as a busy machine needs.
    monkeypatch.setattr(pools, "allowance", lambda size: 2.0 if size == len("HANG") else 120.0)
    answer = hostile.clean(job(tmp_path, "A post.\n", "HANG", "Another post.\n"))
    assert outcome(answer) == (3, 2, [("timeout", b"HANG")])


def test_noise_on_stdout_does_no_harm(hostile: Pool, tmp_path: Path) -> None:
    assert outcome(hostile.clean(job(tmp_path, "PRINT this", "A post.\n"))) == (2, 2, [])


def test_a_file_that_is_gone_is_a_failure_not_a_quarantine(hostile: Pool, tmp_path: Path) -> None:
    work = job(tmp_path, "A post.\n", "Another.\n")
    (tmp_path / "1.txt").unlink()
    answer = hostile.clean(work)
    assert outcome(answer) == (1, 1, [])
    assert [failure.uri for failure in answer.failures] == ["1.txt"]


def test_a_worker_that_cannot_start_says_why(tmp_path: Path) -> None:
    with (
        Pool(1, (*HOSTILE, "--no-start")) as pool,
        pytest.raises(FeedmillError, match="could not start: missing part"),
    ):
        pool.clean(job(tmp_path, "A post.\n"))


def test_leaving_early_ends_all_workers(tmp_path: Path) -> None:
    before = children()  # a session's Prefect server, for one
    with Pool(2, HOSTILE) as pool:
        (tmp_path / "hanging").mkdir()
        jobs = [job(tmp_path, "A post.\n")] + [job(tmp_path / "hanging", "HANG")] * 3
        answers = pool.map(jobs)
        next(answers)
        answers.close()  # type: ignore[attr-defined] - a generator
    assert children() == before


def children() -> set[str]:
    me = str(os.getpid())
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[1] == me:
            found.add(stat.parent.name)
    return found
