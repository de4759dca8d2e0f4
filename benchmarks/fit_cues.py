"""Fit the weights of the boundary cues on undoubled dumps of real channels: rules/cues.toml, openers.toml.

usage: python benchmarks/fit_cues.py FOLDER [--write] [--leave-out NAME ...]

FOLDER holds NAME.jsonl files, one post a line with a `text`. Every channel weighs the same however many
posts it has. Without --write, prints for each channel how a dump of its posts, neither doubled nor marked,
is cut by weights fitted on the others (held-out): F1 of the first lines, share of posts exactly right.
"""

import argparse
import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from cleaners.cues import features, names, set_words
from cleaners.keys import key
from cleaners.logistic import fit, odds, rebase
from cleaners.modes import EAGER
from cleaners.openers import PLACES, Ratios, placed_words, word_scores
from cleaners.vocabulary import number_lines, stems_of

POSTS = 900
DUMP = 300  # posts in a held-out dump
PULL = 2.0
# What is known before looking: two signature lines in a row belong together, and blank lines (which these
# dumps do not have) part posts sooner than lines; a copy opens no post (there is none in them either).
KNOWN = {"pair-recurs": -4.0, "blank-before": 0.5, "copy": -6.0}
WORTH = 1000  # lines that one channel counts for at most
LEAST = 15  # lines with a word: 30 lose .02 of F1 on unseen channels
SPREAD = 3  # channels with a word: what one or two say is their habit, not the language's
SMOOTH = 3.0  # lines that the prior ratio of a word is worth; 10 does the same
RULES = Path(__file__).resolve().parent.parent / "cleaners" / "rules"


@dataclass(frozen=True, slots=True)
class Channel:
    """The posts of a channel as one dump, and in how many lines of each label a word stands, by place."""

    name: str
    texts: list[str]
    keys: list[str]
    labels: np.ndarray
    words: tuple[list[Counter[str]], ...]

    @property
    def share(self) -> float:
        """What a line of the channel counts."""
        return min(1.0, WORTH / len(self.labels))


def load(path: Path) -> Channel:
    """Return a channel's posts flattened into one dump."""
    texts: list[str] = []
    labels: list[float] = []
    for row in path.read_text(encoding="utf-8").splitlines()[:POSTS]:
        lines = [" ".join(line.split()) for line in json.loads(row)["text"].split("\n")]
        lines = [line for line in lines if line]
        texts += lines
        labels += [1.0] + [0.0] * (len(lines) - 1) if lines else []
    keys = [key(text) for text in texts]
    words: tuple[list[Counter[str]], ...] = tuple([Counter(), Counter()] for _ in PLACES)
    for line, label in zip(keys, labels, strict=True):
        for place, found in enumerate(placed_words(line)):
            words[place][int(label)].update(found)
    return Channel(path.stem, texts, keys, np.array(labels), words)


def ratios_of(channels: list[Channel]) -> Ratios:
    """Return the log ratios of words in first lines and others, each channel weighted alike.

    Latin words are left out: 55 English posts and foreign titles in Russian ones teach nothing of English.
    """
    lines = [sum(channel.share * (channel.labels == label).sum() for channel in channels) for label in (0, 1)]
    tables = []
    for place in range(len(PLACES)):
        seen: Counter[str] = Counter()
        found: tuple[dict[str, float], dict[str, float]] = (defaultdict(float), defaultdict(float))
        for channel in channels:
            for label in (0, 1):
                seen.update(channel.words[place][label])
                for word, times in channel.words[place][label].items():
                    found[label][word] += channel.share * times
        spread = Counter(word for c in channels for word in {*c.words[place][0], *c.words[place][1]})
        used = [
            word
            for word, times in seen.items()
            if times >= LEAST and spread[word] >= SPREAD and not word.isascii()
        ]
        tables.append({word: ratio(found, lines, word) for word in used})
    return tables[0], tables[1], tables[2]


def ratio(found: tuple[dict[str, float], dict[str, float]], lines: list[float], word: str) -> float:
    """Return the smoothed log ratio of one word."""
    share = [
        (found[label].get(word, 0.0) + SMOOTH * lines[label] / sum(lines)) / lines[label] for label in (0, 1)
    ]
    return round(log(share[1] / share[0]), 1)


