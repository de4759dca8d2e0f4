"""Telegram Desktop's `result.json`: one chat, or a whole account with `chats` and `left_chats`.

The exporter always writes one layout: one space a level, one message at each line `<indent>{`. JSON strings
hold no raw line break, so no text can look like the layout, and messages are cut out at a GB/s and parsed
one by one. A file that another program wrote again is cut by its tokens (json_slices.arrays).
Fields: tdesktop's export_output_json.cpp; traps: docs/formats.md.
"""

import re
from collections.abc import Iterator

from cleaners.formats.entry import Cutter, Format, Glimpse
from cleaners.formats.json_parts import array_cutter, unread
from cleaners.formats.json_slices import Array, arrays
from cleaners.formats.telegram_desktop_message import read_chat, read_message
from schemas.documents import Refusal
from schemas.options import CleanOptions
from schemas.records import Finding

_MESSAGES = re.compile(rb'\n *"messages": \[(?:\n( *)\{(?=\n)|\](?=\n))')
#: What the exporter calls chats and messages: others have these keys as well.
_KINDS = re.compile(
    rb'"type"\s*:\s*"(?:message|service|unsupported|saved_messages|replies|verification_codes|personal_chat|bot_chat'
    rb'|(?:public|private)_(?:group|supergroup|channel))"'
)
_OPENING = b'"messages": [\n'
#: Bytes at which the end of a list or a file is looked for: brackets and blanks only.
_NEAR = 64
#: Bytes in which the first chat's messages begin, unless others have none.
_FIRST = 1 << 18


def recognise(glimpse: Glimpse) -> float:
    """Return how sure it is: `messages` behind the head of a chat, or a whole account's lists."""
    head = glimpse.head
    if not head.startswith(b"{"):
        return 0.0
    if b'"messages"' in head and b'"id"' in head and _KINDS.search(head):
        return 0.95 if b'"date"' in head else 0.8
    account = (b'"personal_information"', b'"frequent_contacts"', b'"left_chats"', b'"chats"')
    if b'"about"' in head and any(name in head or name in glimpse.tail for name in account):
        return 0.9
    return 0.0


def parse(data: bytes, options: CleanOptions) -> Iterator[Finding]:
    """Yield messages in the order of the file; a cut file ends in a refusal. Parts have the usual layout."""
    part = options.part
    context = part.context if part else b""
    read = _by_layout if (context.endswith(_OPENING) if context else _has_layout(data)) else _by_tokens
    return read(data, whole=part is None or part.last)


def cutter(head: bytes, options: CleanOptions) -> Cutter | None:  # noqa: ARG001 - the shape of all cutters
    """Return how it is cut: between two messages.

    The context is the head of the chat that the part begins in, up to what opens its messages. A file whose
    heads do not name their chats is read whole.
    """
    if _has_layout(head):
        return Cutter(cut=_cut, resume=_resume)
    first = next(arrays(head[:_FIRST], b"messages"), None)
    fields = head[first.owner_start : first.start] + b"[]}" if first else b""
    return array_cutter(b"messages") if b'"type"' in fields and read_chat(fields).key else None


def _cut(data: bytes, context: bytes, wanted: int) -> tuple[int, bytes] | None:
    opening = data.rfind(_OPENING, 0, wanted)
    head, begin = (context, 0) if opening < 0 else (_chat(data, opening), opening + len(_OPENING))
    while True:
        if head and data.startswith(_indent(head) + b"{\n", begin):
            separator, close = b",\n" + _indent(head) + b"{\n", b"\n" + _indent(head)[:-1] + b"]"
            end = data.find(close, begin)
            end = len(data) if end < 0 else end
            at = data.rfind(separator, begin, min(wanted, end)) if begin < wanted else -1
            if at < 0:
                at = data.find(separator, max(begin, wanted), end)
            if at >= 0:
                return at + len(b",\n"), head
        opening = data.find(_OPENING, begin)
        if opening < 0:
            return None
        head, begin = _chat(data, opening), opening + len(_OPENING)


