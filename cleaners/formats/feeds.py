"""RSS, Atom and RDF feeds: each entry is parsed by itself, strictly first, then mended, then with recovery.

RSS 2.0, RFC 4287 (Atom), RSS 1.0; what real feeds do wrong: docs/formats.md.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cleaners.formats import feed_slices
from cleaners.formats.encoded import to_utf8
from cleaners.formats.entry import Format, Glimpse
from cleaners.formats.feed_slices import Slice
from cleaners.formats.json_slices import MAX_ELEMENT, dump
from cleaners.formats.markup import is_markup, to_text
from cleaners.formats.times import iso
from schemas.documents import Refusal
from schemas.drift import Drift
from schemas.options import CleanOptions
from schemas.records import Finding, Record

_NAME = "feed"
_MODULES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dc",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://search.yahoo.com/mrss/": "media",
    "http://search.yahoo.com/mrss": "media",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://www.w3.org/1999/xhtml": "xhtml",
}
#: Namespaces whose elements count as the feed's own.
_CORE = frozenset(
    {
        "http://www.w3.org/2005/Atom",
        "http://purl.org/atom/ns#",
        "http://purl.org/rss/1.0/",
        "http://my.netscape.com/rdf/simple/0.9/",
        "http://backend.userland.com/rss2",
        "http://channel.netscape.com/rdf/simple/0.9/",
    }
)
_FIELDS = {
    "title": "title", "media:title": "title2", "dc:title": "title2",
    "guid": "id", "id": "id", "dc:identifier": "id2",
    "pubDate": "posted", "pubdate": "posted", "published": "posted", "issued": "posted", "created": "posted",
    "dc:date": "posted2", "date": "posted2", "dc:issued": "posted2", "dc:created": "posted2",
    "updated": "edited", "modified": "edited", "dc:modified": "edited", "lastBuildDate": "edited",
    "description": "summary", "summary": "summary", "tagline": "summary", "dc:description": "summary",
    "media:description": "summary2", "itunes:summary": "summary2", "itunes:subtitle": "summary2",
    "dc:abstract": "summary2",
    "content:encoded": "content", "content": "content", "xhtml:body": "content", "body": "content",
    "fullitem": "content",
    "author": "author", "dc:creator": "author", "creator": "author", "itunes:author": "author2",
    "managingEditor": "author2",
    "dc:publisher": "publisher", "dc:contributor": "author2", "contributor": "author2",
    "category": "tag", "dc:subject": "tag", "media:keywords": "tag", "itunes:keywords": "tag",
    "subject": "tag",
    "link": "link", "comments": "comments", "enclosure": "enclosure", "source": "source",
    "dc:language": "lang", "language": "lang",
}  # fmt: skip
#: Elements that are containers: what is in them counts as if it stood there.
_GROUPS = frozenset({"media:group"})
#: Elements that are known and kept, or that say nothing about the text.
_QUIET_SPACES = ("media", "itunes")
_CDATA = re.compile(rb"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_BARE = re.compile(
    rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)([A-Za-z][A-Za-z0-9]{1,31};)?"
)
_CONTROL = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:[0-8]|1[1-24-9]|2\d|3[01]|[xX](?:[0-8bBcC]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}));"
)
_REFERENCE = re.compile(rb"&#[xX]?[0-9a-fA-F]{0,8};?")
_LONGEST = 2_000


@dataclass(slots=True)
class Said:
    """What an entry says, by field; the first one that says something counts."""

    fields: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    extras: dict[str, Any] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Channel:
    """What a feed says of itself. `key` names it in the identity of its entries."""

    title: str | None = None
    key: str | None = None
    lang: str | None = None


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
    reader = _Reader(text, root)
    channel: Channel | None = None
    reached = 0
    for piece in feed_slices.slices(text, root):
        if channel is None:
            channel = reader.channel(text[root.end : piece.start], root.kind)
        place = (encoded.at(piece.start), encoded.at(piece.end))
        reached = place[1]
        if piece.last:
            yield Refusal(
                place[0], len(data), "format", "truncated", "The feed ends in this entry: it was cut off."
            )
            return
        yield from _entry(text, piece, place, reader, channel)
    if not feed_slices.is_closed(text, root):
        yield Refusal(reached, len(data), "format", "truncated", "The feed has no end: it was cut off.")


def _entry(
    text: bytes, piece: Slice, place: tuple[int, int], reader: "_Reader", channel: Channel
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


class _Reader:
    """Parses entries with lxml, which is loaded here: 40 ms that only feeds need."""

    def __init__(self, text: bytes, root: feed_slices.Root) -> None:
        from lxml import etree  # noqa: PLC0415

        self._etree = etree
        safe = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
        safe["collect_ids"] = False  # nobody asks for them
        self._strict = etree.XMLParser(remove_comments=True, remove_pis=True, **safe)
        self._lenient = etree.XMLParser(remove_comments=True, remove_pis=True, recover=True, **safe)
        # Each namespace costs time in each entry: those that a feed forgot to declare come with the mending.
        self._open, self._close = b"<r" + feed_slices.namespaces(text, root) + b">", b"</r>"
        self._mended = b"<r" + feed_slices.namespaces(text, root, usual=True) + b">"
        self._names: dict[str, str] = {}

    def entry(self, body: bytes) -> tuple[Said | None, bool]:
        """Return what an entry says, and whether it had to be mended."""
        element, damaged = self._element(body)
        for _ in range(2):
            if element is None:
                break
            said = Said()
            try:
                self._gather(element, said)
            except UnicodeDecodeError:  # with recovery, a reference to half a character comes through
                element, damaged = self._element(_REFERENCE.sub(b"", body))[0], True
            else:
                return said, damaged
        return None, True

    def channel(self, head: bytes, kind: str) -> Channel:
        """Return what the part of a feed before its first entry says of it."""
        if len(head) > feed_slices.HEAD or feed_slices.has_huge_tag(head):
            return Channel()
        try:
            root = self._etree.fromstring(self._mended + head, self._lenient)
            return self._channel(root, kind) if root is not None else Channel()
        except (self._etree.XMLSyntaxError, ValueError):  # half a character, too
            return Channel()

    def _channel(self, root: Any, kind: str) -> Channel:
        if kind != "feed":
            inner = (
                child for child in root if isinstance(child.tag, str) and self._name(child.tag) == "channel"
            )
            root = next(inner, root)
        said = Said()
        links = (child for child in root if isinstance(child.tag, str) and child.tag.endswith("}link"))
        own = [child.get("href") or "" for child in links if child.get("rel") == "self"]
        self._gather(root, said)
        title = _line(said.fields.get("title"))
        site = said.links[0] if said.links else None
        key = said.fields.get("id") or (own[0] if own else None) or site or title
        return Channel(title, key, said.fields.get("lang"))

    def _element(self, body: bytes) -> tuple[Any, bool]:
        whole = self._open + body + self._close
        try:
            return self._etree.fromstring(whole, self._strict)[0], False
        except (self._etree.XMLSyntaxError, IndexError, ValueError):
            pass
        mended = self._mended + mend_xml(body) + self._close
        for parser in (self._strict, self._lenient):
            try:
                root = self._etree.fromstring(mended, parser)
            except (self._etree.XMLSyntaxError, ValueError):
                continue
            if root is not None and len(root):
                return root[0], True
        return None, True

    def _name(self, tag: str) -> str:
        """Return the name of an element, with the prefix that its namespace usually has."""
        known = self._names.get(tag)
        if known is None:
            space, _, name = tag.rpartition("}")
            space = space.removeprefix("{")
            if space and space not in _CORE:
                name = f"{_MODULES.get(space, _short(space))}:{name}"
            self._names[tag] = known = name
        return known

    def _gather(self, element: Any, said: Said) -> None:
        for child in element:
            tag = child.tag
            if not isinstance(tag, str):
                continue
            name = self._name(tag)
            key = _FIELDS.get(name)
            if key is None:
                if name in _GROUPS:
                    self._gather(child, said)
                else:
                    self._other(name, child, said)
            elif key == "link":
                _link(child, said)
            elif key == "tag":
                term = child.get("label") or child.get("term") or child.text
                if term:
                    said.tags.append(term)
            elif key in ("author", "author2") and len(child):
                said.fields.setdefault(key, _inner(child, "name") or "".join(child.itertext()))
            elif key in {"enclosure", "source"}:
                self._beside(key, child, said)
            elif key in ("content", "summary", "title"):
                words = self._words(child)
                if words.strip():
                    said.fields.setdefault(key, words)
                elif child.get("src"):
                    said.links.append(child.get("src"))
            elif child.text and child.text.strip() and key not in said.fields:
                said.fields[key] = child.text.strip()
            if key == "id" and child.get("isPermaLink", "").lower() == "false":
                said.extras["guid_is_link"] = False

    def _words(self, child: Any) -> str:
        """Return an element's text; children (XHTML, and HTML that nobody escaped) as markup."""
        if not len(child):
            return child.text or ""
        inner = "".join(self._etree.tostring(one, encoding="unicode", with_tail=True) for one in child)
        return html.escape(child.text or "", quote=False) + inner

    def _beside(self, key: str, child: Any, said: Said) -> None:
        if key == "enclosure":
            url = child.get("url")
            if url:
                said.extras.setdefault("enclosures", []).append(
                    {"type": child.get("type"), "url": url[:_LONGEST]}
                )
            return
        title = child.text if child.text and child.text.strip() else _inner(child, "title")
        said.fields.setdefault("source", (title or "").strip())
        said.fields.setdefault("source_link", child.get("url") or "")

    def _other(self, name: str, child: Any, said: Said) -> None:
        """Keep what has no field: its text, or its attributes."""
        value: Any = "".join(child.itertext()).strip()[:_LONGEST] or {
            str(k): str(v)[:_LONGEST] for k, v in child.attrib.items()
        }
        if value:
            there = said.extras.setdefault(name, value)
            if there is not value and isinstance(there, list) and len(there) < 50:
                there.append(value)
            elif there is not value:
                said.extras[name] = [there, value] if not isinstance(there, list) else there
        if ":" not in name:
            said.unknown.append(name)


