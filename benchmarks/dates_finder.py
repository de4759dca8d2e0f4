"""Score the date finder: explicit dates found and read right, traps, speed, hostile inputs.

usage: python benchmarks/dates_finder.py SPECS [--texts FOLDER] [--misses N]

SPECS is a JSONL file of the Recognizers-Text specifications: {lang, text, not_supported, results: [{span,
start, length, type, timex}]}. A gold span is explicit if its value is one day (with or without the year) and
it names a month, or a day and a month as two numbers. Days that do not exist (30 February), lunar days, and
spans that count from another date ('3 days after', 'next week') are left out. A range is right by either end
('18 and 19 June' are two spans there), 7/8/2023 in either reading if it is marked ambiguous.
FOLDER holds NAME.jsonl files with a `text`, for the speed.
"""

import argparse
import json
import random
import re
import sys
import time
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from cleaners.dates import find
from cleaners.dates.lexicon import lexicon
from schemas.dates import Mention

DAY = re.compile(r"\(?((?:\d{4}|XXXX)-\d\d-\d\d)(?:T[\d:]+)?\Z")
NUMBERS = re.compile(r"(?<!\d)\d{1,4}[-/.]\s?\d{1,2}(?!\d)|[月号]")
RELATIVE = re.compile(
    r"\b(?:ago|from|after|before|since|week|next|last|semaine|semana|woche|settimana|hafta|week van|"
    r"après|partir|avant|después|antes|depois|dopo|nach|vor|sonra|önce|na|voor)\b|منذ|بعد|قبل|前|后|下|上",
    re.IGNORECASE,
)
WORD = re.compile(r"[^\W\d_]+")
HOSTILE = {
    "monday x 10,000": "monday " * 10_000,
    "Monday, x 10,000": "Monday, " * 10_000,
    "100,000 digits": "1" * 100_000,
    "a million commas": "," * 1_000_000,
    "dates glued": "12.05.2023-" * 20_000,
    "small numbers": "1 2 3 4 " * 30_000,
    "May 5": "May 5 " * 20_000,
    "in the year": "in the year " * 20_000,
    "CJK signs": "年月日" * 50_000,
    "CJK numerals": "一二三四五六七八九十" * 20_000,
    "apostrophes": "п'я" * 50_000,
    "joiners": "ا\u200c" * 100_000,
    "slashes": "1/2/" * 50_000,
    "first of the": "first of the " * 20_000,
}


def explicit(gold: dict[str, Any]) -> str | None:
    """Return the day of a gold span as YYYY-MM-DD or XXXX-MM-DD if it is explicit, else None."""
    found = DAY.match(gold.get("timex") or "")
    span = gold["span"]
    if found is None or RELATIVE.search(span):
        return None
    year, month, day = found[1].split("-")
    if re.search("农历|正月|初|本月", span) or not _exists(year, int(month), int(day)):
        return None
    words = (lexicon().get(word) for word in WORD.findall(span))
    named = any(word is not None and word.code in "Mmqe" for word in words)
    numbers = {int(number) for number in re.findall(r"\d+", span)}
    stated = "月" in span or (NUMBERS.search(span) is not None and {int(month), int(day)} <= numbers)
    return found[1] if named or stated else None


def _exists(year: str, month: int, day: int) -> bool:
    """Tell whether the day exists: the specifications resolve '30 February' too."""
    return 1 <= month <= 12 and 1 <= day <= monthrange(2000 if year == "XXXX" else int(year), month)[1]


def values(mention: Mention) -> Iterator[str]:
    """Yield the days that a mention may mean: two for 7/8/2023."""
    if mention.month and mention.day:
        year = "XXXX" if mention.year is None else f"{mention.year:04d}"
        yield f"{year}-{mention.month:02d}-{mention.day:02d}"
        if mention.end_day and mention.end_month:  # '18 and 19 June' are two spans there, one here
            yield f"{year}-{mention.end_month:02d}-{mention.end_day:02d}"
        if mention.ambiguous:
            yield f"{year}-{mention.day:02d}-{mention.month:02d}"


def score(rows: list[dict[str, Any]], misses: int) -> None:
    """Print recall and value by language, and the traps that fire."""
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    missed, traps, fired = [], 0, []
    for row in rows:
        mentions = find(row["text"])
        if not row["results"] and not row["not_supported"]:
            traps += 1
            if mentions:
                fired.append((row["lang"], row["text"], [mention.text for mention in mentions]))
        for gold in row["results"]:
            want = explicit(gold)
            if want is None:
                continue
            start, end = gold["start"], gold["start"] + gold["length"]
            hits = [mention for mention in mentions if mention.start < end and mention.end > start]
            right = any(want in values(mention) for mention in hits)
            for name in {row["lang"], "Dutch" if row["lang"] == "Dutch" else "all but Dutch"}:
                counts[name][0] += 1
                counts[name][1] += bool(hits)
                counts[name][2] += right
            if not right:
                missed.append((row["lang"], row["text"], gold["span"], want, [m.text for m in hits]))
    print(f"{'':16} {'spans':>5} recall value")
    for name, (total, found, right) in sorted(
        counts.items(), key=lambda pair: (pair[0] == "all but Dutch", pair[0])
    ):
        print(f"{name:16} {total:5}  {found / total:.3f} {right / total:.3f}")
    print(f"trap sentences hit: {len(fired)} of {traps}")
    for case in fired:
        print("  ", *case)
    for case in random.Random(0).sample(  # noqa: S311 - a sample to read
        missed, min(misses, len(missed))
    ):
        print("  missed", *case)


def speed(folder: Path) -> None:
    """Print megabytes of UTF-8 a CPU second on real texts."""
    for path in sorted(folder.glob("*.jsonl")):
        text = "\n".join(json.loads(row)["text"] for row in path.read_text("utf-8").splitlines())
        start = time.process_time()
        found = len(find(text))
        spent = time.process_time() - start
        size = len(text.encode()) / 1e6
        print(f"{path.stem:30} {size:5.2f} MB {found:6} mentions {size / spent:5.1f} MB/s")


def hostile() -> None:
    """Print the time for texts made to be slow, whole and doubled: linear means twice the time."""
    for name, text in HOSTILE.items():
        spent = []
        for times in (1, 2):
            start = time.process_time()
            find(text * times)
            spent.append(time.process_time() - start)
        print(f"{name:20} {len(text.encode()) / 1e6:5.2f} MB {spent[0]:6.2f} s, doubled {spent[1]:6.2f} s")


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("specs", type=Path)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--misses", type=int, default=0)
    args = parser.parse_args()
    find("On July 13")  # the tables are read once
    score([json.loads(row) for row in args.specs.read_text("utf-8").splitlines()], args.misses)
    if args.texts:
        speed(args.texts)
        hostile()


if __name__ == "__main__":
    main()
