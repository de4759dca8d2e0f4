"""A document on its way from bytes to lines. Every line keeps its byte range in the document."""

import hashlib
from dataclasses import dataclass
from typing import Literal

from schemas.swift import swift


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """One raw input as it was received. `document_id` is the sha256 of `data`, whatever its name."""

    data: bytes
    source: str
    uri: str
    media_type: str = "text/plain"
    #: ISO 8601 day or timestamp at which the bytes were captured; nothing in them was published later.
    fetched_at: str | None = None

    @property
    def document_id(self) -> str:
        """Return the sha256 of the bytes, 64 hex digits."""
        return hashlib.sha256(self.data).hexdigest()


@swift
@dataclass(frozen=True, slots=True)
class Line:
    """One line of a document. [start, end) are bytes and include the line break; `text` does not."""

    number: int  # 1-based
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class CodecRun:
    """Lines that were decoded alike. [start, end) are bytes."""

    start: int
    end: int
    codec: str
    how: Literal["bom", "utf-8", "declared", "guessed"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A byte range that could not be used, kept with the reason. It becomes a quarantine row."""

    start: int
    end: int
    stage: str  # decode | format | clean
    reason: str  # a short code: binary, nul-bytes, undecodable, huge-line, empty, no-text
    detail: str  # one sentence for a person


@dataclass(frozen=True, slots=True)
class Decoded:
    """A document as lines. `lines` and `refusals` together tile [0, number of bytes)."""

    lines: tuple[Line, ...]
    runs: tuple[CodecRun, ...]
    refusals: tuple[Refusal, ...]

    @property
    def encoding(self) -> str:
        """Return the codecs in order of first use, joined by '+': `utf-8`, `utf-8+cp1251`, or `unknown`."""
        return "+".join(dict.fromkeys(run.codec for run in self.runs)) or "unknown"
