"""Telegram Desktop's `messages.html`, `messages2.html`, ...: each file a document of its own.

An HTML export names its chat by its title only, and no zone before 2022. What it says more than `result.json`
is the date of a forward's original.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from cleaners.formats.entry import Format, Glimpse
from cleaners.formats.html_pieces import Prose, block_end, damage, line, objection, prose, tree
from cleaners.formats.json_slices import dump
from cleaners.formats.telegram import targets
from schemas.documents import Refusal
from schemas.options import CleanOptions
from schemas.records import Finding, Record

_MESSAGE = re.compile(rb'<div class="message (default|service)[^"<>]{0,200}" id="message(-?\d{1,20})">')
_TITLE = re.compile(
    rb'<div class="page_header.{0,2000}?<div class="text bold">\s*([^<]{0,2000}?)\s*</div>', re.DOTALL
)
_FROM = re.compile(rb'<div class="from_name">\s*([^<]{0,1000}?)\s*(?:</div>|<)')
_FORWARD = b'<div class="forwarded body">'
_STAMP = re.compile(r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d:\d\d)(?: UTC([+-]\d\d:\d\d))?")
_DAY = re.compile(r"(\d{1,2}) ([A-Z][a-z]{2,8}) (\d{4})")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
#: What stands for the name of an account that is no more; JSON has no name then.
_DELETED = "Deleted Account"
_REPLY = re.compile(r"#go_to_message(\d{1,20})")


@dataclass(slots=True)
class Carried:
    """What a message takes from those before it in its file."""

    title: str | None
    channel: bool  # all names in the file are the chat's own
    author: str | None = None
    day: str | None = None  # of the last date line, as it stands there


@dataclass(frozen=True, slots=True)
class View:
    """A message's tree and its bytes: nothing is looked for in the one that is not in the other."""

    page: LexborHTMLParser
    piece: bytes

    def one(self, selector: str, trace: bytes) -> LexborNode | None:
        """Return the first element of a selector, if the bytes hold `trace`."""
        return self.page.css_first(selector) if trace in self.piece else None


def recognise(glimpse: Glimpse) -> float:
    """Return how sure it is: the export's frame, or one of its messages."""
    if not glimpse.head.startswith(b"<"):
        return 0.0
    if b'class="page_body chat_page"' in glimpse.head or _MESSAGE.search(glimpse.head):
        return 0.95
    return 0.0


def parse(data: bytes, options: CleanOptions) -> Iterator[Finding]:  # noqa: ARG001 - the shape of all parsers
    """Yield the messages of one file; a message that is cut at the end is refused.

    The first messages of a later file may be joined to the last author of the file before it: they have none.
    """
    found = _MESSAGE.search(data)
    if found is None:
        return
    carried = _frame(data, found.start())
    while found is not None:
        start, kind, number = found.start(), found[1], found[2].decode()
        found = _MESSAGE.search(data, found.end())
        limit = found.start() if found else len(data)
        end = block_end(data, start, limit)
        if end is None and found is None:
            detail = "The file ends in the middle of a message: it was cut off. Export the chat again."
            yield Refusal(start, limit, "format", "truncated", detail)
            return
        piece = data[start : end or limit]
        yield from damage(piece, start)
        wrong = objection(piece)
        if wrong:
            yield Refusal(start, start + len(piece), "format", *wrong)
        elif kind == b"default":
            yield _record(View(tree(piece), piece), number, start, start + len(piece), carried)
        elif number.startswith("-"):
            carried.day = line(tree(piece).body)  # a date line of the page, not a message
        else:
            yield _service(tree(piece), number, start, start + len(piece), carried)


def _frame(data: bytes, first: int) -> Carried:
    """Return the chat's title, and whether it is a channel: its own name stands over every message."""
    found = _TITLE.search(data, 0, first)
    title = _plain(found[1]) if found else None
    names = {_plain(name[1]) for name in _FROM.finditer(data) if not _forwarded(data, name.start())}
    return Carried(title, channel=bool(title) and names <= {title})


def _forwarded(data: bytes, at: int) -> bool:
    return data.rfind(_FORWARD, max(0, at - 100), at) >= 0


def _plain(name: bytes) -> str:
    """Return a name as it is shown. Entities are rare; a tree for each name costs as much as the rest."""
    if b"&" in name:
        return line(tree(b"<p>" + name + b"</p>").body) or ""
    return " ".join(name.decode("utf-8", "replace").split())


