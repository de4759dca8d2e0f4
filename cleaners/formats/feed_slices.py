"""A feed cut into its entries by a scan of the bytes, each with its range; no tree of all is ever built.

So one broken entry costs itself only, and bombs of entities, which need the document's own declarations, find
none. Feeds that declare entities are not read at all.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Bytes in which the root element must begin, and those of one tag: 20,000 attributes cost parsers minutes.
PROLOG, MAX_TAG = 1 << 16, 1 << 16
#: Bytes before the first entry that are looked at for the name of the feed.
HEAD = 1 << 18
_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]{0,40}:)?(rss|feed|RDF)(?=[\s>])[^<>]{0,65536}>")
_OTHER_ROOT = re.compile(rb"<[A-Za-z_]")
_MISC = re.compile(
    rb"\s+|<\?[^>]*>|<!--.*?-->|<!DOCTYPE[^<>\[]{0,4096}(?:\[[^\]]{0,4096}\]\s*)?>", re.DOTALL | re.IGNORECASE
)
_DECLARES = re.compile(rb"<!ENTITY", re.IGNORECASE)
_HUGE = re.compile(rb"<[^>]{65536}")
_ENCODING = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][\w.-]{0,39})["']""")
_NAMESPACE = re.compile(rb"""\sxmlns(?::([A-Za-z_][\w.-]{0,40}))?\s*=\s*("[^"<&]{0,300}"|'[^'<&]{0,300}')""")


@dataclass(frozen=True, slots=True)
class Root:
    """The root element of a feed: its kind (rss, feed, RDF), where it starts and where its start tag ends."""

    kind: str
    start: int
    end: int

    @property
    def entry(self) -> bytes:
        """Return the name of an entry's element."""
        return b"entry" if self.kind == "feed" else b"item"


@dataclass(frozen=True, slots=True)
class Slice:
    """An entry at bytes [start, end). `whole`: its end tag is there; `last`: the document ends in it."""

    start: int
    end: int
    whole: bool = True
    last: bool = False


def root_of(data: bytes) -> Root | None:
    """Return the root element of a feed, None for other documents. `data`: UTF-8, at least its start."""
    at = 0
    while at < min(len(data), PROLOG) and (misc := _MISC.match(data, at)):
        at = misc.end()
    found = _ROOT.match(data, at)
    return Root(found[1].decode(), at, found.end()) if found else None


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding that an XML declaration names."""
    found = _ENCODING.search(data[:256])
    return found[1].decode() if found else None


def declares_entities(data: bytes) -> bool:
    """Say whether the start of a document declares entities."""
    return _DECLARES.search(data[: PROLOG + HEAD]) is not None


def has_huge_tag(piece: bytes) -> bool:
    """Say whether a tag is longer than any real one."""
    return len(piece) > MAX_TAG and _HUGE.search(piece) is not None


def namespaces(data: bytes, root: Root, *, usual: bool = False) -> bytes:
    """Return the namespaces that the root declares as attributes; `usual`: and the usual ones."""
    known = dict(_USUAL) if usual else {}
    default = b""
    for found in _NAMESPACE.finditer(data, root.start, root.end):
        if found[1] is None:
            default = b" xmlns=" + found[2]
        else:
            known[found[1]] = found[2]
    return default + b"".join(
        b" xmlns:" + prefix + b"=" + uri for prefix, uri in known.items() if prefix != b"xml"
    )


def slices(data: bytes, root: Root) -> Iterator[Slice]:
    """Yield the entries in order. Elements in comments and CDATA sections are text."""
    mark = re.compile(rb"<(?:!\[CDATA\[|!--|(/?)(?:[A-Za-z_][\w.-]{0,40}+:)?+" + root.entry + rb"(?=[\s/>]))")
    start: int | None = None
    endless: set[bytes] = set()
    at, size = root.end, len(data)
    while found := mark.search(data, at):
        at = found.end()
        if found[1] is None:
            close = b"]]>" if data[found.start() + 2] == 0x5B else b"-->"
            end = -1 if close in endless else data.find(close, at)
            if end < 0:
                endless.add(close)
                if close == b"]]>":
                    break  # what is never closed takes the rest with it
                continue
            at = end + 3
        elif found[1]:
            if start is not None:
                at = (data.find(b">", at) + 1) or size
                yield Slice(start, at)
                start = None
        else:
            if start is not None:  # the one before was never closed
                yield Slice(start, found.start(), whole=False)
            start = found.start()
            end = data.find(b">", at, at + MAX_TAG)
            if end > 0 and data[end - 1] == 0x2F:  # <item/>
                yield Slice(start, end + 1)
                start, at = None, end + 1
    if start is not None:
        yield Slice(start, size, whole=False, last=True)


def is_closed(data: bytes, root: Root) -> bool:
    """Say whether a feed ends with the end tag of its root."""
    return re.search(rb"</(?:[\w.-]{1,40}:)?" + root.kind.encode() + rb"\s*>", data[-4096:]) is not None


_USUAL = {
    b"dc": b'"http://purl.org/dc/elements/1.1/"',
    b"dcterms": b'"http://purl.org/dc/terms/"',
    b"content": b'"http://purl.org/rss/1.0/modules/content/"',
    b"atom": b'"http://www.w3.org/2005/Atom"',
    b"media": b'"http://search.yahoo.com/mrss/"',
    b"itunes": b'"http://www.itunes.com/dtds/podcast-1.0.dtd"',
    b"slash": b'"http://purl.org/rss/1.0/modules/slash/"',
    b"wfw": b'"http://wellformedweb.org/CommentAPI/"',
    b"feedburner": b'"http://rssnamespace.org/feedburner/ext/1.0"',
    b"georss": b'"http://www.georss.org/georss"',
    b"thr": b'"http://purl.org/syndication/thread/1.0"',
    b"rdf": b'"http://www.w3.org/1999/02/22-rdf-syntax-ns#"',
}
