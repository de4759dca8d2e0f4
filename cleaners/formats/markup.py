"""HTML of a few kilobytes (entries of feeds, mails, columns) -> text with its line breaks, and its links.

A scan of tags, not a tree: linear in any input, and no nesting can make a stack grow. For whole pages with
menus and footers there is trafilatura (news_page.py).
"""

import html
import re
from urllib.parse import urljoin

_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]*)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_SPACES = re.compile("  +")
_HREF = re.compile(r"""(?:^|\s)href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_ALT = re.compile(r"""(?:^|\s)alt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_SEEN = re.compile(
    r"<(?:p|br|div|a|span|b|i|em|strong|ul|ol|li|img|h[1-6]|blockquote)\b[^<>]*>", re.IGNORECASE
)
_BLANKS = re.compile("\n\n\n+")  # a literal start, unlike \n{3,}, is looked for fast

#: Elements that stand on lines of their own, and those with a blank line around them.
_LINES = (
    "br",
    "li",
    "tr",
    "div",
    "dt",
    "dd",
    "figcaption",
    "option",
    "section",
    "article",
    "header",
    "footer",
)
_BLOCKS = (
    *("p", "ul", "ol", "dl", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "hr"),
    *("figure", "address", "form", "main", "aside", "nav"),
)
#: Elements whose content nobody reads. Their end is looked for once each.
_HIDDEN = frozenset(
    (
        "script",
        "style",
        "template",
        "head",
        "noscript",
        "iframe",
        "object",
        "svg",
        "math",
        "title",
        "textarea",
    )
)
_BREAK = "\x00"  # HTML has no NUL, and blanks cannot be told from it by mistake
_SHOWN = dict.fromkeys(_LINES, _BREAK) | dict.fromkeys(_BLOCKS, _BREAK * 2) | {"td": " ", "th": " "}
#: What the usual tags without attributes stand for, by their inside; those that do more are not among them.
_SIMPLE = {
    tag: _SHOWN.get(name, "")
    for name in (
        *_LINES,
        *_BLOCKS,
        "td",
        "th",
        "b",
        "i",
        "em",
        "strong",
        "span",
        "u",
        "s",
        "small",
        "code",
        "font",
    )
    if name != "pre"
    for tag in (name, f"/{name}", f"{name}/", f"{name} /")
} | {"/a": "", "/sup": "", "/sub": "", "sup": "", "sub": ""}


def is_markup(text: str) -> bool:
    """Say whether a text is HTML rather than prose with angle brackets."""
    return _SEEN.search(text) is not None


def _spaced(text: str) -> str:
    """Return a text in which each run of white space is one blank, as browsers show it."""
    for blank in "\n\t\r\f":
        if blank in text:
            text = text.replace(blank, " ")
    return _SPACES.sub(" ", text) if "  " in text else text


def to_text(markup: str) -> tuple[str, tuple[str, ...]]:
    """Return the text of HTML, lines broken where it breaks them, and the targets of its links in order."""
    if _BREAK in markup:
        markup = markup.replace(_BREAK, "")
    if "<" not in markup:
        return _spaced(html.unescape(markup)).strip(), ()
    pieces = markup.split("<")  # but for the first: the inside of a tag, ">", and the text behind it
    parts = [pieces[0]]
    links: list[str] = []
    endless: set[str] = set()  # elements of which no end is left
    verbatim, resume = 0, 1
    for at in range(1, len(pieces)):
        if at < resume:
            continue
        piece = pieces[at]
        tag, closed, text = piece.partition(">")
        shown = _SIMPLE.get(tag) if closed else None
        if shown is None:
            name = found[1].lower() if (found := _NAME.match(tag)) else ""
            comment = tag.startswith("!--")
            if not comment and not (closed and (name or tag.startswith(("!", "?")))):
                shown, text = "<", piece  # no tag: what never closes, or begins with no letter
            else:
                shown = _SHOWN.get(name, "")
                opens = not tag.startswith("/")
                if name == "a":
                    if opens and (target := _attribute(_HREF, tag)):
                        links.append(target)
                elif name == "img" and "emoji" in tag:
                    shown = _attribute(_ALT, tag)
                elif name == "pre":
                    verbatim = max(0, verbatim + (1 if opens else -1))
                elif comment or (opens and name in _HIDDEN and not tag.endswith("/")):
                    end = _end(pieces, at, name) if name not in endless else None
                    if end is not None:
                        shown, resume = "", end + 1
                        text = pieces[end].partition(">" if name else "-->")[2]
                    else:
                        endless.add(name)
                        text = piece[3:] if comment else text
        if verbatim and "\n" in text:
            text = text.replace("\n", _BREAK)
        parts += (shown, text)
    text = _spaced("".join(parts)).replace(_BREAK, "\n")
    text = "\n".join([line.strip(" ") for line in text.split("\n")])
    if "&" in text:
        text = html.unescape(text)
    if "\n\n\n" in text:
        text = _BLANKS.sub("\n\n", text)
    kept = [link for link in links if not link.lower().startswith(("javascript:", "data:"))]
    return text.strip(), tuple(dict.fromkeys(kept))


def _end(pieces: list[str], at: int, name: str) -> int | None:
    """Return the piece in which the element ends that begins with piece `at`; without a name, the comment."""
    if not name:
        # `<!-->` is a comment, and ends one, too: mails write so what one program alone does not show.
        return next((there for there in range(at, len(pieces)) if "-->" in pieces[there]), None)
    close = f"/{name}"
    for there in range(at + 1, len(pieces)):
        if pieces[there][: len(close)].lower() == close and ">" in pieces[there]:
            return there
    return None


def _attribute(pattern: re.Pattern[str], tag: str) -> str:
    if pattern is _HREF and (start := tag.find(' href="')) > 0:  # the usual way to write it
        value = tag[start + 7 :].partition('"')[0]
        return html.unescape(value).strip() if "&" in value else value.strip()
    found = pattern.search(tag)
    return html.unescape(next(filter(None, found.groups()), "")).strip() if found else ""


def absolute(base: str | None, address: str) -> str:
    """Return where an address leads that may be relative to `base`; as it is where that cannot be told."""
    if not base or _SCHEME.match(address):
        return address
    try:
        return urljoin(base, address)
    except ValueError:
        return address