def _chat(data: bytes, opening: int) -> bytes:
    """Return the head of the chat whose messages open at `opening`, up to and with the line that does so."""
    return data[max(data.rfind(b"{\n", 0, opening), 0) : opening + len(_OPENING)]


def _indent(head: bytes) -> bytes:
    """Return the blanks in front of each message of a chat: one more than its own fields have."""
    return b" " * (len(head) - len(_OPENING) - head.rfind(b"\n", 0, len(head) - 1))


def _resume(data: bytes, context: bytes) -> int:
    at = data.find(b",\n" + _indent(context) + b"{\n") if context else -1
    return at + len(b",\n") if at >= 0 else -1


def _has_layout(data: bytes) -> bool:
    """Say whether the exporter itself wrote it: one space a level, a chat's fields before its messages."""
    found = _MESSAGES.search(data)
    return (
        found is not None
        and data.removeprefix(b"\xef\xbb\xbf").startswith(b'{\n "')
        and b'"type"' in _head(data, found.start())
    )


def _by_layout(data: bytes, *, whole: bool) -> Iterator[Finding]:
    """Read the exporter's own layout; not `whole`: the file goes on behind a message."""
    size = len(data)
    reached = 0
    while found := _MESSAGES.search(data, reached):
        reached = found.end()
        if found[1] is None:
            continue  # a chat without messages
        chat = read_chat(_head(data, found.start()))
        close = b"\n" + found[1] + b"}"
        between = b",\n" + found[1] + b"{"
        start = reached - 1
        while True:
            reached = data.find(close, start) + len(close)
            if reached < len(close):
                yield _truncated(start, size, "in the middle of a message")
                return
            yield from read_message(data[start:reached], start, chat)
            if not data.startswith(between, reached):
                break
            start = reached + len(between) - 1
        if data[reached : reached + _NEAR].lstrip()[:1] != b"]":
            if not whole and data[reached:] == b",\n":
                return
            yield _truncated(reached, size, "behind a message")
            return
    if whole and not data[-_NEAR:].rstrip().endswith(b"\n}"):
        yield _truncated(reached, size, "before its closing brace")


def _by_tokens(data: bytes, *, whole: bool) -> Iterator[Finding]:
    """Read a file of any other layout; not `whole`: the file goes on behind a message."""
    size = len(data)
    last: Array | None = None
    for last in arrays(data, b"messages"):
        behind = data[last.end : last.owner_end] if last.end and last.owner_end else b"}"
        chat = read_chat(data[last.owner_start : last.start] + b"[]" + behind)
        for start, end in last.elements:
            yield from read_message(data[start:end], start, chat)
    if last is None:
        return
    rest = unread(last, data, whole=whole)
    if rest and rest[1] == "too-deep":
        yield Refusal(rest[0], size, "format", "too-deep", "The JSON nests deeper than any export does.")
    elif rest:
        yield _truncated(rest[0], size, "in the middle of a list of messages")
    elif (
        whole
        and last.end is not None
        and (last.owner_end is None or not data[-_NEAR:].rstrip().endswith(b"}"))
    ):
        yield _truncated(last.end, size, "before its closing brace")


def _truncated(start: int, end: int, where: str) -> Refusal:
    detail = f"The export ends {where}: it was cut off. Export the chat again to have the rest."
    return Refusal(start, end, "format", "truncated", detail)


def _head(data: bytes, end: int) -> bytes:
    """Return the fields of a chat that stand before its messages, as an object."""
    start = max(data.rfind(b"{\n", 0, end), 0)
    return data[start:end].rstrip().rstrip(b",") + b"}"


FORMAT = Format(
    name="telegram-desktop-json",
    title="Telegram Desktop's result.json",
    recognise=recognise,
    parse=parse,
    media_type="application/json",
    extensions=(".json",),
    recognised_by='a JSON object whose chats have "type", "id" and "messages"',
    keeps=(
        *("chat and message ids", "time, with its zone where it is known", "edits", "authors"),
        *("names of forwards", "link targets", "replies", "service actions", "media"),
    ),
    cutter=cutter,
    cost=16,
)
