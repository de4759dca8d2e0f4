"""Score the resolver on dumps of dated posts: how near the day is, how honest the interval, beside baselines.

usage: python benchmarks/dates_resolver.py FOLDER [--posts 200] [--windows 2] [--lags 1 30 400 2555]
       [--by lag|channel] [--packaged] [--cost | --no-cost]

FOLDER holds NAME.jsonl files, one post a line with `text` and `date_iso`, oldest first. Each channel gives
dense dumps (consecutive posts), sparse ones (every k-th post of the whole channel), a rich one (the posts
that name days and as many others), one joined of two stretches (the later first) and one newest first. The
document is captured some days after its last post. Offsets are fitted on half of the channels and scored on
the other half, both ways round; --packaged scores the tables of the package instead, which have seen the
channels. --cost prints time and memory on long documents only, --no-cost all but that. A dump has a year if
any is written in it; `bare` rows are all dumps with every year removed.

own: the prose names a day within a day of the post. any: the prose names other days. none: it names no day.
Where no year is written nobody can know one, so that those rows compare month and day, as shares of the
answers that a method gives: the resolver is silent where the others guess. named: own and any together.
"""

import argparse
import random
import re
import resource
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks.fit_dates import fitted, load
from cleaners.dates import DateInput, find, resolve
from cleaners.dates.curves import Tables
from schemas.dates import Mention
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
    yearless: tuple[int, int] | None = None

    @property
    def month_day(self) -> tuple[int, int] | None:
        """Return month and day where they are known: of the best day, or of a day without a year."""
        return self.yearless or ((self.best.month, self.best.day) if self.best else None)


@cache
def mentions(text: str) -> tuple[Mention, ...]:
    """Return the dates of a text, found once for all rows that it is in."""
    return find(text)


