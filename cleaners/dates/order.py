"""Posts stand in order of time: forward-backward over a grid of days.

A hidden Markov chain: the state is the day of a post, the transition is a wait of 0 or more days (geometric
distributions and a heavy tail around a mean gap) or, rarely, a restart anywhere; the emission is the
likelihood of the clues. Direction and mean gap are unknown: every pair is a chain, and the posteriors of the
chains are averaged by evidence (Rabiner 1989 for the recursions). Waits are applied as FFT convolutions.

Memory does not grow with the number of posts: the forward pass keeps one state a block of posts, and the
backward pass runs forward again inside each block (Griewank's checkpoints, with one level).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaners.dates.likelihood import Row, Tables

States = NDArray[np.float32]  # chains x days
#: The likelihood of post i over the grid, None for a post without clues.
Emit = Callable[[int], NDArray[np.float32] | None]

_SMALL_SHARE = 0.02  # chains below this share of the evidence are not worth a backward pass
_SOFTEN = 0.6  # exponent on the evidence of a chain: mentions are not independent, so the sum is overstated
_BLOCK = 64  # posts between two kept states


@dataclass(frozen=True, slots=True)
class Chain:
    """A direction and a mean gap in days a post, with the logarithm of its weight."""

    newest_first: bool
    gap: float
    weight: float


def chains(offsets: Tables, stride: float = 1.0) -> tuple[Chain, ...]:
    """Return every chain with its prior. `stride`: posts of the document a post that is looked at."""
    first = offsets["order"]["oldest_first"]
    return tuple(
        Chain(newest, gap * stride, float(np.log(1 - first if newest else first)))
        for newest in (False, True)
        for gap in offsets["order"]["gaps"]
    )


class Order:
    """Chains of `count` posts over a grid of `size` days.

    last_prior: weight of each day for the newest post (capture follows the last post sooner than later).
    """

    def __init__(
        self, emit: Emit, count: int, size: int, last_prior: Row, candidates: Sequence[Chain], offsets: Tables
    ) -> None:
        """Prepare the waits of all candidates and run them forward."""
        self._emit, self._count, self._size = emit, count, size
        self._last_prior = last_prior.astype(np.float32)
        self._restart = np.float32(offsets["order"]["restart"] / size)
        self._length = _fft_length(2 * size)
        self._use(candidates, offsets)
        evidence, self._kept = self._forward()
        weight = np.exp(_SOFTEN * (evidence - evidence.max()) + [chain.weight for chain in candidates])
        weight /= weight.sum()
        best = [at for at in range(len(candidates)) if weight[at] >= _SMALL_SHARE]
        self.chains = tuple(candidates[at] for at in best)
        self.weights = weight[best].astype(np.float32) / np.float32(weight[best].sum())
        self._kept = [state[best] for state in self._kept]
        self._use(self.chains, offsets)

    def posterior(self) -> Iterator[tuple[int, States]]:
        """Yield blocks of posteriors (posts x days, rows sum to 1) with their first post, last first."""
        behind = np.ones((len(self.chains), self._size), dtype=np.float32)
        for block in range(len(self._kept) - 1, -1, -1):
            first, end = block * _BLOCK, min((block + 1) * _BLOCK, self._count)
            rows = [self._row(number) for number in range(first, end)]
            states = self._again(self._kept[block], rows)
            found = np.empty((end - first, self._size), dtype=np.float32)
            for at in range(len(rows) - 1, -1, -1):
                both = states[at] * behind
                both *= (self.weights / both.sum(axis=1))[:, None]
                found[at] = both.sum(axis=0)
                row = rows[at]
                if first + at:
                    behind = self._wait(behind if row is None else behind * row, back=True)
                    behind /= behind.max(axis=1, keepdims=True)
            yield first, found

    def _use(self, candidates: Sequence[Chain], offsets: Tables) -> None:
        waits = offsets["order"]["waits"]
        kernels = [np.fft.rfft(_kernel(chain.gap, self._size, waits), self._length) for chain in candidates]
        # Newest first is the same chain with its waits reversed: the document is read one way only.
        self._kernels = np.stack(
            [
                kernel.conj() if chain.newest_first else kernel
                for kernel, chain in zip(kernels, candidates, strict=True)
            ]
        ).astype(np.complex64)
        self._newest = np.array([chain.newest_first for chain in candidates])

    def _row(self, number: int) -> Any:
        """Return the likelihood of a post, with the prior of the newest one: rows, or a row a chain."""
        row = self._emit(number)
        if number not in {0, self._count - 1}:
            return row
        ends = np.ones((len(self._newest), self._size), dtype=np.float32)
        if number == 0:
            ends[self._newest] *= self._last_prior
        if number == self._count - 1:
            ends[~self._newest] *= self._last_prior
        return ends if row is None else ends * row

    def _forward(self) -> tuple[Row, list[States]]:
        """Return the log evidence of every chain and its state before the first post of each block."""
        state = np.full((len(self._newest), self._size), 1 / self._size, dtype=np.float32)
        evidence, kept = np.zeros(len(self._newest)), []
        for number in range(self._count):
            if number:
                state = self._wait(state, back=False)
            if number % _BLOCK == 0:
                kept.append(state)
            row = self._row(number)
            if row is not None:
                state = state * row
            total = state.sum(axis=1, keepdims=True)
            state /= total
            evidence += np.log(total[:, 0])
        return evidence, kept

    def _again(self, state: States, rows: Sequence[Any]) -> list[States]:
        """Return the states of one block, each with the emission of its post."""
        states = []
        for at, row in enumerate(rows):
            if at:
                state = self._wait(state, back=False)
            state = state.copy() if row is None else state * row
            state /= state.sum(axis=1, keepdims=True)
            states.append(state)
        return states

    def _wait(self, state: States, *, back: bool) -> States:
        """Move distributions one wait ahead (or back), with the chance of a restart."""
        spectrum = np.fft.rfft(state, self._length)
        spectrum *= self._kernels.conj() if back else self._kernels
        moved = np.fft.irfft(spectrum, self._length)[:, : self._size]
        np.maximum(moved, 0, out=moved)
        moved += self._restart * state.sum(axis=1, keepdims=True)
        return np.asarray(moved)


def _fft_length(least: int) -> int:
    """Return the smallest length >= `least` of the form 2^a or 3 * 2^a: fast for the FFT."""
    power = 1 << (least - 1).bit_length()
    return power * 3 // 4 if power * 3 // 4 >= least else power


def _kernel(gap: float, size: int, waits: float) -> Row:
    """Return the distribution of the wait between neighbours at a mean gap, over 0..size - 1 days."""
    days = np.arange(size)
    parts = []
    for mean in (0.3 * gap, gap, 3 * gap):
        ratio = mean / (1 + mean)
        parts.append((1 - ratio) * ratio**days)
    tail = (days + 0.7) ** -1.3
    # A channel with many posts a day has few long waits; at a gap of a day and more the share is full.
    waits *= min(1.0, gap)
    kernel = (0.35 * parts[0] + 0.48 * parts[1] + 0.17 * parts[2]) * (1 - waits) + waits * tail / tail.sum()
    return np.asarray(kernel / kernel.sum())
