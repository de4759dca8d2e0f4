"""One message of Telethon (`message.to_json()`) -> its record. Keys are those of Telegram's own schema."""

from collections.abc import Iterable, Mapping
from typing import Any

from cleaners.formats.json_slices import dump
from cleaners.formats.telegram import card_of, channel_id, identity, linked, poll_of, string, vocabulary
from schemas.drift import Drift
from schemas.records import Finding, Record

_KEYS = vocabulary("telethon-taken") | vocabulary("telethon-idle") | vocabulary("telethon-kept")
_KEPT = vocabulary("telethon-kept")
# Tuples, not sets: what is compared with them may be anything that JSON can hold.
_TYPES = ("Message", "MessageService", "MessageEmpty", None)
_LINKS = ("MessageEntityUrl", "MessageEntityTextUrl")


def read_telethon(said: dict[str, Any], start: int, end: int) -> tuple[Finding, ...]:
    """Return the record of one message, and what of it is not known."""
    get = said.get
    peer = get("peer_id") or get("to_id")
    key, bare = _peer(peer)
    number = get("id")
    native_id = str(number) if type(number) is int else None
    action = get("action")
    service = get("_") == "MessageService" or isinstance(action, dict)
    text = get("message")
    text = text if isinstance(text, str) else ""
    entities = get("entities")
    forward = get("fwd_from")
    media = get("media")
    webpage = media.get("webpage") if isinstance(media, dict) else None
    chat = get("chat")
    link, origin = _origin(forward) if isinstance(forward, dict) else (None, None)
    page = webpage if isinstance(webpage, dict) and webpage else None
    card, address = (card_of(page), string(page.get("url"))) if page else (None, None)
    found = _urls(text, entities) if isinstance(entities, list) and entities else ()
    record = Record(
        start=start,
        end=end,
        kind="service" if service or get("_") == "MessageEmpty" else "post" if get("post") else "message",
        text="" if service else text,
        channel=string(chat.get("title")) if isinstance(chat, dict) else None,
        channel_id=bare,
        author=string(get("post_author")),
        native_id=native_id,
        identity=identity(key, native_id) if native_id else None,
        forwarded_from=origin,
        forwarded_link=link,
        forwarded_at=_utc(forward.get("date")) if isinstance(forward, dict) else None,
        posted_at=_utc(get("date")),
        edited_at=_utc(get("edit_date")),
        urls=tuple(dict.fromkeys((*found, address))) if address else found,
        card=card,
        extras=_extras(said, media, peer, key),
    )
    if (
        _KEYS.issuperset(said)
        and type(number) is int
        and get("_") in _TYPES
        and type(get("message", "")) is str
    ):
        return (record,)
    return (record, *_drifts(said))


def _peer(peer: object) -> tuple[str | None, str | None]:
    """Return the opening of an identity and the bare id of a channel; both None for what is none."""
    if isinstance(peer, Mapping):
        for name, prefix in (("channel_id", ""), ("chat_id", "chat"), ("user_id", "user")):
            number = peer.get(name)
            if type(number) is int:
                return f"{prefix}{number}", str(number)
    elif isinstance(peer, int | str):
        bare = channel_id(peer)
        return bare, bare
    return None, None


def _origin(forward: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the address of a forward's original and the name over it; an id stands in for a missing name."""
    sender = forward.get("from_id")
    number = sender.get("channel_id") if isinstance(sender, dict) else None
    post = forward.get("channel_post")
    bare = str(number) if type(number) is int else None
    link = f"https://t.me/c/{bare}/{post}" if bare and type(post) is int else None
    name = string(forward.get("from_name")) or (f"channel{bare}" if bare else None)
    return link, name


def _utc(stamp: object) -> str | None:
    """Return a time in ISO 8601. Telethon's times are UTC, also where a dump has lost the offset."""
    if not isinstance(stamp, str) or not 19 <= len(stamp) <= 40:
        return None
    iso = f"{stamp[:10]}T{stamp[11:19]}"
    offset = stamp[-6:]
    return iso + (offset if offset[0] in "+-" and offset[3] == ":" else "+00:00")


def _urls(text: str, entities: Iterable[object]) -> tuple[str, ...]:
    links = [one for one in entities if isinstance(one, dict) and one.get("_") in _LINKS]
    return linked(text, links)


def _extras(said: dict[str, Any], media: object, peer: object, key: str | None) -> str | None:
    rest = {name: said[name] for name in _KEPT if said.get(name) not in (None, False, [])}
    rest |= {name: value for name, value in said.items() if name not in _KEYS}
    if isinstance(media, dict):
        rest["media"] = media.get("_")
        if "poll" in media:
            rest["poll"] = poll_of(media["poll"])
    if key is None and peer is not None:
        rest["peer_id"] = peer
    return dump(rest) if rest else None


def _drifts(said: Mapping[str, Any]) -> Iterable[Drift]:
    for name in sorted(said.keys() - _KEYS):
        yield Drift(path=str(name), what="unknown-key")
    if said.get("_") not in _TYPES:
        yield Drift(path="_", what=f"unknown-type:{said.get('_')}")
    for name, kind in (("id", int), ("message", str)):
        if not isinstance(said.get(name, kind()), kind):
            yield Drift(path=name, what=f"changed-type:{type(said[name]).__name__}")
