"""What it costs to land, to keep, to publish and to find nothing new: CPU seconds and bytes.

    python benchmarks/landing.py [--items 1000000] [--folder DIR]

Items of about 1 KB in three paragraphs, words drawn by Zipf's law from a made-up vocabulary, so that they
compress like prose (the ratio is printed). Cleaning, signing and matching are left out: documents are made as
the cleaners would return them, every text is another one. Landed in batches of 2 MB, four in a transaction,
as by default; the first million costs what the second does but for the joins against what is there.
"""

import argparse
import gc
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from ready_documents import Made, Post, document

from cleaners.placing import WITNESSES, Judge, place
from flows.grouping import TOGETHER
from schemas.items import Published
from schemas.signatures import Pair, Placed, Recipe, Wave
from warehouse.batch import Batch
from warehouse.connection import connect
from warehouse.joining import join
from warehouse.paths import WarehousePaths
from warehouse.publish import publish
from warehouse.tabulate import tabulate
from warehouse.writer import writing

AT = "2024-05-01T10:00:00Z"
ROOT = Path(__file__).resolve().parent.parent
ITEM_BYTES, BATCH_BYTES, PARAGRAPHS = 1000, 2_000_000, 3
#: Vocabulary and exponent that bring zstd at level 3 to about 0.36 of the bytes, as English news does.
WORDS, ZIPF = 60_000, 1.0
DAY = Published(
    best="2024-04-08", earliest="2024-04-08", latest="2024-04-09", edtf="2024-04-08",
    precision="day", basis="stated", confidence=0.9, evidence="8 April",
)  # fmt: skip


class Alone:
    """A matcher that finds no copies: matching has a benchmark of its own."""

    def verify(self, candidates: Sequence[tuple[str, str, str, str]]) -> list[Pair]:
        """Return no pairs."""
        del candidates
        return []

    witnesses = WITNESSES

    def place(self, wave: Wave, judge: Judge) -> Placed:
        """Place texts."""
        return place(wave, judge)


