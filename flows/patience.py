"""Patience: when a process that is waited for has had its time.

What a process may take is meant as time of a core that is its own. A machine that does ten other things
gives it a tenth, and a document that is fine must not land in quarantine for that. So a process that has
worked, but less than it may, is waited for again; one that has done nothing hangs.
"""

import contextlib
import os
import time
from pathlib import Path

#: Periods that are waited at most: a machine that gives less than a tenth of a core is out of order.
_PERIODS = 10
#: Share of a period in which a process must have worked: one that waits for a lock or a socket uses none.
_ALIVE = 0.02


class Patience:
    """A deadline for one answer of the process `pid`; without it, a plain one of so many seconds."""

    def __init__(self, seconds: float, pid: int | None = None) -> None:
        """Count from now."""
        self._seconds, self._pid = seconds, pid
        self._end, self._periods = time.monotonic() + seconds, 1
        self._begun = self._seen = self._worked()

    def left(self) -> float:
        """Return the seconds to wait before asking again; 0 when there is no more time."""
        left = self._end - time.monotonic()
        if left > 0:
            return left
        worked = self._worked()
        if self._periods >= _PERIODS or worked - self._seen < _ALIVE * self._seconds:
            return 0.0
        if worked - self._begun >= self._seconds:
            return 0.0
        self._seen, self._periods = worked, self._periods + 1
        self._end += self._seconds
        return max(0.001, self._end - time.monotonic())

    def _worked(self) -> float:
        """Return the seconds of all cores that the process has used; 0 where the system does not tell."""
        if self._pid is not None:
            with contextlib.suppress(OSError, IndexError, ValueError):
                words = Path(f"/proc/{self._pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
                return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        return 0.0


def longest(seconds: float) -> float:
    """Return the seconds of the clock after which a process of so much patience is surely overdue."""
    return _PERIODS * seconds