class Fits:
    """Features by channel and words: no channel is described by words counted in itself."""

    def __init__(self, channels: list[Channel]) -> None:
        self.channels = channels
        self._known: dict[frozenset[str], Ratios] = {}
        plain = [
            features(c.texts, number_lines(c.keys), [0] * len(c.texts), [False] * len(c.texts), ({}, {}, {}))
            for c in channels
        ]
        self._plain = dict(zip((c.name for c in channels), plain, strict=True))

    def ratios(self, left_out: frozenset[str]) -> Ratios:
        """Return the ratios of words in all channels but these."""
        if left_out not in self._known:
            self._known[left_out] = ratios_of([c for c in self.channels if c.name not in left_out])
        return self._known[left_out]

    def table(self, channel: Channel, left_out: frozenset[str]) -> np.ndarray:
        """Return the features of a channel by the words of the other channels that are not left out."""
        ratios = self.ratios(left_out | {channel.name})
        table = self._plain[channel.name].copy()
        scores = word_scores(stems_of(channel.keys), ratios)
        set_words(table, scores, np.ones(len(channel.keys), dtype=np.bool_))
        return table

    def weights(self, left_out: frozenset[str] = frozenset()) -> np.ndarray:
        """Return the weights of the cues over all channels but these, each channel weighted alike."""
        used = [channel for channel in self.channels if channel.name not in left_out]
        table = np.vstack([self.table(channel, left_out)[1:] for channel in used])
        labels = np.concatenate([channel.labels[1:] for channel in used])
        trust = np.concatenate([np.full(len(c.labels) - 1, c.share) for c in used])
        known = np.array([KNOWN.get(name, 0.0) for name in names()])
        return fit(table, labels, known, PULL, trust)


def scores(labels: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Return F1 of the lines called openings, and the share of posts cut out exactly."""
    called, true = set(np.flatnonzero(values > 0)) | {0}, np.flatnonzero(labels > 0).tolist()
    ends = {*called, len(labels)}
    exact = sum(
        start in called and not any(at in ends for at in range(start + 1, end)) and end in ends
        for start, end in zip(true, [*true[1:], len(labels)], strict=True)
    )
    return 2 * len(called & set(true)) / (len(called) + len(true)), exact / len(true)


def held_out(fits: Fits) -> None:
    """Print how each channel is cut by the weights of the others."""
    print(f"{'channel':28}{'one-line':>9}{'F1':>8}{'text':>8}{'F1 unmoved':>12}")
    means = []
    for channel in fits.channels:
        alone = frozenset({channel.name})
        weights = fits.weights(alone)
        starts = np.flatnonzero(channel.labels > 0)
        rows = []
        for first in range(0, max(1, len(starts) - DUMP // 2), DUMP):
            lo = starts[first]
            hi = starts[first + DUMP] if first + DUMP < len(starts) else len(channel.labels)
            texts, keys, labels = channel.texts[lo:hi], channel.keys[lo:hi], channel.labels[lo:hi]
            size = len(texts)
            table = features(texts, number_lines(keys), [0] * size, [False] * size, fits.ratios(alone))
            found = odds(table, weights)
            rows.append(
                (*scores(labels, np.array(rebase(found)) + EAGER), scores(labels, np.array(found))[0])
            )
        one = float(np.mean(np.append(channel.labels, 1.0)[1:][channel.labels > 0]))
        means.append((one, *np.mean(rows, axis=0)))
        print(f"{channel.name:28}{one:9.2f}{means[-1][1]:8.3f}{means[-1][2]:8.3f}{means[-1][3]:12.3f}")
    for name, rows in (("MEAN", means), ("MEAN, many-line", [row for row in means if row[0] < 0.5])):
        mean = np.mean(rows, axis=0)
        print(f"{name:28}{mean[0]:9.2f}{mean[1]:8.3f}{mean[2]:8.3f}{mean[3]:12.3f}")


def write(fits: Fits) -> None:
    """Write the weights of all channels into the rule files, below the comment at their head."""
    cues, openers = RULES / "cues.toml", RULES / "openers.toml"
    head, *_ = cues.read_text(encoding="utf-8").split("[[cue]]", 1)
    weights = zip(names(), fits.weights(), strict=True)
    body = [f'[[cue]]\nid = "{name}"\nweight = {float(weight):.2f}\n' for name, weight in weights]
    head_of_words, *_ = openers.read_text(encoding="utf-8").split("[[opener]]", 1)
    groups = []
    for place, table in zip(PLACES, fits.ratios(frozenset()), strict=True):
        for weight in sorted(set(table.values()) - {0.0, -0.0}):
            words = " ".join(sorted(word for word, value in table.items() if value == weight))
            groups.append(f'[[opener]]\nplace = "{place}"\nweight = {weight:.1f}\nwords = "{words}"\n')
    cues.write_text(head + "\n".join(body), encoding="utf-8")
    openers.write_text(head_of_words + "\n".join(groups), encoding="utf-8")


def main() -> None:
    """Fit, print or write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--leave-out", nargs="*", default=[])
    args = parser.parse_args()
    paths = sorted(args.folder.glob("*.jsonl"))
    fits = Fits([load(path) for path in paths if path.stem not in args.leave_out])
    if args.write:
        write(fits)
    else:
        held_out(fits)


if __name__ == "__main__":
    main()
