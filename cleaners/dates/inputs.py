"""What the resolver is told of an item."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class DateInput:
    """One item of a document, as text to be dated.

    text: the kept text in display form, title first, lines divided by newlines.
    title_lines: how many lines of `text` are the title.
    kind: posts stand in order of time; articles are dated on their own.
    stamp: a structured or pasted timestamp in ISO 8601; `stamp_zoned` says that it is UTC or has its offset.
    headers: metadata lines that state the date ('date 2023-03-03').
    captions: lines tagged as captions. They are not text, but the days they name are evidence for articles.
    """

    text: str
    title_lines: int = 1
    kind: Literal["post", "article"] = "post"
    stamp: str | None = None
    stamp_zoned: bool = False
    headers: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()
