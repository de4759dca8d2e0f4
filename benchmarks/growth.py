"""Measure what matching and landing 2,000 new items costs beside 1, 2 and 5 million stored ones.

usage: python benchmarks/growth.py [--millions 1 2 5] [--folder FOLDER] [--profile]

Makes a warehouse of synthetic items in a folder that is removed afterwards (3.5 GB and 15 minutes for 5
million), and lands batches of 2,000 in it: 80 % of them new, 10 % exact and 10 % near copies of stored items.
Prints CPU seconds of the first batch of a process, which finds nothing in DuckDB's buffers, and the median of
those after it, and how much a million stored items add; beside it, what a join of the batch's bands with all
stored ones alone would take (the index of bands spares it). --profile prints the costliest statements too.

The bands of the stored items are drawn, for signing millions of texts takes long: uniform, with one in a
thousand from hot buckets (Zipf), as footers and standing phrases make them. What the new items copy is
signed for real. Texts have 20 to 90 words of a Zipf vocabulary, some 13 words a paragraph.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from hashlib import blake2b
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from ready_documents import Made, Post, document, on

from cleaners import match, placing
from cleaners.signatures import sign
from schemas.signatures import DEFAULT_RECIPE
from warehouse.batch import Batch
from warehouse.columns import uint32_lists
from warehouse.connection import connect, registered
from warehouse.land import land
from warehouse.tabulate import tabulate
from warehouse.writer import writing

AT = "2026-01-01T00:00:00Z"
NEW = 2000
POSTS_A_DOCUMENT = 100
STEP = 200_000
BANDS = 27  # a text, on average: texts near the limit of short and long ones carry two kinds
COPIED = 4_000  # stored items that new ones may copy, landed in the middle of each step of growth
WORDS = np.array(
    [f"w{blake2b(str(at).encode(), digest_size=4).hexdigest()[: 2 + at % 6]}" for at in range(60_000)]
)


class Judge:
    """The cleaners' judgement, as flows bring it."""

    witnesses = placing.WITNESSES
    verify = staticmethod(match.verify)
    place = staticmethod(placing.place)


def texts(count: int, rng: np.random.Generator) -> list[str]:
    """Return texts of paragraphs of 13 words, a line each."""
    made = []
    for size in rng.integers(20, 90, count):
        words = WORDS[np.minimum(rng.zipf(1.15, size), len(WORDS)) - 1]
        words[::13] = [f"{word}\n" for word in words[::13]]
        made.append(" ".join(words).replace("\n ", "\n").strip())
    return made


def near(text: str, rng: np.random.Generator) -> str:
    """Return a copy of a text with a word put in and a footer of three words."""
    words = text.split(" ")
    words.insert(int(rng.integers(1, len(words))), WORDS[int(rng.integers(len(WORDS)))])
    return " ".join(words) + "\nread it here"


def documents(said: list[str], tag: str) -> list[Made]:
    """Return documents of posts, a paragraph a line."""
    made = []
    for start in range(0, len(said), POSTS_A_DOCUMENT):
        posts = [Post(text.split("\n"), on("2024-03-01")) for text in said[start : start + POSTS_A_DOCUMENT]]
        made.append(document(posts, f"{tag} {start}"))
    return made


def batch(made: list[Made]) -> Batch:
    """Return documents as a batch, as a worker would."""
    items = [item for document, _ in made for item in document.items]
    signed = sign([item.text for item in items])
    return tabulate(
        [document for document, _ in made],
        {document.document_id: data for document, data in made},
        {item.text: one for item, one in zip(items, signed, strict=True)},
        DEFAULT_RECIPE,
        {},
        "benchmark",
    )


