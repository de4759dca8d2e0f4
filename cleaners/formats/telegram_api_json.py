"""What programs store of Telegram's interfaces: JSON lines, or one array, or a bot's getUpdates answer.

Three makes, told apart message by message: Telethon (`"_": "Message"`, `peer_id`), Pyrogram (the same with
`chat`), and the Bot API (`update_id`, or a bare message with `message_id`).
"""

import re
from collections.abc import Iterator

from cleaners.formats.entry import Cutter, Format, Glimpse
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
    if options.part is not None:
        return _by_lines(data)
    opening = data[:_OPENING].removeprefix(b"\xef\xbb\xbf").lstrip()
    if opening.startswith(b"["):
        return _by_tokens(data, None)
    if re.match(rb'\{\s*"ok"', opening):
        return _by_tokens(data, b"result")
    return _by_lines(data)


def cutter(head: bytes, options: CleanOptions) -> Cutter | None:  # noqa: ARG001 - the shape of all cutters
    """Return how lines of messages are cut; an array, in one line or in many, is read whole."""
    opening = head[:_OPENING].removeprefix(b"\xef\xbb\xbf").lstrip()
    if opening.startswith(b"[") or re.match(rb'\{\s*"ok"', opening):
        return None
    return line_cutter(head)


def _by_lines(data: bytes) -> Iterator[Finding]:
    size = len(data)
    for start, end in json_lines(data):
        yield from _read(data[start:end], start, cut=end == size)


def _by_tokens(data: bytes, key: bytes | None) -> Iterator[Finding]:
    last: Array | None = None
    for last in arrays(data, key):
        for start, end in last.elements:
            yield from _read(data[start:end], start)
    if last is None:
        detail = "There is no list of messages in it, or it was cut off before one."
        yield Refusal(0, len(data), "format", "truncated", detail)
        return
    reached = last.elements[-1][1] if last.elements else last.start
    if last.too_deep:
        yield Refusal(
            reached, len(data), "format", "too-deep", "The JSON nests deeper than any message does."
        )
    elif last.end is None:
        detail = "The list of messages is cut off. Store it again to have the rest."
        start = reached if last.rest is None else max(last.rest, reached)
        yield Refusal(start, len(data), "format", "truncated", detail)


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
