"""Score dates through the whole line: rendered dumps cut, collapsed and dated, beside baselines.

usage: python benchmarks/dates_dumps.py FOLDER DUMPS [--lags 1 30 400 2555] [--by lag|channel]

FOLDER holds NAME.jsonl files, one post a line with `text` and `date_iso`, oldest first. DUMPS holds dumps of
them as NAME.STYLE.SEED.txt, beside each a NAME.STYLE.SEED.truth.jsonl, a post a line with first_line, text
and date. A dump is captured some days after its last post. Tables of offsets are fitted on half of the
channels and scored on the other half, both ways round. Rows are those of dates_resolver.py, but posts are
what the splitter makes of the dump: those whose first line it finds count. Dumps without a year are left out.
"""

import argparse
import json
import sys
from collections import defaultdict
from datetime import date, timedelta
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks.dates_resolver import (
    CONSTANT,
    YEAR,
    Answer,
    as_post,
    greedy,
    said,
    table,
)
from benchmarks.fit_dates import fitted, load
from cleaners import chain
from cleaners.dates import resolve
from schemas.documents import Blob


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("dumps", type=Path)
    parser.add_argument("--lags", type=int, nargs="*", default=[1, 30, 400, 2555])
    parser.add_argument("--by", choices=["lag", "channel"])
    args = parser.parse_args()
    channels = {path.stem: load(path) for path in sorted(args.folder.glob("*.jsonl"))}
    names = sorted(channels)
    folds = (names[0::2], names[1::2])
    rows: defaultdict[tuple[str, ...], defaultdict[str, list[tuple[date, Answer]]]]
    rows = defaultdict(lambda: defaultdict(list))
    for fold, other in (folds, folds[::-1]):
        # The chain takes the tables of the package, which have seen all channels.
        chain.resolve = partial(resolve, offsets=fitted([channels[name] for name in other]))
        for name in fold:
            for path in sorted(args.dumps.glob(f"{name}.*.txt")):
                style = path.name.split(".")[1]
                data = path.read_bytes()
                if style == "paste" or not YEAR.search(data.decode()):
                    continue
                lines = path.with_suffix(".truth.jsonl").read_text(encoding="utf-8").splitlines()
                truth = [json.loads(line) for line in lines]
                posts = [as_post(one["text"], date.fromisoformat(one["date"][:10])) for one in truth]
                for lag in args.lags:
                    split = {"lag": (f"lag {lag:4}",), "channel": (name,)}.get(args.by or "", ())
                    capture = max(post.day for post in posts) + timedelta(days=lag)
                    blob = Blob(data=data, source="dumps", uri=path.name, fetched_at=capture.isoformat())
                    items = {item.first_line: item for item in chain.clean(blob).items}
                    for one, post, guess in zip(truth, posts, greedy(posts, capture), strict=True):
                        item = items.get(one["first_line"])
                        if item is None:
                            continue
                        row = rows[style, "year", *split, post.group]
                        row["resolver"].append((post.day, said(item.published)))
                        row["greedy"].append((post.day, guess))
                        row["constant"].append((post.day, Answer(capture - timedelta(days=CONSTANT))))
    print(table(rows))


if __name__ == "__main__":
    main()
