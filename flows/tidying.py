"""Give back memory that a process up for days holds without need: rubbish in cycles, and freed blocks.

Python looks at old objects only when a quarter as many new ones have gathered, and Prefect's server has half
a million of them: what a run leaves in cycles (some 450 objects) lies there for hundreds of runs. The C
library keeps what was freed between blocks that are in use: 0.6 MB a run.
"""

import ctypes
import gc
import threading
import time

# Both take half a second at the most, in which the server answers nobody.
_EVERY_SECONDS = 600.0


def tidy_up() -> None:
    """Collect all rubbish, and give freed memory back to the system where the C library can."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc; others give back by themselves
    if trim:
        trim(0)


def tidy_up_now_and_then(every: float = _EVERY_SECONDS) -> None:
    """Tidy up every ten minutes, as long as the process lives."""
    threading.Thread(target=_again_and_again, args=(every,), name="feedmill-tidy", daemon=True).start()


def _again_and_again(every: float) -> None:
    while True:
        time.sleep(every)
        tidy_up()
