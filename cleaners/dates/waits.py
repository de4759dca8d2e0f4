"""How long the next post waits: mixtures of geometric distributions, and their application by FFT.

A geometric distribution is a recursion of one step, so that a mixture of eight is applied in one walk over
the steps of the days (`sweeps`). `Plain` does it in numpy alone: for documents too short to be worth loading
a compiler for, and as what the tests hold the compiled passes to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Opened = NDArray[np.bool_]

#: Shares of short, usual and long waits, by their mean in mean gaps: posts come in bursts.
_MEANS, _SHARES = (0.3, 1.0, 3.0), (0.35, 0.48, 0.17)
#: The tail is (days + 0.7) ** -1.3, by five rates a day, equal steps apart in their logarithm, weighed by
#: non-negative least squares over 6,000 days: off by 14 % at most, and by 2.8 % of the mass. Four are off by
#: 26 %. The power itself, applied by FFT, dated development dumps no better.
_RATES = np.exp(np.linspace(-8.0, 0.25, 5))
_HEIGHTS = np.array([8.376e-5, 9.676e-4, 1.4752e-2, 0.19102, 1.34321])
#: Columns of a line that are opened and closed together: the days of a week, or seven weeks.
CELL = 7


@dataclass(frozen=True, slots=True)
class Waits:
    """The model between two posts, for some directions of reading (D) and paces (P).

    ratios, weights: P x K; the chance of a wait of t steps is the sum of weights * ratios ** t, which sums to
    1 over `fine` steps. newest_first: D. shares: P, how likely each pace is where a post tells nothing.
    """

    size: int  # columns of the line: days, or weeks
    steps: int  # of a column
    ratios: Singles
    weights: Singles
    newest_first: NDArray[np.bool_]
    shares: Singles
    switch: float  # chance that the pace changes
    restart: float  # chance of a restart at any one step

    @property
    def fine(self) -> int:
        """Return the number of steps."""
        return self.size * self.steps

    @property
    def cells(self) -> int:
        """Return the number of cells."""
        return -(-self.size // CELL)


def make_waits(
    size: int,
    steps: int,
    gaps: Sequence[float],
    shares: Sequence[float],
    newest_first: Sequence[bool],
    table: Mapping[str, float],
    *,
    days: int = 1,
) -> Waits:
    """Return the model for mean gaps in days with their shares, on `size` columns of so many days.

    table: [order] of dates_offsets.toml.
    """
    ratios, weights = mixture(np.array(gaps), size * days, steps / days, table["waits"])
    many = np.array(shares, dtype=np.float32)
    return Waits(
        size=size,
        steps=steps,
        ratios=ratios,
        weights=weights,
        newest_first=np.array(newest_first),
        shares=many / many.sum(),
        switch=table["switch"] if len(gaps) > 1 else 0.0,
        restart=table["restart"] / (size * steps),
    )


@dataclass(frozen=True, slots=True)
class Emitted:
    """Likelihoods of some posts.

    rows: many x (columns + 1), the last column 0. row_of: posts x directions, the row of each. opened: (posts
    + 2) x cells, where each post may lie, with the posts before and behind; each has a cell.
    """

    rows: Singles
    row_of: NDArray[np.int64]
    opened: Opened


def mixture(gaps: NDArray[np.float64], size: int, steps: float, tail: float) -> tuple[Singles, Singles]:
    """Return ratios and weights (paces x terms) for mean gaps in days, on `size` days of so many steps.

    tail: the share of the long waits.
    """
    means = np.array(_MEANS) * gaps[:, None] * steps
    slow = np.broadcast_to(np.exp(-_RATES / steps), (len(gaps), len(_RATES)))
    ratios = np.hstack([means / (1 + means), slow])
    # A channel with many posts a day has few long waits; at a gap of a day and more the share is full.
    tails = tail * np.minimum(1.0, gaps)[:, None]
    sums = (1 - ratios ** (size * steps)) / (1 - ratios)  # of each geometric series
    near = (1 - tails) * np.array(_SHARES) / (1 + means)
    # A step of many days holds all of their waits: fast terms are over before the second.
    heights = _HEIGHTS * ((1 - np.exp(-_RATES / steps)) / (1 - np.exp(-_RATES)) if steps < 1 else 1.0)
    far = tails * heights / (heights * sums[:, len(_MEANS) :]).sum(axis=1, keepdims=True)
    weights = np.hstack([near, far])
    weights /= (weights * sums).sum(axis=1, keepdims=True)
    return ratios.astype(np.float32), weights.astype(np.float32)


class Plain:
    """The passes over posts in numpy: states are directions x paces x steps."""

    def __init__(self, waits: Waits) -> None:
        """Transform the waits once."""
        self._waits = waits
        self._days = np.repeat(np.arange(waits.size), waits.steps)
        self._length = _fft_length(2 * waits.fine)
        self._spectra = np.fft.rfft(kernel(waits), self._length)

    def start(self, values: Singles) -> Singles:
        """Return a state that is the same on every step, of a value a pace."""
        shape = (len(self._waits.newest_first), len(values), self._waits.fine)
        return np.broadcast_to(values[:, None], shape).copy()

    def held(self, opened: Opened) -> tuple[int, ...]:
        """Return the shape of the states of posts that may lie in some cells (posts x cells)."""
        return (len(self._waits.newest_first), len(opened), len(self._waits.shares), self._waits.fine)

    def forward(self, state: Singles, emitted: Emitted, states: Singles | None = None) -> NDArray[np.float64]:
        """Run over posts in document order; return the log evidence of every direction.

        state: of the first post before its likelihood; left as that of the post behind the last. states: of
        the shape `held`, filled with the state of each post, to a factor, if given.
        """
        waits, evidence = self._waits, np.zeros(len(state))
        for post in range(len(emitted.row_of)):
            state *= self._likely(emitted, post)
            total = state.sum(axis=(1, 2), keepdims=True)
            evidence += np.log(total[:, 0, 0])
            state /= total
            if states is not None:
                states[:, post] = state
            changed = waits.switch * waits.shares[:, None] * state.sum(axis=1, keepdims=True)
            state[:] = self._moved((1 - waits.switch) * state + changed, back=False)
        return evidence

    def backward(
        self, behind: Singles, emitted: Emitted, states: Singles, weights: Singles
    ) -> tuple[Singles, NDArray[np.float64]]:
        """Run over posts from the last to the first; return posteriors (posts x days) and shares of paces.

        behind: what the posts behind the last say; left as of the post before the first. weights: of the
        directions, summing to 1, as rows of the posteriors do.
        """
        waits, shares = self._waits, np.zeros(len(self._waits.shares))
        found = np.empty((len(emitted.row_of), waits.size), dtype=np.float32)
        for post in range(len(found) - 1, -1, -1):
            both = states[:, post] * behind
            both *= (weights / both.sum(axis=(1, 2)))[:, None, None]
            shares += both.sum(axis=(0, 2))
            found[post] = both.sum(axis=(0, 1)).reshape(waits.size, waits.steps).sum(axis=1)
            behind *= self._likely(emitted, post)
            behind /= behind.sum(axis=(1, 2), keepdims=True)
            moved = self._moved(behind, back=True)
            changed = (waits.shares[:, None] * moved).sum(axis=1, keepdims=True)
            behind[:] = (1 - waits.switch) * moved + waits.switch * changed
        return found, shares

    def _likely(self, emitted: Emitted, post: int) -> Singles:
        opened = emitted.opened[post + 1, np.arange(self._waits.size) // CELL]
        likely: Singles = emitted.rows[emitted.row_of[post], :-1] * opened
        return likely[:, None, self._days]

    def _moved(self, state: Singles, *, back: bool) -> Singles:
        """Move distributions one wait ahead (or back), with the chance of a restart."""
        # Newest first is the same model with its waits reversed: the document is read one way only.
        turned = (self._waits.newest_first != back)[:, None, None]
        spectrum = np.fft.rfft(state, self._length)
        spectrum *= np.where(turned, self._spectra.conj(), self._spectra)
        moved = np.fft.irfft(spectrum, self._length)[..., : self._waits.fine]
        np.maximum(moved, 0, out=moved)
        moved += self._waits.restart * state.sum(axis=-1, keepdims=True)
        return np.asarray(moved, dtype=np.float32)


def kernel(waits: Waits) -> NDArray[np.float64]:
    """Return the distribution of the wait over all steps, for each pace."""
    ratios, weights = waits.ratios.astype(np.float64), waits.weights.astype(np.float64)
    # Steps first: each product goes to its place, without a copy. Where numpy finds no memory for the buffers
    # of an assignment between interleaved parts, it ends the process (2.4).
    powers = np.empty((waits.fine, *ratios.shape))
    powers[0] = weights
    known = 1
    while known < waits.fine:  # twice as many each time: a power of each would be most of dating a few posts
        more = min(known, waits.fine - known)
        np.multiply(powers[:more], ratios**known, out=powers[known : known + more])
        known += more
    return np.ascontiguousarray(powers.sum(axis=2).T)


def _fft_length(least: int) -> int:
    """Return the smallest length >= `least` of the form 2^a or 3 * 2^a: fast for the FFT."""
    power = 1 << (least - 1).bit_length()
    return power * 3 // 4 if power * 3 // 4 >= least else power
