"""Mail: one message (EML) or a mailbox (mbox, RFC 4155), as newsletters arrive.

What names a message is its List-Id (RFC 2919) and its Message-ID.
"""

import re
from collections.abc import Iterator

from cleaners.formats.entry import Cutter, Format, Glimpse
from cleaners.formats.json_slices import MAX_ELEMENT, dump
from cleaners.formats.markup import to_text
from cleaners.formats.mime import (
    END,
    FIELD,
    MAX_HEADERS,
    Part,
    decoded,
    header,
    leaves,
    split_headers,
    unflowed,
    words,
)
from cleaners.formats.times import iso
from schemas.documents import Refusal
from schemas.drift import Drift
from schemas.options import CleanOptions
from schemas.records import Finding, Record

#: The line before each message; a mailbox may begin with a byte order mark, and one may follow upon another.
_FROM = re.compile(rb"^(?:\xef\xbb\xbf)?From [^\r\n]{0,998}\r?\n(?=[!-9;-~]{1,76}:)", re.MULTILINE)
_STUFFED = re.compile(rb"^>(>*From )", re.MULTILINE)
_ANGLES = re.compile(r"<([^<>]{1,998})>")
#: Headers that say that a text is a message, of which two must be there.
_SIGNS = re.compile(
    rb"^(?:From|To|Date|Subject|Message-I[Dd]|MIME-Version|Content-Type|Received|Return-Path|Delivered-To|List-I[Dd]|"
    rb"Reply-To|Sender|X-[\w-]{1,40}|DKIM-Signature|Authentication-Results|ARC-[\w-]{1,40}):[ \t]?",
    re.MULTILINE | re.IGNORECASE,
)
_SURE = re.compile(rb"^(?:Message-ID|MIME-Version|Received|Return-Path):", re.MULTILINE | re.IGNORECASE)
#: A mail of a program that states no more than that has all of these, with an address and a time as mails
#: have them. People who paste a message with its head do not write the zone.
_PLAIN = (
    re.compile(rb"^From:[^\r\n]*[^\s@]@[^\s@]", re.MULTILINE | re.IGNORECASE),
    re.compile(rb"^(?:To|Cc|Bcc):[^\r\n]*[^\s@]@[^\s@]", re.MULTILINE | re.IGNORECASE),
    re.compile(rb"^Subject:", re.MULTILINE | re.IGNORECASE),
    re.compile(
        rb"^Date:\s*(?:[A-Z][a-z]{2},\s+)?\d\d?\s+[A-Z][a-z]{2}\s+\d{4}\s+\d\d?:\d\d(?::\d\d)?\s+(?:[+-]\d{4}|GMT|UT)\b",
        re.MULTILINE | re.IGNORECASE,
    ),
)
_TRUNCATED = "The message ends before its last part does: it was cut off."


def recognise_mbox(glimpse: Glimpse) -> float:
    """Return how sure it is: a `From ` line with headers behind it."""
    found = _FROM.match(glimpse.head)
    return 0.9 if found and _is_message(glimpse.head[found.end() :]) else 0.0


def recognise_eml(glimpse: Glimpse) -> float:
    """Return how sure it is: headers of a message from the first line on."""
    return 0.85 if _is_message(glimpse.head) else 0.0


def parse_mbox(data: bytes, options: CleanOptions) -> Iterator[Finding]:
    """Yield a record for each message."""
    starts = [found.start() for found in _FROM.finditer(data)]
    if not starts:
        return
    if data[: starts[0]].strip():
        detail = "What stands in front of the first message is none."
        yield Refusal(0, starts[0], "format", "no-headers", detail)
    for start, following in zip(starts, [*starts[1:], len(data)], strict=True):
        end = (
            start + len(data[start:following].rstrip(b"\r\n"))
            if following - start <= MAX_ELEMENT
            else following
        )
        body = data.find(b"\n", start, end) + 1
        if end - start > MAX_ELEMENT:
            detail = f"One message of {end - start:,} bytes; newsletters have at most {MAX_ELEMENT:,}."
            yield Refusal(start, end, "format", "huge-record", detail)
            continue
        last = following == len(data) and (options.part is None or options.part.last)
        yield from _message(_STUFFED.sub(rb"\1", data[body:end]), start, end, options, last=last)


def cutter(head: bytes, options: CleanOptions) -> Cutter:  # noqa: ARG001 - the shape of all cutters
    """Return how a mailbox is cut: before the `From ` line of a message."""
    return Cutter(cut=_cut, resume=_resume)


def _cut(data: bytes, context: bytes, wanted: int) -> tuple[int, bytes] | None:
    at = wanted
    while (at := data.rfind(b"\nFrom ", 0, at + len(b"\nFrom "))) > 0:
        if _FROM.match(data, at + 1):
            return at + 1, context
        at -= len(b"\nFrom ")
    found = _FROM.search(data, wanted + 1)
    return (found.start(), context) if found else None


def _resume(data: bytes, _: bytes) -> int:
    found = _FROM.search(data, 1)
    return found.start() if found else -1