def _inner(element: Any, name: str) -> str | None:
    """Return the text of a child."""
    return next(
        (one.text for one in element if isinstance(one.tag, str) and one.tag.endswith(name) and one.text),
        None,
    )


def _link(child: Any, said: Said) -> None:
    href = child.get("href")
    if href is None:
        if child.text and child.text.strip():
            said.links.insert(0, child.text.strip())
    elif child.get("rel", "alternate") == "alternate":
        said.links.insert(0, href)
    elif child.get("rel") == "enclosure":
        said.extras.setdefault("enclosures", []).append({"type": child.get("type"), "url": href[:_LONGEST]})
    elif child.get("rel") not in ("self", "edit", "next", "hub", "replies", "service.post"):
        said.links.append(href)


def _record(said: Said, place: tuple[int, int], channel: Channel) -> Record:
    fields = said.fields
    content, summary = fields.get("content"), fields.get("summary") or fields.get("summary2")
    text, targets = words(content or summary or "")
    title = _line(fields.get("title") or fields.get("title2"))
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
            extras[key] = fields[key][:_LONGEST]
    link = said.links[0].strip() if said.links else None
    native = fields.get("id") or fields.get("id2")
    if (
        native
        and native.startswith(("http://", "https://"))
        and link is None
        and "guid_is_link" not in extras
    ):
        link = native
    named = native or link
    return Record(
        start=place[0],
        end=place[1],
        kind="article" if title else "post",
        text=text,
        title=title,
        channel=channel.title,
        channel_id=channel.key,
        author=_line(fields.get("author") or fields.get("author2")),
        native_id=named,
        identity=f"feed:{channel.key or ''}:{named}" if named else None,
        forwarded_from=fields.get("source") or None,
        forwarded_link=fields.get("source_link") or None,
        posted_at=posted or edited,
        edited_at=edited,
        posted_evidence=raw if posted else changed,
        urls=tuple(dict.fromkeys(filter(None, (link, *(one.strip() for one in said.links), *targets)))),
        hashtags=tuple(dict.fromkeys(" ".join(tag.split())[:200] for tag in said.tags[:100] if tag.strip())),
        lang=fields.get("lang") or channel.lang,
        extras=dump(extras) if extras else None,
    )


