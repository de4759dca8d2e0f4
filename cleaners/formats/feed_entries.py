"""What one entry of a feed says, by field: parsed strictly, then mended, then with recovery."""

import html
import re
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from cleaners.formats import feed_slices
from cleaners.formats.feed_names import CORE, FIELDS, GROUPS, MODULES
from cleaners.formats.feed_plain import Scanner
from cleaners.formats.feed_texts import LONGEST, line, mend_xml
from cleaners.formats.times import iso

#: Before the name of an element: `<xhtml:p>` is the `<p>` of HTML. Serialised XML has no other `<`.
_PREFIX = re.compile(r"<(/?)[^\W\d][\w.-]{0,40}:")
_REFERENCE = re.compile(rb"&#[xX]?[0-9a-fA-F]{0,8};?")
_BASE = re.compile(rb"""\sxml:base\s*=\s*(?:"([^"<>]{1,2000})"|'([^'<>]{1,2000})')""")
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_WEB = ("http://", "https://")


@dataclass(slots=True)
class Said:
    """What an entry says, by field; the first one that says something counts."""

    fields: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    links: deque[str] = field(default_factory=deque)
    extras: dict[str, Any] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Channel:
    """What a feed says of itself. `key` names it in the identity of its entries."""

    title: str | None = None
    key: str | None = None
    lang: str | None = None
    base: str | None = None  # what addresses of its entries are relative to
    stated: bool = False  # whether the feed says so itself (xml:base)
    made_at: str | None = None  # when it says it was built, else published


class Reader:
    """Parses entries with lxml, which is loaded here: 40 ms that only feeds need."""

    def __init__(self, text: bytes, root: feed_slices.Root) -> None:
        """Make parsers for the entries of one feed, whose namespaces its root declares."""
        from lxml import etree  # noqa: PLC0415

        self._etree = etree
        safe = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
        safe["collect_ids"] = False  # nobody asks for them
        self._strict = etree.XMLParser(remove_comments=True, remove_pis=True, **safe)
        self._lenient = etree.XMLParser(remove_comments=True, remove_pis=True, recover=True, **safe)
        # Each namespace costs time in each entry: those that a feed forgot to declare come with the mending.
        self._open, self._close = b"<r" + feed_slices.namespaces(text, root) + b">", b"</r>"
        self._mended = b"<r" + feed_slices.namespaces(text, root, usual=True) + b">"
        self._names: dict[str, tuple[str, str | None]] = {}
        stated = _BASE.search(text, root.start, root.end)
        self._base = html.unescape((stated[1] or stated[2]).decode("utf-8", "replace")) if stated else None
        self._scanner: Scanner | None = None
        with suppress(etree.XMLSyntaxError, ValueError):  # a namespace that is none: no entry is plain
            self._scanner = Scanner(etree.fromstring(self._open + self._close, self._strict).nsmap)

    def entry(self, body: bytes) -> tuple[Said | None, bool]:
        """Return what an entry says, and whether it had to be mended."""
        plain = self._scanner.entry(body) if self._scanner else None
        if plain is not None:
            return self._said(plain), False
        element, damaged = self._element(body)
        for _ in range(2):
            if element is None:
                break
            try:
                said = self._said(element)
            except UnicodeDecodeError:  # with recovery, a reference to half a character comes through
                element, damaged = self._element(_REFERENCE.sub(b"", body))[0], True
            else:
                return said, damaged
        return None, True

    def _said(self, element: Any) -> Said:
        said = Said()
        if base := element.get(_XML_BASE):
            said.fields["base"] = base
        self._gather(element, said)
        return said

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
                child
                for child in root
                if isinstance(child.tag, str) and self._name(child.tag)[0] == "channel"
            )
            root = next(inner, root)
        said = Said()
        links = (child for child in root if isinstance(child.tag, str) and child.tag.endswith("}link"))
        own = [child.get("href") or "" for child in links if child.get("rel") == "self"]
        self._gather(root, said)
        title = line(said.fields.get("title"))
        site = said.links[0] if said.links else None
        key = said.fields.get("id") or (own[0] if own else None) or site or title
        stated = self._base or root.get(_XML_BASE)
        base = next((one for one in (stated, site, *own) if one and one.startswith(_WEB)), None)
        made_at = iso(said.fields.get("edited")) or iso(said.fields.get("posted"))
        by_itself, lang = base is not None and base == stated, said.fields.get("lang")
        return Channel(title, key, lang, base, stated=by_itself, made_at=made_at)

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

    def _name(self, tag: str) -> tuple[str, str | None]:
        """Return the name of an element, with the prefix that its namespace usually has, and its field."""
        space, _, name = tag.rpartition("}")
        space = space.removeprefix("{")
        if space and space not in CORE:
            name = f"{MODULES.get(space, _short(space))}:{name}"
        self._names[tag] = known = name, FIELDS.get(name)
        return known

    def _gather(self, element: Any, said: Said) -> None:
        for child in element:
            tag = child.tag
            if not isinstance(tag, str):
                continue
            name, key = self._names.get(tag) or self._name(tag)
            if key is None:
                if name in GROUPS:
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
                    if key == "content" and (base := child.get(_XML_BASE)):
                        said.fields.setdefault("content_base", base)
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
        return html.escape(child.text or "", quote=False) + _PREFIX.sub(r"<\1", inner)

    def _beside(self, key: str, child: Any, said: Said) -> None:
        if key == "enclosure":
            url = child.get("url")
            if url:
                said.extras.setdefault("enclosures", []).append(
                    {"type": child.get("type"), "url": url[:LONGEST]}
                )
            return
        title = child.text if child.text and child.text.strip() else _inner(child, "title")
        said.fields.setdefault("source", (title or "").strip())
        said.fields.setdefault("source_link", child.get("url") or "")

    def _other(self, name: str, child: Any, said: Said) -> None:
        """Keep what has no field: its text, or its attributes; both where it leads somewhere."""
        text = "".join(child.itertext()).strip()[:LONGEST]
        attributes = {str(k): str(v)[:LONGEST] for k, v in child.attrib.items()}
        value: Any = text or attributes
        if text and attributes.keys() & {"url", "href"}:  # a picture with its title
            value = {**attributes, "text": text}
        if value:
            there = said.extras.get(name)
            if there is None:
                said.extras[name] = value
            elif not isinstance(there, list):
                said.extras[name] = [there, value]
            elif len(there) < 50:
                there.append(value)
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
            said.links.appendleft(child.text.strip())
    elif child.get("rel", "alternate") == "alternate":
        said.links.appendleft(href)
    elif child.get("rel") == "enclosure":
        said.extras.setdefault("enclosures", []).append({"type": child.get("type"), "url": href[:LONGEST]})
    elif child.get("rel") not in ("self", "edit", "next", "hub", "replies", "service.post"):
        said.links.append(href)


def _short(space: str) -> str:
    """Return a prefix for a namespace that is not known: the last word of its address."""
    parts = [
        part for part in re.split(r"[/#:]+", space) if part and part not in ("http", "https", "1.0", "2.0")
    ]
    return parts[-1][:40] if parts else "x"
