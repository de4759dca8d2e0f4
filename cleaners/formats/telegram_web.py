"""Pages of t.me/s/<channel>, the public preview of a channel.

The only surface that names the original of a forward. A page is cut at its message blocks, whose opening tag
no text can hold (`<` is written as an entity), and each block is a tree of its own.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from cleaners.formats.entry import Format, Glimpse
from cleaners.formats.html_pieces import Prose, block_end, damage, line, objection, prose, tree
from cleaners.formats.json_slices import dump, load
from cleaners.formats.telegram import channel_id, targets
from schemas.documents import Refusal
from schemas.items import Card
from schemas.options import CleanOptions
from schemas.records import Finding, Record

_WRAP = re.compile(rb'<div class="tgme_widget_message_wrap[ "]')
_OPENING = re.compile(
    rb'<div class="tgme_widget_message(?P<class>[ "][^>]{0,400}?)'
    rb'data-post="(?P<user>\w{1,64})/(?P<number>\d{1,20})"'
    rb'(?:[^>]{0,400}?data-view="(?P<view>[\w=+/-]{1,400})")?'
)
_NAMES = re.compile(rb"tgme_widget_message_([a-z_]+)")
_DRAWING = b"</svg>"
#: Bytes of a post that hold its opening tag, the channel's picture and the drawing.
_HEAD = 4_000
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
#: What stands for media in a post: class behind tgme_widget_message_ -> word.
_MEDIA = {
    "photo_wrap": "photo",
    "video_player": "video",
    "roundvideo_player": "round-video",
    "voice_player": "voice",
    "document_wrap": "document",
    "sticker_wrap": "sticker",
    "poll": "poll",
    "location_wrap": "location",
    "contact_wrap": "contact",
    "invoice": "invoice",
}


def recognise(glimpse: Glimpse) -> float:
    """Return how sure it is: the class names of the preview."""
    if _WRAP.search(glimpse.head) or b"tgme_channel_history" in glimpse.head:
        return 0.95
    # The page that a channel without a preview leads to: nothing to read, and that is to be said.
    return 0.8 if glimpse.head.startswith(b"<") and b'class="tgme_page' in glimpse.head else 0.0


def parse(data: bytes, options: CleanOptions) -> Iterator[Finding]:  # noqa: ARG001 - the shape of all parsers
    """Yield the posts of a page in its order; a post that is cut at the end is refused."""
    found = _WRAP.search(data)
    if found is None:
        yield _without_posts(data)
        return
    while found is not None:
        start = found.start()
        found = _WRAP.search(data, found.end())
        limit = found.start() if found else len(data)
        end = block_end(data, start, limit)
        if end is None and found is None:
            detail = "The page ends in the middle of a post: it was cut off. Fetch it again."
            yield Refusal(start, limit, "format", "truncated", detail)
            return
        piece = data[start : end or limit]
        yield _post(piece, start)
        yield from damage(piece, start)


def _without_posts(data: bytes) -> Refusal:
    reason, detail = (
        "no-preview",
        "This channel has no public preview; that does not mean that it has no posts.",
    )
    if b"tgme_channel_history" in data:
        reason, detail = "no-records", "A preview without posts: an empty channel, or a search without a hit."
    return Refusal(0, len(data), "format", reason, detail)


def _post(piece: bytes, start: int) -> Finding:
    wrong = objection(piece)
    if wrong:
        return Refusal(start, start + len(piece), "format", *wrong)
    opening = _OPENING.search(piece, 0, _HEAD)
    if opening is None:
        detail = "A message block that does not say which post it is (data-post)."
        return Refusal(start, start + len(piece), "format", "no-message", detail)
    # Behind the bubble's tail: that drawing and the channel's picture are a third of a post, and say nothing.
    drawn = piece.find(_DRAWING, 0, _HEAD)
    view = View(
        tree(piece[drawn + len(_DRAWING) :] if drawn >= 0 else piece), frozenset(_NAMES.findall(piece))
    )
    return _record(view, opening, start, start + len(piece))


@dataclass(frozen=True, slots=True)
class View:
    """A post's tree, and the names of the classes in it: nothing is looked for that is not there."""

    page: LexborHTMLParser
    names: frozenset[bytes]

    def one(self, name: str) -> LexborNode | None:
        """Return the first element of class `tgme_widget_message_<name>`."""
        if name.encode() not in self.names:
            return None
        return self.page.css_first(f".tgme_widget_message_{name}")

    def all(self, name: str) -> list[LexborNode]:
        """Return the elements of class `tgme_widget_message_<name>`."""
        return self.page.css(f".tgme_widget_message_{name}") if name.encode() in self.names else []


