"""Logistic: fit weights to labelled lines, and read log-odds off them."""

from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
#: Features of many lines: single precision, for memory.
Table = NDArray[np.float32]

_SHARE, _FITTED_ON = 0.32, 500  # mean share of openings in the fitted channels; lines that it is worth
_NEWTON = 25
_SMALLEST_STEP = 1e-3
_GAIN = 1e-7  # improvement a row below which the fit has converged


def fit(table: Matrix, labels: Matrix, start: Matrix, pull: float, trust: Matrix | None = None) -> Matrix:
    """Return logistic weights for rows `table` with 0/1 `labels`, pulled towards `start` (L2 around it).

    Newton's method with step halving: a full step overshoots where a feature separates the labels.
    pull: strength of the prior, in observations of unit variance.
    """
    trust = np.ones(len(labels)) if trust is None else trust

    def loss(weights: Matrix, margins: Matrix) -> float:
        misfit = np.logaddexp(0.0, margins) - labels * margins
        return float(trust @ misfit + pull / 2 * ((weights - start) @ (weights - start)))

    weights, margins = start.copy(), table @ start
    current = loss(weights, margins)
    for _ in range(_NEWTON):
        share = 1 / (1 + np.exp(-np.clip(margins, -30, 30)))
        slope = table.T @ (trust * (share - labels)) + pull * (weights - start)
        # A matrix times itself: of the product, which is most of the work, only one half is computed.
        bent = table * np.sqrt(trust * share * (1 - share))[:, None]
        curve = bent.T @ bent + pull * np.eye(len(weights))
        step = np.linalg.solve(curve, slope)
        scale = 1.0
        while True:
            moved = weights - scale * step
            margins = table @ moved
            reached = loss(moved, margins)
            if reached <= current or scale <= _SMALLEST_STEP:
                break
            scale /= 2
        if current - reached < _GAIN * len(labels):
            break
        weights, current = moved, reached
    return weights


def odds(table: Table, weights: Matrix) -> list[float]:
    """Return the log-odds that each line starts a post, within -8..8; the first line counts 0."""
    values: list[float] = np.clip(table @ weights.astype(np.float32), -8.0, 8.0).tolist()
    if values:
        values[0] = 0.0
    return values


def chances(values: Sequence[float]) -> list[float]:
    """Return log-odds as probabilities."""
    found: list[float] = (1 / (1 + np.exp(-np.array(values)))).tolist()
    return found


def rebase(values: Sequence[float]) -> list[float]:
    """Return log-odds moved to the share of openings that this document itself suggests.

    Expectation-maximisation of the prior (Saerens, Latinne, Decaestecker 2002), held by _FITTED_ON lines of
    the fitted share: channels differ between one opening in five lines and one in two.
    """
    odds_found = np.array(values)
    share = _SHARE
    for _ in range(40):
        shift = log(share / (1 - share)) - log(_SHARE / (1 - _SHARE))
        expected = float((1 / (1 + np.exp(-(odds_found + shift)))).sum())
        share, before = (expected + _FITTED_ON * _SHARE) / (len(values) + _FITTED_ON), share
        if abs(share - before) < 1e-5:
            break
    moved: list[float] = (odds_found + log(share / (1 - share)) - log(_SHARE / (1 - _SHARE))).tolist()
    return [0.0, *moved[1:]] if moved else []
