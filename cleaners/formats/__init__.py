"""The formats that feedmill reads beside plain text: a module each, listed in the registry below.

`detect` says what a document is, `read` gives its records. How a format is added: docs/formats.md.
"""

from cleaners.formats.reading import read
from cleaners.formats.registry import FORMATS, TEXT, choose, detect, named, names

__all__ = ["FORMATS", "TEXT", "choose", "detect", "named", "names", "read"]
