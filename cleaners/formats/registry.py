"""The registry: which formats there are, and which of them a document is."""

from cleaners.formats import (
    delimited,
    feeds,
    json_feed,
    json_lines,
    json_rows,
    json_stream,
    mail,
    news_page,
    parquet_rows,
    telegram_api_json,
    telegram_desktop_html,
    telegram_desktop_json,
    telegram_web,
    warc,
    whatsapp,
)
from cleaners.formats.entry import Format, Glimpse
from schemas.documents import Blob
from schemas.errors import ConfigError
from schemas.options import CleanOptions

#: Every format, one line each. Their order decides between two that are equally sure.
FORMATS: tuple[Format, ...] = (
    telegram_desktop_json.FORMAT,
    telegram_desktop_html.FORMAT,
    telegram_web.FORMAT,
    telegram_api_json.FORMAT,
    json_lines.FORMAT,
    json_rows.FORMAT,
    json_stream.FORMAT,
    delimited.FORMAT,
    parquet_rows.FORMAT,
    feeds.FORMAT,
    json_feed.FORMAT,
    news_page.FORMAT,
    mail.MBOX,
    mail.FORMAT,
    warc.FORMAT,
    whatsapp.FORMAT,
)

#: The name of plain text: dumps, pasted messages and articles. It is what no other format claims.
TEXT = "text"
_LEAST = 0.5  # what a format must be sure of, against plain text


def names() -> tuple[str, ...]:
    """Return what `--input-format` may name."""
    return (TEXT, *(known.name for known in FORMATS))


def named(name: str) -> Format | None:
    """Return the format of a name, None for plain text. Raises ConfigError for a name that is none."""
    if name == TEXT:
        return None
    for known in FORMATS:
        if known.name == name:
            return known
    raise ConfigError(
        f"{name!r} is no format that feedmill reads. Known: {', '.join(names())}. "
        "Leave it out to have the format detected."
    )


def detect(glimpse: Glimpse) -> Format | None:
    """Return the format that is surest of a document, None for plain text."""
    best: Format | None = None
    sure = _LEAST
    for known in FORMATS:
        confidence = known.recognise(glimpse)
        if confidence > sure or (confidence == sure and best is None):
            best, sure = known, confidence
    return best


def choose(blob: Blob, options: CleanOptions) -> Format | None:
    """Return the format to read a document as: the one that the options name, else the detected one."""
    if options.input_format is not None:
        return named(options.input_format)
    return detect(Glimpse.of(blob.data, blob.uri, blob.media_type, options.columns))
