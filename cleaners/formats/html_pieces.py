"""HTML of a known make, read a piece at a time: where a block ends, and the prose in it.

Only small pieces become trees: a tree of hostile HTML costs time that grows with the square of its depth and
of its attributes (100,000 nested blocks: 25 s). Pieces that no message can look like are not parsed at all.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from schemas.documents import CodecRun

#: Bytes, tags, and bytes of one tag of a piece. A post has 4,096 characters, 100 entities and 10 pictures,
#: whose addresses make the longest tags (2 kB).
MAX_PIECE, MAX_TAGS, MAX_TAG = 1 << 20, 5_000, 1 << 14
#: Open blocks at a time. Posts have 12.
MAX_DEPTH = 100
_DIV = re.compile(rb"<(/?)div(?=[\s>/])")
_LONG_TAG = re.compile(rb"<[^<>]{%d}" % MAX_TAG)
_BLOCKS = frozenset({"div", "p", "blockquote", "pre", "ul", "ol", "li", "table", "tr", "section", "article"})
_UNSEEN = frozenset({"script", "style", "template", "-comment", "head", "title"})


@dataclass(frozen=True, slots=True)
class Prose:
    """Text with its line breaks, and its links as (target, label)."""

    text: str
    links: tuple[tuple[str, str], ...]


def block_end(data: bytes, start: int, limit: int) -> int | None:
    """Return the end of the `<div>` that opens at `start`; None if it does not close before `limit`."""
    depth = 0
    for tag in _DIV.finditer(data, start, limit):
        depth += -1 if tag[1] else 1
        if depth == 0:
            closed = data.find(b">", tag.start(), limit)
            return closed + 1 if closed >= 0 else None
    return None


def objection(piece: bytes) -> tuple[str, str] | None:
    """Return why a piece is not parsed: a short reason and a sentence; None if it may be."""
    if len(piece) > MAX_PIECE:
        return "huge-record", f"One message of {len(piece):,} bytes."
    tags = piece.count(b"<")
    if tags > MAX_TAGS:
        return "too-many-tags", f"One message with {tags:,} tags."
    if len(piece) > MAX_TAG and _LONG_TAG.search(piece):
        return "huge-tag", f"A tag of more than {MAX_TAG:,} bytes."
    if tags <= MAX_DEPTH:
        return None
    depth = 0
    for tag in _DIV.finditer(piece):
        depth += -1 if tag[1] else 1
        if depth > MAX_DEPTH:
            return "too-deep", f"More than {MAX_DEPTH} blocks inside each other."
    return None


def tree(piece: bytes) -> LexborHTMLParser:
    """Return the tree of a piece that `objection` has nothing against."""
    try:
        piece.decode()
    except UnicodeDecodeError:  # a broken byte must not take the message with it
        return LexborHTMLParser(piece.decode("utf-8", "replace"))
    return LexborHTMLParser(piece)  # a quarter faster than from text


def damage(piece: bytes, start: int) -> Iterator[CodecRun]:
    """Yield the piece as a run of broken UTF-8, if it is that: its text has U+FFFD in place of the bytes."""
    try:
        piece.decode()
    except UnicodeDecodeError:
        yield CodecRun(start, start + len(piece), "utf-8", "guessed")


def prose(root: LexborNode, *, edges: bool = True) -> Prose:
    """Return the text below a node: `<br>` and, with `edges`, the edges of blocks are line breaks."""
    parts: list[str] = []
    links: list[tuple[str, str]] = []
    for node, opens in _walk(root):
        tag = node.tag or ""
        if tag == "-text":
            parts.append((node.text_content or "").replace("\r", " ").replace("\n", " "))
        elif tag == "br":
            if opens:
                parts.append("\n")
        elif tag in _BLOCKS:
            if edges and parts and not parts[-1].endswith("\n"):
                parts.append("\n")
        elif tag == "a" and opens and (target := node.attributes.get("href")):
            links.append((target, node.text()))
    return Prose("".join(parts).strip(" \n"), tuple(links))


def line(node: LexborNode | None) -> str | None:
    """Return the text of a node on one line; None for no node and for no text."""
    return (" ".join(node.text().split()) or None) if node is not None else None


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Yield the nodes below `root` in order: (node, True) where it opens, (node, False) where it closes."""
    node = root.child
    above: list[LexborNode] = []
    while node is not None or above:
        if node is None:
            node = above.pop()
            yield node, False
            node = node.next
            continue
        if node.tag in _UNSEEN:
            node = node.next
            continue
        yield node, True
        inner = node.child
        if inner is None:
            if node.tag != "-text":
                yield node, False
            node = node.next
        else:
            above.append(node)
            node = inner
