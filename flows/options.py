"""Options that several commands share, and what becomes of them."""

from typing import Annotated

from cyclopts import Parameter

from flows.output import Format
from flows.runs import IngestRequest, request_for
from flows.settings import load
from flows.voice import Voice
from schemas.errors import ConfigError, InputError

Warehouse = Annotated[
    str | None,
    Parameter(
        name="--warehouse",
        help="The warehouse file (or set FEEDMILL_WAREHOUSE). [default: warehouse/feedmill.duckdb]",
    ),
]
InputFormat = Annotated[
    str | None, Parameter(name="--input-format", help="Read all inputs as this format. [default: detected]")
]
FetchedAt = Annotated[
    str | None,
    Parameter(
        name="--fetched-at",
        help="ISO day or time at which the input was captured: nothing in it was published later.",
    ),
]
Form = Annotated[
    Format | None,
    Parameter(name="--format", help="[default: table on a terminal, jsonl in a pipe]"),
]
ExcelSafe = Annotated[
    bool,
    Parameter(
        name="--excel-safe",
        negative="",
        show_default=False,
        help="CSV only: put an apostrophe before text that a spreadsheet would take for a formula.",
    ),
]
Speaker = Annotated[Voice, Parameter(parse=False)]


def switch(help_: str) -> Parameter:
    return Parameter(negative="", show_default=False, help=help_)


def shield(word: str) -> str:
    """Mark a word that begins with a hyphen and is no option: `-` (stdin) and SQL that opens with a comment.

    No word of a real command line can hold NUL, so the mark cannot be mistaken.
    """
    return f"\0{word}" if word == "-" or word.startswith(("-- ", "--\n")) else word


def unshield(word: str) -> str:
    """Return a word as it was typed."""
    return word.removeprefix("\0")


def request_from(
    inputs: tuple[str, ...],
    warehouse: str | None,
    input_format: str | None,
    fetched_at: str | None,
    *,
    source: str | None = None,
    dry_run: bool = False,
    wait: float = 0.0,
) -> IngestRequest:
    """Return the request that ingest would run; wrong words become wrong usage."""
    try:
        request = request_for(
            load(warehouse=warehouse),
            [unshield(text) for text in inputs],
            source=source,
            input_format=input_format,
            fetched_at=fetched_at,
            dry_run=dry_run,
            wait=wait,
        )
    except InputError as error:
        raise ConfigError(str(error)) from error
    if any(one.input_format for one in request.inputs):
        from cleaners.formats import named  # noqa: PLC0415 - brings the parsers

        for one in request.inputs:
            named(one.input_format or "text")
    return request
