"""End with the parent: no process of `feedmill serve` outlives the one that started it, whatever ended it."""

import os
import signal
import threading
import time

#: The variable that names the process to live with. A run inherits it from the process that starts runs.
PARENT = "FEEDMILL_SERVED_BY"
_PAUSE_SECONDS = 1.0
# What a run needs to tell the server that it was ended; then there is nothing left to wait for.
_GRACE_SECONDS = 20.0


def end_with_parent() -> None:
    """Watch the parent from a thread; once it is gone, this process gets SIGTERM, and SIGKILL if need be.

    Only under `feedmill serve`: elsewhere the variable is not set, and a process may outlive its parent.
    """
    if not os.environ.get(PARENT):
        return
    parent = os.getppid()
    threading.Thread(target=_watch, args=(parent,), name="feedmill-parent", daemon=True).start()


def _watch(parent: int) -> None:
    # A process whose parent has gone has another one; that is so on every Unix.
    while os.getppid() == parent and _alive(int(os.environ[PARENT])):
        time.sleep(_PAUSE_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
