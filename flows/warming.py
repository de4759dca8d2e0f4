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

_TEXT = b"A post of 12 July 2023.\n\nA post of 12 July 2023.\n"


@functools.cache
def warm_up() -> None:
    """Do a little of everything, once in a process."""
    document = clean(Blob(data=_TEXT, source="", uri="", media_type="text/plain"), CleanOptions())
    sign([item.text for item in document.items])
    # A product too small for OpenBLAS to take its way past the buffers would not do.
    square = np.eye(256)
    np.linalg.solve(square @ square, square)
