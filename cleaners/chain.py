"""The whole journey of one document: bytes -> lines -> posts -> dated items. Reads as the design document.

    decode        bytes to lines, each with its byte range; what cannot be read is refused, not dropped
    mend          raw line to display form, every change recorded
    mark          headers, stamps, separators: lines that are structure
    split         echoes, cards and cues -> where one post ends and the next begins
    draft         what each line is: kept, copy, header, card, boilerplate
    date          which day each item was published, on what evidence
    account       paragraphs that tile the bytes of the document

A document of a known format (cleaners.formats) says itself where its posts begin: its records go through
mend, boilerplate, date and account only (cleaners.recorded).

Pure: no clock, no files, no network. The same bytes and options give the same answer everywhere.
"""

from bisect import bisect_right
from dataclasses import replace

from cleaners.account import account
from cleaners.assemble import (
    Draft,
    draft_article,
    draft_post,
    join,
    without_edges,
)
from cleaners.boilerplate import mark_boilerplate
from cleaners.dates import resolve
from cleaners.decode import decode
from cleaners.evidence import gather
from cleaners.formats import choose, read
from cleaners.formats.widened import codec_of
from cleaners.itemise import itemise
from cleaners.language import languages
from cleaners.marks import Mark, mark
from cleaners.page import Page, mend_page
from cleaners.recorded import assemble_records
from cleaners.split import Cut, split
from schemas.documents import Blob, Decoded, Refusal
from schemas.items import CleanedDocument
from schemas.options import DEFAULT_OPTIONS, CleanOptions

#: Version of all that changes what the cleaners answer for the same bytes; stored with every landed item.
CLEANER = "2"


def clean(blob: Blob, options: CleanOptions = DEFAULT_OPTIONS) -> CleanedDocument:
    """Return everything that the cleaners say of one document. Never raises for what the bytes hold.

    A document of a format in the registry is read as its records, every other one as plain text. Raises
    ConfigError for an input format that is none.
    """
    known = choose(blob, options)
    if known is not None:
        return assemble_records(read(known, blob.data, options), known, blob, options.edges)
    return clean_text(blob, options)


def clean_text(blob: Blob, options: CleanOptions = DEFAULT_OPTIONS) -> CleanedDocument:
    """Return everything that the cleaners say of one document of plain text."""
    document_id = blob.document_id
    wide = codec_of(options.part.context) if options.part else None
    decoded = decode(blob.data, replace(options.decode, wide=wide) if wide else options.decode)
    page = mend_page(decoded.lines)
    refusals = decoded.refusals or _refuse_blank(page, blob)
    damaged = note_damage(decoded)
    marks = mark(page.texts)
    cut = split(page.texts, page.blanks, marks)
    drafts = [without_edges(one, page.texts, options.edges) for one in draft(cut, page, marks)]
    dates = resolve(gather(drafts, page.texts, marks, feed=cut.feed), fetched_at=blob.fetched_at)
    ends = [page.lines[following.segment.start].start for following in drafts[1:]]
    ends += [decoded.lines[-1].end] if drafts else []
    # Decided by the whole document: stamps of several names are a chat's.
    chat = len({found.name for found in marks.values() if found.kind == "stamp"}) > 1
    lines, begins = decoded.lines, [line.start for line in decoded.lines]
    texts = [join(page.texts, page.blanks, drafted.kept) for drafted in drafts]
    items = tuple(
        itemise(ordinal, *parts, page, marks, cut, chat, document_id, blob.source, lines, begins)
        for ordinal, parts in enumerate(zip(drafts, texts, languages(texts), dates, ends, strict=True))
    )
    return CleanedDocument(
        document_id=document_id,
        source=blob.source,
        uri=blob.uri,
        media_type=blob.media_type,
        encoding=decoded.encoding,
        bytes=len(blob.data),
        items=items,
        paragraphs=account(page.lines, page.texts, drafts, refusals, len(blob.data)),
        quarantine=(*refusals, *damaged),
        runs=decoded.runs,
        traces=page.traces,
    )


def _refuse_blank(page: Page, blob: Blob) -> tuple[Refusal, ...]:
    """A document of blank lines only has no paragraph to hold its bytes: it is refused whole."""
    if page.lines or not blob.data:
        return ()
    return (
        Refusal(
            0, len(blob.data), "clean", "no-text", "the document holds only blank lines; nothing to land"
        ),
    )


def note_damage(decoded: Decoded) -> tuple[Refusal, ...]:
    """Return the lines whose bytes are broken UTF-8: they land with U+FFFD in the place of the broken bytes,
    and their bytes go into quarantine as well, so that the loss is seen."""
    ranges = [(run.start, run.end) for run in decoded.runs if run.codec == "utf-8" and run.how == "guessed"]
    starts = [start for start, _ in ranges]
    found = []
    for line in decoded.lines if ranges else ():
        at = bisect_right(starts, line.start) - 1
        if at >= 0 and line.end <= ranges[at][1] and "\ufffd" in line.text:
            detail = f"line {line.number} is UTF-8 with broken bytes; they show as U+FFFD in its text"
            found.append(Refusal(line.start, line.end, "decode", "invalid-utf8", detail))
    return tuple(found)


def draft(cut: Cut, page: Page, marks: dict[int, Mark]) -> list[Draft]:
    """Return what each line is. Boilerplate rules apply to articles: posts have no page around them."""
    if cut.feed:
        return [draft_post(segment, page.texts, cut.keys, marks) for segment in cut.segments]
    drafts = []
    for segment in cut.segments:
        if segment.block:
            drafts.append(draft_post(segment, page.texts, cut.keys, marks))
        else:
            furniture = mark_boilerplate(page.texts, [line.text for line in page.lines])
            drafts.append(draft_article(segment, furniture))
    return drafts
