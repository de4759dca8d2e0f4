"""Run a format's parser, and hold it to its promises: byte order, no overlaps, nothing outside."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from cleaners.formats.entry import Format
from cleaners.formats.widened import codec_of, read_widened
from cleaners.wide import wide_codec
from schemas.documents import CodecRun, Refusal
from schemas.drift import Drift
from schemas.options import CleanOptions
from schemas.records import Finding, Made, Note, Parsed, Record

#: Unknown things that are told apart in one document; hostile keys would make a list as long as the input.
_DRIFTS = 1000


def read(known: Format, data: bytes, options: CleanOptions) -> Parsed:
    """Return what a format's parser finds in `data`.

    A document without any record is refused: nothing of it would land, and that must be seen. Raises
    ValueError for a parser that breaks its promises, which is a defect, not the input's fault.
    """
    records: list[Record] = []
    refusals: list[Refusal] = []
    runs: list[CodecRun] = []
    notes: list[str] = []
    made_at: str | None = None
    drifts: Counter[tuple[str, str]] = Counter()
    part = options.part
    for finding in checked(_findings(known, data, options), len(data), known.name):
        match finding:
            case Record():
                records.append(finding)
            case Refusal():
                refusals.append(finding)
            case Drift(path=path, what=what, count=count):
                key = (path[:200], what[:200])
                drifts[key if key in drifts or len(drifts) < _DRIFTS else ("", "others")] += count
            case CodecRun():
                runs.append(finding)
            case Note(text=text):
                notes.append(text)
            case Made(at=at):
                made_at = at
    if not records and not refusals and not (part and not (part.first and part.last)):
        detail = f"This is {known.title}, but there is no message or article in it."
        refusals.append(Refusal(0, len(data), "format", "no-records", detail))
    return Parsed(
        records=tuple(records),
        refusals=tuple(refusals),
        drifts=tuple(Drift(path=path, what=what, count=count) for (path, what), count in drifts.items()),
        runs=tuple(runs) or (CodecRun(0, len(data), "utf-8", "declared"),),
        notes=tuple(notes),
        made_at=made_at,
    )


def _findings(known: Format, data: bytes, options: CleanOptions) -> Iterator[Finding]:
    """Yield what a parser finds in a document; of a part, what it finds behind the part's context."""
    context = options.part.context if options.part else b""
    wide = codec_of(context) if context else wide_codec(data)
    if not context:
        yield from read_widened(known.parse, data, wide, options) if wide else known.parse(data, options)
        return
    ahead = len(context)
    data = context + data
    for finding in read_widened(known.parse, data, wide, options) if wide else known.parse(data, options):
        match finding:
            case Record() | Refusal() | CodecRun():
                if finding.end > ahead or finding.start >= ahead:
                    yield replace(finding, start=max(finding.start - ahead, 0), end=finding.end - ahead)
            case _:
                yield finding


def checked(findings: Iterator[Finding], size: int, name: str) -> Iterator[Finding]:
    """Yield findings as they come. Raises ValueError where one overlaps another or leaves the document."""
    reached = 0
    for finding in findings:
        if isinstance(finding, Record | Refusal):
            if not reached <= finding.start <= finding.end <= size:
                raise ValueError(
                    f"{name}: bytes {finding.start}-{finding.end} after {reached} of {size}: "
                    "findings must be in byte order and apart"
                )
            reached = finding.end
        yield finding
