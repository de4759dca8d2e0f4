"""What ingest would land, shown without a warehouse and without Prefect."""

import contextlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from cleaners.chain import clean
from cleaners.formats import choose
from flows.apart import Apart
from flows.cleaning import Casualty, Single, options_of
from flows.harms import harmed
from flows.inputs import Harm, Ref, UnusableInputError, read
from flows.memory import TOO_LARGE, bounded
from flows.output import Row, Rows, records
from flows.runs import IngestRequest
from flows.sources import discover
from flows.spooling import spool
from flows.voice import Voice
from flows.warming import warm_format, warm_up
from schemas.documents import Blob
from schemas.items import CleanedDocument, Item
from schemas.options import CleanOptions

#: Fates that a person looks for in a preview: lines that are in the file and not in the text.
_COPIES = ("echo", "near-echo")
#: Refused byte ranges of one document that are told one by one: a damaged file may hold thousands.
_TOLD = 3
#: Bytes of a document whose cleaning may come near a limit; others are shown without limit and warming up.
_LARGE = 1_000_000


@dataclass(slots=True)
class Reading:
    """The documents of a request, cleaned one by one; counts what could not be used.

    Formats whose parsers are risky are read in a process of their own, within the limits that ingest has.
    """

    voice: Voice
    memory: int | None = None  # bytes that cleaning one document may take
    documents: int = 0
    failures: int = 0
    quarantined: int = 0
    apart: Apart = field(default_factory=Apart)

    def cleaned(self, request: IngestRequest) -> Iterator[tuple[Blob, CleanedDocument]]:
        """Yield each document with its bytes. What cannot be read or used is told and counted."""
        with (
            contextlib.closing(self.apart),
            tempfile.TemporaryDirectory(prefix="feedmill-") as scratch,
        ):
            found = discover(request.inputs, warehouse=request.warehouse)
            found = spool(found, Path(scratch), memory=self.memory, first=True)
            for failure in found.failures:
                self._fail(str(failure))
            for ref in found.refs:
                try:
                    blob = read(ref)
                except UnusableInputError as error:
                    self._fail(str(error))
                    continue
                self._tell_part(ref)
                document = self.clean(blob, options_of(ref), ref.harm)
                if document:
                    yield blob, document

    @property
    def status(self) -> int:
        """Return the exit status: 1 if nothing could be read, 3 if something could not be used, else 0."""
        if self.failures and not self.documents:
            return 1
        return 3 if self.failures or self.quarantined else 0

    def clean(self, blob: Blob, options: CleanOptions, harm: Harm | None = None) -> CleanedDocument | None:
        """Return one cleaned document; what of it cannot be used is told and counted.

        None for a document on which the cleaners fail or that takes too much memory: ingest would quarantine
        it whole.
        """
        self.documents += 1
        if harm and harm.whole:
            self.quarantined += 1
            self.voice.warn(f"{blob.uri}: {harm.detail} Ingest would keep its bytes in quarantine.")
            return None
        known = choose(blob, options)
        if known is not None and known.risky:
            shown = self.apart.clean(Single(blob=blob, options=options, memory=self.memory))
            if isinstance(shown, Casualty):
                self.quarantined += 1
                failed = shown.reason == "cleaner-failed"
                said = f"the cleaners fail on it ({shown.detail}). Report this." if failed else shown.detail
                self.voice.warn(f"{blob.uri}: {said} Ingest would keep its bytes in quarantine.")
                return None
            return self._told(harmed(shown, harm))
        try:
            large = len(blob.data) > _LARGE
            if large:
                warm_up()
            warm_format(blob.media_type)
            # The address space of what is loaded at first need would count: more than a small document takes.
            with bounded(self.memory if large else None, len(blob.data)):
                document = harmed(clean(blob, options), harm)
        except MemoryError:
            self.quarantined += 1
            self.voice.warn(f"{blob.uri}: {TOO_LARGE}")
            return None
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one document, the others are shown
            self.quarantined += 1
            self.voice.warn(
                f"{blob.uri}: the cleaners fail on it ({type(error).__name__}: {error}). Report this."
            )
            self.voice.trace(error)
            return None
        return self._told(document)

    def _told(self, document: CleanedDocument) -> CleanedDocument:
        """Tell what of a document cannot be used, and return it."""
        self.quarantined += len(document.quarantine)
        for note in document.notes:
            self.voice.tell(f"{document.uri}: {note}")
        self._tell_drifts(document)
        for refusal in document.quarantine[:_TOLD]:
            self.voice.warn(
                f"{document.uri}: bytes {refusal.start}-{refusal.end} cannot be used ({refusal.reason}): "
                f"{refusal.detail.rstrip('.')}. Ingest would keep them in quarantine."
            )
        if len(document.quarantine) > _TOLD:
            more = len(document.quarantine) - _TOLD
            self.voice.warn(f"{document.uri}: {more:,} more byte ranges cannot be used.")
        return document

    def _tell_drifts(self, document: CleanedDocument) -> None:
        for drift in document.drifts[:_TOLD]:
            self.voice.warn(
                f"{document.uri}: {drift.count:,} x {drift.what} at {drift.path}. "
                "Kept as it is; the format may have changed."
            )
        if len(document.drifts) > _TOLD:
            self.voice.warn(f"{document.uri}: {len(document.drifts) - _TOLD:,} more things are not known.")

    def _tell_part(self, ref: Ref) -> None:
        """Say that there is more of a large file than what is shown."""
        if ref.part and ref.meant is None and not ref.part.last:
            file = ref.uri.partition("#bytes=")[0]
            self.voice.tell(
                f"{file} is large: ingest reads it in parts, and this is the first. To see the part with a "
                f"certain byte, name it so: '{file}#bytes={ref.bytes}-{ref.bytes + 1}'."
            )

    def _fail(self, text: str) -> None:
        self.failures += 1
        self.voice.warn(text)


def preview_rows(documents: Iterable[CleanedDocument]) -> Rows:
    """Return the items of documents, one a row, nested as the contract shows them.

    Documents are taken one by one as rows are read. A table names the document of an item only once there
    is more than one.
    """
    names: dict[str, str] = {}

    def items() -> Iterator[Item]:
        for document in documents:
            names[document.document_id] = PurePath(document.uri).name
            yield from document.items

    return records(items(), Item, brief=_brief(names))


def _brief(names: Mapping[str, str]) -> Callable[[Row], Row]:
    def brief(row: Row) -> Row:
        published = row["published"]
        dropped = row["dropped"]
        assert isinstance(published, Mapping)  # noqa: S101 - the shape of Item, for the type checker
        assert isinstance(dropped, list)  # noqa: S101 - the shape of Item, for the type checker
        document = {"document": names[str(row["document_id"])]} if len(names) > 1 else {}
        return document | {
            "ordinal": row["ordinal"],
            "lines": place(row),
            "date": published["best"] or published["edtf"],
            "basis": published["basis"],
            "copies": sum(d["last_line"] - d["first_line"] + 1 for d in dropped if d["reason"] in _COPIES),
            "title": row["title"],
        }

    return brief


def place(row: Row) -> str:
    """Return where an item stands in its document: lines `12-20`, or bytes where there are no lines."""
    if row["first_line"] is None:
        return f"bytes {row['byte_start']}-{row['byte_end']}"
    return f"{row['first_line']}-{row['last_line']}"
