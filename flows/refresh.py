"""What readers see of a long run: the published copy is made anew every few minutes, between two batches."""

import time

from warehouse.writer import Writer

#: Seconds between two copies. Long beside the making of one (a second a GB), short for who waits for news.
REFRESH_SECONDS = 180.0
#: Publishing copies the whole file. With a large one on a slow disk, it may take this share of a run.
SHARE = 0.1


class Refresher:
    """Remembers when readers are to be shown more."""

    def __init__(self) -> None:
        """Start to count: what is published now is up to date."""
        self._due = time.monotonic() + REFRESH_SECONDS

    def refresh(self, writer: Writer | None) -> bool:
        """Publish what has landed so far if it is time to; return whether it was."""
        began = time.monotonic()
        if writer is None or began < self._due:
            return False
        writer.publish()
        ended = time.monotonic()
        self._due = ended + max(REFRESH_SECONDS, (ended - began) / SHARE)
        return True
