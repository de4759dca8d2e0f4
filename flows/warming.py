"""What the cleaners load at first need, loaded before memory is limited.

Within a limit some libraries do not raise but end the process: OpenBLAS does when its first product finds no
memory for its buffers.
"""

import functools
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import cleaners
from cleaners.chain import clean
from cleaners.dates.order import load_sweeps
from cleaners.signatures import load_kernel, sign
from flows.memory import trim
from schemas.documents import Blob
from schemas.options import CleanOptions

# Each of these takes its way past a module or a codec that is loaded at first need.
_TEXTS = (
    b"Forwarded from A\nOn 12 July 2023.\nOn 12 July 2023.\n\nForwarded from B\nNo day.\nNo day.\n",
    "It wasnâ€™t so, said AndrÃ©.\n".encode(),
    "Слово за словом, и так весь день.\n".encode("cp1251"),
)

_WORDS = ["Some words."]
_PAGE = b"<html><head><title>A</title></head><body><article><p>Some words.</p></article></body></html>"
# A small document of each format whose parser is loaded at first need, by media type.
_FORMATS = {
    "application/xml": b"<rss><channel><item><title>A &nbsp; B</title></item></channel></rss>",
    "text/html": _PAGE,
    "application/warc": b"WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: http://a/\r\n"
    b"Content-Type: text/html\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n" % (len(_PAGE), _PAGE),
}
_PARQUET = "application/vnd.apache.parquet"


@functools.cache
def warm_format(media_type: str) -> None:
    """Load what reads documents of a media type, once in a process."""
    data = _FORMATS.get(media_type)
    if media_type == _PARQUET:
        import pyarrow as pa  # noqa: PLC0415 - as the format itself has it
        from pyarrow import parquet  # noqa: PLC0415

        buffer = io.BytesIO()
        parquet.write_table(pa.table({"text": ["A"]}), buffer)
        data = buffer.getvalue()
    if data is not None:
        clean(Blob(data=data, source="", uri="", media_type="text/plain"), CleanOptions())


def warm_up(*, compiled: bool = False) -> None:
    """Do a little of everything, once in a process; with `compiled`, by the compiled kernel too."""
    if compiled:
        _load_compiled()
    _load_all()


def compile_apart(folder: Path | None = None) -> None:
    """Have a process of its own compile the kernels, where no machine code of an earlier one is at hand.

    Compiling takes 160 MB that are never given back, by what lands and by what all workers are forked from.
    """
    if not is_compiled(folder or Path(*cleaners.__path__)):
        code = f"from {__name__} import warm_up; warm_up(compiled=True)"
        # If it fails, whoever needs them compiles them. -P: as for workers (flows.nursery).
        subprocess.run([sys.executable, "-P", "-c", code], check=False, capture_output=True)  # noqa: S603 - ours


def is_compiled(folder: Path) -> bool:
    """Say whether machine code is kept beside the kernels in a folder, as far as the dates of files tell.

    Also where it could not be kept there: then nothing is won by compiling apart.
    """
    kept = folder / "__pycache__"
    if "NUMBA_CACHE_DIR" in os.environ or "NUMBA_DISABLE_JIT" in os.environ:
        return True
    if not os.access(kept if kept.exists() else folder, os.W_OK):
        return True
    made = {
        source: [index.stat().st_mtime for index in kept.glob(f"{source.stem}.*.nbi")]
        for source in folder.glob("*kernel.py")
    }
    current = all(max(times) >= source.stat().st_mtime for source, times in made.items() if times)
    return current and bool(made.get(folder / "kernel.py"))


@functools.cache
def _load_compiled() -> None:
    load_kernel()
    sign(_WORDS)


@functools.cache
def _load_all() -> None:
    load_sweeps()  # long documents are dated by them, short ones are not
    for text in _TEXTS:
        document = clean(Blob(data=text, source="", uri="", media_type="text/plain"), CleanOptions())
        sign([item.text for item in document.items])
    settle()


def settle() -> None:
    """Do what a process that was forked from a warm one has to do again: numpy's algebra lets go of its
    buffers when a process is forked. What loading has freed is given back: no document is to live on it."""
    # A product too small for OpenBLAS to take its way past the buffers would not do.
    square = np.eye(256)
    np.linalg.solve(square @ square, square)
    trim()
