"""Large files of random words in each format that feedmill reads, and hostile ones: to measure memory."""

import contextlib
import gzip
import itertools
import json
import lzma
import os
import random
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

CHANCE = random.Random(7)  # noqa: S311 - words, not secrets
WORDS = ["".join(CHANCE.choices("abcdefghijklmnoprstuvw", k=CHANCE.randrange(2, 10))) for _ in range(6000)]


def prose(least: int = 20, most: int = 160) -> str:
    """Return a text of random words, in sentences of some dozen."""
    words = CHANCE.choices(WORDS, k=CHANCE.randrange(least, most))
    for at in range(11, len(words), 12):
        words[at] += "."
    return " ".join(words).capitalize()


def day(number: int) -> str:
    """Return a time; they ascend, a minute each."""
    minutes = number % (28 * 1440)
    year, month = 2010 + number // (28 * 1440 * 12) % 15, number // (28 * 1440) % 12 + 1
    return f"{year}-{month:02}-{minutes // 1440 + 1:02}T{minutes // 60 % 24:02}:{minutes % 60:02}:00"


def row(number: int) -> str:
    """Return a line of JSON lines."""
    return json.dumps({"id": number, "date": day(number) + "Z", "text": prose(), "views": number}) + "\n"


def indented(number: int) -> str:
    """Return an element of a JSON array."""
    return json.dumps({"id": number, "date": day(number) + "Z", "text": prose()}, indent=1) + ",\n"


def printed(number: int) -> str:
    """Return an object over several lines, as jq prints it."""
    return indented(number)[:-2] + "\n"


def cells(number: int) -> str:
    """Return a row of CSV; its text has a line break."""
    return f'{number},{day(number)}Z,"{prose()}\n{prose(5, 20)}",{number}\n'


def message(number: int) -> str:
    """Return a message of result.json, as the exporter lays it out, with the comma in front of it."""
    body = {
        "id": number,
        "type": "message",
        "date": day(number),
        "date_unixtime": str(1_300_000_000 + 60 * number),
        "from": "Harbour News",
        "from_id": "channel1234567890",
        "text": [prose(), {"type": "bold", "text": prose(2, 5)}, prose(5, 20)],
    }
    return ("" if number == 0 else ",\n  ") + json.dumps(body, indent=1).replace("\n", "\n  ")


def item(number: int) -> str:
    """Return an item of RSS."""
    body = "".join(
        f'<p>{prose(40, 70)} <a href="https://x.example/{number}">{prose(2, 4)}</a></p>\n' for _ in range(3)
    )
    return (
        f"<item><title>{prose(5, 9)}</title><link>https://h.example/{number}</link><guid>h-{number}</guid>"
        f"<pubDate>{day(number)}Z</pubDate><description>{prose(20, 30)}</description>"
        f"<content:encoded><![CDATA[{body}]]></content:encoded></item>\n"
    )


def entry(number: int) -> str:
    """Return an item of a JSON Feed."""
    return (
        json.dumps(
            {"id": f"h-{number}", "date_published": day(number) + "Z", "content_text": prose()}, indent=1
        )
        + ",\n"
    )


def letter(number: int) -> str:
    """Return a message of a mailbox."""
    return (
        f"From a@b Fri Jul 19 08:57:11 2024\nFrom: A <a@b.example>\nSubject: {prose(5, 8)}\n"
        f"Message-ID: <{number}@b.example>\nDate: Fri, 19 Jul 2024 08:57:11 +0300\nMIME-Version: 1.0\n"
        f"Content-Type: text/html; charset=utf-8\n\n"
        + "".join(f"<p>{prose(40, 70)}</p>\n" for _ in range(6))
        + "\n"
    )


def post(number: int) -> str:
    """Return a post of a flattened dump: each paragraph twice, its day in the text."""
    year, month, at = day(number)[:10].split("-")
    text = f"Harbour News, {int(at)}.{month}.{year}\n{prose()}\n{prose(5, 30)}\n"
    return f"Forwarded from Harbour News\n{text}{text}\n"


def near(number: int) -> str:
    """Return a post that is the same each time but for a few words."""
    words = NEAR.copy()
    for _ in range(3):
        words[CHANCE.randrange(len(words))] = CHANCE.choice(WORDS)
    return json.dumps({"id": number, "date": day(number) + "Z", "text": " ".join(words)}) + "\n"


