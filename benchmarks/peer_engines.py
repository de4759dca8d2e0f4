"""One engine over some sets of texts, in its own environment: what `peers.py` and `edits.py` start.

    python peer_engines.py ENGINE SETS.json OUT.json

SETS: {name: [text, ...]}. OUT: for each name the labels of its texts (equal labels: one cluster) or, of
engines that tell no more, flags (true: a copy of an earlier text), CPU seconds with child processes; and
the peak memory of it all in MB. Imports and compilation are outside the clock. Everyone is asked for a
Jaccard of 0.7 and 128 permutations; peers get lower-case words split at white space, five to a shingle, as
their tutorials do.
"""

# ruff: noqa: PLC0415 - each engine imports what only its own environment has, and what is not to be timed

import contextlib
import gc
import json
import os
import pickle
import resource
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ["HF_DATASETS_OFFLINE"] = "1"

THRESHOLD, PERMUTATIONS, WORDS = 0.7, 128, 5
Engine = Callable[[list[str]], list[Any]]


def shingles(text: str) -> list[str]:
    """Return the word 5-grams of a text; a shorter text is one."""
    words = text.lower().split()
    return [" ".join(words[at : at + WORDS]) for at in range(max(len(words) - WORDS + 1, 1))] if words else []


def labels(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Return the components that pairs make."""
    parent = list(range(count))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    for left, right in pairs:
        parent[root(left)] = root(right)
    return [root(at) for at in range(count)]


def feedmill() -> Engine:
    from cleaners.clusters import lead
    from cleaners.pairs import find_pairs
    from cleaners.signatures import load_kernel, sign
    from schemas.signatures import Member

    load_kernel()
    sign(["warm"])

    def run(texts: list[str]) -> list[Any]:
        signed = sign(texts)
        members = [
            Member(item_id=f"{at:08d}", text_key=one.text_key, earliest=f"{at:08d}", length=len(text))
            for at, (one, text) in enumerate(zip(signed, texts, strict=True))
        ]
        pairs = find_pairs(texts, signed=signed, exact_texts=0)
        return [int(one.cluster_id) for one in lead(members, pairs)]

    return run


def datasketch(bulk: bool) -> Engine:
    import xxhash
    from datasketch import MinHash, MinHashLSH

    def digest(token: bytes) -> int:
        return int(xxhash.xxh32_intdigest(token))

    def sketches(texts: list[str]) -> list[Any]:
        if bulk:
            sets = [[token.encode() for token in shingles(text)] for text in texts]
            return list(MinHash.bulk(sets, num_perm=PERMUTATIONS, hashfunc=digest))
        made = []
        for text in texts:  # as in the tutorial
            sketch = MinHash(num_perm=PERMUTATIONS)
            for token in shingles(text):
                sketch.update(token.encode())
            made.append(sketch)
        return made

    def run(texts: list[str]) -> list[Any]:
        index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
        pairs = []
        for at, sketch in enumerate(sketches(texts)):
            if texts[at].strip():
                pairs += [(at, other) for other in index.query(sketch)]
                index.insert(at, sketch, check_duplication=False)
        return labels(len(texts), pairs)

    return run


def rensa(kind: str) -> Engine:
    from rensa import CMinHashDeduplicator, RMinHash, RMinHashDeduplicator, RMinHashLSH

    def index() -> Any:
        return RMinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, num_bands=16)

    def by_lsh(texts: list[str]) -> list[Any]:
        made = RMinHash.from_token_sets([shingles(text) for text in texts], num_perm=PERMUTATIONS, seed=42)
        lsh = index()
        lsh.insert_many(made)
        found = enumerate(lsh.query_all(made))
        return labels(
            len(texts),
            [
                (at, other)
                for at, others in found
                for other in others
                if other < at and texts[at].strip() and made[at].jaccard(made[other]) >= THRESHOLD
            ],
        )

    def by_rho(texts: list[str]) -> list[Any]:
        matrix = RMinHash.digest_matrix_from_token_sets_rho(
            [shingles(text) for text in texts], num_perm=PERMUTATIONS, seed=42, probes=4
        )
        return [bool(flag) for flag in index().query_duplicate_flags_matrix_one_shot(matrix)]

    def by_deduplicator(texts: list[str]) -> list[Any]:
        if kind == "C":
            made = CMinHashDeduplicator(threshold=THRESHOLD, num_perm=PERMUTATIONS, seed=42)
        else:
            made = RMinHashDeduplicator(
                threshold=THRESHOLD, num_perm=PERMUTATIONS, use_lsh=True, num_bands=16, seed=42
            )
        return [
            not new for new in made.add_pairs([(str(at), shingles(text)) for at, text in enumerate(texts)])
        ]

    return {"R": by_lsh, "rho": by_rho}.get(kind, by_deduplicator)


def gaoya() -> Engine:
    from gaoya.minhash import MinHashStringIndex

    def run(texts: list[str]) -> list[Any]:
        index = MinHashStringIndex(32, THRESHOLD, 16, 8, None, "word", True, (WORDS, WORDS))
        pairs = []
        for at, text in enumerate(texts):
            pairs += [(at, int(other)) for other in index.query(text)]
            index.insert_document(at, text)
        return labels(len(texts), pairs)

    return run


def fastsketch() -> Engine:
    import numpy as np
    from FastSketchLSH import LSH, FastSimilaritySketch

    def run(texts: list[str]) -> list[Any]:
        sets = [shingles(text) or [f"empty {at}"] for at, text in enumerate(texts)]
        made = np.asarray(FastSimilaritySketch(PERMUTATIONS, 1).batch(sets, num_threads=1))
        index = LSH(PERMUTATIONS, 16)
        index.insert(made)
        pairs = []
        for at, others in enumerate(index.query(made)):
            pairs += [(at, o) for o in others if o < at and (made[at] == made[o]).mean() >= THRESHOLD]
        return labels(len(texts), pairs)

    return run


def text_dedup() -> Engine:
    from text_dedup.minhash import main

    def run(texts: list[str]) -> list[Any]:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            Path("in.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
            options = {
                "path": "json", "data_files": "in.jsonl", "split": "train", "cache_dir": "cache",
                "output": "out", "column": "text", "threshold": THRESHOLD, "num_perm": PERMUTATIONS,
                "ngram": WORDS, "num_proc": 1,
            }  # fmt: skip
            argv = [part for name, value in options.items() for part in (f"--{name}", str(value))]
            main([*argv, "--debug"], standalone_mode=False)
            union = pickle.loads(Path("out/uf.pkl").read_bytes())  # noqa: S301 - made just now
            return [union.find(at) for at in range(len(texts))]

    return run


def datatrove(numbers: bool) -> Engine:
    import logging

    from datatrove.data import Document
    from datatrove.pipeline.dedup import MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets
    from datatrove.pipeline.writers import JsonlWriter
    from datatrove.utils.text import TextNormConfig
    from loguru import logger

    logger.remove()
    logging.disable(logging.INFO)
    config = MinhashConfig(n_grams=WORDS, norm_config=TextNormConfig(norm_numbers=numbers))

    def run(texts: list[str]) -> list[Any]:
        with tempfile.TemporaryDirectory() as place:
            documents = [Document(text=text, id=str(at)) for at, text in enumerate(texts)]
            signature = MinhashDedupSignature(f"{place}/sig", config=config, language="rus")
            signature.run(iter(documents), 0, 1)
            for rank in range(config.num_buckets):
                buckets = MinhashDedupBuckets(f"{place}/sig", f"{place}/buckets", config=config)
                buckets.run(None, rank, config.num_buckets)
            cluster = MinhashDedupCluster(f"{place}/buckets", f"{place}/out", config, save_cluster_id=True)
            cluster.run(None, 0, 1)
            writer = JsonlWriter(f"{place}/dropped", compression=None)
            last = MinhashDedupFilter(f"{place}/out", exclusion_writer=writer, load_cluster_ids=True)
            kept = list(last.run(iter(documents), 0, 1))
            made = {int(one.id): one.metadata.get("minhash_cluster_id", -1) for one in kept}
            for line in Path(f"{place}/dropped").rglob("*.jsonl"):
                for row in map(json.loads, line.read_text().splitlines()):
                    made[int(row["id"])] = row["metadata"]["minhash_cluster_id"]
            return [len(texts) + at if made[at] in (-1, None) else made[at] for at in range(len(texts))]

    return run


ENGINES: dict[str, Callable[[], Engine]] = {
    "feedmill": feedmill,
    "datasketch bulk": lambda: datasketch(bulk=True),
    "datasketch loop": lambda: datasketch(bulk=False),
    "rensa R, LSH": lambda: rensa("R"),
    "rensa R, deduplicator": lambda: rensa("R deduplicator"),
    "rensa C, deduplicator": lambda: rensa("C"),
    "rensa rho, one-shot": lambda: rensa("rho"),
    "gaoya": gaoya,
    "FastSketchLSH": fastsketch,
    "text-dedup": text_dedup,
    "datatrove": lambda: datatrove(numbers=True),
    "datatrove, numbers kept": lambda: datatrove(numbers=False),
}


def main() -> None:
    """Run one engine."""
    engine = ENGINES[sys.argv[1]]()
    sets = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    out: dict[str, Any] = {"sets": {}}
    for name, texts in sets.items():
        gc.collect()
        start = _seconds()
        found = engine(texts)
        out["sets"][name] = {"found": found, "cpu": _seconds() - start}
    # Not ru_maxrss: a new program begins with what the one that started it had.
    status = Path("/proc/self/status").read_text()
    out["peak_mb"] = int(status.split("VmHWM:")[1].split()[0]) / 1024
    Path(sys.argv[3]).write_text(json.dumps(out), encoding="utf-8")


def _seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
