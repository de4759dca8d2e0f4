"""Mail: one message (EML) or a mailbox (mbox), as newsletters arrive.

Headers and parts are read by own, bounded scans: the standard library takes 8 s for 20 kB of quotes in a
`To:` line and fails on unknown charsets. RFC 5322, 2045-2047, 2231 (in part), 4155; identity by List-Id
(RFC 2919).
"""

import base64
import binascii
import contextlib
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cleaners.decode import decode
from cleaners.formats.entry import Format, Glimpse
from cleaners.formats.json_slices import MAX_ELEMENT, dump
from cleaners.formats.markup import to_text
from cleaners.formats.times import iso
from schemas.documents import Refusal
from schemas.drift import Drift
from schemas.options import CleanOptions, DecodeOptions
from schemas.records import Finding, Record

#: Bytes of the headers of a message or of a part; real ones have some kilobytes.
MAX_HEADERS = 1 << 18
#: Parts of a message, and how deep they lie in each other.
MAX_PARTS, MAX_DEPTH = 200, 12
_FROM = re.compile(rb"^From [^\r\n]{0,998}\r?\n(?=[!-9;-~]{1,76}:)", re.MULTILINE)
#: Signs of UTF-16, of ISO 2022 and HZ, and of UTF-7: all of them are valid UTF-8.
_SHIFTING = re.compile(rb"[\x00\x1b]|~\{|\+A")
_STUFFED = re.compile(rb"^>(>*From )", re.MULTILINE)
_FIELD = re.compile(rb"([!-9;-~]{1,76}):[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)")
_END = re.compile(rb"\r?\n\r?\n")
_WORD = re.compile(r"=\?([A-Za-z0-9_.:+-]{1,40})(?:\*[^?]{0,20})?\?([bBqQ])\?([^?\s]{0,4000})\?=")
_BETWEEN = re.compile(r"(\?=)\s+(=\?)")
_PARAMETER = re.compile(r""";\s*([a-zA-Z*0-9-]{1,40})\s*=\s*(?:"([^"]{0,1000})"|([^\s;"]{1,1000}))""")
_ANGLES = re.compile(r"<([^<>]{1,998})>")
#: Headers that say that a text is a message, of which two must be there.
_SIGNS = re.compile(
    rb"^(?:From|To|Date|Subject|Message-I[Dd]|MIME-Version|Content-Type|Received|Return-Path|Delivered-To|List-I[Dd]|"
    rb"Reply-To|Sender|X-[\w-]{1,40}|DKIM-Signature|Authentication-Results|ARC-[\w-]{1,40}):[ \t]?",
    re.MULTILINE | re.IGNORECASE,
)
_SURE = re.compile(rb"^(?:Message-ID|MIME-Version|Received|Return-Path):", re.MULTILINE | re.IGNORECASE)
_TRUNCATED = "The message ends before its last part does: it was cut off."


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of a message: its type, its charset, its body unpacked, and its file name."""

    kind: str
    charset: str | None
    body: bytes
    name: str | None
    attached: bool


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
        last = following == len(data)
        yield from _message(_STUFFED.sub(rb"\1", data[body:end]), start, end, options, last=last)


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
    listed = _angled(_header(headers, "list-id"))
    number = _angled(_header(headers, "message-id"))
    sent = iso(_undated(_header(headers, "date")))
    raw = _header(headers, "date")
    title = words(_header(headers, "subject") or "", options) or None
    author = _sender(words(_header(headers, "from") or "", options))
    attached = [{"name": part.name, "type": part.kind} for part in parts if part.attached or part.name]
    extras = {
        "list_id": listed,
        "attachments": attached,
        "in_reply_to": _angled(_header(headers, "in-reply-to")),
        "unsubscribe": (_header(headers, "list-unsubscribe") or "")[:2000],
        "archived_at": _angled(_header(headers, "archived-at")),
        "date": raw if raw and sent is None else None,
    }
    kept = {key: value for key, value in extras.items() if value}
    channel = words(_header(headers, "list-id") or "", options).partition("<")[0].strip(' "')
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
        lang=_header(headers, "content-language"),
        extras=dump(kept) if kept else None,
    )
    if last and "truncated" in notes:
        yield Refusal(end, end, "format", "truncated", _TRUNCATED)
    for note in notes:
        if note != "truncated" or not last:
            yield Drift(path="part", what=note)


def split_headers(message: bytes) -> tuple[list[tuple[str, str]], bytes]:
    """Return the headers by name in lower case, and the body. Folded lines are one."""
    found = _END.search(message, 0, MAX_HEADERS)
    size = found.start() if found else min(len(message), MAX_HEADERS)
    headers: list[tuple[str, str]] = []
    at = 0
    while at < size:
        field = _FIELD.match(message, at, size)
        if field is None:  # a line that is no header, such as an escaped `>From `
            at = (message.find(b"\n", at, size) + 1) or size
            continue
        headers.append((field[1].decode("ascii").lower(), _plain(field[2])))
        at = field.end()
        at += 2 if message[at : at + 2] == b"\r\n" else 1
    return headers, message[found.end() :] if found else b""


def leaves(headers: list[tuple[str, str]], body: bytes) -> tuple[list[Part], list[str]]:
    """Return the parts of a message that hold something, in order, and what is wrong with it.

    Without recursion: at most MAX_PARTS parts, MAX_DEPTH deep.
    """
    found: list[Part] = []
    notes: list[str] = []
    waiting = [(headers, body, 0)]
    seen = 0
    while waiting:
        own, content, depth = waiting.pop()
        seen += 1
        if seen > MAX_PARTS:
            notes.append("too-many-parts")
            break
        kind, parameters = _content_type(_header(own, "content-type") or "")
        kind = kind or "text/plain"
        if kind.startswith("multipart/") and (boundary := parameters.get("boundary")):
            if depth == MAX_DEPTH:
                notes.append("too-deep")
                continue
            pieces, whole = _pieces(content, boundary.encode("utf-8", "replace"))
            if not whole:
                notes.append("truncated")
            waiting += [(*split_headers(piece), depth + 1) for piece in reversed(pieces)]
            continue
        if kind == "message/rfc822" and depth < MAX_DEPTH:
            waiting.append((*split_headers(content), depth + 1))
            continue
        disposition, more = _content_type(_header(own, "content-disposition") or "")
        name = more.get("filename") or parameters.get("name")
        wanted = kind.startswith("text/") or kind == "application/xhtml+xml"
        raw = (
            _unpacked(content, (_header(own, "content-transfer-encoding") or "").strip().lower())
            if wanted
            else b""
        )
        found.append(Part(kind, parameters.get("charset"), raw, name, disposition == "attachment"))
    return found, notes


def words(text: str, options: CleanOptions) -> str:
    """Return a header with its encoded words read."""

    def word(found: re.Match[str]) -> str:
        raw = found[3].encode("utf-8", "replace")
        raw = _base64(raw) if found[2] in "bB" else quopri.decodestring(raw.replace(b"_", b" "))
        return _decoded(raw, found[1], options)

    return (
        " ".join(_WORD.sub(word, _BETWEEN.sub(r"\1\2", text)).split())
        if "=?" in text
        else " ".join(text.split())
    )


def _text(parts: list[Part], options: CleanOptions) -> tuple[str, tuple[str, ...], str | None]:
    """Return the text of a message: of its HTML part, for which newsletters are made, else the plain one."""
    for kind in ("text/html", "application/xhtml+xml", "text/plain", "text/"):
        for part in parts:
            if part.kind.startswith(kind) and not part.attached and part.body.strip():
                text = _decoded(part.body, part.charset, options)
                if kind in {"text/html", "application/xhtml+xml"}:
                    plain, urls = to_text(text)
                    if plain:
                        return plain, urls, "text/html"
                else:
                    return text.replace("\r\n", "\n"), (), kind
    return "", (), None


def _decoded(raw: bytes, charset: str | None, options: CleanOptions) -> str:
    """Return bytes as text: as UTF-8, in the charset that is named, else as our own detection says."""
    if not _SHIFTING.search(raw):  # the usual case, without a look at each line
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode()
    read = decode(raw, DecodeOptions(max_line=max(len(raw), 1), declared=charset or options.decode.declared))
    if not read.lines:
        return raw.decode("utf-8", "replace")
    pieces = sorted(
        [(line.start, line.text) for line in read.lines] + [(one.start, "\ufffd") for one in read.refusals]
    )
    return "\n".join(text for _, text in pieces)


def _pieces(body: bytes, boundary: bytes) -> tuple[list[bytes], bool]:
    """Return the parts between boundaries, and whether the last boundary is there."""
    mark = re.compile(rb"(?:^|\n)--" + re.escape(boundary[:200]) + rb"(--)?[ \t]*(?:\r?\n|\Z)")
    pieces: list[bytes] = []
    start: int | None = None
    for found in mark.finditer(body):
        if start is not None:
            pieces.append(body[start : found.start()].removesuffix(b"\r"))
        if found[1] or len(pieces) > MAX_PARTS:
            return pieces, True
        start = found.end()
    if start is not None:
        pieces.append(body[start:])
    return pieces, False


def _unpacked(content: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return _base64(content)
    if encoding == "quoted-printable":
        return quopri.decodestring(content)
    return content


def _base64(content: bytes) -> bytes:
    """Return what base64 holds, up to what is broken in it."""
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
    try:
        return base64.b64decode(
            kept[: len(kept) // 4 * 4] + (kept[len(kept) // 4 * 4 :] + b"==")[: 4 if len(kept) % 4 > 1 else 0]
        )
    except (binascii.Error, ValueError):
        return b""


def _content_type(value: str) -> tuple[str, dict[str, str]]:
    kind = value.partition(";")[0].strip().lower()
    found = {one[1].lower().rstrip("*0"): one[2] or one[3] or "" for one in _PARAMETER.finditer(value[:4000])}
    return kind, found


def _header(headers: list[tuple[str, str]], name: str) -> str | None:
    return next((value for known, value in headers if known == name and value), None)


def _plain(value: bytes) -> str:
    text = value.decode("utf-8", "replace") if value.isascii() else decode_header(value)
    return " ".join(text.split("\r\n")).replace("\n", " ").strip() if "\n" in text else text.strip()


def decode_header(value: bytes) -> str:
    """Return the raw bytes of a header as text: they should be ASCII, and are UTF-8 or a code page."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        read = decode(value, DecodeOptions(max_line=max(len(value), 1)))
        return "\n".join(line.text for line in read.lines) or value.decode("utf-8", "replace")


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
    end = _END.search(head)
    block = head[: end.start()] if end else head
    lines = [line for line in block.split(b"\n")[:200] if line[:1] not in (b" ", b"\t", b">")]
    if not lines or not _FIELD.match(lines[0]):
        return False
    fields = sum(_FIELD.match(line) is not None for line in lines)
    return fields >= 0.9 * len(lines) and len(_SIGNS.findall(block)) >= 3 and _SURE.search(block) is not None


_KEEPS = ("list", "message id", "subject", "sender", "time as sent", "link targets", "names of attachments")

MBOX = Format(
    name="mbox",
    title="mailbox (mbox)",
    recognise=recognise_mbox,
    parse=parse_mbox,
    media_type="application/mbox",
    extensions=(".mbox", ".mbx"),
    recognised_by="a line `From ...` with the headers of a message behind it",
    keeps=_KEEPS,
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
)
