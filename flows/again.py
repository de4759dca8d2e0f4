"""Documents that have landed, cleaned again from their stored bytes: in worker processes, a job at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from flows import pipeline
from flows.asked import with_asked
from flows.cleaning import Answer, Job, clean_batch
from flows.inputs import Ref, look
from flows.learned import LearnedLine, edges_of
from flows.pool import Pool
from flows.runs import IngestRequest
from flows.survey import plan
from warehouse.stored import Stored


def cleaned_again(
    documents: Sequence[Stored],
    bytes_of: Callable[[str], bytes],
    request: IngestRequest,
    scratch: Path,
    learned: Sequence[LearnedLine] | None = None,
) -> Iterator[tuple[Job, Answer]]:
    """Yield what the present cleaners make of landed documents, as they were asked to read them, job by job.

    With `learned`, these lines are taken instead of those that were in force when the documents came.
    The bytes of a few jobs lie in `scratch` while they are cleaned. `bytes_of` is called from this thread.
    """
    refs = [_ref(one, scratch) for one in documents]
    if learned is not None:
        refs = [replace(ref, edges=edges_of(learned, ref.source)) for ref in refs]
    jobs = plan(refs, request)
    started: list[Job] = []

    def spooled() -> Iterator[Job]:
        for job in jobs:
            for ref in job.refs:
                Path(ref.path).write_bytes(bytes_of(ref.document_id or ""))
            # What a format asks for is seen from its bytes, as when the document came.
            started.append(replace(job, refs=tuple(map(look, job.refs))))
            yield started[-1]

    def finished(answer: Answer) -> tuple[Job, Answer]:
        job = started.pop(0)
        for ref in job.refs:
            Path(ref.path).unlink(missing_ok=True)
        return job, answer

    if sum(one.bytes for one in documents) <= pipeline.IN_PROCESS_BYTES:
        for job in spooled():
            if not any(ref.risky for ref in job.refs):
                yield finished(clean_batch(job))
                continue
            with Pool(1, memory=request.memory_bytes) as pool:
                yield finished(pool.clean(job))
        return
    with Pool(min(request.workers, len(jobs)), memory=request.memory_bytes) as pool:
        yield from map(finished, pool.map(spooled()))


def _ref(one: Stored, scratch: Path) -> Ref:
    ref = Ref(
        source=one.source,
        uri=one.uri,
        path=str(scratch / one.document_id),
        bytes=one.bytes,
        fetched_at=one.fetched_at,
        media_type=one.media_type,
        document_id=one.document_id,
    )
    return with_asked(ref, one.asked)
