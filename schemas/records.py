"""What a format's parser says of a document: its records, what it could not use, and what it did not know.

A parser yields these in byte order. Bytes that are in no record and no refusal are structure.
"""

from dataclasses import dataclass

from schemas.documents import CodecRun, Refusal
from schemas.drift import Drift
from schemas.items import Basis, Card, Kind
from schemas.swift import swift


@swift
@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One post, article or message as its format gives it, at bytes [start, end) of the document.

    Times are ISO 8601 as the format states them: `2024-07-19T08:57:11+03:00`, `...Z`, or a day. A time
    without an offset is a local time of an unknown zone. Never fill in a zone, a year or a name.
    """

    start: int
    end: int
    kind: Kind
    #: As the format gives it, with its line breaks (`<br>` and `<p>` are line breaks), not yet mended.
    text: str = ""
    #: A headline apart from the text. None: a post's title is its first line.
    title: str | None = None
    channel: str | None = None  # display name of the channel, chat, feed or site
    #: The channel's own id: bare positive digits for Telegram, else a user name, address or list id.
    channel_id: str | None = None
    author: str | None = None
    native_id: str | None = None
    #: What names this record in every copy of its source, `telegram:1234567890:42`: its item_id rests on it.
    #: None: the item is known by its place in the document.
    identity: str | None = None
    forwarded_from: str | None = None  # display name
    forwarded_link: str | None = None  # address of the original
    forwarded_at: str | None = None
    posted_at: str | None = None
    edited_at: str | None = None
    #: What the time rests on: `field`, or what a page says in words (`header`, `stated`).
    posted_basis: Basis = "field"
    #: The words that the time rests on, where they are not `posted_at` itself.
    posted_evidence: str | None = None
    #: Targets of links in order, those that are not spelled out in the text above all.
    urls: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()  # beside those in the text: categories, keywords
    card: Card | None = None
    lang: str | None = None
    #: What has no field of its own, as a JSON object with sorted keys. No figures that change by themselves
    #: (views, reactions): they would make a new version of the item at each look.
    extras: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a person should know of how a document was read: the columns that were taken for text and date."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """When a document says it was made (`lastBuildDate`), in the form of a record's times."""

    at: str


#: What a parser yields. Codec runs only where the bytes are not UTF-8 throughout.
Finding = Record | Refusal | Drift | CodecRun | Note | Made


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """All that a parser found: records and refusals in byte order, without overlaps; drifts summed up."""

    records: tuple[Record, ...]
    refusals: tuple[Refusal, ...]
    drifts: tuple[Drift, ...]
    runs: tuple[CodecRun, ...]
    notes: tuple[str, ...] = ()
    made_at: str | None = None
