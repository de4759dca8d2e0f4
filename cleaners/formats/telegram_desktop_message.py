"""One message of Telegram Desktop's `result.json` -> its record, and what of it is not known."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cleaners.formats.json_slices import dump, element, load
from cleaners.formats.telegram import instant, poll_of, vocabulary
from schemas.drift import Drift
from schemas.items import Kind
from schemas.records import Finding, Record

_TAKEN = vocabulary("desktop-taken")
_KEYS = _TAKEN | vocabulary("desktop-kept")
#: Keys of a post of a channel that has neither media nor a reply: nothing is left for extras.
_PLAIN = _TAKEN | {"from_id"}
_ACTIONS = vocabulary("desktop-actions")
_ENTITIES = vocabulary("desktop-entities")
_CHANNELS = ("public_channel", "private_channel")
_SUPERGROUPS = ("public_supergroup", "private_supergroup")
_LINKS = ("link", "text_link")
_NUMBER = re.compile(rb'"id"\s*:\s*"?(-?\d{1,40})\b')
#: Bytes of a chat's name, type and id; a longer head is none.
_HEAD = 1 << 16


@dataclass(frozen=True, slots=True)
class Chat:
    """What the head of a chat says: how its messages are named, and what kind they are."""

    name: str | None
    id: str | None
    key: str | None  # opening of its messages' identities
    sender: str | None  # how its messages name it as their sender
    kind: Kind


def read_chat(head: bytes) -> Chat:
    """Return the chat of an object with `name`, `type` and `id`; what of it cannot be read is None."""
    try:
        said = load(head) if len(head) <= _HEAD else {}
    except ValueError:
        said = {}
    if not isinstance(said, dict):
        said = {}
    number, kind, name = said.get("id"), said.get("type"), said.get("name")
    bare = str(number) if type(number) is int else None
    # Users and small groups count their ids apart from channels.
    channel = kind in _CHANNELS or kind in _SUPERGROUPS
    prefix = "" if channel else "chat" if kind == "private_group" else "user"
    return Chat(
        name=name if isinstance(name, str) else None,
        id=bare,
        key=f"telegram:{prefix}{bare}:" if bare else None,
        sender=f"channel{bare}",
        kind="post" if kind in _CHANNELS else "message",
    )


def read_message(piece: bytes, start: int, chat: Chat) -> tuple[Finding, ...]:
    """Return the record of one message and its drifts, or why it cannot be used."""
    said, found = element(piece, start)
    if said is None:
        return found
    get = said.get
    kind, number, entities = get("type"), get("id"), get("text_entities")
    whole = _entities(entities)
    text, urls = whole or _text(entities or get("text"))
    posted = instant(get("date_unixtime"))
    plain = _PLAIN.issuperset(said)
    odd = (
        kind != "message"
        or type(number) is not int
        or posted is None
        or type(get("text")) not in (str, list)
        or (whole is None and (entities or type(get("text")) is list))
        or not (plain or _KEYS.issuperset(said))
    )
    edited = get("edited_unixtime")
    native_id = str(number) if type(number) is int else _raw_id(piece)
    service = kind != "message" and (kind == "service" or not text)
    author = get("actor") if service else get("author") or get("from")
    if author == chat.name and chat.kind == "post":
        author = None
    record = Record(
        start=start,
        end=start + len(piece),
        kind="service" if service else chat.kind,
        text="" if service else text,
        channel=chat.name,
        channel_id=chat.id,
        author=_string(author),
        native_id=native_id,
        identity=chat.key + native_id if chat.key and native_id else None,
        forwarded_from=_string(get("forwarded_from")),
        posted_at=posted or _local(get("date")),
        edited_at=(edited and instant(edited)) or _local(get("edited")),
        urls=urls,
        extras=None if plain and get("from_id") == chat.sender else _extras(said, chat, service=service),
    )
    return (record, *found, *_drifts(said)) if odd or found else (record,)


def _entities(parts: object) -> tuple[str, tuple[str, ...]] | None:
    """Return what `_text` does, in half the time, for a list of whole entities; None for anything else."""
    if type(parts) is not list or not parts:
        return None
    try:
        if len(parts) == 1 and parts[0]["type"] == "plain":
            text = parts[0]["text"]
            return (text, ()) if type(text) is str else None
        text = "".join([part["text"] for part in parts])
        urls = [part.get("href", part["text"]) for part in parts if part["type"] in _LINKS]
        if not _ENTITIES.issuperset([part["type"] for part in parts]):
            return None
    except (KeyError, TypeError):
        return None
    return (text, tuple(urls)) if all(type(url) is str for url in urls) else None


def _text(parts: object) -> tuple[str, tuple[str, ...]]:
    """Return the text and the targets of its links. Parts are a string, or a list of strings and entities."""
    if isinstance(parts, str):
        return parts, ()
    if not isinstance(parts, list):
        return "", ()
    texts: list[str] = []
    urls: list[str] = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict) and isinstance(text := part.get("text"), str):
            texts.append(text)
            kind = part.get("type")
            if kind == "link":
                urls.append(text)
            elif kind == "text_link" and isinstance(href := part.get("href"), str):
                urls.append(href)
    return "".join(texts), tuple(urls)


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _local(value: object) -> str | None:
    """Return a time of the exporting computer, whose zone is not said."""
    return value if isinstance(value, str) and len(value) <= 40 else None


def _raw_id(piece: bytes) -> str | None:
    """Return an id that JSON numbers cannot hold, digit by digit."""
    found = _NUMBER.search(piece)
    return found[1].decode() if found else None


def _extras(said: dict[str, Any], chat: Chat, *, service: bool) -> str | None:
    rest = {key: value for key, value in said.items() if key not in _TAKEN and value is not None}
    if "poll" in rest:
        rest["poll"] = poll_of(rest["poll"])
    if service:
        rest |= {key: said[key] for key in ("type", "text") if said.get(key) not in ("", "service", None)}
    elif rest and rest.get("from_id") == chat.sender:
        del rest["from_id"]
    return dump(rest) if rest else None


def _drifts(said: dict[str, Any]) -> Iterator[Drift]:
    """Yield keys, types and actions that are not known, and values of another type than they always had."""
    for key in sorted(said.keys() - _KEYS):
        yield Drift(path=f"messages[].{key}", what="unknown-key")
    kind = said.get("type")
    if kind == "service":
        action = said.get("action")
        if not isinstance(action, str) or action not in _ACTIONS:
            yield Drift(path="messages[].action", what=f"unknown-type:{action}")
    elif kind not in ("message", "unsupported"):
        yield Drift(path="messages[].type", what=f"unknown-type:{kind}")
    if type(said.get("id")) is not int:
        yield Drift(path="messages[].id", what=f"changed-type:{type(said.get('id')).__name__}")
    if type(said.get("text", "")) not in (str, list):
        yield Drift(path="messages[].text", what=f"changed-type:{type(said['text']).__name__}")
    parts = said.get("text_entities") or said.get("text")
    if isinstance(parts, list):
        types = {str(part.get("type")) for part in parts if isinstance(part, dict)}
        for unknown in sorted(types - _ENTITIES):
            yield Drift(path="messages[].text_entities[].type", what=f"unknown-type:{unknown}")
    if "date_unixtime" in said and instant(said["date_unixtime"]) is None:
        yield Drift(path="messages[].date_unixtime", what="invalid")
