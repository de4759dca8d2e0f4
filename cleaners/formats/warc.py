"""WARC and WET: each response with a page, and each converted text, is an article.

Records are cut by their Content-Length; a file that ends early is never silently short. What is packed around
the file (.warc.gz has a gzip member a record) is unpacked before it comes here. ISO 28500:2017 (WARC 1.1).
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import replace

from cleaners.decode import decode
from cleaners.formats import news_page
from cleaners.formats.entry import Format, Glimpse
from cleaners.formats.json_slices import dump
from cleaners.formats.times import iso
from cleaners.formats.warc_blocks import END, MAX_HEADERS, START, Block, behind, block_at, cutter, fields
from schemas.documents import Refusal
from schemas.drift import Drift
from schemas.options import CleanOptions, DecodeOptions
from schemas.records import Finding, Record

_NAME = "warc"
#: Bytes of a body once it is unpacked.
_MAX_BODY = news_page.MAX_PAGE
_QUIET = frozenset({"warcinfo", "request", "metadata", "revisit", "continuation"})
_PAGE = ("text/html", "application/xhtml+xml")


def recognise(glimpse: Glimpse) -> float:
    """Return how sure it is: the version line."""
    return 1.0 if START.match(glimpse.head) else 0.0


def parse(data: bytes, options: CleanOptions) -> Iterator[Finding]:
    """Yield an article for each page and each converted text."""
    at, whole, part = 0, True, options.part
    while at < len(data):
        block = block_at(data, at)
        if block is None:
            found = START.search(data, at + 1)
            end = found.start() if found else len(data)
            if data[at:end].strip():
                reason = "no-record" if found or not START.match(data, at) else "truncated"
                detail = (
                    "No header of a record stands here."
                    if reason == "no-record"
                    else "The file ends in the header of a record."
                )
                yield Refusal(at, end, "format", reason, detail)
            at = end
            continue
        if block.end > len(data) and part is not None and not part.last:
            if _wanted(block):
                detail = f"A record of {block.end - block.start:,} bytes is longer than any that is read."
                yield Refusal(block.start, len(data), "format", "huge-record", detail)
            return
        if block.end > len(data):
            size, left = block.end - block.content, len(data) - block.content
            detail = f"A record says that it has {size:,} bytes, and the file has {left:,}: it was cut off."
            yield Refusal(block.start, len(data), "format", "truncated", detail)
            return
        yield from _read(data, block, options)
        at = behind(data, block.end)
        whole = data.count(b"\n", block.end, at) >= 2
    if not whole and (part is None or part.last):
        yield Refusal(
            len(data), len(data), "format", "truncated", "The last record does not end as records do."
        )


def _wanted(block: Block) -> bool:
    """Say whether there would be something to read in a record."""
    return block.headers.get("warc-type", "").lower() in {"response", "resource", "conversion"}


def _read(data: bytes, block: Block, options: CleanOptions) -> Iterator[Finding]:
    kind = block.headers.get("warc-type", "").lower()
    if kind in _QUIET:
        return
    place = (block.start, block.end)
    content = data[block.content : block.end]
    address = block.headers.get("warc-target-uri", "").strip("<> ") or None
    if kind == "conversion" or (
        kind == "resource" and not block.headers.get("content-type", "").startswith(_PAGE)
    ):
        if block.headers.get("content-type", "text/plain").startswith("text/"):
            yield _plain(content, block, place, address)
        return
    if kind not in {"response", "resource"}:
        yield Drift(path="WARC-Type", what=f"unknown-type:{kind}")
        return
    mime, charset = block.headers.get("content-type", ""), None
    if kind == "response":
        if not address or not address.startswith(("http://", "https://")):
            return  # DNS and the like
        status, http, content = _http(content)
        if http.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            unpacked = _unpacked(content, http["content-encoding"].strip().lower())
            if unpacked is None:
                detail = f"Its content is packed ({http['content-encoding'][:40]}) and cannot be unpacked."
                yield Refusal(*place, "format", "packed", detail)
                return
            content = unpacked
        if status != 200:
            return
        mime = http.get("content-type", "text/html")
    found = re.search(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", mime)
    charset = found[1] if found else None
    if not mime.lower().startswith(_PAGE):
        return
    if reason := news_page.dangerous(content):
        yield Refusal(*place, "format", *reason)
        return
    page, _ = news_page.decoded(content, options, charset)
    record = news_page.article(page, *place, address)
    if record is None:
        yield Refusal(*place, "format", "no-article", "No article was found in this page.")
        return
    yield _crawled(record, block, address)


def _plain(content: bytes, block: Block, place: tuple[int, int], address: str | None) -> Record:
    """Return a converted text (WET): its first line is the title of the page."""
    read = decode(content, DecodeOptions(max_line=max(len(content), 1)))
    text = "\n".join(line.text for line in read.lines)
    record = Record(
        start=place[0],
        end=place[1],
        kind="article",
        text=text,
        native_id=address,
        identity=f"page:{address}" if address else None,
        urls=(address,) if address else (),
        lang=block.headers.get("warc-identified-content-language", "").split(",")[0] or None,
    )
    return _crawled(record, block, address)


def _crawled(record: Record, block: Block, address: str | None) -> Record:
    """Return a record with what its crawl says. When it was crawled is no date of publication."""
    import json  # noqa: PLC0415

    said = json.loads(record.extras) if record.extras else {}
    said["crawled_at"] = iso(block.headers.get("warc-date"))
    said["warc_record_id"] = block.headers.get("warc-record-id", "").strip("<>")
    if address and address != record.native_id:
        said["fetched_from"] = address
    return replace(record, extras=dump({key: value for key, value in said.items() if value}))


def _http(content: bytes) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of a response; a chunked body in one piece."""
    end = END.search(content, 0, MAX_HEADERS)
    if end is None or not content.startswith(b"HTTP/"):
        return 200, {}, content
    status = content[:40].split(b"\r\n", 1)[0].split(b" ")
    code = int(status[1]) if len(status) > 1 and status[1].isdigit() and len(status[1]) == 3 else 0
    headers = fields(content[: end.start()])
    body = content[end.end() :]
    if headers.get("transfer-encoding", "").lower().strip() == "chunked":
        body = _dechunked(body)
    return code, headers, body


