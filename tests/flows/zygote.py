"""Runs feedmill many times in processes of their own without starting Python for each, and ends them.

`zygote.py` reads jobs from stdin, a JSON object a line, and answers each with one on stdout. A job: `words`
of the command line; `environ`; `after`: seconds until `signal` is sent to the command and its workers, null:
never; `limit`: bytes that a file may have, null: any; `workers`: clean in worker processes, however little it
is; `eager`: publish after each batch.
"""

import json
import os
import resource
import signal
import sys
import time

# Forking is for processes with one thread.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from cleaners import chain
from flows import cli, pipeline, refresh, summary, upkeep, warming
from warehouse import reader, tabulate, writer

LOADED = (chain, cli, pipeline, reader, refresh, summary, tabulate, upkeep, writer)


def child(job: dict, said: int) -> None:
    """Become the command."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nowhere, stream)
    os.dup2(said, 2)
    os.environ.update(job["environ"])
    if job.get("limit"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["limit"], job["limit"]))
    if job.get("workers"):
        pipeline.IN_PROCESS_BYTES = 0
    if job.get("eager"):
        refresh.REFRESH_SECONDS = refresh.SHARE = 0.001
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    status = cli.main(job["words"])
    sys.stderr.flush()
    os._exit(status)


def serve(job: dict) -> dict:
    """Run one command and tell how it ended."""
    read, write = os.pipe()
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        child(job, write)
    os.close(write)
    ended, status, after = 0, 0, job.get("after")
    while not ended:
        ended, status = os.waitpid(pid, 0 if after is None else os.WNOHANG)
        if not ended and time.monotonic() - began >= after:
            try:
                os.killpg(pid, job["signal"])
            except ProcessLookupError:  # it has no group of its own yet
                os.kill(pid, job["signal"])
            after = None
        elif not ended:
            time.sleep(0.001)
    seconds = time.monotonic() - began
    with os.fdopen(read, "rb") as said:  # until the workers are gone as well
        words = said.read().decode()
    return {"status": os.waitstatus_to_exitcode(status), "seconds": seconds, "said": words}


if __name__ == "__main__":
    warming.warm_up()  # what is loaded here is not loaded by each command
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        print(json.dumps(serve(json.loads(line))), flush=True)
