"""Which documents are new, and how they are dealt into jobs."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from flows.inputs import Ref
from flows.runs import IngestRequest
from flows.settings import SourceSettings
from flows.sources import Discovery, discover
from flows.survey import MAX_BATCH_BYTES, plan, survey


def refs(*sizes: int) -> list[Ref]:
    return [Ref(source="s", uri=str(n), path=str(n), bytes=size) for n, size in enumerate(sizes)]


def request(workers: int = 2, batch_bytes: int = 2_000_000) -> IngestRequest:
    return IngestRequest(inputs=(), workers=workers, batch_bytes=batch_bytes)


@given(
    st.lists(st.integers(0, 5_000_000), max_size=60),
    st.integers(1, 8),
    st.integers(1_000, 5_000_000),
    st.none() | st.integers(1, 30),
)
def test_every_document_is_in_one_job_and_in_order(
    sizes: list[int], workers: int, batch_bytes: int, most: int | None
) -> None:
    documents = refs(*sizes)
    jobs = plan(documents, request(workers, batch_bytes), most)
    assert [ref for job in jobs for ref in job.refs] == documents
    assert all(job.refs for job in jobs)
    # Up to `most` jobs as long as none is too large for memory; else as many as it takes.
    limit = batch_bytes if most is None else max(batch_bytes, MAX_BATCH_BYTES)
    assert all(job.bytes <= limit or len(job.refs) == 1 for job in jobs)
    if most and sum(sizes) + 1000 * len(sizes) <= most * MAX_BATCH_BYTES // 2:
        assert len(jobs) <= most + 1


def test_a_little_is_one_job_and_a_lot_keeps_all_workers_busy() -> None:
    assert len(plan(refs(1000, 1000, 1000), request())) == 1
    assert len(plan(refs(*[100_000] * 100), request(workers=2))) >= 8


def test_files_by_what_is_to_be_done(tmp_path: Path) -> None:
    for name, data in (("a", b"one"), ("b", b"two"), ("c", b"one"), ("d", b"three")):
        (tmp_path / f"{name}.txt").write_bytes(data)
    found = discover([SourceSettings(name="s", location=str(tmp_path))])
    known = next(ref for ref in survey(found, None).new if ref.uri.endswith("d.txt")).document_id
    assert known is not None
    (tmp_path / "b.txt").unlink()
    surveyed = survey(found, lambda ids: {known} & set(ids))
    names = {
        kind: [Path(ref.uri).name for ref in getattr(surveyed, kind)] for kind in ("new", "again", "known")
    }
    assert names == {"new": ["a.txt"], "again": ["c.txt"], "known": ["d.txt"]}
    assert [failure.reason for failure in surveyed.failures] == ["cannot be read (no such file or directory)"]


def test_nothing_found_is_nothing_to_do() -> None:
    surveyed = survey(Discovery(refs=(), failures=()), None)
    assert (surveyed.new, surveyed.bytes, plan(surveyed.new, request())) == ((), 0, [])
