"""Which documents are new, and how their cleaning is dealt into jobs."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from flows.cleaning import Job
from flows.inputs import InputFailure, Ref, UnusableInputError, fingerprint
from flows.progress import Progress, Tell, silent
from flows.runs import IngestRequest
from flows.sources import Discovery

# Work is dealt in at least this many jobs a worker, so that none waits long for the last one.
JOBS_A_WORKER = 4
MIN_BATCH_BYTES, MAX_BATCH_BYTES = 250_000, 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Files by what is to be done with them. A file in `again` has the bytes of one in `new`."""

    new: tuple[Ref, ...]
    again: tuple[Ref, ...]
    known: tuple[Ref, ...]
    failures: tuple[InputFailure, ...]

    @property
    def bytes(self) -> int:
        """Return the size of the documents to clean."""
        return sum(ref.bytes for ref in self.new)


def survey(
    found: Discovery, known: Callable[[Sequence[str]], Collection[str]] | None, tell: Tell = silent
) -> Survey:
    """Read all files once for their sha256, and sort them by what is to be done with them.

    `known` tells which of some document_ids are in the warehouse; None: there is no warehouse to ask.
    """
    total = sum(ref.bytes for ref in found.refs)
    refs: list[Ref] = []
    failures: list[InputFailure] = []
    done = 0
    for ref in found.refs:
        try:
            refs.append(replace(ref, document_id=fingerprint(ref)))
        except UnusableInputError as error:
            failures.append(error.failure)
        done += ref.bytes
        tell(Progress(stage="read", done=done, total=total, documents=len(refs)))
    there = known(list({document_id_of(ref): None for ref in refs})) if known else ()
    known_refs = [ref for ref in refs if ref.document_id in there]
    fresh = [ref for ref in refs if ref.document_id not in there]
    first = {ref.document_id: ref for ref in reversed(fresh)}
    return Survey(
        new=tuple(ref for ref in fresh if first[ref.document_id] is ref),
        again=tuple(ref for ref in fresh if first[ref.document_id] is not ref),
        known=tuple(known_refs),
        failures=tuple(failures),
    )


def plan(refs: Sequence[Ref], request: IngestRequest, most: int | None = None) -> list[Job]:
    """Deal documents, in their order, into jobs: at most `batch_bytes` each, unless one document is larger.

    With `most`, jobs grow up to MAX_BATCH_BYTES until there are no more than that many. What is landed is the
    same in any case.
    """
    total = sum(map(_cost, refs))
    size = min(request.batch_bytes, max(MIN_BATCH_BYTES, total // (request.workers * JOBS_A_WORKER)))
    if most:
        # Two jobs that follow each other hold more than one size. What a job makes lies in memory together.
        size = max(size, min(-(-2 * total // most), MAX_BATCH_BYTES))
    jobs: list[Job] = []
    batch: list[Ref] = []
    room = size
    for ref in refs:
        if batch and _cost(ref) > room:
            jobs.append(Job(refs=tuple(batch), memory=request.memory_bytes))
            batch, room = [], size
        batch.append(ref)
        room -= _cost(ref)
    if batch:
        jobs.append(Job(refs=tuple(batch), memory=request.memory_bytes))
    return jobs


def document_id_of(ref: Ref) -> str:
    """Return the document_id of a surveyed file."""
    if ref.document_id is None:
        raise ValueError(f"{ref.uri} was not surveyed")
    return ref.document_id


def _cost(ref: Ref) -> int:
    # A file takes some time of its own, however small it is.
    return ref.bytes + 1000
