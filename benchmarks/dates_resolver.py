"""Score the resolver on dumps of dated posts: how near the day is, how honest the interval, beside baselines.

usage: python benchmarks/dates_resolver.py FOLDER [--posts 200] [--windows 2] [--lags 1 30 400 2555]
       [--packaged] [--channels] [--cost]

FOLDER holds NAME.jsonl files, one post a line with `text` and `date_iso`, oldest first. Each channel gives
dense dumps (consecutive posts), sparse ones (every k-th post of the whole channel) and a rich one (the posts
that name days and as many that do not). The document is captured some days after its last post. Offsets are
fitted on half of the channels and scored on the other half, both ways round; --packaged scores the tables of
the package instead, which have seen the channels. --cost prints time and memory on long documents only.

own: the prose names a day within a day of the post. any: the prose names other days. none: it names no day.
"""

import argparse
import random
import re
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks.fit_dates import fitted, load
from cleaners.dates import DateInput, find, resolve
from schemas.items import Published

YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
SHORT = re.compile(r"(?<!\d)(\d\d?\.\d\d?)\.\d\d(?!\d)")
FEW = 10  # posts of a rich dump, at least
CONSTANT = 200  # days before the capture: the best constant on articles of unknown age


@dataclass(frozen=True, slots=True)
class Post:
    """A post with its day, and whether its prose names a day near it (own), some day (any) or none."""

    text: str
    day: date
    group: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a method says of a post; None where it says nothing."""

    best: date | None
    low: date | None = None
    high: date | None = None


def as_post(text: str, day: date) -> Post:
    """Group a post by the days that its prose names, read with the nearest year."""
    group = "none"
    for mention in find(text):
        if mention.kind not in {"date", "range"} or not mention.month or not mention.day:
            continue
        group = "any" if group == "none" else group
        for year in [mention.year] if mention.year else [day.year - 1, day.year, day.year + 1]:
            try:
                first = date(year, mention.month, mention.day)
                last = (
                    date(mention.end_year or year, mention.end_month, mention.end_day)
                    if mention.end_month and mention.end_day
                    else first
                )
            except ValueError:
                continue
            if first - timedelta(1) <= day <= last + timedelta(1):
                group = "own"
    return Post(text, day, group)


def dumps(posts: Sequence[Post], size: int, windows: int, seed: int) -> list[tuple[str, list[Post]]]:
    """Return dense and sparse dumps of one channel."""
    chosen = random.Random(seed)  # noqa: S311 - a repeatable choice
    found = []
    for _ in range(windows):
        start = chosen.randrange(max(1, len(posts) - size))
        found.append(("dense", list(posts[start : start + size])))
    step = max(1, len(posts) // 60)
    found += [("sparse", list(posts[start * step // windows :: step])) for start in range(min(windows, step))]
    rich: list[Post] = []
    owed = 0
    for post in posts:
        owed += 1 if post.group != "none" else -1 if owed else 0
        if post.group != "none" or owed:
            rich.append(post)
    if len(rich) >= FEW:
        found.append(("rich", rich[:size]))
    return found


def without_years(post: Post) -> Post:
    """Remove every year from a text."""
    return Post(YEAR.sub("", SHORT.sub(r"\1", post.text)), post.day, post.group)


def greedy(posts: Sequence[Post], capture: date) -> list[Answer]:
    """Take the first day that a post names, in its year or the one nearest to the post before it."""
    years = [mention.year for post in posts for mention in find(post.text) if mention.year]
    years = [year for year in years if year <= capture.year]
    last = date(max(years, default=capture.year), 7, 1)
    answers = []
    for post in posts:
        named = next((m for m in find(post.text) if m.month and m.day and m.kind in {"date", "range"}), None)
        if named is not None and named.month and named.day:
            tries = [named.year] if named.year else [last.year - 1, last.year, last.year + 1]
            days = [day for year in tries if year and (day := _day(year, named.month, named.day)) <= capture]
            last = min(days, key=lambda day: abs(day - last), default=last)
        answers.append(Answer(last))
    return answers


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, 28)


def said(published: Published) -> Answer:
    """Return a published date as days."""
    best, low, high = (
        date.fromisoformat(text[:10]) if text else None
        for text in (published.best, published.earliest, published.latest)
    )
    return Answer(best, low, high)


def table(rows: Mapping[tuple[Any, ...], Sequence[tuple[date, Answer]]]) -> str:
    """Return coverage, exact, within 1 and 7 days (of all posts), held by the interval, median width."""
    lines = [f"{'':44} {'n':>5}  given exact   <=1   <=7  bound inside width"]
    for name, pairs in sorted(rows.items()):
        off = [abs((answer.best - day).days) for day, answer in pairs if answer.best]
        bounded = [(day, answer.low, answer.high) for day, answer in pairs if answer.low and answer.high]
        held = [low <= day <= high for day, low, high in bounded]
        widths = [(high - low).days for _, low, high in bounded]
        shares = [len(off), *(sum(error <= most for error in off) for most in (0, 1, 7)), len(bounded)]
        lines.append(
            f"{' '.join(map(str, name)):44} {len(pairs):5}  "
            + " ".join(f"{share / len(pairs):5.3f}" for share in shares)
            + (f"  {sum(held) / len(held):5.3f} {statistics.median(widths):5.0f}" if held else "")
        )
    return "\n".join(lines)


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--posts", type=int, default=200)
    parser.add_argument("--windows", type=int, default=2)
    parser.add_argument("--lags", type=int, nargs="*", default=[1, 30, 400, 2555])
    parser.add_argument("--packaged", action="store_true")
    parser.add_argument("--channels", action="store_true", help="a row a channel")
    args = parser.parse_args()
    channels = {path.stem: load(path) for path in sorted(args.folder.glob("*.jsonl"))}
    names = sorted(channels)
    folds = (names[0::2], names[1::2])
    scored: defaultdict[tuple[Any, ...], list[tuple[date, Answer]]] = defaultdict(list)
    spent, count, invented, yearless = 0.0, 0, 0, 0
    for fold, other in (folds, folds[::-1]):
        offsets = None if args.packaged else fitted([channels[name] for name in other])
        for name in fold:
            posts = [as_post(text, day) for text, day in channels[name]]
            for number, (style, dump) in enumerate(dumps(posts, args.posts, args.windows, seed=len(name))):
                has_year = any(mention.year for post in dump for mention in find(post.text))
                for lag in args.lags:
                    capture = max(post.day for post in dump) + timedelta(days=lag)
                    start = time.process_time()
                    answers = resolve(
                        [DateInput(text=post.text) for post in dump],
                        fetched_at=capture.isoformat(),
                        offsets=offsets,
                    )
                    spent, count = spent + time.process_time() - start, count + len(dump)
                    methods = {
                        "resolver": [said(answer) for answer in answers],
                        "greedy": greedy(dump, capture),
                        "constant": [Answer(capture - timedelta(days=CONSTANT))] * len(dump),
                    }
                    for method, found in methods.items():
                        for post, answer in zip(dump, found, strict=True):
                            key = (style, f"year={'yes' if has_year else 'no'}", f"lag={lag}")
                            scored[*key, post.group, method].append((post.day, answer))
                            if args.channels and method == "resolver":
                                scored[style, name, "year" if has_year else "noyear", post.group].append(
                                    (post.day, answer)
                                )
                            if method != "constant":
                                scored[
                                    "all", style, "year" if has_year else "noyear", post.group, method
                                ].append((post.day, answer))
                if number % args.windows == 0:
                    bare = [without_years(post) for post in dump]
                    answers = resolve(
                        [DateInput(text=post.text) for post in bare],
                        fetched_at=max(post.day for post in dump).isoformat(),
                        offsets=offsets,
                    )
                    yearless += len(bare)
                    invented += sum(bool(a.best or a.earliest or a.latest) for a in answers)
    print(table(scored))
    print(f"years removed: {invented} of {yearless} items were given a year")
    print(f"{spent / count * 1000:.2f} ms of CPU an item over {count} items")


if __name__ == "__main__":
    main()
