"""Which cleaned batches land in one transaction."""

from collections.abc import Iterable, Iterator

from flows.cleaning import Answer

#: Batches that land together. Four of 2 MB take half the CPU time of one by one, eight hardly less
#: (docs/benchmarks.md, Landing); a kill undoes the cleaning of so many.
TOGETHER = 4


def grouped(answers: Iterable[Answer], batch_bytes: int) -> Iterator[list[Answer]]:
    """Yield answers in order, in groups of at most TOGETHER full batches, or of one that is larger."""
    group: list[Answer] = []
    size = 0
    for answer in answers:
        if group and size + answer.bytes > TOGETHER * batch_bytes:
            yield group
            group, size = [], 0
        group.append(answer)
        size += answer.bytes
    if group:
        yield group
