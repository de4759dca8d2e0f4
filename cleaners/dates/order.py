"""Posts stand in order of time: forward-backward over a grid of days, at a pace that changes slowly.

A hidden Markov model: the state is the time of a post, in steps of a fraction of a day, and the pace at that
point. From post to post the pace stays or, rarely, becomes another; then the wait is drawn: a mixture of
geometric distributions around the mean gap of the pace with a heavy tail or, rarely, a restart anywhere. The
emission is the likelihood of the clues on the day of the step. Steps shorter than a day keep the posts of a
day near the usual number, as feeds have them: with `s` steps, the deviation of posts a day is 1/sqrt(s) of
their mean (an Erlang dwell time). The direction of reading is unknown: both are run, and their posteriors are
averaged by evidence (Rabiner 1989 for the recursions).

A post that may lie only here or there (`opened`) costs the steps there: `timeline` finds these places on a
line of weeks.

Memory does not grow with the number of posts: where the states of all are too many to keep, the forward pass
keeps one a block of posts, and the backward pass runs forward again inside each block (Griewank's
checkpoints, with one level).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from math import isqrt, prod
from types import ModuleType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cleaners.dates.curves import Tables
from cleaners.dates.grid import Row
from cleaners.dates.waits import Emitted, Opened, Plain, Singles, Waits, make_waits

#: The likelihood of post i over the days, None for a post without clues.
Emit = Callable[[int], Singles | None]

_SMALL_SHARE = 0.02  # directions and paces below this share of the evidence are not worth another pass
_SOFTEN = 0.6  # exponent on the evidence of a direction: mentions are not independent, so it is overstated
_LEAST_BLOCK = 16  # posts between two kept states, of which a block holds all
_HELD = 16_000_000  # values of states that are kept at once; above, the second pass makes them again
#: Steps of all posts, directions and paces from which loading the compiled passes (0.1 s where the splitter
#: has loaded numba, 0.5 s else) costs about what doing without them does: 0.1 s a million.
_COMPILED = 1_000_000


@dataclass(frozen=True, slots=True)
class Paces:
    """Directions of reading and mean gaps in days a post that are possible, and the steps of the line.

    shares: how likely each gap is where posts tell nothing of it. steps: of a column. days: of a column.
    """

    newest_first: tuple[bool, ...]
    gaps: tuple[float, ...]
    shares: tuple[float, ...]
    steps: int = 1
    days: int = 1

    def work(self, count: int, size: int) -> int:
        """Return the steps of all posts on a line of `size` columns."""
        return count * size * self.steps * len(self.gaps) * len(self.newest_first)


class _Passes(Protocol):
    """What runs over posts: `Plain` or `Sweeps`, which lay out their states differently."""

    def start(self, values: Singles) -> Singles: ...

    def held(self, opened: Opened) -> tuple[int, ...]: ...

    def forward(
        self, state: Singles, emitted: Emitted, states: Singles | None = None
    ) -> NDArray[np.float64]: ...

    def backward(
        self, behind: Singles, emitted: Emitted, states: Singles, weights: Singles
    ) -> tuple[Singles, NDArray[np.float64]]: ...


class Order:
    """`count` posts over a line of `size` columns: days, or weeks.

    last_prior: weight of each column for the newest post (capture follows the last post sooner than later).
    opened: posts x cells, where each may lie (None: anywhere). least: the share of the evidence that keeps a
    direction.
    """

    def __init__(
        self,
        emit: Emit,
        count: int,
        size: int,
        last_prior: Row,
        paces: Paces,
        offsets: Tables,
        *,
        swept: bool | None = None,
        opened: Opened | None = None,
        least: float = _SMALL_SHARE,
    ) -> None:
        """Prepare the waits and run them forward; directions without evidence are dropped."""
        self._emit, self._count, self._size = emit, count, size
        self._last_prior = last_prior.astype(np.float32)
        self._table, self._paces = offsets["order"], paces
        swept = is_long(count, size, paces) if swept is None else swept
        sweeps = load_sweeps() if swept else None
        self._kind: Callable[[Waits], _Passes] = Plain if sweeps is None else sweeps.Sweeps
        self._use(
            make_waits(
                size, paces.steps, paces.gaps, paces.shares, paces.newest_first, self._table, days=paces.days
            )
        )
        self._opened = np.ones((count, self._waits.cells), dtype=np.bool_) if opened is None else opened
        # A posterior holds every column, also where few states are open: a block of all posts may be large.
        whole = max(prod(self._passes.held(self._opened)), count * size) <= _HELD
        self._block = count if whole else max(_LEAST_BLOCK, isqrt(count))  # as many states as in a block
        # The likelihoods of all posts are kept, too, where they are one block.
        evidence, kept, self._whole = self._forward()
        oldest = self._table["oldest_first"]
        weight = np.exp(_SOFTEN * (evidence - evidence.max()))
        weight *= np.where(paces.newest_first, 1 - oldest, oldest)
        weight /= weight.sum()
        best = np.flatnonzero(weight >= least)
        self.newest_first = tuple(paces.newest_first[at] for at in best)
        self.weights = weight[best].astype(np.float32) / np.float32(weight[best].sum())
        dropped = len(best) < len(weight)
        # One of two at most is dropped: what is left is a part of the states, not a copy.
        self._kept = [state[best[0] : best[-1] + 1] for state in kept] if dropped else kept
        if self._whole and dropped:
            self._whole = replace(self._whole, row_of=np.ascontiguousarray(self._whole.row_of[:, best]))
        self._use(replace(self._waits, newest_first=np.array(self.newest_first)))
        self.shares = np.zeros(len(paces.gaps))

    def kept(self, least: float = _SMALL_SHARE) -> Paces:
        """Return the directions and paces that the posteriors leave. Call it when all have been read.

        least: the share of the posts that keeps a pace.
        """
        low = least * self.shares.sum()
        kept = [at for at, share in enumerate(self.shares) if share >= low]
        gaps, shares = (tuple(row[at] for at in kept) for row in (self._paces.gaps, self._paces.shares))
        return replace(self._paces, newest_first=self.newest_first, gaps=gaps, shares=shares)

    def posterior(self) -> Iterator[tuple[int, Singles]]:
        """Yield blocks of posteriors (posts x columns, rows sum to 1) with their first post, last first."""
        behind = self._passes.start(np.ones_like(self._waits.shares))
        for block in range(len(self._kept) - 1, -1, -1):
            emitted, states = self._whole or self._emitted(block), self._kept[block]
            if self._block < self._count:
                state, states = states, self._room(emitted)
                self._passes.forward(state, emitted, states)
            found, shares = self._passes.backward(behind, emitted, states, self.weights)
            self.shares += shares
            yield block * self._block, found

    def _use(self, waits: Waits) -> None:
        self._waits, self._passes = waits, self._kind(waits)

    def _emitted(self, block: int) -> Emitted:
        """Return the likelihoods of the posts of a block, with the prior of the newest post."""
        first, end = block * self._block, min((block + 1) * self._block, self._count)
        newest = self._waits.newest_first
        emitted = {post: row for post in range(first, end) if (row := self._emit(post)) is not None}
        rows = np.empty((len(emitted) + 3, self._size + 1), dtype=np.float32)
        rows[0] = 1  # says nothing
        row_of = np.zeros((end - first, len(newest)), dtype=np.int64)
        for made, (post, row) in enumerate(emitted.items(), 1):
            rows[made, :-1] = row
            row_of[post - first] = made
        made = len(emitted) + 1
        for post in sorted({0, self._count - 1} & set(range(first, end))):
            ending = (newest & (post == 0)) | (~newest & (post == self._count - 1))
            rows[made] = rows[row_of[post - first, 0]]
            rows[made, :-1] *= self._last_prior
            row_of[post - first, ending] = made
            made += 1
        rows[:, -1] = 0
        around = np.clip(np.arange(first - 1, end + 1), 0, self._count - 1)
        return Emitted(rows[:made], row_of, self._opened[around])

    def _room(self, emitted: Emitted) -> Singles:
        return np.empty(self._passes.held(emitted.opened[1:-1]), dtype=np.float32)

    def _forward(self) -> tuple[NDArray[np.float64], list[Singles], Emitted | None]:
        """Return the log evidence of every direction, and the states of all posts with their likelihoods;
        where they are too many, the state before the first post of each block."""
        state = self._passes.start(self._waits.shares / np.float32(self._waits.fine))
        if self._block == self._count:
            emitted = self._emitted(0)
            states = self._room(emitted)
            return self._passes.forward(state, emitted, states), [states], emitted
        evidence, kept = np.zeros(len(state)), []
        for block in range(-(-self._count // self._block)):
            kept.append(state.copy())
            evidence += self._passes.forward(state, self._emitted(block))
        return evidence, kept, None


def is_long(count: int, size: int, paces: Paces) -> bool:
    """Tell whether posts are worth the compiled passes, and a look at their weeks first."""
    return paces.work(count, size) >= _COMPILED


@cache
def load_sweeps() -> ModuleType | None:
    """Load the compiled passes, which long documents are dated by; None where numba cannot compile."""
    # Imported here because it takes as long as dating some tens of posts without it.
    try:
        from cleaners.dates import sweeps  # noqa: PLC0415
    except ImportError:  # no numba for this Python or this numpy
        return None
    return sweeps if sweeps.is_compiled() else None