def _record(view: View, opening: re.Match[bytes], start: int, end: int) -> Record:
    user, number = opening["user"].decode(), opening["number"].decode()
    own = _channel(opening["view"] or b"")
    service = b"service_message" in opening["class"]
    body = view.page.css_first(".js-message_text") if b"text" in view.names else None
    said = prose(body) if body is not None else Prose("", ())
    origin = view.one("forwarded_from_name")
    preview = view.one("link_preview")
    return Record(
        start=start,
        end=end,
        kind="service" if service else "post",
        text="" if service else said.text,
        channel=line(view.one("owner_name")) or user,
        channel_id=own or user,
        author=line(view.one("from_author")),
        native_id=number,
        identity=f"telegram:{own or '@' + user.lower()}:{number}",
        forwarded_from=line(origin),
        forwarded_link=_href(origin),
        posted_at=_time(view.page),
        urls=targets((*said.links, (_href(preview) or "", ""))),
        card=_card(preview) if preview is not None else None,
        extras=_extras(view, user, said.text if service else None),
    )


def _channel(view: bytes) -> str | None:
    """Return the channel's id from the widget's view token: base64 of {"c": -id, "p": post, ...}."""
    try:
        said = load(b64decode(view.rstrip(b"=") + b"==", altchars=b"-_"))
    except (ValueError, Base64Error):
        return None
    number = said.get("c") if isinstance(said, dict) else None
    return channel_id(number) if type(number) is int else None


def _time(page: LexborHTMLParser) -> str | None:
    node = page.css_first("time[datetime]")
    found = _TIME.fullmatch((node.attributes.get("datetime") or "") if node is not None else "")
    return found[0] if found else None


def _href(node: LexborNode | None) -> str | None:
    return (node.attributes.get("href") or None) if node is not None else None


def _card(preview: LexborNode) -> Card:
    description = preview.css_first(".link_preview_description")
    return Card(
        site=line(preview.css_first(".link_preview_site_name")),
        title=line(preview.css_first(".link_preview_title")),
        description=prose(description).text if description is not None else None,
    )


def _extras(view: View, user: str, service: str | None) -> str:
    """Return what has no field. Views and reactions change by themselves and stay in the bytes."""
    said: dict[str, Any] = {"username": user}
    album = (
        [_href(node) or "" for node in view.page.css("a.grouped_media_wrap")]
        if b"grouped_wrap" in view.names
        else []
    )
    media = [word for name, word in _MEDIA.items() if name.encode() in view.names]
    meta = view.one("meta")
    poll = view.one("poll_question")
    if reply := _href(view.one("reply")):
        said["reply_to"] = reply
    if len(album) > 1:
        said["album"] = [href.split("?")[0].rsplit("/", 1)[-1] for href in album]
    if media:
        said["media"] = media
    if meta is not None and "edited" in meta.text():
        said["edited"] = True
    if buttons := view.all("inline_button"):
        said["buttons"] = [{"text": line(node), "url": _href(node)} for node in buttons]
    if signed := line(view.one("forwarded_from_author")):
        said["forwarded_author"] = signed
    if poll is not None:
        options = [line(node) for node in view.all("poll_option_text")]
        said["poll"] = {"question": line(poll), "options": options}
    if service:
        said["text"] = service
    return dump(said)


FORMAT = Format(
    name="telegram-web",
    title="pages of t.me/s",
    recognise=recognise,
    parse=parse,
    media_type="text/html",
    extensions=(".html", ".htm"),
    recognised_by="the class names of Telegram's channel preview (tgme_widget_message)",
    keeps=(
        *("channel and message ids", "UTC times", "origin and link of forwards", "link targets", "cards"),
        *("albums", "replies apart from the text", "that a post was edited", "service messages"),
    ),
    risky=True,
    cost=20,
)
