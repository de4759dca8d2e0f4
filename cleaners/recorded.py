"""Records of a format -> items, and the paragraphs that tile the bytes of their document.

The text of a record goes the way of every text: display form line by line with its traces, boilerplate marks
in articles, lines that were learned of the source, hashtags and addresses.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cleaners.account import item_id as place_id
from cleaners.assemble import hashtags, title_of, urls
from cleaners.boilerplate import mark_boilerplate
from cleaners.edges import edge_lines
from cleaners.formats.entry import Format
from cleaners.language import language
from cleaners.mend import mend
from cleaners.stamped import date_records, utc
from cleaners.tiles import Body, one_line, shown_card, tile
from schemas.documents import Blob, Refusal
from schemas.items import CleanedDocument, Dropped, Item, Published
from schemas.options import EdgeLine
from schemas.records import Parsed, Record
from schemas.traces import Trace


def assemble_records(
    parsed: Parsed, known: Format, blob: Blob, edges: tuple[EdgeLine, ...] = ()
) -> CleanedDocument:
    """Return everything that is said of a document that was read as records."""
    document_id = blob.document_id
    bodies = [make_body(record, edges) for record in parsed.records]
    dates = date_records(parsed.records, [body.text for body in bodies], blob.fetched_at)
    lines = line_numbers(blob.data, parsed.records) if known.lined else [None] * len(bodies)
    ids = identify(parsed.records, document_id)
    items = tuple(
        make_item(ordinal, record, body, published, span, item_id, document_id, blob.source)
        for ordinal, (record, body, published, span, item_id) in enumerate(
            zip(parsed.records, bodies, dates, lines, ids, strict=True)
        )
    )
    return CleanedDocument(
        document_id=document_id,
        source=blob.source,
        uri=blob.uri,
        media_type=known.media_type if blob.media_type == "text/plain" else blob.media_type,
        encoding="+".join(dict.fromkeys(run.codec for run in parsed.runs)),
        bytes=len(blob.data),
        items=items,
        paragraphs=tuple(tile(parsed, bodies, lines, blob.data, known.name)),
        quarantine=(*parsed.refusals, *_damage(parsed)),
        runs=parsed.runs,
        traces=tuple(
            Trace(span[0] if span else ordinal, body.steps)
            for ordinal, (body, span) in enumerate(zip(bodies, lines, strict=True), 1)
            if body.steps
        ),
        input_format=known.name,
        drifts=parsed.drifts,
        notes=parsed.notes,
        made_at=_made_at(parsed.made_at, items),
    )


def _made_at(stated: str | None, items: Sequence[Item]) -> str | None:
    """Return the latest time that a document states of itself or of its records, in UTC."""
    times = (utc(stated), *(at for item in items for at in (item.posted_at, item.edited_at)))
    return max(filter(None, times), default=None)


def _damage(parsed: Parsed) -> Iterator[Refusal]:
    """Yield runs of UTF-8 with broken bytes: they land with U+FFFD in place of them, which must be seen."""
    for run in parsed.runs:
        if run.codec == "utf-8" and run.how == "guessed":
            detail = "UTF-8 with broken bytes; they show as U+FFFD in the text"
            yield Refusal(run.start, run.end, "decode", "invalid-utf8", detail)


def make_body(record: Record, edges: tuple[EdgeLine, ...] = ()) -> Body:
    """Return the display form of a record; a title of its own is the first line, unless the text has it."""
    text, steps = mend(record.text)
    lines: list[str] = []
    blanks: list[int] = []
    empty = 0
    for line in text.split("\n"):
        if not line:
            empty += 1
            continue
        lines.append(line)
        blanks.append(empty)
        empty = 0
    if record.title:
        mended, more = mend(record.title)
        title = " ".join(mended.split())
        steps = (*more, *steps)
        if title and lines[:1] != [title]:
            lines.insert(0, title)
            blanks = [0, 1, *blanks[1:]] if blanks else [0]
    rules: list[str | None] = [None] * len(lines)
    if record.kind == "article":
        for at, rule in mark_boilerplate(lines, lines).items():
            if at or not record.title:  # a title that reads like furniture is the title all the same
                rules[at] = rule
    kept = [at for at, rule in enumerate(rules) if rule is None and (at or not record.title)]
    learned = {kept[at]: name for at, name in edge_lines([lines[at] for at in kept], edges).items()}
    for at, name in learned.items():
        rules[at] = name
    return Body(tuple(lines), tuple(blanks), tuple(rules), steps, tuple(sorted(learned)))


def make_item(
    ordinal: int,
    record: Record,
    body: Body,
    published: Published,
    span: tuple[int, int] | None,
    item_id: str,
    document_id: str,
    source: str,
) -> Item:
    """Return the item of one record."""
    kept = [body.lines[at] for at in body.kept]
    text = body.text
    # What a learned line links to is told of the item all the same: the line may be the label of its link.
    said = "\n".join([text, *(body.lines[at] for at in body.learned)])
    return Item(
        item_id=item_id,
        document_id=document_id,
        source=source,
        ordinal=ordinal,
        kind=record.kind,
        first_line=span[0] if span else None,
        last_line=span[1] if span else None,
        byte_start=record.start,
        byte_end=record.end,
        channel=one_line(record.channel),
        author=one_line(record.author),
        native_id=record.native_id,
        forwarded_from=one_line(record.forwarded_from),
        title=(kept[0] if record.title else title_of(kept, article=record.kind == "article"))
        if kept
        else None,
        text=text,
        published=published,
        lang=record.lang or language(text),
        hashtags=tuple(dict.fromkeys((*hashtags(said), *record.hashtags))),
        urls=tuple(dict.fromkeys((*urls(said), *record.urls))),
        card=shown_card(record.card),
        dropped=_dropped(body, span),
        posted_at=utc(record.posted_at),
        edited_at=utc(record.edited_at),
        extras=_extras(record),
        boundary_cue="record",
    )


def identify(records: Sequence[Record], document_id: str) -> Iterator[str]:
    """Yield the item_id of each record: its own identity, or its place where it has none.

    One identity may come again with a later edit, or word for word. Where it names another message it is no
    identity (files that were merged from several chats): then the later one is known by its place.
    """
    owners: dict[str, Record] = {}
    for record in records:
        if record.identity is not None:
            first = owners.setdefault(record.identity, record)
            if first is record or _is_version(record, first):
                yield hashlib.sha256(record.identity.encode("utf-8", "surrogatepass")).hexdigest()[:32]
                continue
        yield place_id(document_id, record.start)


def _is_version(record: Record, other: Record) -> bool:
    """Say whether two records of one identity may be one message: the same, or before and after an edit."""
    edited = record.edited_at != other.edited_at or record.posted_at is None
    if edited and record.posted_at == other.posted_at:
        return True
    return replace(record, start=other.start, end=other.end) == other


def line_numbers(data: bytes, records: Sequence[Record]) -> list[tuple[int, int]]:
    """Return the first and last line of each record, from 1."""
    spans = []
    at, number = 0, 1
    for record in records:
        number += data.count(b"\n", at, record.start)
        last = number + data.count(b"\n", record.start, max(record.start, record.end - 1))
        spans.append((number, last))
        at, number = max(record.start, record.end - 1), last
    return spans


def _dropped(body: Body, span: tuple[int, int] | None) -> tuple[Dropped, ...]:
    """Return the rules that took lines out of the text. Where in the record they stand is not known."""
    if span is None:
        return ()
    return tuple(
        Dropped(first_line=span[0], last_line=span[1], reason=f"boilerplate:{rule}")
        for rule in dict.fromkeys(filter(None, body.rules))
    )


def _extras(record: Record) -> str | None:
    """Return what has no column, as a JSON object with sorted keys."""
    known = {
        "channel_id": record.channel_id,
        "forwarded_link": record.forwarded_link,
        "forwarded_at": record.forwarded_at,
        # A time that is kept nowhere else: its zone is not known, or the date rests on something else.
        "posted_local": _local(record.posted_at),
        "edited_local": _local(record.edited_at),
    }
    said = {key: value for key, value in known.items() if value is not None}
    if record.extras:
        said = json.loads(record.extras) | said
    return json.dumps(said, ensure_ascii=False, sort_keys=True) if said else None


def _local(stamp: str | None) -> str | None:
    """Return a time that has no zone; a day is told by the dates of the item already."""
    return stamp if stamp and len(stamp) > len("2020-02-26") and utc(stamp) is None else None
