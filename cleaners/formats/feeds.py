"""RSS, Atom and RDF feeds: each entry is parsed by itself, strictly first, then mended, then with recovery.

RSS 2.0, RFC 4287 (Atom), RSS 1.0; what real feeds do wrong: docs/formats.md.
"""

import re
from collections.abc import Iterator

from cleaners.formats import feed_slices
from cleaners.formats.encoded import to_utf8
from cleaners.formats.entry import Cutter, Format, Glimpse
from cleaners.formats.feed_entries import Channel, Reader, Said
from cleaners.formats.feed_slices import Slice
from cleaners.formats.feed_texts import LONGEST, line, words
from cleaners.formats.json_slices import MAX_ELEMENT, dump
from cleaners.formats.markup import absolute
from cleaners.formats.times import iso
from schemas.documents import Refusal
from schemas.drift import Drift
from schemas.options import CleanOptions
from schemas.records import Finding, Made, Record

_NAME = "feed"
_BOM = b"\xef\xbb\xbf"


def recognise(glimpse: Glimpse) -> float:
    """Return how sure it is: the root element is one of a feed."""
    head = glimpse.head
    if b"\0" in head[:64]:  # UTF-16
        head = to_utf8(head[: len(head) // 2 * 2]).utf8.lstrip()
    if not head.startswith(b"<"):
        return 0.0
    root = feed_slices.root_of(head)
    if root is None:
        # A feed that declares entities is one as well, to be refused.
        return (
            0.6
            if feed_slices.declares_entities(head)
            and re.search(rb"<!DOCTYPE\s+(?:rss|feed|RDF)\b|<(?:rss|feed)[\s>]", head)
            else 0.0
        )
    return 0.95


def parse(data: bytes, options: CleanOptions) -> Iterator[Finding]:
    """Yield a record for each entry in the order of the feed."""
    encoded = to_utf8(data, feed_slices.declared_encoding(data), options.decode)
    yield from encoded.runs
    text = encoded.utf8
    if feed_slices.declares_entities(text):
        detail = "It declares entities of its own, which no feed needs and bombs are made of."
        yield Refusal(0, len(data), "format", "entities", detail)
        return
    root = feed_slices.root_of(text)
    if root is None:
        yield Refusal(0, len(data), "format", "no-root", "There is no root element of a feed.")
        return
    reader = Reader(text, root)
    channel: Channel | None = None
    reached = 0
    for piece in feed_slices.slices(text, root):
        if channel is None:
            channel = reader.channel(text[root.end : piece.start], root.kind)
            if channel.made_at:
                yield Made(at=channel.made_at)
        place = (encoded.at(piece.start), encoded.at(piece.end))
        reached = place[1]
        if piece.last:
            yield Refusal(
                place[0], len(data), "format", "truncated", "The feed ends in this entry: it was cut off."
            )
            return
        yield from _entry(text, piece, place, reader, channel)
    goes_on = options.part is not None and not options.part.last
    if not goes_on and not feed_slices.is_closed(text, root):
        yield Refusal(reached, len(data), "format", "truncated", "The feed has no end: it was cut off.")


def cutter(head: bytes, options: CleanOptions) -> Cutter | None:  # noqa: ARG001 - the shape of all cutters
    """Return how a feed is cut: behind an entry. The context is what stands in front of the first one."""
    head = head.removeprefix(_BOM)
    root = feed_slices.root_of(head)
    first = next(feed_slices.slices(head, root), None) if root else None
    if root is None or first is None or first.start > feed_slices.HEAD or feed_slices.declares_entities(head):
        return None
    context = head[: first.start]
    begins = re.compile(rb"<(?:[A-Za-z_][\w.-]{0,40}:)?" + root.entry + rb"(?=[\s/>])")

    def cut(data: bytes, ahead: bytes, wanted: int) -> tuple[int, bytes] | None:
        text = (ahead + data).removeprefix(_BOM)
        before = len(text) - len(data)  # of the part: its context, or less a mark at the start of the file
        best: int | None = None
        for piece in feed_slices.slices(text, root):
            if piece.last or (best is not None and piece.end - before > wanted):
                break
            best = piece.end - before
        return (best, context) if best is not None else None

    def resume(data: bytes, _: bytes) -> int:
        found = begins.search(data, 1)
        return found.start() if found else -1

    return Cutter(cut=cut, resume=resume)


def _entry(
    text: bytes, piece: Slice, place: tuple[int, int], reader: Reader, channel: Channel
) -> Iterator[Finding]:
    body = text[piece.start : piece.end]
    if len(body) > MAX_ELEMENT:
        yield Refusal(*place, "format", "huge-record", f"One entry of {len(body):,} bytes is none.")
        return
    if feed_slices.has_huge_tag(body):
        yield Refusal(*place, "format", "huge-tag", f"A tag of more than {feed_slices.MAX_TAG:,} bytes.")
        return
    said, damaged = reader.entry(body)
    if said is None:
        yield Refusal(
            *place, "format", "invalid-xml", "This entry cannot be read as XML, not even with recovery."
        )
        return
    record = _record(said, place, channel)
    if damaged and not record.text and not record.title:
        yield Refusal(
            *place, "format", "invalid-xml", "Nothing of this entry can be read: it is broken, or too deep."
        )
        return
    yield record
    if damaged or not piece.whole:
        yield Drift(path=f"{piece_name(body)}", what="invalid")
    for name in said.unknown:
        yield Drift(path=f"{piece_name(body)}/{name}", what="unknown-key")


def piece_name(body: bytes) -> str:
    """Return the name of an entry's element."""
    return "entry" if b"entry" in body[:48].split(b">", 1)[0] else "item"


def _record(said: Said, place: tuple[int, int], channel: Channel) -> Record:
    fields = said.fields
    content, summary = fields.get("content"), fields.get("summary") or fields.get("summary2")
    text, targets = words(content or summary or "")
    title = line(fields.get("title") or fields.get("title2"))
    posted, raw = _time(fields, "posted", "posted2")
    edited, changed = _time(fields, "edited")
    extras = dict(said.extras)
    if content and summary and (brief := words(summary)[0]) and not text.startswith(brief.rstrip(" .…[]")):
        extras["summary"] = brief
    if changed:
        extras["updated"] = changed
    if raw and posted is None:
        extras["published"] = raw
    for key in ("comments", "publisher"):
        if key in fields:
            extras[key] = fields[key][:LONGEST]
    base = absolute(channel.base, fields.get("base", "")) or channel.base
    written = [one.strip() for one in said.links]
    links = [absolute(base, one) for one in written]
    link = links[0] if links else None
    native = fields.get("id") or fields.get("id2")
    if (
        native
        and native.startswith(("http://", "https://"))
        and link is None
        and "guid_is_link" not in extras
    ):
        link = native
    named = native or (written[0] if written else link)
    # What stands in a text is relative to what the feed says, else to the page of the entry.
    inner = absolute(base, fields["content_base"]) if "content_base" in fields else None
    inner = inner or (base if channel.stated or "base" in fields else link or base)
    targets = tuple(absolute(inner, target) for target in targets)
    return Record(
        start=place[0],
        end=place[1],
        kind="article" if title else "post",
        text=text,
        title=title,
        channel=channel.title,
        channel_id=channel.key,
        author=line(fields.get("author") or fields.get("author2")),
        native_id=named,
        identity=f"feed:{channel.key or ''}:{named}" if named else None,
        forwarded_from=fields.get("source") or None,
        forwarded_link=fields.get("source_link") or None,
        posted_at=posted or edited,
        edited_at=edited,
        posted_evidence=raw if posted else changed,
        urls=tuple(dict.fromkeys(filter(None, (link, *links, *targets)))),
        hashtags=tuple(dict.fromkeys(" ".join(tag.split())[:200] for tag in said.tags[:100] if tag.strip())),
        lang=fields.get("lang") or channel.lang,
        extras=dump(extras) if extras else None,
    )


def _time(fields: dict[str, str], *keys: str) -> tuple[str | None, str | None]:
    """Return the first of some times that can be read, and how the feed writes it."""
    raw = None
    for key in keys:
        if said := fields.get(key):
            raw = raw or said[:200]
            if moment := iso(said):
                return moment, said[:200]
    return None, raw


FORMAT = Format(
    name=_NAME,
    title="RSS, Atom or RDF feed",
    recognise=recognise,
    parse=parse,
    media_type="application/xml",
    extensions=(".rss", ".atom", ".xml", ".rdf"),
    recognised_by="a root element rss, feed or RDF",
    keeps=(
        "guid",
        "both dates as written",
        "author",
        "feed",
        "link targets",
        "summary beside content",
        "categories",
        "enclosures",
        "source",
    ),
    cutter=cutter,
    cost=24,
)
