"""One document at a time in a process of its own, for those whose parser could take this one with it."""

from collections.abc import Sequence

from flows.cleaning import Casualty, Single
from flows.nursery import COMMAND, Nursery
from flows.pool import LostError, Worker
from schemas.items import CleanedDocument


class Apart:
    """A worker process that is started when it is needed, and again when a document has killed it."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        """Start nothing yet."""
        self._nursery = Nursery(command)
        self._worker: Worker | None = None

    def clean(self, single: Single) -> CleanedDocument | Casualty:
        """Return one cleaned document, or why there is none."""
        if self._worker is None:
            self._worker = Worker(self._nursery, "cold" if single.memory is None else "warm")
        try:
            return self._worker.show(single)
        except LostError as lost:
            self._end()
            return lost.casualty

    def close(self) -> None:
        """End the process, if there is one."""
        self._end()
        self._nursery.close()

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker = None
