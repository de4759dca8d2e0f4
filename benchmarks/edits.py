"""What each engine catches of edits put into real posts, and whether it keeps a changed figure apart.

    python benchmarks/edits.py FOLDER [--venvs FOLDER] [--engine NAME ...]
    python benchmarks/edits.py FOLDER --paragraphs

FOLDER holds *.jsonl with a `text` a line. 600 posts of 40 to 400 words (`long`) and 600 paragraphs of 10 to
30 (`short`), no two of them alike; each edit is made to all of them by a fixed seed, in a run of its own.
Shown is the share of edited texts in one cluster with their original; of "figure", lower is better: the
corrected figure is the news. `--paragraphs` measures feedmill alone on all paragraphs of 5 to 30 words
against exact all-pairs by edit ratio (some 2 minutes), with the recipe for items and the one for
paragraphs.
"""

import argparse
import random
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from near_truth import read_posts
from peer_runs import ENGINES, run
from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist

from cleaners.fold import fold
from cleaners.match import EDIT_RATIO, compare
from cleaners.pairs import find_pairs, propose
from cleaners.signatures import sign
from schemas.signatures import DEFAULT_RECIPE, PARAGRAPH_RECIPE

COUNT = 600
FILLER = [
    "также",
    "между",
    "сообщают",
    "очевидцы",
    "по",
    "словам",
    "источника",
    "редакции",
    "жители",
    "утром",
]
_FIGURES = re.compile(r"\d+(?: \d+)*")
_ALIKE = str.maketrans("аеорсухАЕОРСХВМТ", "aeopcyxAEOPCXBMT")
Edit = Callable[[list[str], random.Random], list[str]]


def _insert(words: list[str], rng: random.Random) -> list[str]:
    at = rng.randrange(1, len(words))
    return [*words[:at], rng.choice(FILLER), *words[at:]]


def _homoglyphs(words: list[str], rng: random.Random) -> list[str]:
    return ["".join(c.translate(_ALIKE) if rng.random() < 0.3 else c for c in word) for word in words]


def _zero_width(words: list[str], rng: random.Random) -> list[str]:
    return [word[:1] + "\u200b" + word[1:] if rng.random() < 0.3 else word for word in words]


def _emoji(words: list[str], rng: random.Random) -> list[str]:
    return ["🔥" + words[0], *(word + " ❗️" * (rng.random() < 0.05) for word in words[1:]), "👇👇"]


def _cased(words: list[str], rng: random.Random) -> list[str]:
    return [word.upper().rstrip(",") + "!" * (rng.random() < 0.1) for word in words]


def _figure(words: list[str], rng: random.Random) -> list[str]:
    at = rng.choice([at for at, word in enumerate(words) if re.fullmatch(r"[1-9]\d*", word)])
    return [*words[:at], str(int(words[at]) + rng.randrange(1, 9)), *words[at + 1 :]]


EDITS: dict[str, Edit] = {
    "word inserted": _insert,
    "footer added": lambda words, _: [
        *words,
        "\n\nПодписывайтесь на наш канал, чтобы узнавать новости первыми",
    ],
    "header added": lambda words, _: ["Молния: срочная новость часа\n\n", *words],
    "truncated by 10 %": lambda words, _: words[: round(len(words) * 0.9)],
    "case, punctuation": _cased,
    "homoglyphs": _homoglyphs,
    "zero-width": _zero_width,
    "emoji added": _emoji,
    "figure": _figure,
}


def samples(posts: list[str]) -> dict[str, list[list[str]]]:
    """Return the words of posts (`long`) and of paragraphs (`short`), as they stand."""
    seen: set[str] = set()
    chosen: dict[str, list[list[str]]] = {"long": [], "short": []}
    shuffled = random.Random(3).sample(posts, len(posts))  # noqa: S311 - texts, not secrets
    for kind, low, high, parts in (("long", 40, 400, 1), ("short", 10, 30, 0)):
        for post in shuffled:
            for text in [post] if parts else re.split(r"\n\s*\n", post):
                words = text.split(" ")
                start = fold(text)[:40]
                if low <= len(words) <= high and start not in seen and len(chosen[kind]) < COUNT:
                    seen.add(start)
                    chosen[kind].append(words)
    return chosen


