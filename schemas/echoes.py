"""Copies inside one document: a block of lines that is followed by itself, exactly or nearly."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Copy:
    """Line index `line` (0-based) repeats line index `of`; similarity 1.0 is an exact copy of the key."""

    line: int
    of: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Block:
    """A body and its copies: lines [start, copy_start) are said again in [copy_start, end).

    `copies` name, for each line of the later copies, the kept line that it repeats. A near copy may have
    lost lines, or have lines that pair with nothing (they are in no `copies` entry).
    `exact` blocks are tandem repeats: equal line by line, any number of times.
    """

    start: int
    copy_start: int
    end: int
    copies: tuple[Copy, ...]
    exact: bool
    score: float
