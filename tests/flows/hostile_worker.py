"""A worker whose cleaner does what documents tell it: dies, hangs, raises, prints. Run as a process."""

import os
import signal
import sys
import time
from pathlib import Path

from cleaners.chain import clean
from flows.worker import main
from schemas.documents import Blob
from schemas.items import CleanedDocument
from schemas.options import CleanOptions


def obey(blob: Blob, options: CleanOptions) -> CleanedDocument:
    word, _, argument = blob.data.decode("utf-8", "replace").partition(" ")
    if word == "DIE":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "DIE-ONCE" and not Path(argument).exists():
        Path(argument).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "EXIT":
        os._exit(7)
    if word == "HANG":
        time.sleep(3600)
    if word == "RAISE":
        raise ValueError(argument)
    if word == "PRINT":
        print("noise on stdout", flush=True)
        os.write(1, b"more noise")
    return clean(blob, options)


if __name__ == "__main__":
    if "--no-start" in sys.argv:
        raise SystemExit("missing part")
    main(obey)
