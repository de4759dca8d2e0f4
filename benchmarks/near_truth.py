"""Exact truth about near-duplicates: the Jaccard of all pairs by a sparse product, without a sketch."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

_ADDRESS = re.compile(r"(?:https?://|www\.|t\.me/)\S+")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Truth:
    """Sets as rows of a matrix, and the pairs of them that were asked for."""

    rows: Any
    sizes: np.ndarray
    pairs: dict[tuple[int, int], float]

    def jaccard(self, left: int, right: int) -> float:
        """Return the Jaccard of two sets."""
        ours, theirs = (set(self.rows[at].indices.tolist()) for at in (left, right))
        return len(ours & theirs) / max(len(ours | theirs), 1)


def read_posts(folder: Path) -> list[str]:
    """Return the texts of all *.jsonl in a folder, in the order of their names."""
    lines = [line for file in sorted(folder.glob("*.jsonl")) for line in file.read_text("utf-8").splitlines()]
    return [text for text in (json.loads(line)["text"] for line in lines) if text.strip()]


def word_sets(texts: Sequence[str], size: int = 3) -> Truth:
    """Return the word 3-grams of texts, as numbers; a shorter text is one, a text without words none."""
    sets = []
    for text in texts:
        words = _WORD.findall(_ADDRESS.sub(" ", text).lower())
        windows = range(max(len(words) - size + 1, 1)) if words else ()
        sets.append({" ".join(words[at : at + size]) for at in windows})
    return numbered(sets)


def numbered(sets: Sequence[set[Any]]) -> Truth:
    """Return sets of anything as rows."""
    names: dict[Any, int] = {}
    columns = [[names.setdefault(one, len(names)) for one in each] for each in sets]
    sizes = np.array([len(each) for each in columns])
    flat = np.array([one for each in columns for one in each], dtype=np.int32)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    rows = csr_matrix((np.ones(len(flat), np.int32), flat, starts), shape=(len(sets), max(len(names), 1)))
    return Truth(rows, sizes, {})


def all_pairs(sets: Truth, least: float) -> Truth:
    """Return the pairs with a Jaccard of at least `least`, exactly."""
    pairs: dict[tuple[int, int], float] = {}
    columns = sets.rows.T.tocsr()
    for start in range(0, len(sets.sizes), 1000):
        shared = (sets.rows[start : start + 1000] @ columns).tocoo()
        rows, others, counts = shared.row + start, shared.col, shared.data
        values = counts / (sets.sizes[rows] + sets.sizes[others] - counts)
        chosen = (others > rows) & (values >= least)
        pairs |= dict(
            zip(
                zip(rows[chosen].tolist(), others[chosen].tolist(), strict=True),
                values[chosen].tolist(),
                strict=True,
            )
        )
    return Truth(sets.rows, sets.sizes, pairs)
