"""Texts a second from Python strings to 128 MinHash values: feedmill's two ways, datasketch and rensa.

    python benchmarks/kernel.py FOLDER [--venvs FOLDER] [--rounds N]
    python benchmarks/kernel.py --cold

FOLDER holds *.jsonl with a `text` a line; its posts are shuffled by a fixed seed and joined to texts of
about 1,000 characters. One process each, by turns, best of N rounds, CPU time of one thread, imports and
compilation outside. "From text": with folding for us, with lower-case word 5-grams in Python for the
others, as in their tutorials; and, to be fair to them, their hashing alone on shingles made before.
`--cold` measures what the kernel costs at its first use on a machine: two processes compile it at the same
time into an empty cache, then one loads it.
"""

# ruff: noqa: PLC0415 - each engine imports what only its own environment has, and what is not to be timed

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from peer_engines import PERMUTATIONS, shingles

LENGTH = 1000
COLD = (
    "import resource; from cleaners.signatures import load_kernel, sign; "
    "assert load_kernel(); sign(['text']); "
    "used = resource.getrusage(resource.RUSAGE_SELF); print(used.ru_utime + used.ru_stime)"
)


def texts_of(folder: Path) -> list[str]:
    """Return texts of 900 to 1,100 characters."""
    from near_truth import read_posts

    posts = read_posts(folder)
    random.Random(1).shuffle(posts)  # noqa: S311 - texts, not secrets
    made: list[str] = []
    text = ""
    for post in posts * 3:
        text = f"{text}\n\n{post}" if text else post
        if len(text) >= 0.9 * LENGTH:
            made.append(text[: LENGTH * 11 // 10])
            text = ""
    return made


def feedmill(name: str) -> Callable[[list[str]], Any]:
    """Return our ways."""
    from cleaners.kernel_batch import sketches
    from cleaners.signatures import load_kernel, sign
    from schemas.signatures import DEFAULT_RECIPE, PARAGRAPH_RECIPE

    if name == "sign, arrays":
        return lambda texts: sign(texts[:1000], may_load=False)
    load_kernel()
    if name == "sign":
        return sign
    recipe = PARAGRAPH_RECIPE if name == "kernel, paragraphs" else DEFAULT_RECIPE
    return lambda texts: [
        part.sizes for part in sketches(texts, recipe, with_forms=name == "kernel and keys")
    ]


def peers(name: str) -> tuple[Callable[[list[str]], Any], Callable[[list[Any]], Any]]:
    """Return what makes shingles and what makes signatures of them."""
    if name.startswith("rensa"):
        from rensa import CMinHash, RMinHash

        def make(sets: list[Any]) -> Any:
            if name == "rensa rho":
                return RMinHash.digest_matrix_from_token_sets_rho(
                    sets, num_perm=PERMUTATIONS, seed=42, probes=4
                )
            if name == "rensa R, matrix":
                return RMinHash.digest_matrix_from_token_sets(sets, num_perm=PERMUTATIONS, seed=42)
            return (CMinHash if name == "rensa C" else RMinHash).from_token_sets(sets, PERMUTATIONS, 42)

        return lambda texts: [shingles(text) for text in texts], make
    import xxhash
    from datasketch import MinHash

    def bulk(sets: list[Any]) -> Any:
        return MinHash.bulk(sets, num_perm=PERMUTATIONS, hashfunc=xxhash.xxh32_intdigest)

    def loop(sets: list[Any]) -> None:
        for tokens in sets:
            sketch = MinHash(num_perm=PERMUTATIONS)
            for token in tokens:
                sketch.update(token)

    return lambda texts: [[s.encode() for s in shingles(text)] for text in texts], (
        bulk if name == "datasketch bulk" else loop
    )


def measure(name: str, texts: list[str], rounds: int) -> Iterator[tuple[str, float]]:
    """Yield (what, texts a second)."""
    used = texts[:1000] if name in ("sign, arrays", "datasketch loop") else texts
    if not name.startswith(("rensa", "datasketch")):
        ours = feedmill(name)
        ours(used[:500])
        yield "from text", _best(lambda: ours(used), len(used), rounds)
        return
    cut, make = peers(name)
    make(cut(used[:500]))
    yield "from text", _best(lambda: make(cut(used)), len(used), rounds)
    sets = cut(used)
    yield "hashing alone", _best(lambda: make(sets), len(used), rounds)


def _best(work: Callable[[], Any], count: int, rounds: int) -> float:
    least = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        work()
        least = min(least, time.process_time() - start)
    return count / least


NAMES = [
    "kernel", "kernel and keys", "kernel, paragraphs", "sign", "sign, arrays", "datasketch loop",
    "datasketch bulk", "rensa R", "rensa R, matrix", "rensa C", "rensa rho",
]  # fmt: skip


def main() -> None:
    """Measure all, each in a process and an environment of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--venvs", type=Path, default=Path(tempfile.gettempdir()) / "feedmill-peers")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--one", nargs=2, metavar=("NAME", "TEXTS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        texts = json.loads(Path(options.one[1]).read_text(encoding="utf-8"))
        print(json.dumps(dict(measure(options.one[0], texts, options.rounds))))
        return
    if options.cold:
        _cold()
        return
    if options.folder is None:
        parser.error("give a folder of *.jsonl, or --cold")
    _side_by_side(options.folder, options.venvs, options.rounds)


def _side_by_side(folder: Path, venvs: Path, rounds: int) -> None:
    from peer_runs import interpreter

    texts = texts_of(folder)
    characters = sum(map(len, texts)) / len(texts)
    print(f"{len(texts)} texts of {characters:.0f} characters on average; texts a CPU second")
    with tempfile.TemporaryDirectory() as place:
        file = Path(place, "texts.json")
        file.write_text(json.dumps(texts), encoding="utf-8")
        for name in NAMES:
            python = interpreter(name if name.startswith(("rensa", "datasketch")) else "feedmill", venvs)
            if isinstance(python, str):
                print(f"{name:20} {python}")
                continue
            done = subprocess.run(
                [python, __file__, "--one", name, file, "--rounds", str(rounds)],
                env=os.environ
                | (
                    {"PYTHONPATH": str(Path(__file__).parent.parent)}
                    if python == Path(sys.executable)
                    else {}
                ),
                stdout=subprocess.PIPE,
                check=True,
            )
            figures = json.loads(done.stdout)
            print(
                f"{name:20}" + "".join(f"{figure:12,.0f} {what}" for what, figure in figures.items()),
                flush=True,
            )


def _cold() -> None:
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"NUMBA_CACHE_DIR": cache, "PYTHONPATH": str(Path(__file__).parent.parent)}
        start = time.monotonic()
        both = [
            subprocess.Popen([sys.executable, "-c", COLD], env=environment, stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        said = [float(one.communicate()[0]) for one in both]
        print(f"two compile it: {said[0]:.1f} and {said[1]:.1f} CPU s, {time.monotonic() - start:.1f} s")
        later = subprocess.run(
            [sys.executable, "-c", COLD], env=environment, capture_output=True, text=True, check=True
        )
        print(
            f"one loads it:   {float(later.stdout):.1f} CPU s, "
            f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10} MB at most"
        )


if __name__ == "__main__":
    main()
