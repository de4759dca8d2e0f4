"""Speed of tables, feeds, pages and mail, beside the usual libraries.

usage: python benchmarks/formats_more.py [NAME ...] [--megabytes 8] [--rounds 5]

NAME: rows to print, by the name of the format (jsonl, csv, feed, mbox, html); all by default.

Makes documents of random words, some 2 to 4 kB a record, and reads them to records. Prints megabytes a CPU
second, best of the rounds; ours and theirs take turns, so that their ratio holds on a busy machine. Theirs:
json.loads a line, csv.DictReader, feedparser and fastfeedparser (the latter leaves HTML as it is), the email
package with its default policy, trafilatura with its defaults.
"""

import argparse
import csv
import email.policy
import gc
import io
import json
import random
import sys
import time
from collections.abc import Callable
from email.parser import BytesParser
from pathlib import Path

import fastfeedparser
import feedparser
import trafilatura

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from cleaners.formats import named
from schemas.options import CleanOptions
from schemas.records import Record

CHANCE = random.Random(7)  # noqa: S311 - words, not secrets
WORDS = ["".join(CHANCE.choices("abcdefghijklmnoprstuvw", k=CHANCE.randrange(2, 10))) for _ in range(2000)]


def prose(count: int) -> str:
    """Return so many random words."""
    return " ".join(CHANCE.choices(WORDS, k=count))


def row(number: int) -> dict[str, object]:
    """Return a row as dumps of channels have them."""
    return {
        "id": number,
        "text": prose(250),
        "date": "2024-05-01T10:00:00Z",
        "author": "A. Writer",
        "views": number,
    }


def item(number: int) -> str:
    """Return an item of a feed of news with its content."""
    body = "".join(
        f'<p>{prose(60)} <a href="https://x.example/{number}">{prose(3)}</a> {prose(30)}</p>\n'
        for _ in range(5)
    )
    return (
        f"<item><title>{prose(8)}</title><link>https://h.example/{number}</link><guid>h-{number}</guid>"
        f"<pubDate>Fri, 19 Jul 2024 08:57:11 +0300</pubDate><category>x</category>"
        f"<description>{prose(30)}</description>"
        f"<content:encoded><![CDATA[{body}]]></content:encoded></item>\n"
    )


def letter(number: int) -> str:
    """Return a message of a mailbox."""
    return (
        f"From a@b Fri Jul 19 08:57:11 2024\nFrom: A <a@b.example>\nSubject: {prose(6)}\n"
        f"Message-ID: <{number}@b.example>\nDate: Fri, 19 Jul 2024 08:57:11 +0300\nMIME-Version: 1.0\n"
        f"Content-Type: text/html; charset=utf-8\n\n"
        + "".join(f"<p>{prose(60)}</p>\n" for _ in range(6))
        + "\n"
    )


def page() -> str:
    """Return a page of news with menus."""
    menu = "".join(f'<li><a href="/{n}">{prose(2)}</a></li>' for n in range(60))
    body = "".join(f"<p>{prose(60)}</p>" for _ in range(15))
    head = f"<!DOCTYPE html><html><head><title>{prose(5)}</title></head>"
    return f"{head}<body><ul>{menu}</ul><article><h1>{prose(5)}</h1>{body}</article></body></html>"


def best(rounds: int, *runs: Callable[[], object]) -> list[float]:
    """Return the best CPU seconds of each, taken in turns."""
    seconds = [float("inf")] * len(runs)
    for _ in range(rounds):
        for at, run in enumerate(runs):
            gc.collect()
            started = time.process_time()
            run()
            seconds[at] = min(seconds[at], time.process_time() - started)
    return seconds


def main() -> None:
    """Measure each format."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("names", nargs="*")
    options.add_argument("--megabytes", type=float, default=8)
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    gc.set_threshold(200_000, 50, 50)  # as the worker has it
    size = int(asked.megabytes * 1e6)

    def messages(data: bytes) -> list[object]:
        parser = BytesParser(policy=email.policy.default)
        return [parser.parsebytes(one).get_body() for one in data.split(b"\nFrom ")]

    def lines(data: bytes) -> list[object]:
        return [json.loads(line) for line in io.BytesIO(data)]

    def table_rows(data: bytes) -> list[object]:
        return list(csv.DictReader(io.StringIO(data.decode())))

    def many(make: Callable[[int], str], about: int) -> list[str]:
        return [make(number) for number in range(size // about)]

    rows = [row(number) for number in range(size // 1700)]
    jsonl = b"\n".join(json.dumps(one).encode() for one in rows)
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    rss = '<?xml version="1.0"?><rss xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>T</title>'
    feed = (rss + "".join(many(item, 4200)) + "</channel></rss>").encode()
    box = "\n".join(many(letter, 2700)).encode()
    pages = [page().encode() for _ in range(20)]
    cases: list[tuple[str, str, list[bytes], str, Callable[[bytes], object]]] = [
        ("JSON lines", "jsonl", [jsonl], "json.loads", lines),
        ("CSV", "csv", [table.getvalue().encode()], "DictReader", table_rows),
        ("RSS", "feed", [feed], "feedparser", lambda data: feedparser.parse(io.BytesIO(data))),
        ("RSS", "feed", [feed], "fastfeedparser", fastfeedparser.parse),
        ("mbox", "mbox", [box], "email", messages),
        ("pages", "html", pages, "trafilatura", trafilatura.bare_extraction),
    ]
    print(f"{'format':12} {'MB':>6} {'MB/s':>7} {'records/s':>10}   {'beside':16} {'MB/s':>7} {'ratio':>6}")
    for title, name, documents, other, theirs in cases:
        if asked.names and name not in asked.names:
            continue
        known = named(name)
        assert known is not None

        def ours(known: object = known, documents: list[bytes] = documents) -> int:
            found = (one for data in documents for one in known.parse(data, CleanOptions()))  # type: ignore[attr-defined]  # narrowed above
            return sum(isinstance(one, Record) for one in found)

        rounds = 1 if other in {"feedparser", "email"} else asked.rounds
        mine, plain = best(
            rounds, ours, lambda theirs=theirs, documents=documents: [theirs(data) for data in documents]
        )
        megabytes = sum(map(len, documents)) / 1e6
        print(
            f"{title:12} {megabytes:6.1f} {megabytes / mine:7.1f} {ours() / mine:10,.0f}   "
            f"{other:16} {megabytes / plain:7.1f} {plain / mine:5.1f}x"
        )


if __name__ == "__main__":
    main()