def documents(items: int) -> Iterator[Made]:
    """Yield dumps of BATCH_BYTES each, as the cleaners would return them."""
    rng = np.random.default_rng(1)
    letters = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
    weights = 1 / np.arange(1, 27) ** 0.7
    words = np.array(
        ["".join(rng.choice(letters, size, p=weights / weights.sum())) for size in rng.integers(2, 11, WORDS)]
    )
    frequency = 1 / np.arange(1, WORDS + 1) ** ZIPF
    cumulated = np.cumsum(frequency / frequency.sum())
    a_paragraph = ITEM_BYTES // PARAGRAPHS
    each = BATCH_BYTES // ITEM_BYTES
    for first in range(0, items, each):
        drawn = words[np.searchsorted(cumulated, rng.random(each * ITEM_BYTES // 4))]
        stream = iter(drawn)
        posts: list[Post] = []
        for _ in range(min(each, items - first)):
            post = []
            for _ in range(PARAGRAPHS):
                said: list[str] = []
                length = 0
                while length < a_paragraph - 1:
                    word = str(next(stream))
                    said.append(word)
                    length += len(word) + 1
                post.append(" ".join(said))
            posts.append(Post(post, DAY, post[0][:80], "en"))
        yield document(posts)


def cpu() -> float:
    """Return the CPU seconds that this process and its children took."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def landing(path: Path, items: int) -> int:
    """Land items and print what it took; return the bytes of raw input."""
    raw = sample = packed = 0
    tabulating = landing_ = 0.0
    with writing(path, command="benchmark", started_at=AT) as writer:
        writer.start_run("run-1", AT, "benchmark")
        waiting: list[Batch] = []
        for cleaned, data in documents(items):
            raw += len(data)
            if not sample:
                sample, packed = len(data), len(pa.Codec("zstd", 3).compress(data, asbytes=True))
            begun = cpu()
            batch = tabulate([cleaned], {cleaned.document_id: data}, {}, Recipe(), {}, "bench")
            waiting.append(Batch.from_ipc(batch.to_ipc()))  # as it comes from a worker process
            between = cpu()
            tabulating += between - begun
            if len(waiting) == TOGETHER:
                writer.land(join(waiting), run_id="run-1", at=AT, matcher=Alone())
                waiting = []
                landing_ += cpu() - between
        between = cpu()
        if waiting:
            writer.land(join(waiting), run_id="run-1", at=AT, matcher=Alone())
        landing_ += cpu() - between
        begun = cpu()
        failures = writer.check_new("run-1")
        checking = cpu() - begun
        writer.finish_run("run-1", AT, "completed")
        begun = cpu()
    closing = cpu() - begun
    assert failures == []
    print(f"items landed               {items:>12,}")
    print(f"raw bytes                  {raw:>12,}   zstd -3 makes {packed / sample:.2f} of them")
    million = 1e6 / items
    total = tabulating + landing_ + closing
    print(f"landing                    {total * million:>12.1f} CPU s a million items (goal 60):")
    print(f"  tables from documents    {tabulating * million:>12.1f}   in the cleaning processes")
    print(f"  transactions             {landing_ * million:>12.1f}")
    print(f"  checkpoint and publish   {closing * million:>12.1f}")
    print(f"data checks of what landed {checking * million:>12.1f} CPU s a million items")
    return raw


def sizes(path: Path, raw: int) -> None:
    """Print the bytes of the file, and of its tables, for each byte of raw input."""
    size = path.stat().st_size
    con = connect(path, read_only=True, spill=path.parent / "spill")
    ((used, block),) = con.execute(
        "SELECT used_blocks, block_size FROM pragma_database_size() WHERE database_name = 'feedmill'"
    ).fetchall()
    print(f"file                       {size:>12,}   {size / raw:.2f} a byte of raw input (goal 0.9)")
    print(f"  in use                   {used * block:>12,}   {used * block / raw:.2f}; the rest is free")
    tables = con.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE estimated_size > 0"
    ).fetchall()
    owned: dict[str, set[int]] = {}
    for (name,) in tables:
        rows = con.execute(
            "SELECT column_name, block_id, additional_block_ids FROM pragma_storage_info(?) WHERE persistent",
            [name],
        ).fetchall()
        for column, block, others in rows:
            owned.setdefault(f"{name}.{column}", set()).update([block, *others])
    for name, blocks in sorted(owned.items(), key=lambda pair: -len(pair[1])):
        taken = len(blocks) * 262144
        if taken > raw / 100:
            print(f"  {name:<34}{taken / raw:.3f}   (blocks that several columns share count for each)")
    con.close()


def publishing(path: Path) -> None:
    """Print what a publication of the whole file takes."""
    paths = WarehousePaths.of(path)
    paths.published.unlink()
    begun, wall = cpu(), time.monotonic()
    publish(paths)
    took, size = cpu() - begun, path.stat().st_size
    print(
        f"publishing                 {took * 1e9 / size:>12.2f} CPU s a GB (goal 3), "
        f"{(time.monotonic() - wall) * 1e9 / size:.1f} s of wall time"
    )


def nothing_new(path: Path, folder: Path) -> None:
    """Print what a run takes that finds nothing new, beyond the start-up."""
    given = folder / "in"
    given.mkdir()
    for number, (_, data) in enumerate(documents(4000)):
        (given / f"{number}.txt").write_bytes(data)
    command = [sys.executable, "-m", "flows.cli", "ingest", str(given), "--warehouse", str(path), "-q"]
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("FEEDMILL", "PREFECT"))
    }
    environ["PYTHONPATH"] = str(ROOT)
    subprocess.run(command, env=environ, check=False)
    imports = "import flows.summary, flows.upkeep, warehouse.writer, flows.prefect_server, cleaners.chain"
    took = []
    for words in (command, [sys.executable, "-c", imports]):
        figures = []
        for _ in range(5):
            begun = cpu()
            subprocess.run(words, env=environ, cwd=ROOT, check=True)
            figures.append(cpu() - begun)
        took.append(min(figures))
    print(f"a run with nothing new     {took[0] - took[1]:>12.2f} CPU s beyond start-up (goal 0.5)")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Cost of landing.")
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where to put 4 GB for a while")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="landing-", dir=args.folder))
    gc.set_threshold(200_000, 50, 50)  # as a worker has it (flows/worker.py)
    try:
        path = folder / "feed.duckdb"
        raw = landing(path, args.items)
        sizes(path, raw)
        publishing(path)
        nothing_new(path, folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