def _dechunked(body: bytes) -> bytes:
    """Return a chunked body in one piece; crawlers also store the body as one piece under that header."""
    pieces: list[bytes] = []
    at = 0
    while found := re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]{0,200})?\r\n").match(body, at):
        size = int(found[1], 16)
        if size == 0:
            return b"".join(pieces)
        pieces.append(body[found.end() : found.end() + size])
        at = found.end() + size + 2
    return b"".join(pieces) or body


def _unpacked(content: bytes, method: str) -> bytes | None:
    """Return a body unpacked, None for what cannot be or grows beyond a page."""
    if method in {"br", "zstd"}:
        return _modern(content, method)
    if method not in {"gzip", "x-gzip", "deflate"}:
        return None
    for bits in (47, -15):  # deflate comes with a header and without one
        inner = zlib.decompressobj(bits)
        try:
            body = inner.decompress(content, _MAX_BODY + 1)
        except zlib.error:
            continue
        return body if inner.eof and len(body) <= _MAX_BODY else None
    return content if method != "deflate" and content[:2] != b"\x1f\x8b" else None  # unpacked by the crawler


def _modern(content: bytes, method: str) -> bytes | None:
    import pyarrow as pa  # noqa: PLC0415 - only for brotli and zstd

    try:
        stream = pa.CompressedInputStream(pa.BufferReader(content), {"br": "brotli", "zstd": "zstd"}[method])
        body: bytes = stream.read(_MAX_BODY + 1)
    except (OSError, pa.ArrowException):
        return None
    return body if len(body) <= _MAX_BODY else None


FORMAT = Format(
    name=_NAME,
    title="web archive (WARC, WET)",
    recognise=recognise,
    parse=parse,
    media_type="application/warc",
    extensions=(".warc", ".wet"),
    recognised_by="WARC/1.x at the start",
    keeps=("address", "time of the crawl", "what pages say of themselves"),
    risky=True,
    cutter=cutter,
)
