"""Cues: how much each line looks like the first line of a post, from its own shape, its neighbours' and
what recurs in the document, as log-odds of a logistic model.

The general weights (rules/cues.toml) were fitted on real channels. A document that shows where its own
posts begin, through echoes or headers, moves them towards itself: a channel's signature or its way to
open a post is worth more than any general habit.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from math import log

import numpy as np
from numpy.typing import NDArray

from cleaners.line_kernel import overlaps
from cleaners.logistic import Matrix, Table
from cleaners.looks import look
from cleaners.openers import PLACES, Ratios, word_scores
from cleaners.rules import rules
from cleaners.vocabulary import Codes, Keyed, number, stems_of

Flags = NDArray[np.bool_]

_A_LINE = 25  # characters from which the first word of a line is a habit of the channel
_RECURS = 3  # a line seen as often is a channel's signature or rubric, not news


@cache
def names() -> tuple[str, ...]:
    """Return the names of the features, in the order of the columns."""
    return tuple(cue["id"] for cue in rules("cues")["cue"])


def general_weights() -> Matrix:
    """Return the weights fitted on many channels, one a feature."""
    return np.array([float(cue["weight"]) for cue in rules("cues")["cue"]])


@cache
def _columns() -> Mapping[str, int]:
    return {name: column for column, name in enumerate(names())}


def features(
    texts: Sequence[str],
    keyed: Keyed,
    blanks: Sequence[int],
    copies: Sequence[bool],
    ratios: Ratios | None = None,
) -> Table:
    """Return the features of every line, shape (lines, features). ratios: of words, if not the general ones.

    copies[i]: line i surely repeats an earlier one. It does not count when recurring lines are counted, and
    shows nothing but that it is a copy: it opens no post.
    """
    columns, size = _columns(), len(texts)
    table: Table = np.zeros((size, len(columns)), dtype=np.float32)
    if not size:
        return table
    originals = ~np.array(copies, dtype=np.bool_)
    _set_looks(table, texts)
    table[:, columns["bias"]] = 1.0
    usual = sorted(blanks)[size // 5]  # where blank lines stand at most lines they say nothing
    table[:, columns["blank-before"]] = np.array(blanks) > usual
    _set_habits(table, keyed.lines, keyed.of, originals)
    words = stems_of(keyed.lines)
    topics = np.where(words.topical, words.codes, np.int32(-1))
    shared = overlaps(keyed.of, topics, words.starts, len(words.stems), originals)
    for place, values in zip(("before", "line-before", "behind", "around"), shared, strict=True):
        table[:, columns[f"overlap-{place}"]] = values
    table[~originals] = 0.0
    table[~originals, columns["copy"]] = 1.0
    set_words(table, word_scores(words, ratios)[keyed.of], originals)
    return table


def _set_looks(table: Table, texts: Sequence[str]) -> None:
    """Set what each line, the line before and the line behind show by themselves."""
    columns = _columns()
    distinct, of = number(texts)
    shown = np.zeros((len(distinct), len(columns)), dtype=np.bool_)
    shown.reshape(-1)[
        [at * len(columns) + columns[name] for at, text in enumerate(distinct) for name in look(text)]
    ] = True
    behind = [(columns[name.removeprefix("after-")], at) for name, at in columns.items() if _mirrors(name)]
    own, after = (list(side) for side in zip(*behind, strict=True))
    table[:] = shown[of]
    table[1:, after] = table[:-1, own]
    table[:-1, columns["before-continuer"]] = table[1:, columns["continuer"]]
    marks, mark_of = number([text[0] for text in distinct])
    mark = np.where([sign.isalnum() for sign in marks], -1, np.arange(len(marks)))[mark_of][of]
    table[1:, columns["same-mark"]] = (mark[1:] == mark[:-1]) & (mark[1:] >= 0)


def _mirrors(name: str) -> bool:
    """Say whether a feature is what the line before shows."""
    return name.removeprefix("after-") in names() and name.startswith("after-") and "words" not in name


def _set_habits(table: Table, lines: Sequence[str], of: Codes, originals: Flags) -> None:
    """Set what recurs: the line, its first word, the line before and its last words, the two together."""
    columns, size = _columns(), len(of)
    scale = log(max(size, 3))

    def times(codes: Codes) -> NDArray[np.int64]:
        return np.bincount(codes[originals], minlength=int(codes.max()) + 1)[codes]

    def habit(found: NDArray[np.int64], where: Flags) -> Matrix:
        return np.where(where & (found >= _RECURS), np.minimum(1.0, np.log(np.maximum(found, 1)) / scale), 0)

    said = times(of)
    table[:, columns["recurs"]] = said >= _RECURS
    firsts = times(number([line.partition(" ")[0] for line in lines])[1][of])
    lengths = np.array([len(line) for line in lines])[of]
    table[:, columns["first-word-recurs"]] = habit(firsts, lengths >= _A_LINE)
    if size == 1:
        return
    lasts = times(number([" ".join(line.rsplit(" ", 2)[-2:]) for line in lines])[1][of])[:-1]
    _, pair_of = np.unique(of[:-1].astype(np.int64) * len(lines) + of[1:], return_inverse=True)
    pairs = np.bincount(pair_of[originals[1:]], minlength=int(pair_of.max()) + 1)[pair_of] >= _RECURS
    before = said[:-1] >= _RECURS
    table[1:, columns["pair-recurs"]] = pairs
    table[1:, columns["after-recurs"]] = before & ~pairs
    table[1:, columns["after-last-words-recur"]] = habit(lasts, ~pairs & ~before)
    table[2:, columns["second-after-recurs"]] = before[:-1] & ~before[1:]


def set_words(table: Table, scores: Matrix, originals: Flags) -> None:
    """Set in a table of features what the words of each line and of its neighbours speak for."""
    columns = _columns()
    kept = originals[:, None]
    own = scores * kept
    none = np.zeros((1, len(PLACES)))
    before, behind = np.vstack([none, own[:-1]]), np.vstack([own[1:], none])
    for prefix, values in (("", own), ("after-", before), ("before-", behind)):
        table[:, [columns[f"{prefix}{place}-words"] for place in PLACES]] = values * kept