def words(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the text of an element that may be HTML, or HTML that was escaped twice; and its links."""
    if "<" in text and is_markup(text):
        return to_text(text)
    if "&" in text:
        plain = html.unescape(text)
        if "<" in plain and is_markup(plain):
            return to_text(plain)
        return plain, ()
    return text, ()


def mend_xml(body: bytes) -> bytes:
    """Return an entry in which bare ampersands, names of HTML entities and control characters are mended."""
    parts = _CDATA.split(body)
    parts[::2] = [_CONTROL.sub(b"", _BARE.sub(_amp, part)) for part in parts[::2]]
    parts[1::2] = [_CONTROL.sub(b"", part) for part in parts[1::2]]
    return b"".join(parts)


def _amp(found: re.Match[bytes]) -> bytes:
    if found[1] is None:
        return b"&amp;"
    named = html.unescape("&" + found[1].decode())
    return (
        html.escape(named, quote=False).encode()
        if not named.startswith("&") or len(named) == 1
        else b"&amp;" + found[1]
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


def _line(text: str | None) -> str | None:
    return " ".join(words(text)[0].split())[:_LONGEST] or None if text else None


def _short(space: str) -> str:
    """Return a prefix for a namespace that is not known: the last word of its address."""
    parts = [
        part for part in re.split(r"[/#:]+", space) if part and part not in ("http", "https", "1.0", "2.0")
    ]
    return parts[-1][:40] if parts else "x"


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
)
