"""Memory that cleaning takes for each byte of a document, by format.

usage: python benchmarks/formats_memory.py [FILE ...] [--megabytes 3]

Each FILE (default: the samples of the tests, whose records are small: larger ones take less) is grown to so
many megabytes by repeating its records, and cleaned, signed and tabulated in a process of its own, as in a
worker. Prints by how much the process grew at most, in bytes a byte of the document, and its batch's size.
The costs in the registry of formats (cleaners/formats, `cost`) are these, for files of 3 MB of real posts.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from formats import SAMPLES, grown

from cleaners.formats import detect
from cleaners.formats.entry import Glimpse
from flows.cleaning import Job, clean_batch
from flows.inputs import Ref, look
from flows.warming import warm_format, warm_up


def main() -> None:
    """Measure each file."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # of the processes that measure, as of workers
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("files", nargs="*", type=Path)
    options.add_argument("--megabytes", type=float, default=3)
    asked = options.parse_args()
    print(f"{'file':30} {'media type':30} {'MB':>6} {'memory':>7} {'batch':>6} {'items':>7} {'MB/s':>6}")
    for path in asked.files or sorted(SAMPLES.iterdir()):
        data = path.read_bytes()
        known = detect(Glimpse.of(data, path.name))
        data = grown(known, data, int(asked.megabytes * 1e6)) if known else data
        with tempfile.NamedTemporaryFile(suffix=path.name) as file:
            file.write(data)
            file.flush()
            alone = multiprocessing.get_context("spawn").Process(target=measure, args=(file.name, path.name))
            alone.start()
            alone.join()


def measure(path: str, name: str) -> None:
    """Clean one file in this process, and print what that took."""
    ref = look(Ref(source="s", uri=name, path=path, bytes=Path(path).stat().st_size))
    warm_up(compiled=True)
    warm_format(ref.media_type)
    before, peak, over = resident(), 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.003):
            peak = max(peak, resident())

    watching = threading.Thread(target=watch)
    watching.start()
    begun = time.process_time()
    answer = clean_batch(Job(refs=(ref,)))
    took = time.process_time() - begun
    over.set()
    watching.join()
    items = sum(tally.items for tally in answer.tallies.values())
    print(
        f"{name[:30]:30} {ref.media_type:30} {ref.bytes / 1e6:6.1f} {(peak - before) / ref.bytes:7.1f} "
        f"{len(answer.batch) / ref.bytes:6.1f} {items:7,} {ref.bytes / took / 1e6:6.2f}",
        flush=True,
    )


def resident() -> int:
    """Return the bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
