"""What the cleaners load at first need, loaded before memory is limited.

Within a limit some libraries do not raise but end the process: OpenBLAS does when its first product finds no
memory for its buffers.
"""

import functools

import numpy as np

from cleaners.chain import clean
from cleaners.signatures import sign
from schemas.documents import Blob
from schemas.options import CleanOptions

# Each of these takes its way past a module or a codec that is loaded at first need.
_TEXTS = (
    b"Forwarded from A\nOn 12 July 2023.\nOn 12 July 2023.\n\nForwarded from B\nNo day.\nNo day.\n",
    "It wasnâ€™t so, said AndrÃ©.\n".encode(),
    "Слово за словом, и так весь день.\n".encode("cp1251"),
)


@functools.cache
def warm_up() -> None:
    """Do a little of everything, once in a process."""
    for text in _TEXTS:
        document = clean(Blob(data=text, source="", uri="", media_type="text/plain"), CleanOptions())
        sign([item.text for item in document.items])
    # A product too small for OpenBLAS to take its way past the buffers would not do.
    square = np.eye(256)
    np.linalg.solve(square @ square, square)
