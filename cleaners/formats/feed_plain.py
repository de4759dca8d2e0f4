"""Entries as nearly all are written, read by a scan: at a multiple of the speed of a parser of XML.

What the scan is not sure of (comments, markup that nobody escaped, names and entities that are not declared,
anything broken) it leaves to the parser, so that both ways say the same of every entry.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

_NAME = r"[A-Za-z_][\w.-]*+(?::[A-Za-z_][\w.-]*+)?+"
_START = re.compile(
    rf"\s*+<({_NAME})((?:\s++{_NAME}\s*+=\s*+(?:\"[^\"<\t\n]*+\"|'[^'<\t\n]*+'))*+)\s*+(/?)>", re.ASCII
)
#: An element without attributes that holds a plain text, or begins with a CDATA section.
_LEAF = re.compile(rf"\s*+<({_NAME})>(?:([^<&\]]*+)</\1>|<!\[CDATA\[)", re.ASCII)
_ATTRIBUTE = re.compile(rf"({_NAME})\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')", re.ASCII)
#: Characters that no XML holds.
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r"))
_REFERENCE = re.compile(r"&(?:#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))|amp|lt|gt|quot|apos);", re.ASCII)
_OTHER = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)")
_NAMED = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}
_OPEN, _CLOSE = "<![CDATA[", "]]>"
#: Elements whose children are values of their own; elsewhere they are markup.
_NEST = frozenset({"author", "contributor", "source", "media:group", "media:content"})
_DEEPEST = 2  # media:content in a media:group
_BLANKS = re.compile(r"[ \t\n]*+")
#: Bytes of an entry: the parser refuses texts of more than ten million.
_LONGEST = 8_000_000
_XML = "http://www.w3.org/XML/1998/namespace"


class Leaf:
    """An element without attributes and children; with its kin as much of lxml's as entries are asked for."""

    __slots__ = ("tag", "text")
    attrib: Mapping[str, str] = MappingProxyType({})
    children: Sequence["Leaf"] = ()

    def __init__(self, tag: str, text: str) -> None:
        """Take the name with its namespace, and what is in it."""
        self.tag, self.text = tag, text

    def __len__(self) -> int:
        """Return the number of its children."""
        return len(self.children)

    def __iter__(self) -> Iterator["Leaf"]:
        """Iterate over its children."""
        return iter(self.children)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of an attribute."""
        return self.attrib.get(name, default)

    def itertext(self) -> Sequence[str]:
        """Return all texts in it, those of its children included."""
        return (self.text,)


class Branch(Leaf):
    """An element that may have attributes and children."""

    __slots__ = ("attrib", "children", "texts")

    def __init__(self, tag: str, attrib: Mapping[str, str], texts: list[str], children: list[Leaf]) -> None:
        """Take its attributes, its texts (the first stands in front of the first child), and its children."""
        super().__init__(tag, texts[0])
        self.attrib, self.texts, self.children = attrib, texts, children

    def itertext(self) -> Sequence[str]:
        """Return all texts in it, those of its children included."""
        return self.texts


class Unsure(Exception):  # noqa: N818 - no error: the parser is asked
    """The scan came upon something that it does not know for certain."""


class Scanner:
    """Reads the entries of one feed."""

    def __init__(self, spaces: Mapping[str | None, str]) -> None:
        """Take the namespaces that hold for the entries, by prefix."""
        self._spaces = {**spaces, "xml": _XML}
        self._tags: dict[str, str] = {}

    def entry(self, body: bytes) -> Leaf | None:
        """Return an entry, None for one that the parser has to read."""
        if len(body) > _LONGEST or len(body.translate(None, _CONTROLS)) != len(body):
            return None
        text = body.decode()
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if not text.isascii() and ("\ufffe" in text or "\uffff" in text):
            return None
        try:
            return self._entry(text)
        except Unsure:
            return None

    def _entry(self, text: str) -> Leaf:
        start = _START.match(text)
        if start is None or start[3]:
            raise Unsure
        tag = self._tags.get(start[1]) or self._tag(start[1])
        attributes = self._attributes(start[2]) if start[2] else {}
        at, end = start.end(), len(text) - len(start[1]) - 3
        if not text.endswith(f"</{start[1]}>"):
            raise Unsure
        children: list[Leaf] = []
        tags = self._tags
        while at < end:
            leaf = _LEAF.match(text, at)
            if leaf is not None:  # the way of nearly all
                name, value = leaf.groups()
                at = leaf.end()
                if value is None:
                    stop = text.find(_CLOSE, at)
                    behind = stop + len(_CLOSE)
                    if stop >= 0 and text.startswith(f"</{name}>", behind):
                        value, at = text[at:stop], behind + len(name) + 3
                if value is not None:
                    children.append(Leaf(tags.get(name) or self._tag(name), value))
                    continue
                at = leaf.start()
            elif _BLANKS.match(text, at).end() == end:  # type: ignore[union-attr]  # it matches nothing, too
                at = end
                break
            child, at = self._element(text, at, 1)
            children.append(child)
        if at != end:
            raise Unsure
        return Branch(tag, attributes, [""], children)

    def _element(self, text: str, at: int, depth: int) -> tuple[Leaf, int]:
        """Return the element that begins at `at`, blanks in front of it aside, and where it ends."""
        start = _START.match(text, at)
        if start is None:
            raise Unsure
        name, written, empty = start.groups()
        tag = self._tags.get(name) or self._tag(name)
        attributes = self._attributes(written) if written else {}
        at = start.end()
        if empty:
            return Branch(tag, attributes, [""], []), at
        children: list[Leaf] = []
        value, at = _value(text, at)
        texts = [value]
        close = f"</{name}>"
        while not text.startswith(close, at):
            if depth > _DEEPEST or name not in _NEST:
                raise Unsure
            child, at = self._element(text, at, depth + 1)
            value, at = _value(text, at)
            children.append(child)
            texts += (*child.itertext(), value)
        return Branch(tag, attributes, texts, children), at + len(close)

    def _tag(self, name: str) -> str:
        """Return the name of an element with its namespace, as `{address}name`."""
        prefix, _, local = name.rpartition(":")
        space = self._spaces.get(prefix or None)
        if (prefix and space is None) or prefix == "xml":
            raise Unsure
        self._tags[name] = tag = f"{{{space}}}{local}" if space else local
        return tag

    def _attributes(self, written: str) -> dict[str, str]:
        values: dict[str, str] = {}
        for name, double, single in _ATTRIBUTE.findall(written):
            prefix, _, local = name.rpartition(":")
            if prefix:
                if prefix not in self._spaces or (prefix == "xml" and local not in ("lang", "base")):
                    raise Unsure
                key = f"{{{self._spaces[prefix]}}}{local}"
            else:
                key = name
            value = double or single
            if key in values or local == "xmlns":
                raise Unsure
            values[key] = _resolved(value) if "&" in value else value
        return values


def _value(text: str, at: int) -> tuple[str, int]:
    """Return the text from `at` to the next tag, and where that is."""
    stop = text.find("<", at)
    value = _words(text[at:stop]) if stop > at else ""
    while text.startswith(_OPEN, stop):
        end = text.find(_CLOSE, stop + len(_OPEN))
        if end < 0:
            raise Unsure
        value += text[stop + len(_OPEN) : end]
        at = end + len(_CLOSE)
        stop = text.find("<", at)
        if stop > at:
            value += _words(text[at:stop])
    if stop < 0:
        raise Unsure
    return value, stop


def _words(written: str) -> str:
    """Return what a stretch of text says."""
    if "]" in written and _CLOSE in written:
        raise Unsure
    return _resolved(written) if "&" in written else written


def _resolved(written: str) -> str:
    """Return a text with its references resolved."""
    if "&#" in written:
        text, resolved = _REFERENCE.subn(_character, written)
        if resolved != written.count("&"):
            raise Unsure
        return text
    if _OTHER.search(written):
        raise Unsure
    for name, character in _NAMED.items():  # `&amp;` last: what it gives is no reference
        if name in written:
            written = written.replace(name, character)
    return written


def _character(found: re.Match[str]) -> str:
    if found[1] is None and found[2] is None:
        return _NAMED[found[0]]
    code = int(found[1], 16) if found[1] else int(found[2])
    if code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000:
        return chr(code)
    raise Unsure
