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

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from cleaners.account import account, item_id
from cleaners.assemble import (
    Draft,
    draft_article,
    draft_post,
    hashtags,
    join,
    title_of,
    urls,
    without_edges,
)
from cleaners.boilerplate import mark_boilerplate
from cleaners.dates import resolve
from cleaners.decode import decode
from cleaners.evidence import gather
from cleaners.formats import choose, read
from cleaners.formats.widened import codec_of
from cleaners.language import languages
from cleaners.marks import Mark, mark
from cleaners.mend import mend
from cleaners.recorded import assemble_records
from cleaners.sound import sound_lines
from cleaners.split import Cut, split
from schemas.documents import Blob, Decoded, Line, Refusal
from schemas.items import CleanedDocument, Dropped, Item, Kind, Published
from schemas.options import DEFAULT_OPTIONS, CleanOptions
from schemas.traces import Trace

#: Version of all that changes what the cleaners answer for the same bytes; stored with every landed item.
CLEANER = "2"


@dataclass(frozen=True, slots=True)
class Page:
    """The non-blank lines of a document in display form, with the blank lines counted before each."""

    lines: tuple[Line, ...]
    texts: tuple[str, ...]
    blanks: tuple[int, ...]
    traces: tuple[Trace, ...]


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
    lines = decoded.lines
    texts = [join(page.texts, page.blanks, drafted.kept) for drafted in drafts]
    items = tuple(
        itemise(ordinal, *parts, page, marks, cut, chat, document_id, blob.source, lines)
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


def mend_page(lines: Sequence[Line]) -> Page:
    """Return the non-blank lines in display form, and what was changed in them."""
    kept: list[Line] = []
    texts: list[str] = []
    blanks: list[int] = []
    traces: list[Trace] = []
    empty = 0
    for line, sound in zip(lines, sound_lines([line.text for line in lines]), strict=True):
        text = line.text
        if not sound:
            text, steps = mend(text)
            if steps:
                traces.append(Trace(line.number, steps))
        if not text:
            empty += 1
            continue
        kept.append(line)
        texts.append(text)
        blanks.append(empty)
        empty = 0
    return Page(tuple(kept), tuple(texts), tuple(blanks), tuple(traces))


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


def itemise(
    ordinal: int,
    drafted: Draft,
    text: str,
    lang: str | None,
    published: Published,
    end: int,
    page: Page,
    marks: dict[int, Mark],
    cut: Cut,
    chat: bool,
    document_id: str,
    source: str,
    lines: Sequence[Line],
) -> Item:
    """Return the item of one draft, of its text; `end` is the byte where the next item starts."""
    segment = drafted.segment
    first = page.lines[segment.start]
    start = lines[0].start if ordinal == 0 else first.start
    head = [marks[at] for at in range(segment.start, segment.end) if at in marks]
    kept = [page.texts[at] for at in drafted.kept]
    said = "\n".join([text, *(page.texts[at] for at in drafted.learned)]) if drafted.learned else text
    stamp = next((found for found in head if found.kind == "stamp"), None)
    kind: Kind = ("message" if chat else "post") if cut.feed else "article"
    return Item(
        item_id=item_id(document_id, start),
        document_id=document_id,
        source=source,
        ordinal=ordinal,
        kind=kind,
        first_line=lines[0].number if ordinal == 0 else first.number,
        last_line=_last_line(lines, end),
        byte_start=start,
        byte_end=end,
        channel=stamp.name if stamp and not chat else None,
        author=stamp.name if stamp and chat else None,
        forwarded_from=next((found.name for found in head if found.kind == "forwarded"), None),
        title=title_of(kept, article=kind == "article"),
        text=text,
        published=published,
        lang=lang,
        hashtags=hashtags(said),
        urls=urls(said),
        card=drafted.card,
        dropped=_dropped(drafted, page),
        boundary_confidence=segment.confidence,
        boundary_cue=cut.cue,
    )


def _last_line(lines: Sequence[Line], end: int) -> int:
    """Return the number of the last line that starts before byte `end`."""
    return lines[bisect_left(lines, end, key=attrgetter("start")) - 1].number


def _dropped(drafted: Draft, page: Page) -> tuple[Dropped, ...]:
    """Return the runs of lines that are not in the text: neighbours of one reason are joined."""
    runs: list[Dropped] = []
    if len(drafted.kept) == len(drafted.roles):
        return ()
    for at, role in enumerate(drafted.roles, drafted.segment.start):
        if role.fate == "kept":
            continue
        number = page.lines[at].number
        reason = f"boilerplate:{role.rule}" if role.fate == "boilerplate" else role.fate
        of_line = page.lines[role.of].number if role.of is not None else None
        if runs and _joins(runs[-1], number, reason, of_line, role.similarity):
            last = runs.pop()
            runs.append(
                Dropped(
                    first_line=last.first_line,
                    last_line=number,
                    reason=reason,
                    of_line=last.of_line,
                    similarity=last.similarity,
                )
            )
        else:
            runs.append(
                Dropped(
                    first_line=number,
                    last_line=number,
                    reason=reason,
                    of_line=of_line,
                    similarity=role.similarity,
                )
            )
    return tuple(runs)


def _joins(run: Dropped, number: int, reason: str, of_line: int | None, similarity: float | None) -> bool:
    """Say whether a dropped line goes on where a run ends: same reason, next line, next line copied."""
    follows = run.last_line + 1 == number and run.reason == reason and run.similarity == similarity
    shift = number - run.first_line
    return follows and (of_line is None if run.of_line is None else of_line == run.of_line + shift)