def _record(view: View, number: str, start: int, end: int, carried: Carried) -> Record:
    forward = view.one("div.forwarded.body", b'"forwarded body"')
    names = view.page.css("div.from_name") if b'"from_name"' in view.piece else []
    own = next((node for node in names if forward is None or node.parent != forward), None)
    if own is not None:
        carried.author = _name(own)
        if carried.author == _DELETED:
            carried.author = None
    body = view.one("div.text", b'class="text"')
    # A line break of the message is always a `<br>`: quotes and code have none around them.
    said = prose(body, edges=False) if body is not None else Prose("", ())
    posted = _stamp(view.one("div.pull_right.date", b"pull_right date"))
    signed = line(view.one("div.signature", b'"signature'))
    author = None if carried.channel and carried.author == carried.title else carried.author
    return Record(
        start=start,
        end=end,
        kind="post" if carried.channel else "message",
        text=said.text,
        channel=carried.title,
        author=signed or author,
        native_id=number,
        identity=_identity(carried, number, posted),
        forwarded_from=_origin(forward),
        forwarded_at=_stamp(forward.css_first("span.date")) if forward is not None else None,
        posted_at=posted,
        # An emoji of one's own leads to its file in the export.
        urls=targets(one for one in said.links if ":" in one[0] or one[0].startswith("//")),
        extras=_extras(view),
    )


def _service(page: LexborHTMLParser, number: str, start: int, end: int, carried: Carried) -> Record:
    """Return a service message: it has no time of its own, only the day of the date line above it."""
    return Record(
        start=start,
        end=end,
        kind="service",
        channel=carried.title,
        native_id=number,
        identity=_identity(carried, number, carried.day),
        posted_at=_day(carried.day),
        posted_basis="header",
        posted_evidence=carried.day,
        extras=dump({"text": line(page.body)}),
    )


def _identity(carried: Carried, number: str, posted: str | None) -> str | None:
    """Return what names a message in every HTML export: chats may share a title, but not a second as well."""
    return f"telegram-html:{carried.title}:{number}:{posted}" if carried.title and posted else None


def _origin(forward: LexborNode | None) -> str | None:
    """Return the name over a forward, without the date that stands beside it."""
    name = forward.css_first("div.from_name") if forward is not None else None
    return _name(name) if name is not None else None


def _name(node: LexborNode) -> str | None:
    """Return the text of a node itself: beside a name stand the date of a forward and `via @bot`."""
    parts = [inner.text_content or "" for inner in node.iter(include_text=True) if inner.tag == "-text"]
    return " ".join("".join(parts).split()) or None


def _stamp(node: LexborNode | None) -> str | None:
    """Return `26.02.2020 20:48:53` or `... UTC+03:00` in ISO 8601."""
    found = _STAMP.match(((node.attributes.get("title") or "") if node is not None else "").strip())
    return f"{found[3]}-{found[2]}-{found[1]}T{found[4]}{found[5] or ''}" if found else None


def _day(text: str | None) -> str | None:
    found = _DAY.fullmatch(text or "")
    if found is None or found[2] not in _MONTHS:
        return None
    return f"{found[3]}-{_MONTHS.index(found[2]) + 1:02d}-{int(found[1]):02d}"


def _extras(view: View) -> str | None:
    said: dict[str, Any] = {}
    reply = view.one("div.reply_to a", b'"reply_to')
    found = _REPLY.search((reply.attributes.get("href") or "") if reply is not None else "")
    if found:
        said["reply_to_message_id"] = found[1]
    if (question := view.one("div.media_poll div.question", b'"media_poll')) is not None:
        options = [
            (_name(node) or "").removeprefix("- ") for node in view.page.css("div.media_poll div.answer")
        ]
        said["poll"] = {"question": line(question), "options": options}
    elif b'"media_wrap' in view.piece:
        media = [line(node) or _file(node) for node in view.page.css("div.media_wrap")]
        if any(media):
            said["media"] = [word for word in media if word]
    return dump(said) if said else None


def _file(media: LexborNode) -> str | None:
    """Return the file that a picture without words links to."""
    link = media.css_first("a")
    return link.attributes.get("href") if link is not None else None


FORMAT = Format(
    name="telegram-desktop-html",
    title="Telegram Desktop's messages.html",
    recognise=recognise,
    parse=parse,
    media_type="text/html",
    extensions=(".html", ".htm"),
    recognised_by='the frame of the export (class "page_body chat_page") or its messages',
    keeps=(
        *("message ids", "time, with its zone where it is given", "authors, also of joined messages"),
        *("names and dates of forwards", "link targets", "replies", "service messages", "media"),
    ),
    risky=True,
    cost=18,
)
