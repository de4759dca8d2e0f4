"""Which cleaned batches land in one transaction."""

import time
from collections.abc import Iterable, Iterator

from flows.cleaning import Answer

#: Batches that land together. Four of 2 MB take half the CPU time of one by one, eight hardly less
#: (docs/benchmarks.md, Landing).
TOGETHER = 4
#: Seconds for which a batch may wait for others: a kill or a stop undoes the cleaning of those that wait.
#: Four batches of slow formats would take minutes, beside which the statements of a transaction are nothing.
HELD_SECONDS = 10.0


def grouped(
    answers: Iterable[Answer], batch_bytes: int, held: float = HELD_SECONDS
) -> Iterator[list[Answer]]:
    """Yield answers in order, in groups of at most TOGETHER full batches, or of one that is larger.

    A group is not kept waiting: with the answer that comes `held` seconds after its first, it is over.
    """
    group: list[Answer] = []
    size, began = 0, 0.0
    for answer in answers:
        if group and size + answer.bytes > TOGETHER * batch_bytes:
            yield group
            group, size = [], 0
        began = began if group else time.monotonic()
        group.append(answer)
        size += answer.bytes
        if time.monotonic() - began > held:
            yield group
            group, size = [], 0
    if group:
        yield group
