"""What floods of near copies cost: CPU seconds, memory and what is stored, as they grow.

    python benchmarks/floods.py [KIND ...] [--items 40000] [--order up|down|shuffled] [--folder DIR]

Posts of some 60 words, signed, judged and landed as in a run (cleaning apart), 5,000 in a transaction:

    spam       one post, another word in each copy
    words      one post, three words of 60 replaced in each: few are near the first, most near some others
    chain      each is the one before with another word replaced: near its neighbours, far from the first
    figures    announcements that differ in their figures alone: the guard keeps all of them apart
    template   one announcement without a figure, then as many with one each
    same       one text
    prose      no flood: one post in ten is near another one

`up`: each is a minute newer than the one before; `down`: older; `shuffled`: in no order. Of each transaction:
CPU seconds for a thousand items (of landing and matching), the peak of memory so far, and what dedup holds.
"""

import argparse
import random
import resource
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ready_documents import Post, document, on

from cleaners.signatures import sign
from flows.ledger import Judge
from schemas.signatures import Pair, Recipe
from warehouse.tabulate import tabulate
from warehouse.writer import writing

AT = "2024-05-01T10:00:00Z"
KINDS = ("spam", "words", "chain", "figures", "template", "same", "prose")
TOGETHER = 5_000
#: What DuckDB gets in a run by default.
MEMORY = "160MB"


def texts(kind: str, count: int) -> Iterator[str]:
    """Yield the posts of a flood, the oldest first."""
    chance = random.Random(7)  # noqa: S311 - words, not secrets
    words = [
        "".join(chance.choices("abcdefghijklmnoprstuvw", k=chance.randrange(2, 10))) for _ in range(6000)
    ]
    post = chance.choices(words, k=60)
    for number in range(count):
        own = post.copy()
        if kind == "spam":
            own[30] = f"{chance.choice(words)}{chance.choice(words)}"
        elif kind == "words":
            for _ in range(3):
                own[chance.randrange(60)] = chance.choice(words)
        elif kind == "chain":
            post[number % 60] = chance.choice(words)
            own = post
        elif kind == "prose" and number % 10 == 9:
            own[30] = chance.choice(words)
        elif kind == "prose":
            own = post = chance.choices(words, k=60)
        elif kind == "figures" or (kind == "template" and number):
            own[30] = str(1000 + number)
        yield " ".join(own)


def cpu() -> float:
    """Return the CPU seconds of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Counting(Judge):
    """Counts the pairs that are judged."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def verify(self, candidates: Sequence[tuple[str, str, str, str]]) -> Sequence[Pair]:
        """Judge."""
        self.asked += len(candidates)
        return super().verify(candidates)


def run(kind: str, count: int, order: str, path: Path) -> None:
    """Land a flood and print what each transaction took."""
    posts = [
        (datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=number), text)
        for number, text in enumerate(texts(kind, count))
    ]
    if order == "down":
        posts.reverse()
    elif order == "shuffled":
        random.Random(3).shuffle(posts)  # noqa: S311 - as above
    print(f"{kind}, {order}\n   items  CPU s a 1,000  peak MB  judged an item     pairs  clusters")
    judge = Counting()
    with writing(path, command="benchmark", started_at=AT, memory_limit=MEMORY) as writer:
        writer.start_run("run-1", AT, "benchmark")
        for start in range(0, count, TOGETHER):
            part = posts[start : start + TOGETHER]
            # Documents of one text are others by their last line alone.
            footer = f"{part[0][0]:%Y-%m-%d %H:%M}"
            made, data = document([Post([text], on(f"{moment:%Y-%m-%d}")) for moment, text in part], footer)
            signed = dict(zip(own := [item.text for item in made.items], sign(own), strict=True))
            batch = tabulate([made], {made.document_id: data}, signed, Recipe(), {}, "bench")
            began, asked = cpu(), judge.asked
            writer.land(batch, run_id="run-1", at=AT, matcher=judge)
            took = cpu() - began
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
            ((pairs, clusters),) = writer._con.execute(  # noqa: SLF001 - one question more than it answers
                "SELECT (SELECT count(*) FROM dedup.pairs), "
                "(SELECT count(DISTINCT cluster_id) FROM dedup.members)"
            ).fetchall()
            each = 1000 / len(made.items)
            judged = (judge.asked - asked) / len(made.items)
            print(
                f"{start + len(made.items):>8,} {took * each:>14.2f} {peak:>8,.0f} {judged:>15.1f} "
                f"{pairs:>9,} {clusters:>9,}",
                flush=True,
            )
        began = cpu()
        failures = writer.check_new("run-1")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        print(f"  checks {(cpu() - began) * 1000 / count:>14.2f} {peak:>8,.0f}  {failures}", flush=True)
        writer.finish_run("run-1", AT, "completed")


def main() -> None:
    """Measure each kind."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("kinds", nargs="*", metavar="KIND", default=list(KINDS))
    options.add_argument("--items", type=int, default=40_000)
    options.add_argument("--order", choices=("up", "down", "shuffled"), default="up")
    options.add_argument("--folder", type=Path)
    asked = options.parse_args()
    for kind in asked.kinds:
        with tempfile.TemporaryDirectory(prefix="feedmill-floods-", dir=asked.folder) as folder:
            run(kind, asked.items, asked.order, Path(folder) / "w.duckdb")


if __name__ == "__main__":
    main()
