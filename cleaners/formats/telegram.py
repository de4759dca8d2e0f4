"""What all exports of Telegram share: ids of channels, identities of messages, times, entities."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from cleaners.rules import rules
from schemas.errors import ConfigError
from schemas.items import Card

#: A channel's id as bots and Pyrogram write it is -10^12 - id.
_MARK = 10**12
#: Unix seconds that can be a time of Telegram: from 2001 to 2200. Others are not times but damage.
_FIRST, _LAST = 978_307_200, 7_258_118_400
_SECONDS = tuple(f":{second:02d}+00:00" for second in range(60))


def channel_id(spelling: object) -> str | None:
    """Return the bare positive id of a channel in any of its spellings, None for what is none.

    `channel1234567890` (Desktop), PeerChannel(1234567890) (Telethon), -1001234567890 (Bot API, Pyrogram),
    -1234567890 (t.me/s), 1234567890.
    """
    text = str(spelling).strip().removeprefix("PeerChannel").removeprefix("(").removesuffix(")")
    text = text.removeprefix("channel_id=").removeprefix("channel")
    if not 0 < len(text) <= 20:
        return None
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        return None
    # Short ids only occur in examples, where the mark is as plain as in long ones.
    marked = digits.startswith("100") and (int(digits) >= _MARK or len(digits) < 10)
    number = int(digits[3:] or "0") if text != digits and marked else int(digits)
    return str(number) if number else None


def identity(chat: str | None, message: object) -> str | None:
    """Return what names a message in every export. `chat`: the bare id of a channel, else user5, chat5."""
    if chat is None or isinstance(message, bool) or not isinstance(message, int | str) or message == "":
        return None
    return f"telegram:{chat}:{message}"


def instant(seconds: object) -> str | None:
    """Return Unix seconds (a number, or digits) as an ISO timestamp in UTC; None for what is no such time."""
    if type(seconds) is str:
        if len(seconds) > 12 or not (seconds.isascii() and seconds.isdigit()):
            return None
        seconds = int(seconds)
    if type(seconds) is not int or not _FIRST <= seconds < _LAST:
        return None
    minutes, second = divmod(seconds, 60)
    return _minute(minutes) + _SECONDS[second]


@lru_cache(maxsize=1 << 12)  # messages come in order of time: neighbours share their minute, or nearly
def _minute(minutes: int) -> str:
    return datetime.fromtimestamp(minutes * 60, UTC).strftime("%Y-%m-%dT%H:%M")


def targets(links: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return where links lead, as all exports of Telegram give it: links are (target, label).

    Mentions, hashtags, addresses of mail and jumps in the page are no addresses. What was typed without a
    scheme (example.com) stays as it was typed.
    """
    found = []
    for target, label in links:
        target, label = target.strip(), label.strip()  # noqa: PLW2901 - nobody wants the blanks
        if not target or target[0] in "#?" or target.lower().startswith(("mailto:", "tel:", "javascript:")):
            continue
        if label.startswith(("@", "#", "$")) and " " not in label:
            continue
        bare = target.removeprefix("http://").removeprefix("https://")
        found.append(label if bare.rstrip("/") == label.rstrip("/") else target)
    return tuple(dict.fromkeys(found))


@cache
def vocabulary(name: str) -> frozenset[str]:
    """Return the words of a list in rules/telegram.toml. Raises ConfigError for a list that is not there."""
    for entry in rules("telegram")["vocabulary"]:
        if entry["id"] == name:
            return frozenset(entry["words"].split())
    raise ConfigError(f"rules/telegram.toml has no vocabulary {name!r}")


def cut(text: str, spans: Iterable[tuple[object, object]]) -> list[str]:
    """Return the parts of `text` at (offset, length) in UTF-16 code units, as all of Telegram counts them."""
    units = text.encode("utf-16-le", "surrogatepass")
    parts = []
    for offset, length in spans:
        if type(offset) is int and type(length) is int and offset >= 0 and length > 0:
            part = units[2 * offset : 2 * (offset + length)]
            parts.append(part.decode("utf-16-le", "surrogatepass"))
        else:
            parts.append("")
    return parts


def linked(text: str, links: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return where links lead, each once: the address of the entity, else the words that it is on."""
    parts = cut(text, ((one.get("offset"), one.get("length")) for one in links)) if links else ()
    addresses = (string(one.get("url")) or part for one, part in zip(links, parts, strict=True))
    return tuple(dict.fromkeys(filter(None, addresses)))


def card_of(page: Mapping[str, Any]) -> Card | None:
    """Return the preview of a page that a message links to, None for an empty one."""
    card = Card(
        site=string(page.get("site_name")),
        title=string(page.get("title")),
        description=string(page.get("description")),
    )
    return card if card != Card() else None


def string(value: object) -> str | None:
    """Return a string that says something, None for anything else."""
    return value if isinstance(value, str) and value else None


def poll_of(said: object) -> object:
    """Return the question and the options of a poll. Votes change by themselves and stay in the bytes."""
    if not isinstance(said, dict):
        return said
    answers = said.get("answers", said.get("options"))
    listed = answers if isinstance(answers, list) else []
    options = [_plain_text(one.get("text")) if isinstance(one, dict) else one for one in listed]
    return {"question": _plain_text(said.get("question")), "options": options}


def _plain_text(said: object) -> object:
    return said.get("text") if isinstance(said, dict) else said
