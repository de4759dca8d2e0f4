"""The formats that feedmill reads, as rows for `feedmill formats`."""

from collections.abc import Iterator
from dataclasses import dataclass

from cleaners.formats import FORMATS, TEXT
from flows.output import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatRow:
    """One format: `name` is what `--input-format` calls it."""

    name: str
    title: str
    extensions: tuple[str, ...]
    media_type: str
    recognised_by: str
    keeps: tuple[str, ...]
    worker_only: bool  # its parser only runs in a process that can be killed


def catalogue() -> Iterator[FormatRow]:
    """Yield every format, plain text first."""
    yield FormatRow(
        name=TEXT,
        title="plain text: dumps, pasted messages, articles",
        extensions=(".txt", ".md"),
        media_type="text/plain",
        recognised_by="what no other format claims",
        keeps=("lines", "copies", "headers", "cards", "dates in the text"),
        worker_only=False,
    )
    for known in FORMATS:
        yield FormatRow(
            name=known.name,
            title=known.title,
            extensions=known.extensions,
            media_type=known.media_type,
            recognised_by=known.recognised_by,
            keeps=known.keeps,
            worker_only=known.risky,
        )


def brief(row: Row) -> Row:
    """Return what a terminal table shows of a format."""
    return {name: row[name] for name in ("name", "title", "recognised_by")}