NEAR = CHANCE.choices(WORDS, k=60)


def same(number: int) -> str:
    """Return a post that is the same each time."""
    return json.dumps({"id": number, "date": day(number) + "Z", "text": " ".join(NEAR)}) + "\n"


def bubble(number: int) -> str:
    """Return a message of messages.html."""
    return (
        f'<div class="message default clearfix" id="message{number}"><div class="body">'
        f'<div class="pull_right date details" title="01.05.2024 10:00:00 UTC+01:00">10:00</div>'
        f'<div class="from_name">Harbour News</div><div class="text">{prose()}</div></div></div>\n'
    )


def captured(number: int) -> str:
    body = (
        f"<html><head><title>{prose(4, 8)}</title></head><body><article>"
        + "".join(f"<p>{prose(40, 70)}</p>\n" for _ in range(12))
        + "</article></body></html>"
    )
    return (
        f"WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: http://h.example/{number}\r\n"
        f"WARC-Date: 2024-05-01T10:00:00Z\r\nContent-Type: text/html\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}\r\n\r\n"
    )


def stamped(number: int) -> str:
    """Return a post of a dump in which a line of its own says when each was published."""
    at = day(number)
    return f"[{at[8:10]}.{at[5:7]}.{at[:4]} {at[11:16]}] Harbour News:\n{prose()}\n{prose(5, 30)}\n\n"


def web_post(number: int) -> str:
    """Return a post of a page of t.me/s."""
    return (
        f'<div class="tgme_widget_message_wrap"><div class="tgme_widget_message js-widget_message" '
        f'data-post="harbour/{number}"><div class="tgme_widget_message_bubble">'
        f'<div class="tgme_widget_message_text js-message_text" dir="auto">{prose()}</div>'
        f'<a class="tgme_widget_message_date" href="https://t.me/harbour/{number}">'
        f'<time datetime="{day(number)}+00:00" class="time">10:00</time></a></div></div></div>\n'
    )


def chatted(number: int) -> str:
    """Return a message of an exported chat of WhatsApp."""
    at = day(number)
    return f"[{at[8:10]}/{at[5:7]}/{at[:4]}, {at[11:19]}] Ann: {prose(5, 40)}\n"


RSS = '<?xml version="1.0"?><rss xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>T</title>\n'
CHAT = '{\n "name": "Harbour News",\n "type": "public_channel",\n "id": 1234567890,\n "messages": [\n  '
PAGE = "<!DOCTYPE html><html><head><title>Exported Data</title></head><body>\n"
HISTORY = '<div class="page_body chat_page"><div class="history">\n'
#: By format: the name of the file, what stands before the records, a record, what stands behind.
KINDS: dict[str, tuple[str, str, Callable[[int], str], str]] = {
    "dump": ("dump.txt", "", post, ""),
    "text-utf16": ("dump.txt", "", post, ""),
    "jsonl": ("posts.jsonl", "", row, ""),
    "json": ("posts.json", "[\n", indented, "{}]\n"),
    "json-stream": ("posts.json", "", printed, ""),
    "csv": ("posts.csv", "id,date,text,views\n", cells, ""),
    "result-json": ("result.json", CHAT, message, "\n ]\n}\n"),
    "rss": ("feed.xml", RSS, item, "</channel></rss>\n"),
    "mbox": ("letters.mbox", "", letter, ""),
    "warc": ("pages.warc", "", captured, ""),
    "whatsapp": ("_chat.txt", "", chatted, ""),
    "json-feed": (
        "feed.json",
        '{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": [\n',
        entry,
        '{"id": "x", "content_text": "x"}]}\n',
    ),
    "page": ("page.html", PAGE, lambda number: f"<p id=p{number}>{prose()}</p>\n", "</body></html>\n"),
    "messages-html": ("messages.html", PAGE + HISTORY, bubble, "</div></div></body></html>\n"),
    "stamped": ("stamped.txt", "", stamped, ""),
    "web": (
        "harbour.html",
        PAGE + '<section class="tgme_channel_history">\n',
        web_post,
        "</section></body></html>\n",
    ),
    "near": ("near.jsonl", "", near, ""),
    "same": ("same.jsonl", "", same, ""),
}


