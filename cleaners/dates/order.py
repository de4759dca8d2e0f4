"""Posts stand in order of time: forward-backward over a grid of days, at a pace that changes slowly.

A hidden Markov model: the state is the time of a post, in steps of a fraction of a day, and the pace at that
point. From post to post the pace stays or, rarely, becomes another; then the wait is drawn: a mixture of
geometric distributions around the mean gap of the pace with a heavy tail or, rarely, a restart anywhere. The
emission is the likelihood of the clues on the day of the step. Steps shorter than a day keep the posts of a
day near the usual number, as feeds have them: with `s` steps, the deviation of posts a day is 1/sqrt(s) of
their mean (an Erlang dwell time). The direction of reading is unknown: both are run, and their posteriors are
averaged by evidence (Rabiner 1989 for the recursions). Waits are applied as FFT convolutions.

Memory does not grow with the number of posts: the forward pass keeps one state a block of posts, and the
backward pass runs forward again inside each block (Griewank's checkpoints, with one level).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaners.dates.likelihood import Row, Tables

States = NDArray[np.float32]  # directions x paces x steps
#: The likelihood of post i over the days, None for a post without clues.
Emit = Callable[[int], NDArray[np.float32] | None]

_SMALL_SHARE = 0.02  # directions and paces below this share of the evidence are not worth another pass
_SOFTEN = 0.6  # exponent on the evidence of a direction: mentions are not independent, so it is overstated
_BLOCK = 64  # posts between two kept states


@dataclass(frozen=True, slots=True)
class Paces:
    """Directions of reading and mean gaps in days a post that are possible, and the steps of a day.

    shares: how likely each gap is where posts tell nothing of it.
    """

    newest_first: tuple[bool, ...]
    gaps: tuple[float, ...]
    shares: tuple[float, ...]
    steps: int = 1


class Order:
    """`count` posts over a grid of `size` days.

    last_prior: weight of each day for the newest post (capture follows the last post sooner than later).
    """

    def __init__(
        self, emit: Emit, count: int, size: int, last_prior: Row, paces: Paces, offsets: Tables
    ) -> None:
        """Prepare the waits and run them forward; directions without evidence are dropped."""
        self._emit, self._count, self._size, self._steps = emit, count, size, paces.steps
        self._fine = size * paces.steps
        self._last_prior = last_prior.astype(np.float32)
        table = offsets["order"]
        self._restart = np.float32(table["restart"] / self._fine)
        self._switch = np.float32(table["switch"] if len(paces.gaps) > 1 else 0.0)
        self._length = _fft_length(2 * self._fine)
        self._paces = paces
        self._prior = (np.array(paces.shares) / sum(paces.shares)).astype(np.float32)[None, :, None]
        self._use(paces.newest_first, paces.gaps, table["waits"])
        evidence, kept = self._forward()
        first = np.where(paces.newest_first, 1 - table["oldest_first"], table["oldest_first"])
        weight = np.exp(_SOFTEN * (evidence - evidence.max())) * first
        weight /= weight.sum()
        best = np.flatnonzero(weight >= _SMALL_SHARE)
        self.newest_first = tuple(paces.newest_first[at] for at in best)
        self.weights = weight[best].astype(np.float32) / np.float32(weight[best].sum())
        self._kept = [state[best] for state in kept]
        self._use(self.newest_first, paces.gaps, table["waits"])
        self.shares = np.zeros(len(paces.gaps))

    def kept(self) -> Paces:
        """Return the directions and paces that the posteriors leave. Call it when all have been read."""
        least = _SMALL_SHARE * self.shares.sum()
        kept = [at for at, share in enumerate(self.shares) if share >= least]
        gaps, shares = (tuple(row[at] for at in kept) for row in (self._paces.gaps, self._paces.shares))
        return Paces(self.newest_first, gaps, shares, self._steps)

    def posterior(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield blocks of posteriors (posts x days, rows sum to 1) with their first post, last first."""
        behind = np.ones((len(self.newest_first), len(self._paces.gaps), self._fine), dtype=np.float32)
        for block in range(len(self._kept) - 1, -1, -1):
            first, end = block * _BLOCK, min((block + 1) * _BLOCK, self._count)
            rows = [self._row(number) for number in range(first, end)]
            states = self._again(self._kept[block], rows)
            found = np.empty((end - first, self._size), dtype=np.float32)
            for at in range(len(rows) - 1, -1, -1):
                both = states[at] * behind
                both *= (self.weights / both.sum(axis=(1, 2)))[:, None, None]
                self.shares += both.sum(axis=(0, 2))
                found[at] = both.sum(axis=(0, 1)).reshape(self._size, self._steps).sum(axis=1)
                row = rows[at]
                if first + at:
                    behind = self._wait(behind if row is None else behind * row, back=True)
                    behind /= behind.max(axis=(1, 2), keepdims=True)
            yield first, found

    def _use(self, newest_first: Sequence[bool], gaps: Sequence[float], waits: float) -> None:
        shapes = [_kernel(gap, self._size, self._steps, waits) for gap in gaps]
        kernels = np.stack([np.fft.rfft(shape, self._length) for shape in shapes])
        # Newest first is the same model with its waits reversed: the document is read one way only.
        both = [kernels.conj() if newest else kernels for newest in newest_first]
        self._kernels = np.stack(both).astype(np.complex64)
        self._back = self._kernels.conj()
        self._newest = np.array(newest_first)

    def _row(self, number: int) -> Any:
        """Return the likelihood of a post over the steps, with the prior of the newest post: one row, or one
        for each direction."""
        row = self._emit(number)
        if row is not None:
            row = np.repeat(row, self._steps)
        if number not in {0, self._count - 1}:
            return row
        ends = np.ones((len(self._newest), 1, self._fine), dtype=np.float32)
        prior = np.repeat(self._last_prior, self._steps)
        if number == 0:
            ends[self._newest] *= prior
        if number == self._count - 1:
            ends[~self._newest] *= prior
        return ends if row is None else ends * row

    def _forward(self) -> tuple[Row, list[States]]:
        """Return the log evidence of every direction and the state before the first post of each block."""
        shape = (len(self._newest), len(self._paces.gaps), self._fine)
        state: States = np.broadcast_to(self._prior / np.float32(self._fine), shape).astype(np.float32)
        evidence, kept = np.zeros(len(self._newest)), []
        for number in range(self._count):
            if number:
                state = self._wait(state, back=False)
            if number % _BLOCK == 0:
                kept.append(state)
            row = self._row(number)
            if row is not None:
                state = state * row
            total = state.sum(axis=(1, 2), keepdims=True)
            state /= total
            evidence += np.log(total[:, 0, 0])
        return evidence, kept

    def _again(self, state: States, rows: Sequence[Any]) -> list[States]:
        """Return the states of one block, each with the emission of its post."""
        states = []
        for at, row in enumerate(rows):
            if at:
                state = self._wait(state, back=False)
            state = state.copy() if row is None else state * row
            state /= state.sum(axis=(1, 2), keepdims=True)
            states.append(state)
        return states

    def _wait(self, state: States, *, back: bool) -> States:
        """Move distributions one wait ahead (or back), with the chances of a new pace and of a restart."""
        if self._switch and not back:
            state = (1 - self._switch) * state + self._switch * self._prior * state.sum(axis=1, keepdims=True)
        spectrum = np.fft.rfft(state, self._length)
        spectrum *= self._back if back else self._kernels
        moved: Any = np.fft.irfft(spectrum, self._length)[..., : self._fine]
        np.maximum(moved, 0, out=moved)
        moved += self._restart * state.sum(axis=-1, keepdims=True)
        if self._switch and back:
            moved = (1 - self._switch) * moved + self._switch * (self._prior * moved).sum(
                axis=1, keepdims=True
            )
        return np.asarray(moved)


def _fft_length(least: int) -> int:
    """Return the smallest length >= `least` of the form 2^a or 3 * 2^a: fast for the FFT."""
    power = 1 << (least - 1).bit_length()
    return power * 3 // 4 if power * 3 // 4 >= least else power


def _kernel(gap: float, size: int, steps: int, waits: float) -> Row:
    """Return the distribution of the wait between neighbours at a mean gap in days, over all steps."""
    at = np.arange(size * steps)
    parts = []
    for mean in (0.3 * gap, gap, 3 * gap):
        ratio = mean * steps / (1 + mean * steps)
        parts.append((1 - ratio) * ratio**at)
    tail = (at / steps + 0.7) ** -1.3
    # A channel with many posts a day has few long waits; at a gap of a day and more the share is full.
    waits *= min(1.0, gap)
    kernel = (0.35 * parts[0] + 0.48 * parts[1] + 0.17 * parts[2]) * (1 - waits) + waits * tail / tail.sum()
    return np.asarray(kernel / kernel.sum())
