"""Which cleaned batches land in one transaction."""

import time
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

#: Batches that land together. Four of 2 MB take half the CPU time of one by one, eight hardly less
#: (docs/benchmarks.md, Landing).
TOGETHER = 4
#: Seconds for which a batch may wait for others: a kill or a stop undoes the cleaning of those that wait.
#: Four batches of slow formats would take minutes, beside which the statements of a transaction are nothing.
HELD_SECONDS = 10.0


class Sized(Protocol):
    """A cleaned batch, or what stands for one."""

    @property
    def bytes(self) -> int:
        """Return the size of the documents that it was made of."""


Batch = TypeVar("Batch", bound=Sized)


def grouped(batches: Iterable[Batch], batch_bytes: int, held: float = HELD_SECONDS) -> Iterator[list[Batch]]:
    """Yield batches in order, in groups of at most TOGETHER full batches, or of one that is larger.

    A group is not kept waiting: with the batch that comes `held` seconds after its first, it is over.
    """
    group: list[Batch] = []
    size, began = 0, 0.0
    for batch in batches:
        if group and size + batch.bytes > TOGETHER * batch_bytes:
            yield group
            group, size = [], 0
        began = began if group else time.monotonic()
        group.append(batch)
        size += batch.bytes
        if time.monotonic() - began > held:
            yield group
            group, size = [], 0
    if group:
        yield group
