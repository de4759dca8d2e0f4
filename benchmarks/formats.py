"""Speed of the formats' parsers, beside the way of the standard library.

usage: python benchmarks/formats.py [FILE ...] [--megabytes 20] [--rounds 5]

Each FILE (default: the samples of the tests, whose messages are small: real ones are faster) is recognised,
grown to so many megabytes by repeating its records, and read to records. Prints megabytes a CPU second, best
of the rounds, for our parser and for the plain way: json.loads of the whole file or of each line, html.parser
and nothing but its events; 'fails' where that cannot read it. Both take turns, so that their ratio holds on a
busy machine. For plain text: bytes to lines with their offsets, and lines to their display form.
"""

import argparse
import gc
import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from cleaners.decode import decode
from cleaners.formats import detect
from cleaners.formats.entry import Format, Glimpse
from cleaners.page import mend_page
from schemas.options import CleanOptions
from schemas.records import Record

SAMPLES = Path(__file__).resolve().parent.parent / "tests" / "cleaners" / "formats" / "samples"


def main() -> None:
    """Measure each file."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("files", nargs="*", type=Path)
    options.add_argument("--megabytes", type=float, default=20)
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    heads = ("file", "format", "MB/s", "records/s", "plain", "ratio", "peak MB")
    print("{:34} {:22} {:>7} {:>10} {:>7} {:>6} {:>8}".format(*heads))
    for path in asked.files or sorted(SAMPLES.iterdir()):
        data = path.read_bytes()
        known = detect(Glimpse.of(data, path.name))
        if known is None:
            measure_text(path.name, data, asked.megabytes, asked.rounds)
        else:
            measure(path.name, known, grown(known, data, int(asked.megabytes * 1e6)), asked.rounds)


def measure(name: str, known: Format, data: bytes, rounds: int) -> None:
    """Print the speed of one parser and of the plain way on the same bytes."""
    found = 0

    def ours() -> None:
        nonlocal found
        found = sum(isinstance(one, Record) for one in known.parse(data, CleanOptions()))

    plain, failed = plain_way(known, data), "-"
    try:
        if plain:
            plain()
    except ValueError:
        plain, failed = None, "fails"
    own, other = race([ours, *([plain] if plain else [])], rounds)
    tracemalloc.start()
    for _ in known.parse(data, CleanOptions()):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    speed = len(data) / own / 1e6
    beside = f"{len(data) / other / 1e6:7.1f} {other / own:6.1f}" if other else f"{failed:>7} {'':>6}"
    print(f"{name[:34]:34} {known.name:22} {speed:7.1f} {found / own:10,.0f} {beside} {peak / 1e6:8.1f}")


def measure_text(name: str, data: bytes, megabytes: float, rounds: int) -> None:
    """Print the speed from bytes to lines with offsets, and from lines to their display form."""
    data = data * max(1, int(megabytes * 1e6 / len(data)))
    lines = decode(data).lines
    to_lines, to_display = race([lambda: decode(data), lambda: mend_page(lines)], rounds)
    print(f"{name[:34]:34} {'text: to lines':22} {len(data) / to_lines / 1e6:7.1f}")
    print(f"{name[:34]:34} {'text: display form':22} {len(data) / (to_display or 1) / 1e6:7.1f}")


def race(ways: list[Callable[[], object]], rounds: int) -> tuple[float, float | None]:
    """Return the best CPU seconds of one or two ways that take turns."""
    best = [float("inf")] * len(ways)
    for _ in range(rounds):
        for at, way in enumerate(ways):
            gc.collect()
            started = time.process_time()
            way()
            best[at] = min(best[at], time.process_time() - started)
    return best[0], best[1] if len(best) > 1 else None


def grown(known: Format, data: bytes, size: int) -> bytes:
    """Return a document of some `size` bytes: its records again and again, between its own head and tail."""
    records = [one for one in known.parse(data, CleanOptions()) if isinstance(one, Record)]
    if not records or records[-1].end - records[0].start < 2:
        return data
    start, end = records[0].start, records[-1].end
    # What stands between two records stands between two repetitions: a comma and a line break, a line break.
    gap = data[records[0].end : records[1].start] if len(records) > 1 else b"\n"
    times = max(1, (size - len(data)) // (end - start + len(gap)))
    return data[:end] + (gap + data[start:end]) * times + data[end:]


class _Events(HTMLParser):
    """html.parser at its cheapest: it only sees what goes by."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def plain_way(known: Format, data: bytes) -> Callable[[], object] | None:
    """Return how a script would read these bytes with the standard library, None where it cannot."""
    if known.media_type == "text/html":
        return lambda: _Events().feed(data.decode())
    if known.media_type == "application/x-ndjson" and not data.lstrip().startswith((b"[", b'{"ok"')):
        return lambda: [json.loads(line) for line in data.splitlines() if line.strip()]
    if known.media_type in ("application/json", "application/x-ndjson"):
        return lambda: json.loads(data)
    return None


if __name__ == "__main__":
    main()
