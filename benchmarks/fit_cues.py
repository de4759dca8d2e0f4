"""Fit the weights of the boundary cues on undoubled dumps of real channels, and write rules/cues.toml.

usage: python benchmarks/fit_cues.py FOLDER [--write] [--leave-out NAME ...]

FOLDER holds NAME.jsonl files, one post a line with a `text`. Every channel weighs the same however many
posts it has. Without --write, prints for each channel the F1 of weights fitted on the others.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from cleaners.cues import features, names
from cleaners.keys import key
from cleaners.logistic import fit

POSTS = 900
PULL = 2.0
# What is known before looking: two signature lines in a row belong together, and blank lines (which these
# dumps do not have) part posts sooner than lines; a copy opens no post (there is none in them either).
KNOWN = {"pair-recurs": -4.0, "blank-before": 0.5, "copy": -6.0}
WORTH = 1000  # lines that one channel counts for at most


def load(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return features and labels of a channel's posts flattened into one dump."""
    texts: list[str] = []
    labels: list[float] = []
    for row in path.read_text(encoding="utf-8").splitlines()[:POSTS]:
        lines = [" ".join(line.split()) for line in json.loads(row)["text"].split("\n")]
        lines = [line for line in lines if line]
        texts += lines
        labels += [1.0] + [0.0] * (len(lines) - 1) if lines else []
    table = features(texts, [key(text) for text in texts], [0] * len(texts), [False] * len(texts))
    return table[1:], np.array(labels[1:])


def fitted(channels: dict[str, tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return weights over all channels, each channel weighted alike."""
    table = np.vstack([rows for rows, _ in channels.values()])
    labels = np.concatenate([found for _, found in channels.values()])
    trust = np.concatenate(
        [np.full(len(found), min(1.0, WORTH / len(found))) for _, found in channels.values()]
    )
    known = np.array([KNOWN.get(name, 0.0) for name in names()])
    return fit(table, labels, known, PULL, trust)


def f1(labels: np.ndarray, odds: np.ndarray) -> float:
    """Return F1 of the lines called openings."""
    called = odds > 0
    return float(2 * (called & (labels > 0)).sum() / max(1, called.sum() + labels.sum()))


def main() -> None:
    """Fit, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--leave-out", nargs="*", default=[])
    args = parser.parse_args()
    channels = {
        path.stem: load(path)
        for path in sorted(args.folder.glob("*.jsonl"))
        if path.stem not in args.leave_out
    }
    for name, (table, labels) in channels.items():
        weights = fitted({other: data for other, data in channels.items() if other != name})
        print(
            f"{name:30} lines {len(labels):5}  openings {labels.mean():.2f}"
            f"  F1 {f1(labels, table @ weights):.3f}"
        )
    weights = fitted(channels)
    if not args.write:
        return
    path = Path(__file__).resolve().parent.parent / "cleaners" / "rules" / "cues.toml"
    head, *_ = path.read_text(encoding="utf-8").split("[[cue]]", 1)
    body = []
    for name, weight in zip(names(), weights, strict=True):
        body.append(f'[[cue]]\nid = "{name}"\nweight = {float(weight):.2f}\n')
    path.write_text(head + "\n".join(body), encoding="utf-8")


if __name__ == "__main__":
    main()
