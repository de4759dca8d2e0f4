"""What a run is asked to do, and what it has to say afterwards."""

import dataclasses
import datetime as dt
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flows.inputs import InputFailure
from flows.learned import edges_of
from flows.settings import DEFAULT_BATCH_BYTES, DEFAULT_WAREHOUSE, Settings, SourceSettings, moment
from schemas.drift import Drift
from schemas.errors import InputError
from schemas.findings import Finding
from schemas.items import BASES, Basis, CleanedDocument

#: Kinds of drift that a run tells of a source: keys that are data would make thousands. All are landed.
MOST_DRIFTS = 1000

#: Failures are inputs that could not be read at all; they outrank quarantine, of which the figures tell.
State = Literal["completed", "completed-with-quarantine", "completed-with-failures", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestRequest:
    """One run of ingest. Neither `workers` nor `batch_bytes` changes what is landed.

    `memory_bytes` does: a document whose cleaning takes more goes to quarantine. None: no limit.
    """

    inputs: tuple[SourceSettings, ...]
    warehouse: Path = DEFAULT_WAREHOUSE
    workers: int = 1
    batch_bytes: int = DEFAULT_BATCH_BYTES
    memory_bytes: int | None = None
    bodies: Literal["warehouse", "folder"] = "warehouse"  # where raw bytes are kept
    dry_run: bool = False
    wait: float = 0.0  # seconds to wait for a busy warehouse
    command: str = "feedmill ingest"  # shown to whoever finds the warehouse busy


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What cleaning some documents came to. `dates` counts items by basis, in the order of BASES.

    drifts: what the parsers did not know, the commonest first.
    """

    documents: int = 0
    bytes: int = 0
    items: int = 0
    copies: int = 0  # paragraphs that repeat another one of their document
    boilerplate: int = 0  # paragraphs
    quarantined: int = 0  # byte ranges
    dates: tuple[int, ...] = (0,) * len(BASES)
    drifts: tuple[Drift, ...] = ()

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            documents=self.documents + other.documents,
            bytes=self.bytes + other.bytes,
            items=self.items + other.items,
            copies=self.copies + other.copies,
            boilerplate=self.boilerplate + other.boilerplate,
            quarantined=self.quarantined + other.quarantined,
            dates=tuple(map(int.__add__, self.dates, other.dates)),
            drifts=_summed(self.drifts, other.drifts),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """One source in one run. The tally is of the documents that were new."""

    source: str
    documents_unchanged: int = 0
    failures: int = 0
    new: Tally = Tally()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run in figures. Times are UTC; `seconds` is wall time."""

    run_id: str
    state: State
    warehouse: str
    dry_run: bool
    started_at: dt.datetime
    finished_at: dt.datetime
    sources: tuple[SourceRow, ...] = ()
    items_new: int = 0
    items_changed: int = 0  # items that got a new version
    items_unchanged: int = 0
    duplicates: int = 0  # new items that are copies of another item, exactly or nearly
    near_duplicates: int = 0
    quarantined_known: int = 0  # byte ranges of documents that had landed before
    failures: tuple[InputFailure, ...] = ()
    skipped: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()  # data checks that failed, and every expectation
    notes: tuple[str, ...] = ()  # what went wrong beside the run, without harm to what landed

    @property
    def seconds(self) -> float:
        """Return how long the run took."""
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def total(self) -> Tally:
        """Return the tally of all new documents."""
        return sum((row.new for row in self.sources), Tally())

    @property
    def documents_unchanged(self) -> int:
        """Return the number of documents that had landed before."""
        return sum(row.documents_unchanged for row in self.sources)

    @property
    def dates(self) -> dict[Basis, int]:
        """Return the new items by the basis of their date."""
        return dict(zip(BASES, self.total.dates, strict=True))

    @property
    def exit_status(self) -> int:
        """Return 0 done, 1 failed, 3 done but some input went to quarantine or could not be read.

        What known documents left in quarantine when they landed is told and does not count.
        """
        return {"completed": 0, "failed": 1}.get(self.state, 3)

    def as_dict(self) -> dict[str, object]:
        """Return the summary as JSON types."""
        total = self.total
        return {
            "run_id": self.run_id,
            "state": self.state,
            "dry_run": self.dry_run,
            "warehouse": self.warehouse,
            "started_at": self.started_at.isoformat().replace("+00:00", "Z"),
            "finished_at": self.finished_at.isoformat().replace("+00:00", "Z"),
            "seconds": round(self.seconds, 3),
            "documents_new": total.documents,
            "documents_unchanged": self.documents_unchanged,
            "bytes": total.bytes,
            "items_new": self.items_new,
            "items_changed": self.items_changed,
            "items_unchanged": self.items_unchanged,
            # A dry run compares with nothing: that is no zero.
            "duplicates": None if self.dry_run else self.duplicates,
            "near_duplicates": None if self.dry_run else self.near_duplicates,
            "copies_collapsed": total.copies,
            "boilerplate": total.boilerplate,
            "quarantined": total.quarantined,
            "quarantined_known": self.quarantined_known,
            "dates": self.dates,
            "sources": [_row(row) for row in self.sources],
            "failures": [dataclasses.asdict(failure) for failure in self.failures],
            "skipped": list(self.skipped),
            "findings": [dataclasses.asdict(finding) for finding in self.findings],
            "notes": list(self.notes),
        }


def upkeep_request(settings: Settings, wait: float = 0.0) -> IngestRequest:
    """Return the request for work on what has landed. `wait`: seconds for a warehouse that is busy."""
    return IngestRequest(
        inputs=(),
        warehouse=settings.warehouse,
        workers=settings.workers,
        batch_bytes=settings.batch_bytes,
        memory_bytes=settings.memory_bytes,
        bodies=settings.bodies,
        wait=wait,
    )


def request_for(
    settings: Settings,
    inputs: Sequence[str] = (),
    *,
    source: str | None = None,
    input_format: str | None = None,
    fetched_at: str | None = None,
    dry_run: bool = False,
    wait: float = 0.0,
) -> IngestRequest:
    """Return the request for INPUTs, or, with none, for all sources of feedmill.toml.

    An INPUT that is, or lies in, a configured source takes that source's name and settings; another one is
    named after its folder. `source`, `input_format` and `fetched_at` win over all. Raises InputError where
    there is nothing to ingest and ConfigError for a bad `fetched_at`.
    """
    chosen = tuple(_input(settings.sources, text) for text in inputs) or settings.sources
    if not chosen:
        where = (
            f"{settings.config_file} names no [[sources]]"
            if settings.config_file
            else "there is no feedmill.toml"
        )
        raise InputError(
            f"nothing to ingest: no INPUT was given, and {where}. Give files or folders "
            "(feedmill ingest seeds), or describe your sources in feedmill.toml."
        )
    captured = None if fetched_at is None else moment(fetched_at, "--fetched-at")
    return dataclasses.replace(
        upkeep_request(settings, wait),
        inputs=tuple(
            dataclasses.replace(
                one,
                name=source or one.name,
                input_format=input_format or one.input_format,
                fetched_at=captured or one.fetched_at,
                edges=edges_of(settings.learned, source or one.name),
            )
            for one in chosen
        ),
        dry_run=dry_run,
    )


def tally(document: CleanedDocument) -> Tally:
    """Return the figures of one cleaned document."""
    fates = [paragraph.fate for paragraph in document.paragraphs]
    bases = [item.published.basis for item in document.items]
    return Tally(
        documents=1,
        bytes=document.bytes,
        items=len(document.items),
        copies=fates.count("echo") + fates.count("near-echo"),
        boilerplate=fates.count("boilerplate"),
        quarantined=len(document.quarantine),
        dates=tuple(bases.count(basis) for basis in BASES),
        drifts=_summed(document.drifts),
    )


def _summed(*lists: Sequence[Drift]) -> tuple[Drift, ...]:
    """Return drifts by place and kind, the commonest first; without their rest where they are very many."""
    if not any(lists):
        return ()
    counts: Counter[tuple[str, str]] = Counter()
    for one in (one for drifts in lists for one in drifts):
        counts[one.path, one.what] += one.count
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Drift(path=path, what=what, count=count) for (path, what), count in ordered[:MOST_DRIFTS])