_FILL = """
CREATE OR REPLACE TEMP TABLE made AS
SELECT md5('d' || (row // 200))::UUID AS document_key, (row % 200)::INTEGER AS ordinal,
    md5('i' || row)::UUID AS item_id, md5('v' || row)::UUID AS version_id, text_key, row,
    DATE '2020-01-01' + (row % 2000)::INTEGER AS day,
    md5('a' || row) || ' ' || md5('b' || row) || ' ' || md5('c' || row) AS one,
    md5('e' || row) || ' ' || md5('f' || row) || ' ' || md5('g' || row) AS two,
    md5('h' || row) || ' ' || md5('j' || row) || ' ' || md5('k' || row) AS three
FROM arrow_made;

INSERT INTO raw.documents BY NAME
SELECT DISTINCT document_key, replace(document_key::VARCHAR, '-', '') || repeat('0', 32) AS document_id,
    'utf-8' AS encoding, 60000 AS bytes, 'benchmark' AS cleaner
FROM made;

INSERT INTO core.versions BY NAME
SELECT item_id, version_id, 'post' AS kind, 'channel ' || (row % 50) AS channel, length(one) AS title_length,
    one || chr(10) || two || chr(10) || three AS text, 296 AS text_length, text_key,
    md5('s' || row)::UUID AS spelling_key,
    day AS published_best, day AS published_earliest, day AS published_latest, day::VARCHAR AS published_edtf,
    'day' AS published_precision, 'stated' AS published_basis, 0.9 AS published_confidence,
    []::VARCHAR[] AS hashtags, []::VARCHAR[] AS urls
FROM made ORDER BY item_id, version_id;

INSERT INTO core.sightings
SELECT document_key, ordinal, item_id, version_id, NULL, NULL, ordinal * 300, ordinal * 300 + 300, 1,
    'echoes', []
FROM made ORDER BY document_key, ordinal;

INSERT INTO core.paragraphs BY NAME
SELECT document_key, 3 * ordinal + place AS ordinal, 300 * ordinal + 100 * place AS byte_start,
    300 * ordinal + 100 * place + 100 AS byte_end, 1 AS line, 'kept' AS fate, ordinal AS item_ordinal,
    place + 1 AS text_line, hash([one, two, three][place + 1]) AS reuse_key
FROM made, range(3) AS places(place) ORDER BY document_key, ordinal, place;
"""


def fill(con: duckdb.DuckDBPyConnection, start: int, count: int) -> None:
    """Add `count` items, numbered from `start`, to all the tables that landing reads."""
    rng = np.random.default_rng(start)
    text_keys = _uuids(rng.bytes(16 * count))
    made = pa.table({"row": pa.array(np.arange(start, start + count)), "text_key": text_keys})
    with registered(con, "arrow_made", made):
        con.execute(_FILL)
    sizes = rng.integers(BANDS - 2, BANDS + 3, count)
    bands = rng.integers(0, 1 << 32, int(sizes.sum()), dtype=np.uint32)
    hot = rng.random(len(bands)) < 0.001
    bands[hot] = np.minimum(rng.zipf(1.3, int(hot.sum())), 100_000).astype(np.uint32)
    owners = np.repeat(np.arange(count), sizes)
    numbers = (np.arange(len(bands)) % DEFAULT_RECIPE.bands).astype(np.uint8)
    with (
        registered(con, "arrow_bands", pa.table({"band_key": bands, "slot": owners, "band": numbers})),
        registered(con, "arrow_keys", pa.table({"slot": np.arange(count), "text_key": text_keys})),
    ):
        con.execute(
            "INSERT INTO dedup.bands BY NAME SELECT band_key, text_key, band FROM arrow_bands "
            "JOIN (SELECT slot, text_key::VARCHAR::UUID AS text_key FROM arrow_keys) USING (slot) "
            "ORDER BY text_key"
        )
    signatures = uint32_lists([rng.bytes(512) for _ in range(count)])
    rows = pa.table({"text_key": text_keys, "signature": signatures})
    with registered(con, "arrow_rows", rows):
        con.execute(
            "INSERT INTO dedup.signatures SELECT text_key, ?, 60, signature FROM arrow_rows",
            [DEFAULT_RECIPE.name],
        )


def _uuids(data: bytes) -> pa.Array:
    storage = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(data) // 16, [None, pa.py_buffer(data)])
    return pa.ExtensionArray.from_storage(pa.uuid(), storage)


