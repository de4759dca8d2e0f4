"""What programs store of Telegram's interfaces: JSON lines, or one array, or a bot's getUpdates answer.

Three makes, told apart message by message: Telethon (`"_": "Message"`, `peer_id`), Pyrogram (the same with
`chat`), and the Bot API (`update_id`, or a bare message with `message_id`).
"""

import contextlib
import re
from collections.abc import Iterator
from itertools import islice

import orjson

from cleaners.formats.entry import Cutter, Format, Glimpse
from cleaners.formats.json_objects import FAULTS, object_cutter, objects
from cleaners.formats.json_parts import array_cutter, unread
from cleaners.formats.json_slices import Array, arrays, element, json_lines
from cleaners.formats.line_parts import line_cutter
from cleaners.formats.telegram_bot_message import read_bare, read_update
from cleaners.formats.telegram_telethon_message import read_telethon
from schemas.documents import Refusal
from schemas.options import CleanOptions
from schemas.records import Finding

#: The opening of a first message, wherever its keys stand: the makes write theirs at the top level, in front.
_TELETHON = re.compile(rb'"peer_id"\s*:\s*\{|"_"\s*:\s*"PeerChannel"')
_MESSAGE = re.compile(rb'"_"\s*:\s*"Message(?:Service)?"')
_UPDATE = re.compile(rb'"update_id"\s*:\s*\d')
_BARE = re.compile(rb'"(?:message_)?id"\s*:\s*\d')
_CHAT = re.compile(rb'"chat"\s*:\s*\{')
#: Bytes in which the first message shows what it is.
_OPENING = 16_384
_LINES = 9  # lines that tell the layout


def recognise(glimpse: Glimpse) -> float:
    """Return how sure it is: names that only these makes use, near the start of a JSON object or array."""
    opening = glimpse.head[:_OPENING]
    if not opening.startswith((b"{", b"[")) or b'"messages"' in opening:
        return 0.0
    if _UPDATE.search(opening) and _CHAT.search(opening):
        return 0.95
    if _MESSAGE.search(opening) and (_TELETHON.search(opening) or _CHAT.search(opening)):
        return 0.95
    if re.match(rb'\{\s*"ok"\s*:\s*true\s*,\s*"result"\s*:\s*\[', opening):
        return 0.9
    if b'"message_id"' in opening and _CHAT.search(opening) and _BARE.search(opening):
        return 0.7
    return 0.0


def parse(data: bytes, options: CleanOptions) -> Iterator[Finding]:
    """Yield messages in the order of the file. A bad line is refused alone; a cut file ends in a refusal."""
    key = _key(data)
    if key != b"":
        return _by_tokens(data, key, whole=not options.part or options.part.last)
    return _by_lines(data) if _is_lines(data) else _by_objects(data)


def cutter(head: bytes, options: CleanOptions) -> Cutter | None:  # noqa: ARG001 - the shape of all cutters
    """Return how it is cut: at line breaks or, in an array or over several lines, between two messages."""
    key = _key(head)
    if key != b"":
        return array_cutter(key)
    return line_cutter() if _is_lines(head) else object_cutter()


def _key(data: bytes) -> bytes | None:
    """Return the name of the array of messages, None if the document itself is one, b"" for lines."""
    opening = data[:_OPENING].removeprefix(b"\xef\xbb\xbf").lstrip()
    if opening.startswith(b"["):
        return None
    return b"result" if re.match(rb'\{\s*"ok"', opening) else b""


def _by_lines(data: bytes) -> Iterator[Finding]:
    size = len(data)
    for start, end in json_lines(data):
        yield from _read(data[start:end], start, cut=end == size)


def _is_lines(data: bytes) -> bool:
    """Say whether one of the first lines is a message. Else each lies over several, as `jq` prints them."""
    for start, end in islice(json_lines(data), _LINES):
        with contextlib.suppress(orjson.JSONDecodeError):
            if isinstance(said := orjson.loads(data[start:end].rstrip(b", \t\r")), dict) and said:
                return True
    return False


def _by_objects(data: bytes) -> Iterator[Finding]:
    for start, end, fault in objects(data):
        if fault:
            yield Refusal(start, end, "format", fault, FAULTS[fault])
        else:
            yield from _read(data[start:end], start)


def _by_tokens(data: bytes, key: bytes | None, *, whole: bool) -> Iterator[Finding]:
    last: Array | None = None
    for last in arrays(data, key):
        for start, end in last.elements:
            yield from _read(data[start:end], start)
    if last is None:
        detail = "There is no list of messages in it, or it was cut off before one."
        yield Refusal(0, len(data), "format", "truncated", detail)
        return
    rest = unread(last, data, whole=whole)
    if rest:
        detail = "The list of messages is cut off. Store it again to have the rest."
        if rest[1] == "too-deep":
            detail = "The JSON nests deeper than any message does."
        yield Refusal(rest[0], len(data), "format", rest[1], detail)


def _read(piece: bytes, start: int, *, cut: bool = False) -> tuple[Finding, ...]:
    said, found = element(piece, start, cut=cut)
    if said is None:
        return found
    end = start + len(piece)
    if "update_id" in said:
        return (*read_update(said, start, end), *found)
    if "peer_id" in said or "to_id" in said:
        return (*read_telethon(said, start, end), *found)
    if "chat" in said:
        return (*read_bare(said, start, end), *found)
    if str(said.get("_", "")).startswith("Message"):
        return (*read_telethon(said, start, end), *found)
    detail = "Neither a message of Telethon or Pyrogram nor an update of the Bot API."
    return (Refusal(start, end, "format", "no-message", detail),)


FORMAT = Format(
    name="telegram-api-json",
    title="messages of Telethon, Pyrogram or the Bot API",
    recognise=recognise,
    parse=parse,
    media_type="application/x-ndjson",
    extensions=(".jsonl", ".ndjson", ".json"),
    recognised_by='JSON lines or an array of messages ("_": "Message" with peer_id or chat) or "update_id"',
    keeps=(
        *("channel and message ids", "UTC times (Pyrogram: local)", "edits as versions", "authors"),
        *("origins and links of forwards", "link targets by UTF-16 offsets", "captions", "cards", "albums"),
        *("replies", "service actions"),
    ),
    cutter=cutter,
    cost=16,
)
