"""An item (post, article, message) with everything that is known of it, and the paragraphs it came from."""

from dataclasses import dataclass
from typing import Literal

from schemas.documents import CodecRun, Refusal
from schemas.drift import Drift
from schemas.swift import swift
from schemas.traces import Trace

Kind = Literal["post", "article", "message", "service"]
Fate = Literal["kept", "echo", "near-echo", "header", "card", "boilerplate", "quarantined"]
Precision = Literal["second", "day", "month", "year", "none"]
Basis = Literal["field", "stated", "stated-no-year", "weekday", "header", "neighbours", "none"]

FATES: tuple[Fate, ...] = ("kept", "echo", "near-echo", "header", "card", "boilerplate", "quarantined")
PRECISIONS: tuple[Precision, ...] = ("second", "day", "month", "year", "none")
BASES: tuple[Basis, ...] = ("field", "stated", "stated-no-year", "weekday", "header", "neighbours", "none")


@swift
@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """When an item was published: the best day, the interval that holds it, and what it rests on.

    `best`, `earliest` and `latest` are ISO days (or a UTC timestamp for precision `second`), null where
    nothing is known. With no evidence for a year they are null and `edtf` says what is known: XXXX-07-13.
    """

    best: str | None = None
    earliest: str | None = None
    latest: str | None = None
    edtf: str | None = None
    precision: Precision = "none"
    basis: Basis = "none"
    confidence: float = 0.0
    evidence: str | None = None


UNDATED = Published()


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A link preview that was pasted behind a post."""

    site: str | None = None
    title: str | None = None
    description: str | None = None


@swift
@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A run of lines that belongs to an item but not to its text. Lines are 1-based and inclusive."""

    first_line: int
    last_line: int
    reason: str  # echo | near-echo | header | card | boilerplate:<rule>
    of_line: int | None = None
    similarity: float | None = None


@swift
@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One post or article. `first_line`..`last_line` are 1-based and inclusive; bytes are half open."""

    item_id: str  # 32 hex digits
    document_id: str
    source: str
    ordinal: int
    kind: Kind
    first_line: int | None
    last_line: int | None
    byte_start: int
    byte_end: int
    channel: str | None = None
    author: str | None = None
    native_id: str | None = None
    forwarded_from: str | None = None
    title: str | None = None
    text: str = ""
    published: Published = UNDATED
    lang: str | None = None
    hashtags: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    card: Card | None = None
    dropped: tuple[Dropped, ...] = ()
    #: UTC timestamps that the source states, null where it states none or its zone is not known.
    posted_at: str | None = None
    edited_at: str | None = None
    #: What its format says beside the fields above (ids, origin of a forward, replies), as a JSON object.
    extras: str | None = None
    #: How sure the splitter is that an item starts here (0..1), and the cue it rests on.
    boundary_confidence: float = 1.0
    boundary_cue: str = "start"


@swift
@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of one document. The paragraphs of a document tile its bytes: blank lines and line
    breaks belong to the paragraph before them (at the very start: to the one behind them)."""

    ordinal: int
    byte_start: int
    byte_end: int
    line: int | None  # 1-based line where its text starts
    text: str  # display form, no line break at its ends
    fate: Fate
    rule: str | None = None  # boilerplate rule, header kind or quarantine reason
    of_ordinal: int | None = None  # the kept paragraph that a copy repeats
    similarity: float | None = None
    item: int | None = None  # ordinal of the item that it belongs to


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanedDocument:
    """All that the cleaners say of one document."""

    document_id: str
    source: str
    uri: str
    media_type: str
    encoding: str
    bytes: int
    items: tuple[Item, ...]
    paragraphs: tuple[Paragraph, ...]
    quarantine: tuple[Refusal, ...]
    runs: tuple[CodecRun, ...]
    traces: tuple[Trace, ...]
    #: The format that it was read as (`text` for plain text), and what its parser did not know.
    input_format: str = "text"
    drifts: tuple[Drift, ...] = ()
    #: What a person should know of how it was read, such as which columns were taken for what.
    notes: tuple[str, ...] = ()
    #: The latest time, in UTC, that it states of itself or of its records: it was made no earlier.
    made_at: str | None = None
