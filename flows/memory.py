"""Memory: how much cleaning one document may take, and how much may be taken side by side."""

import contextlib
import ctypes
import os
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

from flows.inputs import Ref

#: Said without the figure, which is another one on another machine: what lands should not tell them apart.
TOO_LARGE = (
    "Cleaning it takes more memory than one document may take (setting memory_bytes). "
    "Split it at line breaks into smaller files and give those."
)
#: What cleaning may take by default. With two workers and DuckDB, whose own share is DATABASE, a run stays
#: below a gigabyte on any input of one (docs/formats.md); at most half of the machine is taken.
MEMORY = 400_000_000
#: What DuckDB may take: it keeps pages in memory for as long as it may. More for a large warehouse, whose
#: joins would go by way of the disk: a quarter of its size.
DATABASE, _PART_OF_FILE = 160_000_000, 4
#: Blocks from which on glibc is to take them from the system one by one, and to give them back at once. By
#: default it holds up to 32 MB a block for later, and what matching has freed is never given back. At 1 MB it
#: took 30 MB less, and a tenth of landing was spent on asking for memory.
_BLOCK, _M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = 8_000_000, -1, -3, -8
#: Smaller documents take a tenth of a limit, and giving back before each of them costs a thirtieth of a run.
_LARGE = 1_000_000
_SHARE = 2
_CGROUP = Path("/sys/fs/cgroup/memory.max")
_STATM = Path("/proc/self/statm")


def default_memory() -> int:
    """Return the bytes that cleaning may take: MEMORY, or less on a small machine or in a small container."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError, ValueError):  # no container, or one without a limit ("max")
        machine = min(machine, int(_CGROUP.read_text()))
    return min(MEMORY, machine // _SHARE)


def database_memory(warehouse: Path) -> str:
    """Return what DuckDB may take while it writes a warehouse, in its own words."""
    size = warehouse.stat().st_size if warehouse.exists() else 0
    return f"{max(DATABASE, size // _PART_OF_FILE) // 1_000_000}MB"


def give_back() -> None:
    """Have this process give back early what it frees, where its C library is glibc. Others do."""
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option:
        for option, value in ((_M_TRIM_THRESHOLD, _BLOCK), (_M_MMAP_THRESHOLD, _BLOCK), (_M_ARENA_MAX, 2)):
            set_option(option, value)


def trim() -> None:
    """Give back what this process has freed and kept, where its C library is glibc."""
    give = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if give:
        give(0)


def allowed(ref: Ref, memory: int | None) -> int | None:
    """Return the bytes that cleaning one document may take, when `memory` is for all that are cleaned.

    Half of it, and more for a document so large that it is let in alone. So it goes by the document only.
    """
    return None if memory is None else min(memory, max(memory // 2, 2 * ref.cost * ref.bytes))


@contextlib.contextmanager
def bounded(budget: int | None, size: int) -> Iterator[None]:
    """Let this process take at most `budget` bytes of address space more; then MemoryError is raised.

    It counts from what the process has now, so that a document's outcome does not depend on those before it;
    before one of a `size` in bytes that may come near the limit, it gives back what it has freed and kept.
    Only where the system tells that (Linux); None: no limit.
    """
    if budget is None or not _STATM.exists():
        yield
        return
    if size >= _LARGE:
        trim()
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
