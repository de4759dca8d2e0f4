"""Score split and collapse on rendered dumps, beside a plain scan for exact tandem repeats; measure the cost.

usage: python benchmarks/split.py FOLDER [--cost FILE]

FOLDER holds CHANNEL.STYLE.SEED.txt dumps with their truth in CHANNEL.STYLE.SEED.truth.jsonl: {first_line,
last_line, text, forwarded_from, noise} a post, lines 1-based. Prints for each style and channel, as means
over its dumps: F1 of the first lines, the share of posts whose text is exactly right, the precision of the
lines called copies, the F1 of the scan. --cost cuts FILE, repeated to 1, 10 and 20 times 5 MB, and prints
CPU seconds, and two hostile shapes of 100,000 lines.
"""

import argparse
import gc
import json
import sys
import time
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from cleaners.chain import draft
from cleaners.decode import decode
from cleaners.many_keys import keys_of
from cleaners.marks import mark
from cleaners.page import mend_page
from cleaners.split import split

_REACH = 200  # lines between a line and its copy that the scan looks at


def scan(texts: list[str]) -> set[int]:
    """Return the first lines (indices) that a scan for exact tandem repeats finds: the baseline."""
    keys, marks, size = keys_of(texts), mark(texts), len(texts)
    later: dict[str, list[int]] = defaultdict(list)
    for at in range(size - 1, -1, -1):
        later[keys[at]].append(at)
    starts, at, ended = {0}, 0, 0
    starts |= {line for line, found in marks.items() if found.kind == "forwarded"}
    while at < size:
        later[keys[at]].pop()
        copy = later[keys[at]][-1] if later[keys[at]] else size
        period = copy - at
        if 0 < period <= _REACH and keys[at:copy] == keys[copy : copy + period]:
            first = max(at - 1, ended)
            while first - 1 >= ended and first - 1 in marks:
                first -= 1
            starts.add(first)
            ended = copy + period
            if ended < size:
                starts.add(ended)
            for line in range(at + 1, min(ended, size)):
                later[keys[line]].pop()
            at = ended
        else:
            at += 1
    return {
        line for line in starts if not (line and line - 1 in marks and marks[line - 1].kind == "forwarded")
    }


def plain(text: str) -> str:
    """Return a text as it is compared: NFC, single blanks, no blank lines."""
    return "\n".join(
        " ".join(unicodedata.normalize("NFC", line).split()) for line in text.split("\n") if line.strip()
    )


def f1(found: set[int], truth: set[int]) -> float:
    """Return the harmonic mean of precision and recall."""
    return 2 * len(found & truth) / max(1, len(found) + len(truth))


def copies_of(post: dict[str, Any], lines: list[str]) -> set[int]:
    """Return the lines of a post that are copies: behind header and text, before a card.

    A card is of three lines, or of two where it has no description: then a line of the post stands third.
    """
    kept = post["first_line"] + bool(post["forwarded_from"]) + post["text"].count("\n") + 1
    last = post["last_line"]
    card = 0
    if "preview" in post["noise"]:
        card = 2 if lines[last - 3] in post["text"].split("\n") else 3
    return set(range(kept, last + 1 - card))


def score(dump: Path) -> dict[str, float]:
    """Return the figures of one dump."""
    truth = [json.loads(line) for line in dump.with_suffix(".truth.jsonl").read_text("utf-8").splitlines()]
    page = mend_page(decode(dump.read_bytes()).lines)
    marks = mark(page.texts)
    cut = split(page.texts, page.blanks, marks)
    drafts = draft(cut, page, marks)
    numbers = [line.number for line in page.lines]
    texts = {numbers[d.segment.start]: "\n".join(page.texts[at] for at in d.kept) for d in drafts}
    wanted = {post["first_line"]: post["text"] for post in truth}
    called = {
        numbers[at]
        for d in drafts
        for at, role in enumerate(d.roles, d.segment.start)
        if role.fate in ("echo", "near-echo")
    }
    lines = dump.read_text("utf-8").split("\n")
    doubled = dump.stem.rsplit(".", 2)[1] in ("seed", "noisy")
    copies = set().union(*(copies_of(post, lines) for post in truth)) if doubled else set()
    return {
        "F1": f1(set(texts), set(wanted)),
        "text": sum(plain(texts.get(line, "")) == plain(text) for line, text in wanted.items()) / len(wanted),
        "copies": len(called & copies) / max(1, len(called)) if called else 1.0,
        "found": len(called & copies) / max(1, len(copies)) if copies else 1.0,
        "scan": f1({numbers[at] for at in scan(list(page.texts))}, set(wanted)),
        "one": sum("\n" not in post["text"] for post in truth) / len(truth),
    }


def table(folder: Path) -> None:
    """Print the figures by style and channel."""
    rows: dict[tuple[str, str], list[dict[str, float]]] = defaultdict(list)
    for dump in sorted(folder.glob("*.txt")):
        channel, style, _ = dump.stem.rsplit(".", 2)
        rows[style, channel].append(score(dump))
    print(
        f"{'style':8}{'channel':28}{'one-line':>9}{'F1':>8}{'text':>8}{'copies P':>10}{'R':>7}{'scan F1':>9}"
    )
    for style in dict.fromkeys(style for style, _ in rows):
        means = []
        for (_, channel), found in ((at, found) for at, found in rows.items() if at[0] == style):
            mean = {name: sum(row[name] for row in found) / len(found) for name in found[0]}
            means.append(mean)
            show(style, channel, mean)
        show(style, "MEAN", {name: sum(row[name] for row in means) / len(means) for name in means[0]})


def show(style: str, channel: str, row: dict[str, float]) -> None:
    """Print one row."""
    below = "  BELOW" if row["F1"] < row["scan"] else ""
    print(
        f"{style:8}{channel:28}{row['one']:9.2f}{row['F1']:8.3f}{row['text']:8.3f}"
        f"{row['copies']:10.4f}{row['found']:7.3f}{row['scan']:9.3f}{below}"
    )


def cost(file: Path) -> None:
    """Print CPU seconds of mark, split and collapse for growing inputs and for hostile shapes."""
    gc.set_threshold(200_000, 50, 50)  # as in the worker processes
    data = file.read_bytes()
    five = (data * (1 + 5_000_000 // len(data)))[:5_000_000]
    five = five[: five.rfind(b"\n") + 1]
    cases = [(f"{5 * times} MB", five * times) for times in (1, 2, 4)]
    cases.append(("one line x 100,000", b"The minister said so on Monday.\n" * 100_000))
    distinct = (
        f"{number * 7919 % 99991} things and {number} more were said\n".encode() for number in range(100_000)
    )
    cases.append(("100,000 distinct lines", b"".join(distinct)))
    for name, text in cases:
        page = mend_page(decode(text).lines)
        start = time.process_time()
        marks = mark(page.texts)
        drafts = draft(split(page.texts, page.blanks, marks), page, marks)
        spent = time.process_time() - start
        rate = len(text) / spent / 1e6
        print(f"{name:24}{len(page.lines):9} lines{len(drafts):8} posts{spent:8.2f} CPU s{rate:7.2f} MB/s")


def main() -> None:
    """Print the table, or the cost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--cost", type=Path)
    args = parser.parse_args()
    if args.folder:
        table(args.folder)
    if args.cost:
        cost(args.cost)


if __name__ == "__main__":
    main()