def parse_eml(data: bytes, options: CleanOptions) -> Iterator[Finding]:
    """Yield the message."""
    if len(data) > 4 * MAX_ELEMENT:
        detail = f"One message of {len(data):,} bytes; newsletters have at most {4 * MAX_ELEMENT:,}."
        yield Refusal(0, len(data), "format", "huge-record", detail)
        return
    yield from _message(data.removeprefix(b"\xef\xbb\xbf"), 0, len(data), options, last=True)


def _message(message: bytes, start: int, end: int, options: CleanOptions, *, last: bool) -> Iterator[Finding]:
    headers, body = split_headers(message)
    if not headers:
        yield Refusal(start, end, "format", "no-headers", "There are no headers of a message here.")
        return
    if not body and len(message) > MAX_HEADERS:
        yield Refusal(start, end, "format", "huge-headers", f"Headers of more than {MAX_HEADERS:,} bytes.")
        return
    parts, notes = leaves(headers, body)
    text, urls, kind = _text(parts, options)
    listed = _angled(header(headers, "list-id"))
    number = _angled(header(headers, "message-id"))
    sent = iso(_undated(header(headers, "date")))
    raw = header(headers, "date")
    title = words(header(headers, "subject") or "", options) or None
    sender = words(header(headers, "from") or "", options)
    author, address = _sender(sender), _angled(sender)
    attached = [
        {"name": part.name and words(part.name, options), "type": part.kind}
        for part in parts
        if part.attached or part.name
    ]
    extras = {
        "address": address if address != author else None,
        "list_id": listed,
        "attachments": attached,
        "in_reply_to": _angled(header(headers, "in-reply-to")),
        "unsubscribe": (header(headers, "list-unsubscribe") or "")[:2000],
        "archived_at": _angled(header(headers, "archived-at")),
        "date": raw if raw and sent is None else None,
    }
    kept = {key: value for key, value in extras.items() if value}
    channel = words(header(headers, "list-id") or "", options).partition("<")[0].strip(' "')
    yield Record(
        start=start,
        end=end,
        kind="article" if kind == "text/html" or listed else "message",
        text=text,
        title=title,
        channel=channel or listed,
        channel_id=listed,
        author=author,
        native_id=number,
        identity=f"mail:{listed or ''}:{number}" if number else None,
        posted_at=sent,
        posted_evidence=raw,
        urls=urls,
        lang=header(headers, "content-language"),
        extras=dump(kept) if kept else None,
    )
    if last and "truncated" in notes:
        yield Refusal(end, end, "format", "truncated", _TRUNCATED)
    for note in notes:
        if note != "truncated" or not last:
            yield Drift(path="part", what=note)


def _text(parts: list[Part], options: CleanOptions) -> tuple[str, tuple[str, ...], str | None]:
    """Return the text of a message: of its HTML part, for which newsletters are made, else the plain one."""
    for kind in ("text/html", "application/xhtml+xml", "text/plain", "text/"):
        for part in parts:
            if part.kind.startswith(kind) and not part.attached and part.body.strip():
                text = decoded(part.body, part.charset, options)
                if kind in {"text/html", "application/xhtml+xml"}:
                    plain, urls = to_text(text)
                    if plain:
                        return plain, urls, "text/html"
                else:
                    text = text.replace("\r\n", "\n")
                    return unflowed(text, delete=part.flowed == "deleted") if part.flowed else text, (), kind
    return "", (), None


def _angled(value: str | None) -> str | None:
    if not value:
        return None
    found = _ANGLES.search(value[:4000])
    return (found[1] if found else value[:998]).strip() or None


def _sender(value: str) -> str | None:
    """Return the name of a sender, else the address."""
    name = value.partition("<")[0].strip().strip('"').strip()
    return name or _angled(value)


def _undated(value: str | None) -> str | None:
    """Return a date without the comment behind it."""
    return re.sub(r"\s*\([^()]{0,60}\)\s*$", "", value[:200]) if value else None


def _is_message(head: bytes) -> bool:
    # Most documents are none, and say so in their first line.
    if head[:1] not in (b" ", b"\t", b">") and not FIELD.match(head):
        return False
    end = END.search(head)
    block = head[: end.start()] if end else head
    lines = [line for line in block.split(b"\n")[:200] if line[:1] not in (b" ", b"\t", b">")]
    if not lines or not FIELD.match(lines[0]):
        return False
    fields = sum(FIELD.match(line) is not None for line in lines)
    if fields < 0.9 * len(lines) or len(_SIGNS.findall(block)) < 3:
        return False
    if _SURE.search(block):
        return True
    return end is not None and fields == len(lines) and all(field.search(block) for field in _PLAIN)


_KEEPS = (
    "list",
    "message id",
    "subject",
    "sender and address",
    "time as sent",
    "link targets",
    "names of attachments",
)

MBOX = Format(
    name="mbox",
    title="mailbox (mbox)",
    recognise=recognise_mbox,
    parse=parse_mbox,
    media_type="application/mbox",
    extensions=(".mbox", ".mbx"),
    recognised_by="a line `From ...` with the headers of a message behind it",
    keeps=_KEEPS,
    cutter=cutter,
)

FORMAT = Format(
    name="eml",
    title="mail message (EML)",
    recognise=recognise_eml,
    parse=parse_eml,
    media_type="message/rfc822",
    extensions=(".eml",),
    recognised_by="the headers of a message from the first line on",
    keeps=_KEEPS,
    cost=40,
)
