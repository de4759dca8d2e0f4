"""Near-duplicates of real posts: feedmill and its peers, each in an environment of its own, against exact
truth.

    python benchmarks/peers.py FOLDER [--venvs FOLDER] [--engine NAME ...]

FOLDER holds *.jsonl with a `text` a line. Truth: the Jaccard of all pairs of posts, over word 3-grams of
lower-case `\\w+` words without addresses; posts without a word are left out, and so are pairs that are
equal up to their figures. Recall is the share of true pairs with one label, by bins of Jaccard. `wrong`:
share of the pairs of one label with a Jaccard below 0.5. `numbers`: pairs of one label that are equal but
for their figures. Of engines that only say "seen before" (*), recall is over the later posts of pairs,
`wrong` over the posts they name.
"""

import argparse
import re
import tempfile
from collections import defaultdict
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from near_truth import Truth, all_pairs, numbered, read_posts, word_sets
from peer_runs import ENGINES, Run, run

from cleaners.fold import fold
from cleaners.pairs import find_pairs, propose
from cleaners.shingles import ShingleKind, kind_of_pair, kinds, shingle_all
from cleaners.signatures import sign
from schemas.signatures import DEFAULT_RECIPE

BINS = (0.999, 0.9, 0.8, 0.7, 0.5)
_ADDRESS = re.compile(r"(?:https?://|www\.|t\.me/)\S+")
_FIGURES = re.compile(r"\d+(?:[.,\s]\d+)*")


def main() -> None:
    """Run the engines and print one line each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--venvs", type=Path, default=Path(tempfile.gettempdir()) / "feedmill-peers")
    parser.add_argument("--engine", action="append", choices=ENGINES)
    parser.add_argument(
        "--own", action="store_true", help="feedmill's bands against exact all-pairs of its own shingles"
    )
    options = parser.parse_args()
    posts = read_posts(options.folder)
    if options.own:
        _own(posts)
        return
    sets = word_sets(posts)
    truth = all_pairs(sets, least=0.5)
    without = [_FIGURES.sub("0", " ".join(_ADDRESS.sub(" ", post).lower().split())) for post in posts]
    numeric = {pair for pair in truth.pairs if without[pair[0]] == without[pair[1]] and truth.pairs[pair] < 1}
    pairs = {pair: value for pair, value in truth.pairs.items() if pair not in numeric}
    print(f"{len(posts)} posts; {len(pairs)} pairs, {len(numeric)} more differ in figures alone")
    counts = [sum(high > value >= low for value in pairs.values()) for low, high in _bins()]
    print(
        f"{'':24}"
        + "".join(f"{f'>={low}':>8}" for low in BINS)
        + f"{'wrong':>8}{'numbers':>9}{'CPU s':>8}{'MB':>6}"
    )
    print(f"{'pairs':24}" + "".join(f"{count:8}" for count in counts))
    for engine in options.engine or ENGINES:
        if engine == "feedmill":
            print(_found(posts, pairs))
        made = run(engine, {"posts": posts}, options.venvs)
        print(_line(engine, made, sets, pairs, without), flush=True)


def _found(posts: list[str], pairs: dict[tuple[int, int], float]) -> str:
    """Return the line of the pairs that feedmill finds, variants too; clusters join copies of one primary."""
    signed = sign(posts)
    keys = [one.text_key for one in signed]
    known = {(pair.left, pair.right): pair for pair in find_pairs(posts, signed=signed, exact_texts=0)}
    related = [
        (value, keys[a] == keys[b] or tuple(sorted((keys[a], keys[b]))) in known)
        for (a, b), value in pairs.items()
    ]
    recall = [np.mean([found for value, found in related if high > value >= low]) for low, high in _bins()]
    return f"{'feedmill, pairs':24}" + "".join(f"{share:8.3f}" for share in recall)


def _own(posts: list[str]) -> None:
    """Print what bands propose of all pairs with a Jaccard of 0.7 and 0.8 over the shingles of the recipe."""
    forms = {form: None for form in map(fold, posts) if form}
    texts = list(forms)
    signed = sign(texts)
    keys = [one.text_key for one in signed]
    met = set(propose(dict(zip(keys, signed, strict=True))))
    own = [kinds(form, DEFAULT_RECIPE) for form in texts]
    print(f"{len(texts)} distinct matching forms, {len(met)} candidates")
    kind: ShingleKind
    for kind in ("word", "char"):
        chosen = [at for at, each in enumerate(own) if kind in each]
        hashes, offsets = shingle_all([texts[at] for at in chosen], DEFAULT_RECIPE, kind)
        sets = numbered([set(hashes[start:end].tolist()) for start, end in pairwise(offsets.tolist())])
        true = {
            (chosen[a], chosen[b]): value
            for (a, b), value in all_pairs(sets, least=0.7).pairs.items()
            if kind_of_pair(own[chosen[a]], own[chosen[b]]) == kind
        }
        for least in (0.8, 0.7):
            wanted = [pair for pair, value in true.items() if value >= least]
            found = sum(tuple(sorted((keys[a], keys[b]))) in met for a, b in wanted)
            print(f"{kind} shingles, Jaccard >= {least}: {found} of {len(wanted)} pairs proposed")


def _bins() -> list[tuple[float, float]]:
    return list(zip(BINS, (2.0, *BINS), strict=False))


def _line(
    engine: str, made: Run, sets: Truth, pairs: dict[tuple[int, int], float], without: list[str]
) -> str:
    if made.failure:
        return f"{engine:24} {made.failure}"
    found = made.found["posts"]
    figures = (
        _by_flags(found, sets, pairs)
        if isinstance(found[0], bool)
        else _by_labels(found, sets, pairs, without)
    )
    name = engine + "*" * isinstance(found[0], bool)
    recall, wrong, numbers = figures
    shown = "".join(f"{share:8.3f}" for share in recall)
    return f"{name:24}{shown}{wrong:8.3f}{numbers:>9}{made.cpu['posts']:8.2f}{made.peak_mb:6.0f}"


def _by_labels(
    found: list[Any], sets: Truth, pairs: dict[tuple[int, int], float], without: list[str]
) -> tuple[list[float], float, str]:
    clusters = defaultdict(list)
    for at, label in enumerate(found):
        clusters[label].append(at)
    told = [pair for held in clusters.values() if len(held) > 1 for pair in combinations(held, 2)]
    told = [pair for pair in told if sets.sizes[pair[0]] and sets.sizes[pair[1]]]
    values = [sets.jaccard(*pair) for pair in told]
    wrong = sum(value < 0.5 for value in values) / max(len(told), 1)
    numbers = sum(without[a] == without[b] and value < 1 for (a, b), value in zip(told, values, strict=True))
    recall = []
    for low, high in _bins():
        true = [pair for pair, value in pairs.items() if high > value >= low]
        recall.append(float(np.mean([found[a] == found[b] for a, b in true])))
    return recall, wrong, str(numbers)


def _by_flags(
    found: list[bool], sets: Truth, pairs: dict[tuple[int, int], float]
) -> tuple[list[float], float, str]:
    recall = []
    for low, high in _bins():
        later = {max(pair) for pair, value in pairs.items() if high > value >= low}
        recall.append(float(np.mean([found[at] for at in later])))
    true = {at for pair in pairs for at in pair}
    named = [at for at, flag in enumerate(found) if flag and sets.sizes[at]]
    return recall, sum(at not in true for at in named) / max(len(named), 1), "-"


if __name__ == "__main__":
    main()