def source_rows(
    new: Mapping[str, Tally], unchanged: Iterable[str], failures: Iterable[InputFailure]
) -> tuple[SourceRow, ...]:
    """Return one row a source, sorted. `unchanged` names the source of each document that was known."""
    known = Counter(unchanged)
    failed = Counter(failure.source for failure in failures)
    return tuple(
        SourceRow(
            source=name,
            documents_unchanged=known[name],
            failures=failed[name],
            new=new.get(name, Tally()),
        )
        for name in sorted({*new, *known, *failed})
    )


def _input(sources: Sequence[SourceSettings], text: str) -> SourceSettings:
    if text == "-":
        return SourceSettings(name="stdin", location=text)
    if "://" in text:
        for source in sources:
            if source.location == text:
                return dataclasses.replace(source, insist=True)
        host = text.partition("://")[2].partition("/")[0].rpartition("@")[2]  # before it may be a password
        return SourceSettings(name=host or "web", location=text, insist=True)
    real = Path(os.path.realpath(text))
    for source in sources:
        home = Path(os.path.realpath(source.location))
        if real == home or real.is_relative_to(home):
            return dataclasses.replace(source, location=text)
    folder = real if os.path.isdir(text) else real.parent  # noqa: PTH112 - never raises, unlike Path.is_dir
    return SourceSettings(name=folder.name or "root", location=text)


def _row(row: SourceRow) -> dict[str, object]:
    new = dataclasses.asdict(row.new) | {"dates": dict(zip(BASES, row.new.dates, strict=True))}
    return {
        "source": row.source,
        "documents_new": new.pop("documents"),
        "documents_unchanged": row.documents_unchanged,
        "failures": row.failures,
        **new,
    }