def main() -> None:
    """Run the engines and print a line each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--venvs", type=Path, default=Path(tempfile.gettempdir()) / "feedmill-peers")
    parser.add_argument("--engine", action="append", choices=ENGINES)
    parser.add_argument("--paragraphs", action="store_true")
    options = parser.parse_args()
    posts = read_posts(options.folder)
    if options.paragraphs:
        _paragraphs(posts)
        return
    sets: dict[str, list[str]] = {}
    for kind, texts in samples(posts).items():
        for name, edit in EDITS.items():
            rng = random.Random(f"{kind} {name}")  # noqa: S311 - as above
            able = [
                one
                for one in texts
                if name != "figure" or any(re.fullmatch(r"[1-9]\d*", word) for word in one)
            ]
            sets[f"{kind}: {name}"] = [" ".join(one) for one in able] + [
                " ".join(edit(one, rng)) for one in able
            ]
    print(" " * 24 + "".join(f"{name.split(' ')[0].rstrip(','):>12}" for name in EDITS))
    for engine in options.engine or ENGINES:
        made = run(engine, sets, options.venvs)
        for kind in ("long", "short") if not made.failure else ():
            shares = [_share(made.found[f"{kind}: {name}"]) for name in EDITS]
            print(
                f"{engine + ', ' + kind:30}" + "".join(f"{share:12.3f}" for share in shares)[6:], flush=True
            )
        if made.failure:
            print(f"{engine:24} {made.failure}", flush=True)


def _share(found: list[int] | list[bool]) -> float:
    half = len(found) // 2
    if isinstance(found[0], bool):  # "seen before": the later half should be, the first half not
        return float(np.mean(found[half:]))
    return float(np.mean([found[at] == found[half + at] for at in range(half)]))


def _paragraphs(posts: list[str]) -> None:
    spelt: dict[str, str] = {}
    for paragraph in (part for post in posts for part in re.split(r"\n\s*\n", post)):
        form = fold(paragraph)
        if 5 <= form.count(" ") + 1 <= 30:
            spelt.setdefault(form, paragraph)
    forms = sorted(spelt, key=len)
    texts = [spelt[form] for form in forms]
    pairs = _by_edit_ratio(forms)
    figures = {
        pair for pair in pairs if _FIGURES.sub("0", forms[pair[0]]) == _FIGURES.sub("0", forms[pair[1]])
    }
    rest = [pair for pair in pairs if pair not in figures]
    free = [pair for pair in rest if compare(texts[pair[0]], texts[pair[1]]).relation != "variant"]
    brief = [pair for pair in free if max(forms[at].count(" ") for at in pair) < 10]
    print(f"{len(forms)} paragraphs, {len(pairs)} pairs with an edit ratio of {EDIT_RATIO} or more:")
    print(f"{len(figures)} differ in figures alone, {len(rest)} otherwise; {len(free)} no guard holds apart,")
    print(f"{len(brief)} of them up to 10 words. Proposed of these, and number-only pairs called copies:")
    for name, recipe in (("items", DEFAULT_RECIPE), ("paragraphs", PARAGRAPH_RECIPE)):
        signed = sign(texts, recipe)
        keys = [one.text_key for one in signed]
        met = set(propose(dict(zip(keys, signed, strict=True))))
        found = {
            (one.left, one.right): one.relation
            for one in find_pairs(texts, recipe, signed=signed, exact_texts=0)
        }
        shares = [
            np.mean([tuple(sorted((keys[a], keys[b]))) in met for a, b in some])
            for some in (rest, free, brief)
        ]
        merged = sum(found.get(tuple(sorted((keys[a], keys[b]))), "variant") != "variant" for a, b in figures)
        print(
            f"{name:12}"
            + "".join(f"{share:8.4f}" for share in shares)
            + f"{merged:6}   candidates {len(met)}"
        )


def _by_edit_ratio(forms: list[str]) -> list[tuple[int, int]]:
    """Return all pairs of texts, sorted by length, with an edit ratio of at least EDIT_RATIO."""
    lengths = np.array([len(form) for form in forms])
    found: list[tuple[int, int]] = []
    for start in range(0, len(forms), 500):
        rows = forms[start : start + 500]
        end = int(np.searchsorted(lengths, len(rows[-1]) * (2 - EDIT_RATIO) / EDIT_RATIO + 1))
        ratios = cdist(
            rows,
            forms[start:end],
            scorer=Indel.normalized_similarity,
            score_cutoff=EDIT_RATIO,
            dtype=np.float32,
        )
        found += [(start + int(a), start + int(b)) for a, b in zip(*np.nonzero(ratios), strict=True) if a < b]
    return found


if __name__ == "__main__":
    main()
