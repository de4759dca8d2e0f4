"""Memory: how much cleaning one document may take, and how much may be taken side by side."""

import contextlib
import os
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

#: Bytes of memory that cleaning takes for each byte of a document: 130 for prose without repetition, the
#: most of all that was measured.
COST = 130
#: Said without the figure, which is another one on another machine: what lands should not tell them apart.
TOO_LARGE = (
    "Cleaning it takes more memory than one document may take (setting memory_bytes). "
    "Split it at line breaks into smaller files and give those."
)
# Half of the machine: the other half is for DuckDB, the bytes themselves and whoever else is there.
_SHARE = 2
_CGROUP = Path("/sys/fs/cgroup/memory.max")
_STATM = Path("/proc/self/statm")


def default_memory() -> int:
    """Return the bytes that cleaning may take on this machine, or in this container if it allows less."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError, ValueError):  # no container, or one without a limit ("max")
        machine = min(machine, int(_CGROUP.read_text()))
    return machine // _SHARE


@contextlib.contextmanager
def bounded(budget: int | None) -> Iterator[None]:
    """Let this process take at most `budget` bytes of address space more; then MemoryError is raised.

    It counts from what the process has now, so that a document's outcome does not depend on those before it.
    Only where the system tells that (Linux); None: no limit.
    """
    if budget is None or not _STATM.exists():
        yield
        return
    taken = int(_STATM.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limits = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([taken + budget, *limits]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


class Gate:
    """Lets threads take shares of a whole, and wait where too little of it is left."""

    def __init__(self, whole: int | None) -> None:
        """Have the whole to give; None: as much as anybody wants."""
        self._whole = whole
        self._taken = 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def share(self, size: int) -> Iterator[None]:
        """Hold `size` of the whole while the block runs; who wants more than the whole gets all of it."""
        if self._whole is None:
            yield
            return
        size = min(size, self._whole)
        whole = self._whole
        with self._changed:
            self._changed.wait_for(lambda: self._taken + size <= whole)
            self._taken += size
        try:
            yield
        finally:
            with self._changed:
                self._taken -= size
                self._changed.notify_all()