def as_post(text: str, day: date) -> Post:
    """Group a post by the days that its prose names, read with the nearest year."""
    group = "none"
    for mention in mentions(text):
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
    owed = 0  # posts without a day that may still stand beside those with one
    for post in posts:
        if post.group != "none" or owed:
            rich.append(post)
            owed += 1 if post.group != "none" else -1
    if len(rich) >= FEW:
        found.append(("rich", rich[:size]))
    half = len(posts) // 2
    found.append(("joined", [*posts[half : half + size // 2], *posts[: size // 2]]))
    found.append(("newest", found[0][1][::-1]))
    return found


def without_years(post: Post) -> Post:
    """Remove every year from a text."""
    return Post(YEAR.sub("", SHORT.sub(r"\1", post.text)), post.day, post.group)


def greedy(posts: Sequence[Post], capture: date) -> list[Answer]:
    """Take the first day that a post names, in its year or the one nearest to the post before it."""
    years = [mention.year for post in posts for mention in mentions(post.text) if mention.year]
    years = [year for year in years if year <= capture.year]
    last = date(max(years, default=capture.year), 7, 1)
    answers = []
    for post in posts:
        days = (m for m in mentions(post.text) if m.month and m.day and m.kind in {"date", "range"})
        named = next(days, None)
        if named is not None and named.month and named.day:
            tries = [named.year] if named.year else [last.year - 1, last.year, last.year + 1]
            near = [day for year in tries if year and (day := _day(year, named.month, named.day)) <= capture]
            last = min(near, key=lambda day: abs(day - last), default=last)
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
    edtf = published.edtf or ""
    yearless = (int(edtf[5:7]), int(edtf[8:10])) if edtf.startswith("XXXX-") else None
    return Answer(best, low, high, yearless)


def table(rows: Mapping[tuple[str, ...], Mapping[str, Sequence[tuple[date, Answer]]]]) -> str:
    """Return a line a row: the resolver's coverage, exact, within 1 and 7 days (of all posts), share held by
    the interval and its median width; then the baselines' exact and within 1. `-` marks a row in which a
    baseline has more posts within a day. Rows without a year count month and day, and shares of the answers
    given, not of all posts; `silent` marks those in which the resolver gives none."""
    lines = [
        f"{'':22} {'n':>5}  given exact   <=1   <=7  bound inside width | greedy   <=1 | constant <=1 | wins"
    ]
    for name, methods in sorted(rows.items()):
        yearless = name[1] != "year"
        found = {method: _shares(pairs, yearless) for method, pairs in methods.items()}
        ours, greedy_, constant = (found[method] for method in ("resolver", "greedy", "constant"))
        inside = _inside(methods["resolver"])
        won = all(ours[2] > other[2] for other in (greedy_, constant))
        lines.append(
            f"{' '.join(name):22} {len(methods['resolver']):5}  "
            + " ".join(f"{share:5.3f}" for share in ours)
            + f"  {inside} |  {greedy_[1]:5.3f} {greedy_[2]:5.3f} |   {constant[1]:5.3f} {constant[2]:5.3f} |"
            + ("" if won else " silent" if yearless and not ours[0] else " -")
        )
    return "\n".join(lines)


def _shares(pairs: Sequence[tuple[date, Answer]], yearless: bool) -> list[float]:
    """Return the share of posts with a best day, and the shares exact, within 1 and within 7 days: of all
    posts; without a year, of those with an answer."""
    off = []
    for day, answer in pairs:
        if yearless and answer.month_day:
            off.append(min(abs((_day(day.year + turn, *answer.month_day) - day).days) for turn in (-1, 0, 1)))
        elif answer.best:
            off.append(abs((answer.best - day).days))
    whole = max(1, len(off)) if yearless else len(pairs)
    return [len(off) / len(pairs), *(sum(error <= most for error in off) / whole for most in (0, 1, 7))]


def _inside(pairs: Sequence[tuple[date, Answer]]) -> str:
    """Return the share of posts with an interval, the share of intervals that hold the day, median width."""
    bounded = [(day, answer.low, answer.high) for day, answer in pairs if answer.low and answer.high]
    if not bounded:
        return f"{0:5.3f}      -     -"
    held = sum(low <= day <= high for day, low, high in bounded) / len(bounded)
    width = statistics.median((high - low).days for _, low, high in bounded)
    return f"{len(bounded) / len(pairs):5.3f}  {held:5.3f} {width:5.0f}"


def cost(posts: Sequence[tuple[str, date]]) -> None:
    """Print CPU time and peak memory for long documents: a dated line in front of every fifth text.

    One process prints growing documents, so that a peak is that of the document before it or its own.
    """
    for count, a_day in ((10_000, 0), (10_000, 3), (10_000, 25), (20_000, 12), (40_000, 12)):
        texts = [posts[at % len(posts)][0] for at in range(count)]
        for at in range(0, count, 5) if a_day else ():
            day = date(2015, 1, 1) + timedelta(days=at // a_day)
            year = f", {day.year}" if at % 15 == 0 else ""
            texts[at] = f"On {day:%B} {day.day}{year} they met.\n{texts[at][:300]}"
        start = time.process_time()
        resolve([DateInput(text=text) for text in texts], fetched_at="2026-11-01")
        spent = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        years = f"{count / a_day / 365:4.1f} years" if a_day else "as they are"
        each = spent / count * 1000
        print(f"{count:6} items over {years}: {spent:5.1f} s of CPU, {each:.2f} ms an item, {peak} MB")


class Board:
    """Answers by row of the table, with the time that they took."""

    def __init__(self, by: str | None) -> None:
        """`by` splits the rows further: by lag or by channel."""
        self.rows: defaultdict[tuple[str, ...], defaultdict[str, list[tuple[date, Answer]]]]
        self.rows = defaultdict(lambda: defaultdict(list))
        self.by, self.spent, self.count, self.invented, self.yearless = by, 0.0, 0, 0, 0

    def score(self, name: str, style: str, dump: Sequence[Post], lag: int, offsets: Tables | None) -> None:
        """Add the answers of every method for one dump that was captured `lag` days after its last post."""
        capture = max(post.day for post in dump) + timedelta(days=lag)
        start = time.process_time()
        answers = dated(dump, capture, offsets)
        self.spent, self.count = self.spent + time.process_time() - start, self.count + len(dump)
        has_year = any(mention.year for post in dump for mention in mentions(post.text))
        split = {"lag": (f"lag {lag:4}",), "channel": (name,)}.get(self.by or "", ())
        self._add(
            row=(style, "year" if has_year else "no year", *split),
            dump=dump,
            answers=answers,
            capture=capture,
        )

    def _add(
        self, row: tuple[str, ...], dump: Sequence[Post], answers: Sequence[Published], capture: date
    ) -> None:
        for method, found in (
            ("resolver", [said(answer) for answer in answers]),
            ("greedy", greedy(dump, capture)),
            ("constant", [Answer(capture - timedelta(days=CONSTANT))] * len(dump)),
        ):
            for post, answer in zip(dump, found, strict=True):
                # Without a year a post that names other days than its own should get no answer at all: those
                # rows score both kinds together.
                named = post.group if row[1] == "year" or post.group == "none" else "named"
                self.rows[*row, named][method].append((post.day, answer))

    def bare(self, style: str, dump: Sequence[Post], offsets: Tables | None) -> None:
        """Count the years that are given where every year has been removed from the texts."""
        bare, capture = [without_years(post) for post in dump], max(post.day for post in dump)
        answers = dated(bare, capture, offsets)
        self._add((style, "bare"), bare, answers, capture)
        self.yearless += len(bare)
        self.invented += sum(bool(said(answer).low or said(answer).best) for answer in answers)


def dated(dump: Sequence[Post], capture: date, offsets: Tables | None) -> tuple[Published, ...]:
    """Return the answers of the resolver for one dump."""
    items = [DateInput(text=post.text) for post in dump]
    return resolve(items, fetched_at=capture.isoformat(), offsets=offsets)


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
    parser.add_argument("--by", choices=["lag", "channel"])
    parser.add_argument("--cost", action=argparse.BooleanOptionalAction)
    args = parser.parse_args()
    channels = {path.stem: load(path) for path in sorted(args.folder.glob("*.jsonl"))}
    if args.cost:
        cost([post for posts in channels.values() for post in posts])
        return
    board, names = Board(args.by), sorted(channels)
    folds = (names[0::2], names[1::2])
    for fold, other in (folds, folds[::-1]):
        offsets = None if args.packaged else fitted([channels[name] for name in other])
        for name in fold:
            posts = [as_post(text, day) for text, day in channels[name]]
            for style, dump in dumps(posts, args.posts, args.windows, seed=len(name)):
                for lag in args.lags:
                    board.score(name, style, dump, lag, offsets)
                board.bare(style, dump, offsets)
    print(table(board.rows))
    print(f"years removed: {board.invented} of {board.yearless} items were given a year")
    print(f"{board.spent / board.count * 1000:.2f} ms of CPU an item over {board.count} items")
    if args.cost is None:  # in a process of its own: a peak is that of all that came before
        subprocess.run([sys.executable, __file__, str(args.folder), "--cost"], check=True)


if __name__ == "__main__":
    main()
