"""Large Parquet files: their rows as JSON lines, which can be read in parts.

A row lies in as many places of a Parquet file as it has columns, and writers make one group of a million
rows: no stretch of the bytes is a part of it. So a large file is unpacked as archives are, and
`posts.parquet!/posts.jsonl` is the document. Arrow, which ends its process on some broken files, runs in a
process of its own, `python -m flows.packed_rows`, within limits of memory and time.
"""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from flows.inputs import CHUNK
from flows.memory import MEMORY, bounded
from flows.streams import DamageError

if TYPE_CHECKING:
    from cleaners.formats.parquet_rows import LossError

#: How a file begins and ends.
MARK = b"PAR1"
#: A larger file is not cleaned whole: it would take more than the memory that a document may take.
LARGE = 4_000_000
_COMMAND = (sys.executable, "-P", "-m", "flows.packed_rows")
#: One arena, and Arrow's memory from the C library: what is reserved in advance counts as taken.
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
#: Bytes of a column that are read at a time: row groups are as large as their writers like.
_BUFFER = 1 << 16
#: Seconds of a core: a hundred times what an honest file takes.
_SECONDS, _SECONDS_A_BYTE = 60, 3e-6


def lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the rows of a file as JSON lines, in chunks. Raises DamageError behind what can be read."""
    home = str(Path(__file__).resolve().parent.parent)
    paths = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            _COMMAND,
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=said,
            env={**os.environ, **_ENVIRONMENT, "PYTHONPATH": paths},
        )
        wanted = True
        with process:
            try:
                while chunk := process.stdout.read(CHUNK) if process.stdout else b"":
                    wanted = False
                    yield chunk
                    wanted = True
            finally:
                if not wanted:  # whoever reads has stopped, since it is too much or the run ends
                    process.kill()
        if damage := _damage(process.returncode, said):
            raise damage


def _damage(status: int, said: IO[bytes]) -> DamageError | None:
    """Return what is wrong with a file by how the process ended that read it, and by what it said."""
    said.seek(0)
    losses = []
    for line in said.read(CHUNK).splitlines():
        with contextlib.suppress(ValueError, TypeError, KeyError):
            loss = json.loads(line)
            losses.append((str(loss["reason"]), str(loss["detail"])))
    if status == -signal.SIGXCPU:
        losses.append(("timeout", "Reading its rows takes more time than any real file of its size does."))
    elif status < 0:
        losses.append(("worker-died", f"The process that read it was ended by signal {-status}."))
    elif status and not losses:
        losses.append(("worker-died", f"The process that read it ended with status {status}."))
    if not losses:
        return None
    more = f" ({len(losses) - 1} more of its row groups are lost.)" if len(losses) > 1 else ""
    return DamageError(losses[0][0], losses[0][1] + more)


def main() -> int:
    """Write the rows of the file at stdin to stdout and what cannot be read, as JSON lines, to stderr."""
    file = os.fdopen(0, "rb", buffering=0)
    size = os.fstat(0).st_size
    seconds = int(_SECONDS + size * _SECONDS_A_BYTE)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it goes to all of a terminal; the parent decides
    import pyarrow.parquet  # noqa: F401, PLC0415 - before memory is counted

    from cleaners.formats.parquet_rows import LossError  # noqa: PLC0415 - the run does without

    lost = 0
    try:
        with bounded(MEMORY, 0):
            for row in _rows(file, size):
                if isinstance(row, LossError):
                    lost += 1
                    _tell(row)
                else:
                    sys.stdout.buffer.write(row)
            sys.stdout.buffer.flush()
    except MemoryError:
        lost += 1
        _tell(LossError("memory", "Reading its rows takes more memory than one document may take."))
    except BrokenPipeError:
        os._exit(1)  # nobody reads on
    return 1 if lost else 0


def _rows(file: IO[bytes], size: int) -> "Iterator[bytes | LossError]":
    """Yield the rows of a file as lines. The first has all columns, the others those that hold something."""
    import orjson  # noqa: PLC0415 - as above

    from cleaners.formats.parquet_rows import LossError, Table  # noqa: PLC0415 - as above

    file.seek(max(size - len(MARK), 0))
    try:
        table = Table(file, size, file.read(len(MARK)), buffer=_BUFFER)
    except LossError as loss:
        yield loss
        return
    sparse = False
    for row in table.rows():
        if isinstance(row, LossError):
            yield row
            continue
        kept = {name: value for name, value in row.items() if value is not None} if sparse else row
        yield orjson.dumps(kept, option=orjson.OPT_APPEND_NEWLINE)
        sparse = True


def _tell(loss: "LossError") -> None:
    line = json.dumps({"reason": loss.reason, "detail": loss.detail})
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