def made(kind: str, size: int, folder: Path) -> Path:
    """Write a file of some `size` bytes."""
    if kind in SPECIAL:
        return SPECIAL[kind](size, folder)
    name, head, make, tail = KINDS[kind]
    path, wide = folder / name, kind.endswith("utf16")
    with path.open("w", encoding="utf-16" if wide else "utf-8", newline="") as file:
        at = file.write(head)
        for record in map(make, itertools.count()):
            at += file.write(record)
            if at * (2 if wide else 1) >= size:
                break
        file.write(tail)
    return path


def sorted_json(size: int, folder: Path) -> Path:
    """Write result.json as a program that sorts keys does: the names of chats stand behind their messages."""
    path = made("result-json", size, folder)
    with path.open("r+b") as file:
        body = b'{\n "id": 1234567890,\n "messages": [\n'
        file.write(body + b" " * (len(CHAT) - len(body)))
        file.seek(-len(KINDS["result-json"][3]), os.SEEK_END)
        file.write(b'\n ],\n "name": "Harbour News",\n "type": "public_channel"\n}\n')
    return path


def one_line(size: int, folder: Path) -> Path:
    """Write one line."""
    path = folder / "line.txt"
    with path.open("w") as file:
        at = 0
        while at < size:
            at += file.write(prose(900, 1000) + " ")
    return path


def repeated(name: str, piece: bytes, head: bytes = b"", tail: bytes = b"") -> Callable[[int, Path], Path]:
    """Return what writes one piece again and again."""

    def write(size: int, folder: Path) -> Path:
        path, block = folder / name, piece * (1_000_000 // len(piece))
        with path.open("wb") as file:
            file.write(head)
            for _ in range(size // len(block)):
                file.write(block)
            file.write(tail)
        return path

    return write


def bomb(packing: str) -> Callable[[int, Path], Path]:
    """Return what writes zeros, compressed."""

    def write(size: int, folder: Path) -> Path:
        path, block = folder / f"zeros.txt.{packing}", bytes(1_000_000)
        with contextlib.ExitStack() as stack:
            file: Any
            if packing == "zip":
                archive = stack.enter_context(zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED))
                file = stack.enter_context(archive.open("zeros.txt", "w", force_zip64=True))
            elif packing == "zst":
                file = stack.enter_context(pa.CompressedOutputStream(str(path), "zstd"))
            elif packing == "xz":
                file = stack.enter_context(lzma.open(path, "wb", preset=0))
            else:
                file = stack.enter_context(gzip.open(path, "wb"))
            for _ in range(size // len(block)):
                file.write(block)
        return path

    return write


def packed(size: int, folder: Path) -> Path:
    """Write JSON lines, compressed."""
    path = made("jsonl", size, folder)
    with path.open("rb") as file, gzip.open(folder / "posts.jsonl.gz", "wb", 1) as archive:
        shutil.copyfileobj(file, archive)
    path.unlink()
    return folder / "posts.jsonl.gz"


def members(size: int, folder: Path) -> Path:
    """Write a zip of as many members as one may have, nearly."""
    path, count = folder / "many.zip", 9_000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(count):
            posts = itertools.accumulate(post(number) for _ in itertools.count())
            archive.writestr(f"{number}.txt", next(text for text in posts if len(text) * count >= size))
    return path


def parquet(size: int, folder: Path) -> Path:
    """Write a Parquet file of three columns."""
    path = folder / "posts.parquet"
    schema = pa.schema([("id", pa.int64()), ("date", pa.string()), ("text", pa.string())])
    with path.open("wb") as file, pq.ParquetWriter(file, schema) as writer:
        for start in itertools.count(0, 20_000):
            ids = range(start, start + 20_000)
            rows = [list(ids), [day(one) for one in ids], [prose() for _ in ids]]
            writer.write_table(pa.table(rows, schema=schema))
            if file.tell() >= size:
                break
    return path


SPECIAL: dict[str, Callable[[int, Path], Path]] = {
    "sorted-json": sorted_json,
    "one-line": one_line,
    **{f"bomb-{packing}": bomb(packing) for packing in ("gz", "zip", "xz", "zst")},
    "jsonl-gz": packed,
    "brackets": repeated("brackets.json", b"["),
    "divs": repeated("divs.html", b"<div>", b"<!DOCTYPE html><html><head><title>T</title></head><body>\n"),
    "breaks": repeated("breaks.txt", b"\n"),
    "string": repeated("string.json", b"x", b'[{"id": 1, "text": "', b'"}]\n'),
    "zip": members,
    "parquet": parquet,
}