def main() -> None:
    """Grow a warehouse and print what a batch costs at each size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--millions", type=float, nargs="+", default=[1, 2, 5])
    parser.add_argument("--folder", type=Path, help="where to make the warehouse [default: the temp folder]")
    parser.add_argument("--batches", type=int, default=5)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--keep", action="store_true", help="do not remove the warehouse")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="feedmill-growth-", dir=options.folder))
    try:
        grow(folder / "growth.duckdb", [int(size * 1e6) for size in options.millions], options)
    finally:
        if not options.keep:
            shutil.rmtree(folder)


def grow(path: Path, sizes: list[int], options: argparse.Namespace) -> None:
    """Grow the warehouse at `path` to each of `sizes` items in turn, and land batches there."""
    rng = np.random.default_rng(7)
    sources: list[str] = []
    with writing(path, command="growth", started_at=AT):
        pass
    print(
        f"{'items':>10}  {'file, GB':>8}  {'first':>6}  {'later':>6}  {'+ a million':>11}  {'by join':>7}"
        f"   CPU seconds a batch of {NEW}"
    )
    stored, before = 0, None
    for size in sizes:
        work = path.with_name(f".{path.name}.work")
        con = connect(work, read_only=False, spill=path.with_name("spill"), memory_limit="6GB")
        middle = (stored + size) // 2
        while stored < size:
            step = min(STEP, size - stored)
            con.execute("BEGIN")
            fill(con, stored, step)
            con.execute("COMMIT")
            if stored <= middle < stored + step:
                sources += texts(COPIED, rng)
                land(
                    con,
                    batch(documents(sources[-COPIED:], f"sources {stored}")),
                    run_id="fill",
                    at=AT,
                    matcher=Judge(),
                )
            stored += step
        con.execute("CHECKPOINT")
        con.close()
        *costs, join = measure(path, work, sources, rng, options)
        later = statistics.median(costs[1:])
        more = "" if before is None else f"{(later - before[1]) / (stored - before[0]) * 1e6:11.3f}"
        print(
            f"{stored:10,}  {work.stat().st_size / 1e9:8.2f}  {costs[0]:6.2f}  {later:6.2f}  {more:>11}  "
            f"{join:7.2f}",
            flush=True,
        )
        before = (stored, later)


def measure(
    path: Path, work: Path, sources: list[str], rng: np.random.Generator, options: argparse.Namespace
) -> list[float]:
    """Return the CPU seconds of some batches, landed by one process, and of a join without the index."""
    made = []
    for _ in range(options.batches):
        picked = [sources[at] for at in rng.choice(len(sources), NEW // 5, replace=False)]
        said = (
            texts(NEW - len(picked), rng)
            + picked[: NEW // 10]
            + [near(text, rng) for text in picked[NEW // 10 :]]
        )
        made.append(batch(documents(said, f"new {rng.integers(1 << 60)}")))
    con: Any = connect(work, read_only=False, spill=path.with_name("spill"))
    spent: Counter[str] = Counter()
    if options.profile:
        con = Profiled(con, spent)
    run = f"run-{rng.integers(1 << 60)}"
    con.execute(
        "INSERT INTO ops.runs BY NAME SELECT ? AS run_id, 'growth' AS command, ?::TIMESTAMPTZ AS started_at, "
        "'running' AS state",
        [run, AT],
    )
    costs = []
    for one in made:
        spent.clear()
        began = time.process_time()
        landed = land(con, one, run_id=run, at=AT, matcher=Judge())
        costs.append(time.process_time() - began)
        if len(costs) == 1:
            cold, statements = list(spent.most_common(8)), spent.total()
        assert landed.items_new == NEW, landed
    for name, seen, every in (
        ("first", cold, statements),
        ("last", spent.most_common(14), spent.total()),
    ):
        if options.profile:
            print(f"    {name:5} {every:6.3f}  all statements")
        for sql, seconds in seen:
            print(f"    {name:5} {seconds:6.3f}  {' '.join(sql.split())[:130]}")
    began = time.process_time()
    con.execute("SELECT count(*) FROM dedup.bands AS other JOIN temp.mine USING (band_key)").fetchall()
    join = time.process_time() - began
    con.close()
    return [*costs, join]


class Profiled:
    """A connection that adds up the CPU seconds of each statement."""

    def __init__(self, con: duckdb.DuckDBPyConnection, spent: Counter[str]) -> None:
        """Wrap `con`."""
        self._con, self._spent = con, spent

    def execute(self, sql: str, *rest: Any) -> Any:
        """Execute statements one by one."""
        result = self._con
        parts = [part for part in sql.split(";") if part.strip()] if not rest else [sql]
        for part in parts:
            began = time.process_time()
            result = self._con.execute(part, *rest)
            self._spent[part] += time.process_time() - began
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)


if __name__ == "__main__":
    main()
