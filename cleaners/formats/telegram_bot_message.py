"""One update of the Bot API, or one message of Pyrogram, whose keys are nearly the same -> its record.

Both count entities in UTF-16 code units. The Bot API gives Unix seconds; Pyrogram prints local times.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from cleaners.formats.json_slices import dump
from cleaners.formats.telegram import card_of, channel_id, instant, linked, poll_of, string, vocabulary
from schemas.drift import Drift
from schemas.items import Kind
from schemas.records import Finding, Record

_MESSAGES = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_message",
    "edited_business_message",
)
_UPDATES = vocabulary("bot-updates")
_TAKEN = vocabulary("bot-taken")
_SERVICE = vocabulary("bot-service")
_KEYS = _TAKEN | vocabulary("bot-kept") | _SERVICE
_MEDIA = (
    "photo",
    "video",
    "animation",
    "audio",
    "voice",
    "video_note",
    "document",
    "sticker",
    "poll",
    "location",
)


def read_update(said: dict[str, Any], start: int, end: int) -> tuple[Finding, ...]:
    """Return the message of one update; nothing for an update that tells of something else."""
    for name in _MESSAGES:
        if isinstance(message := said.get(name), dict):
            return read_bare(message, start, end)
    kinds = sorted(said.keys() - {"update_id"})
    unknown = [kind for kind in kinds if kind not in _UPDATES]
    return tuple(Drift(path="update", what=f"unknown-type:{kind}") for kind in unknown)


def read_bare(said: dict[str, Any], start: int, end: int) -> tuple[Finding, ...]:
    """Return the record of one message, and what of it is not known."""
    get = said.get
    chat = get("chat")
    chat = chat if isinstance(chat, dict) else {}
    kind, key, bare = _chat(chat)
    number = get("message_id", get("id"))
    native_id = str(number) if type(number) is int else None
    text = string(get("text")) or string(get("caption")) or ""
    service = bool(get("service")) or not _SERVICE.isdisjoint(said)
    origin = _origin(said)
    page = get("web_page")
    card = card_of(page) if isinstance(page, dict) else None
    preview = get("link_preview_options")
    address = (
        page.get("url")
        if isinstance(page, dict)
        else preview.get("url")
        if isinstance(preview, dict)
        else None
    )
    links = _urls(text, get("entities") or get("caption_entities"))
    record = Record(
        start=start,
        end=end,
        kind="service" if service else kind,
        text="" if service else text,
        channel=_name(chat),
        channel_id=bare or string(chat.get("username")),
        author=string(get("author_signature")) or _author(said, chat),
        native_id=native_id,
        identity=f"telegram:{key}:{native_id}" if key and native_id else None,
        forwarded_from=origin.get("name"),
        forwarded_link=origin.get("link"),
        forwarded_at=origin.get("date"),
        posted_at=_time(get("date")),
        edited_at=_time(get("edit_date")),
        urls=tuple(dict.fromkeys((*links, address))) if isinstance(address, str) else links,
        card=card,
        extras=_extras(said),
    )
    odd = not _KEYS.issuperset(said) or type(number) is not int or not isinstance(get("text", ""), str)
    return (record, *_drifts(said)) if odd else (record,)


def _chat(chat: Mapping[str, Any]) -> tuple[Kind, str | None, str | None]:
    """Return what its messages are, the opening of their identities, and the bare id."""
    kind = str(chat.get("type", "")).lower().removeprefix("chattype.")
    number = chat.get("id")
    post: Kind = "post" if kind == "channel" else "message"
    if type(number) is not int or number == 0:
        user = string(chat.get("username"))
        return post, f"@{user.lower()}" if user else None, None
    if kind in ("channel", "supergroup", "forum"):
        bare = channel_id(number)
        return post, bare, bare
    if number > 0:
        return post, f"user{number}", str(number)
    bare = channel_id(number) if number < -(10**12) else str(-number)
    return post, bare if number < -(10**12) else f"chat{bare}", bare


def _name(chat: Mapping[str, Any]) -> str | None:
    title = string(chat.get("title"))
    names = (string(chat.get("first_name")), string(chat.get("last_name")))
    return title or " ".join(filter(None, names)) or string(chat.get("username"))


def _author(said: Mapping[str, Any], chat: Mapping[str, Any]) -> str | None:
    """Return who wrote it, unless that is the channel itself."""
    for name in ("sender_chat", "from", "from_user"):
        sender = said.get(name)
        if isinstance(sender, dict):
            itself = name == "sender_chat" and sender.get("id") == chat.get("id")
            return None if itself else _name(sender)
    return None


def _origin(said: Mapping[str, Any]) -> dict[str, str | None]:
    """Return name, link and date of a forward's original; `forward_origin` is the newer way to say it."""
    new = said.get("forward_origin")
    if isinstance(new, dict):
        source = new.get("chat") or new.get("sender_chat") or new.get("sender_user")
        number, date, hidden = new.get("message_id"), new.get("date"), new.get("sender_user_name")
    else:
        source = said.get("forward_from_chat") or said.get("forward_from")
        number, date = said.get("forward_from_message_id"), said.get("forward_date")
        hidden = said.get("forward_sender_name")
    name = _name(source) if isinstance(source, dict) else string(hidden)
    if name is None and date is None:
        return {}
    link = None
    if isinstance(source, dict) and type(number) is int:
        user, bare = string(source.get("username")), channel_id(source.get("id"))
        place = user or (f"c/{bare}" if bare else None)
        link = f"https://t.me/{place}/{number}" if place else None
    return {"name": name, "link": link, "date": _time(date)}


def _time(value: object) -> str | None:
    """Return Unix seconds as UTC, and a printed local time as it is: its zone is not said."""
    if isinstance(value, str) and 19 <= len(value) <= 40 and value[4] == "-":
        return value.replace(" ", "T")
    return instant(value)


def _urls(text: str, entities: object) -> tuple[str, ...]:
    if not isinstance(entities, list):
        return ()
    links = [one for one in entities if isinstance(one, dict) and _kind(one) in ("url", "text_link")]
    return linked(text, links)


def _kind(entity: Mapping[str, Any]) -> str:
    return str(entity.get("type", "")).lower().removeprefix("messageentitytype.")


def _extras(said: Mapping[str, Any]) -> str | None:
    """Return what has no field: of media their kind, of a message that is replied to its number."""
    rest: dict[str, Any] = {
        name: value for name, value in said.items() if name not in _TAKEN and value not in (None, False, [])
    }
    if "poll" in rest:
        rest["poll"] = poll_of(rest["poll"])
    media = [name for name in _MEDIA if name != "poll" and rest.pop(name, None) is not None]
    if media:
        rest["media"] = media
    reply = said.get("reply_to_message")
    if isinstance(reply, dict):
        rest["reply_to_message_id"] = reply.get("message_id", reply.get("id"))
    return dump(rest) if rest else None


def _drifts(said: Mapping[str, Any]) -> Iterator[Drift]:
    for name in sorted(said.keys() - _KEYS):
        yield Drift(path=str(name), what="unknown-key")
    for names, kind in ((("message_id", "id"), int), (("text",), str)):
        value = next((said[name] for name in names if name in said), None)
        if not isinstance(value, kind) and (value is not None or kind is int):
            yield Drift(path=names[0], what=f"changed-type:{type(value).__name__}")
