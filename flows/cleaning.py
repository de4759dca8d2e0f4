"""A batch of documents through the cleaners: in a worker process or, for small jobs, in this one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cleaners.chain import CLEANER, clean
from cleaners.signatures import sign
from flows.asked import asked
from flows.harms import harmed
from flows.inputs import InputFailure, Ref, UnusableInputError, read
from flows.memory import TOO_LARGE, allowed, bounded
from flows.runs import Tally, tally
from flows.warming import warm_format, warm_up
from schemas.documents import Blob, Refusal
from schemas.items import CleanedDocument, Paragraph
from schemas.options import CleanOptions
from schemas.signatures import Recipe, Signed

# What Python raises in the place of MemoryError where it finds no memory to say so. The cleaners are pure:
# they import nothing late but codecs and parts of numpy.
_STARVED = (MemoryError, ImportError, SystemError)

#: A job of so many bytes loads the compiled kernel. Jobs get this large in runs of some 12 MB
#: (flows/survey.py): with two workers each saves the second that loading takes. A run of a few items never
#: loads it.
COMPILED_BYTES = 1_500_000

Clean = Callable[[Blob, CleanOptions], CleanedDocument]


@dataclass(frozen=True, slots=True, kw_only=True)
class Casualty:
    """Why a document goes to quarantine whole: the cleaners did not survive it."""

    reason: str  # worker-died | timeout | memory | cleaner-failed
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Documents to clean together. `casualties` (by position in `refs`) are not cleaned again.

    Cleaning one document may take `memory` bytes; None: as much as there is.
    """

    refs: tuple[Ref, ...]
    memory: int | None = None
    casualties: Mapping[int, Casualty] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """Return the size of all documents when they were found."""
        return sum(ref.bytes for ref in self.refs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """One document to clean and to show, not to land. Cleaning it may take `memory` bytes."""

    blob: Blob
    options: CleanOptions
    memory: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A cleaned batch: one Arrow batch in its IPC form, and its figures by source."""

    batch: bytes
    tallies: Mapping[str, Tally]
    failures: tuple[InputFailure, ...]
    bytes: int


def clean_batch(job: Job, started: Callable[[int], None] | None = None, clean: Clean = clean) -> Answer:
    """Read, clean, sign and tabulate the documents of a job.

    `started` is called with the position of each document before it is touched, and with the number of
    documents before they are tabulated. A document that cannot be read any more is a failure; one on which
    the cleaners fail, or that takes too much memory, is quarantined whole.
    """
    # It brings pyarrow, which takes a tenth of a second; a preview does without.
    from warehouse.tabulate import tabulate  # noqa: PLC0415 - as said

    recipe = Recipe()
    if job.memory is not None:
        warm_up(compiled=job.bytes >= COMPILED_BYTES)
    blobs: list[Blob] = []
    refs: list[Ref] = []
    documents: list[CleanedDocument] = []
    signed: dict[str, Signed] = {}
    failures: list[InputFailure] = []
    for position, ref in enumerate(job.refs):
        if started:
            started(position)
        try:
            blob = read(ref)
        except UnusableInputError as error:
            failures.append(error.failure)
            continue
        casualty = job.casualties.get(position)
        if ref.harm and ref.harm.whole:
            casualty = Casualty(reason=ref.harm.reason, detail=ref.harm.detail)
        blobs.append(blob)
        refs.append(ref)
        if casualty:
            documents.append(quarantined(blob, casualty))
            continue
        if job.memory is not None:
            warm_format(blob.media_type)
        document, signatures = _cleaned(blob, ref, clean, recipe, job.memory, signed)
        documents.append(document)
        signed |= signatures
    if started:
        started(len(job.refs))
    tallies: dict[str, Tally] = {}
    for document in documents:
        tallies[document.source] = tallies.get(document.source, Tally()) + tally(document)
    batch = tabulate(
        documents,
        bodies={document.document_id: blob.data for document, blob in zip(documents, blobs, strict=True)},
        signed=signed,
        recipe=recipe,
        fetched_at={
            document.document_id: blob.fetched_at for document, blob in zip(documents, blobs, strict=True)
        },
        cleaner=CLEANER,
        asked={document.document_id: asked(ref) for document, ref in zip(documents, refs, strict=True)},
    )
    return Answer(batch=batch.to_ipc(), tallies=tallies, failures=tuple(failures), bytes=job.bytes)


def clean_single(single: Single, clean: Clean = clean) -> CleanedDocument | Casualty:
    """Return one cleaned document, or why there is none."""
    if single.memory is not None:
        warm_up()
        warm_format(single.blob.media_type)
    try:
        with bounded(single.memory, len(single.blob.data)):
            return clean(single.blob, single.options)
    except Exception as error:  # noqa: BLE001 - as in a batch
        return casualty_of(error, single.memory)


def casualty_of(error: Exception, memory: int | None) -> Casualty:
    """Return what is said of a document on which the cleaners failed within a limit of memory."""
    if isinstance(error, _STARVED if memory is not None else MemoryError):
        return Casualty(reason="memory", detail=TOO_LARGE)
    return Casualty(reason="cleaner-failed", detail=f"{type(error).__name__}: {error}"[:500])


def options_of(ref: Ref) -> CleanOptions:
    """Return the options that a document is cleaned under."""
    return CleanOptions(
        input_format=ref.input_format or None, columns=ref.columns, edges=ref.edges, part=ref.part
    )


def quarantined(blob: Blob, casualty: Casualty) -> CleanedDocument:
    """Return a document of which nothing could be used; its bytes are kept as one quarantined range."""
    size = len(blob.data)
    refusal = Refusal(0, size, "clean", casualty.reason, casualty.detail)
    whole = Paragraph(0, 0, size, None, "", "quarantined", casualty.reason)
    return CleanedDocument(
        document_id=blob.document_id,
        source=blob.source,
        uri=blob.uri,
        media_type=blob.media_type,
        encoding="unknown",
        bytes=size,
        items=(),
        paragraphs=(whole,) if size else (),
        quarantine=(refusal,),
        runs=(),
        traces=(),
    )


def _cleaned(
    blob: Blob, ref: Ref, clean: Clean, recipe: Recipe, memory: int | None, known: Mapping[str, Signed]
) -> tuple[CleanedDocument, dict[str, Signed]]:
    """Return a document and the signatures of its items by text, but for those of the batch that are known:
    one item may have several versions, and documents of one source share many."""
    options = options_of(ref)
    try:
        with bounded(allowed(ref, memory), len(blob.data)):
            document = harmed(clean(blob, options), ref.harm)
            # Within a limit of memory a compiler could end the process: the kernel is there by now or never.
            texts = list({item.text: None for item in document.items if item.text not in known})
            signed = sign(texts, recipe, may_load=memory is None)
        return document, dict(zip(texts, signed, strict=True))
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one document, the others still land
        casualty = casualty_of(error, memory)
    return quarantined(blob, casualty), {}
