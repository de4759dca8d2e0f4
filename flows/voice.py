"""What the command line says to a person: everything on stderr, nothing on stdout."""

import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass

from flows.values import visible


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How much is said. `quiet`: errors and warnings only. `verbose`: also tracebacks of errors."""

    quiet: bool = False
    verbose: bool = False

    @property
    def terminal(self) -> bool:
        """Say whether a person may be watching: only then are there colours and progress."""
        return sys.stderr.isatty()

    def tell(self, text: str) -> None:
        """Say something that is good to know; nothing when quiet."""
        if not self.quiet:
            _print(text)

    def warn(self, text: str) -> None:
        """Say something that went wrong, in one paragraph."""
        _print(f"feedmill: {text}")

    def trace(self, error: BaseException) -> None:
        """Show where an error came from; only when verbose."""
        if self.verbose:
            _print("".join(traceback.format_exception(error)))


def _print(text: str) -> None:
    # Controls from file names and feeds are shown, not obeyed; line breaks are ours.
    # With stderr closed there is nobody to tell, which is no reason to stop working.
    with suppress(OSError, ValueError):
        lines = (visible(line) for line in text.split("\n"))
        encoded = "\n".join(lines).encode(sys.stderr.encoding or "utf-8", "backslashreplace")
        sys.stderr.write(encoded.decode(sys.stderr.encoding or "utf-8") + "\n")
        sys.stderr.flush()
