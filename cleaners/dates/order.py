"""Posts stand in order of time: forward-backward over a grid of days.

A hidden Markov chain: the state is the day of a post, the transition is a wait of 0 or more days (geometric
distributions and a heavy tail around a mean gap) or, rarely, a restart anywhere; the emission is the
likelihood of the clues. Direction and mean gap are unknown: every pair is run, and the posteriors are
averaged by evidence (Rabiner 1989 for the recursions). Waits are applied as FFT convolutions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cleaners.dates.likelihood import Row, tables

_SMALL_SHARE = (
    0.02  # pairs of direction and gap below this share of the evidence are not worth a backward pass
)
_SOFTEN = 0.6  # exponent on the evidence of a pair: mentions are not independent, so the sum is overstated


@dataclass(frozen=True, slots=True)
class Ordered:
    """Posterior of every post (posts x days, rows sum to 1) and the share of newest-first."""

    posterior: NDArray[np.float32]
    newest_first: float


def order(rows: Sequence[Row | None], size: int, last_prior: Row) -> Ordered:
    """Return the posterior days of posts in document order.

    rows: likelihood over the grid, None for a post without clues. last_prior: weight of each day for the
    newest post (capture follows the last post sooner rather than later).
    """
    config = tables()["order"]
    chains = [(newest, gap) for newest in (False, True) for gap in config["gaps"]]
    length = _fft_length(2 * size)
    kernels = np.stack([np.fft.rfft(_kernel(gap, size), length) for _, gap in chains]).astype(np.complex64)
    light = [None if row is None else row.astype(np.float32) for row in rows]
    sides = (light, light[::-1])
    evidence = np.zeros(len(chains))
    half = len(chains) // 2
    for side in (0, 1):
        part = slice(side * half, (side + 1) * half)
        evidence[part], _ = _forward(sides[side], kernels[part], size, length, last_prior, keep=False)
    prior = np.log(
        [config["oldest_first"] if not newest else 1 - config["oldest_first"] for newest, _ in chains]
    )
    weight = np.exp(_SOFTEN * (evidence - evidence.max()) + prior)
    weight /= weight.sum()
    posterior = np.zeros((len(rows), size), dtype=np.float32)
    kept = [index for index in range(len(chains)) if weight[index] >= _SMALL_SHARE]
    for index in kept:
        newest = chains[index][0]
        smooth = _smooth(sides[int(newest)], kernels[index : index + 1], size, length, last_prior)
        posterior += np.float32(weight[index]) * (smooth[::-1] if newest else smooth)
    posterior /= posterior.sum(axis=1, keepdims=True)
    return Ordered(posterior, float(weight[half:].sum()))


def _fft_length(least: int) -> int:
    """Return the smallest length >= `least` of the form 2^a or 3 * 2^a: fast for the FFT."""
    power = 1 << (least - 1).bit_length()
    return power * 3 // 4 if power * 3 // 4 >= least else power


def _kernel(gap: float, size: int) -> Row:
    """Return the distribution of the wait between neighbours at a mean gap, over 0..size - 1 days."""
    days = np.arange(size)
    parts = []
    for mean in (0.3 * gap, gap, 3 * gap):
        ratio = mean / (1 + mean)
        parts.append((1 - ratio) * ratio**days)
    tail = (days + 0.7) ** -1.3
    # A channel with many posts a day has few long waits; at a gap of a day and more the share is full.
    waits = tables()["order"]["waits"] * min(1.0, gap)
    kernel = (0.35 * parts[0] + 0.48 * parts[1] + 0.17 * parts[2]) * (1 - waits) + waits * tail / tail.sum()
    return np.asarray(kernel / kernel.sum())


def _wait(
    state: NDArray[np.float32], kernels: NDArray[np.complex64], size: int, length: int, *, back: bool
) -> NDArray[np.float32]:
    """Move a distribution one wait ahead (or back), with the chance of a restart."""
    spectrum = np.fft.rfft(state, length)
    moved = np.fft.irfft(spectrum * (kernels.conj() if back else kernels), length)[:, :size]
    np.maximum(moved, 0, out=moved)
    restart = tables()["order"]["restart"] / size * state.sum(axis=1, keepdims=True)
    return np.asarray(moved + restart, dtype=np.float32)


def _forward(
    rows: Sequence[NDArray[np.float32] | None],
    kernels: NDArray[np.complex64],
    size: int,
    length: int,
    last_prior: Row,
    *,
    keep: bool,
) -> tuple[Row, NDArray[np.float32]]:
    """Run the chains forward; return the log evidence of each and, with `keep`, the states of the first."""
    state = np.full((len(kernels), size), 1 / size, dtype=np.float32)
    kept = np.empty((len(rows) if keep else 0, size), dtype=np.float32)
    evidence = np.zeros(len(kernels))
    for number, row in enumerate(rows):
        if number:
            state = _wait(state, kernels, size, length, back=False)
        if row is not None:
            state = state * row
        if number == len(rows) - 1:
            state = state * last_prior.astype(np.float32)
        total = state.sum(axis=1, keepdims=True)
        state /= total
        evidence += np.log(total[:, 0])
        if keep:
            kept[number] = state[0]
    return evidence, kept


def _smooth(
    rows: Sequence[NDArray[np.float32] | None],
    kernels: NDArray[np.complex64],
    size: int,
    length: int,
    last_prior: Row,
) -> NDArray[np.float32]:
    """Return the posterior of one chain, oldest post first."""
    _, states = _forward(rows, kernels, size, length, last_prior, keep=True)
    behind = np.ones((1, size), dtype=np.float32)
    for number in range(len(rows) - 2, -1, -1):
        after = rows[number + 1]
        if number == len(rows) - 2:
            behind = behind * last_prior.astype(np.float32)
        behind = _wait(behind if after is None else behind * after, kernels, size, length, back=True)
        behind /= behind.max()
        states[number] *= behind[0]
        states[number] /= states[number].sum()
    return states
