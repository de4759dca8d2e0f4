"""The links that stand in the article of a page.

Which text is the article says trafilatura; asked for links too, it takes other text. So a link is the
article's if its words, with some letters on either side of it in its block, stand in the text of the article,
behind those of the link before it; a link with nothing beside it, if it is a line of that text.
"""

import re
from collections.abc import Iterator

from cleaners.formats.markup import absolute

#: Letters on either side that are compared, and how many of them a link must have to be told by them: fewer
#: are the bars and bullets of a menu, and its words may be anywhere.
_BESIDE, _LEAST = 20, 4
#: Letters of the article between one link and the next, at most: it bounds what 30,000 links elsewhere cost.
_REACH = 50_000
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "br", "dd", "div", "dl", "dt", "figcaption"),
        *("figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main"),
        *("nav", "ol", "option", "p", "pre", "section", "table", "tbody", "td", "th", "thead", "tr", "ul"),
    )
)
_HIDDEN = frozenset(
    ("head", "iframe", "noscript", "object", "script", "style", "svg", "template", "textarea")
)
_NO_LETTERS = re.compile(r"[\W_]+")
_NO_PLACES = ("#", "javascript:", "data:")

#: A block as its letters, and of each link in it the target and where its letters begin and end.
Block = tuple[str, list[tuple[str, int, int]]]


def links_in(page: str, text: str, address: str | None) -> tuple[str, ...]:
    """Return the targets of the links that stand in `text`, the article of a page, in order, each once.

    `address`: of the page; without one, and without a `<base>`, targets stay as relative as they are.
    """
    said = _letters(text)
    lines = {_letters(line) for line in text.split("\n")}
    found: dict[str, None] = {}
    at = 0
    base, blocks = _blocks(page)
    for block, links in blocks:
        for target, start, end in links:
            context = block[max(start - _BESIDE, 0) : end + _BESIDE]
            if len(context) - (end - start) < _LEAST:
                if block in lines:
                    found[target] = None
                continue
            there = said.find(context, at, at + _REACH)
            if there >= 0:
                found[target] = None
                at = there
    home = absolute(address, base) if base else address
    return tuple(dict.fromkeys(absolute(home, target) for target in found))


def _blocks(page: str) -> tuple[str | None, Iterator[Block]]:
    """Return the base that a page states for its addresses, and its blocks that have links."""
    from lxml import etree  # noqa: PLC0415 - only pages need them, and trafilatura has them
    from trafilatura import load_html  # noqa: PLC0415 - as above

    tree = load_html(page)
    if tree is None:
        return None, iter(())
    stated = tree.find(".//base[@href]")

    def walk() -> Iterator[Block]:
        parts: list[str] = []
        links: list[tuple[str, int, int]] = []
        opened: list[tuple[str, int]] = []
        size = 0
        steps = etree.iterwalk(tree, events=("start", "end", "comment", "pi"))
        for event, element in steps:
            tag = element.tag if isinstance(element.tag, str) else ""
            if tag in _BLOCKS:
                if links:
                    yield "".join(parts), links
                parts, links, opened, size = [], [], [], 0
            if event == "start":
                shown = element.text
                if tag in _HIDDEN:
                    steps.skip_subtree()
                    shown = None
                elif tag == "a" and (target := (element.get("href") or "").strip()):
                    opened.append((target, size))
            else:
                if tag == "a" and opened:
                    target, start = opened.pop()
                    if size > start and not target.lower().startswith(_NO_PLACES):
                        links.append((target, start, size))
                shown = element.tail
            if shown and (letters := _letters(shown)):
                parts.append(letters)
                size += len(letters)

    return (stated.get("href") if stated is not None else None), walk()


def _letters(text: str) -> str:
    return _NO_LETTERS.sub("", text)
