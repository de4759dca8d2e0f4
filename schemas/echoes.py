"""Copies inside one document: a block of lines that is followed by itself, exactly or nearly."""

from dataclasses import dataclass

from schemas.swift import swift


@swift
@dataclass(frozen=True, slots=True)
class Copy:
    """Line index `line` (0-based) repeats line index `of`; similarity 1.0 is an exact copy of the key."""

    line: int
    of: int
    similarity: float


@swift
@dataclass(frozen=True, slots=True)
class Block:
    """A body and its copies: lines [start, copy_start) are said again in [copy_start, end).

    `copies` name, for each line of the later copies, the kept line that it repeats. A near copy may have
    lost lines, or have lines that pair with nothing (they are in no `copies` entry).
    `exact` blocks are tandem repeats: equal line by line, any number of times. In a line-wise block (a a b b)
    each line is said again at once: copy_start is the line behind the first, `copies` tell which is which.
    """

    start: int
    copy_start: int
    end: int
    copies: tuple[Copy, ...]
    exact: bool
    score: float

    @property
    def body(self) -> int:
        """How many lines are said first."""
        one = self.copy_start == self.start + 1
        return self.end - self.start - len(self.copies) if one else self.copy_start - self.start

    @property
    def line_wise(self) -> bool:
        """Whether each line of several is said again at once."""
        return self.copy_start == self.start + 1 and self.body > 1

    @property
    def said(self) -> tuple[int, ...]:
        """The lines that are said first, in order: the body, without its copies."""
        if self.copy_start > self.start + 1:
            return tuple(range(self.start, self.copy_start))
        copied = {copy.line for copy in self.copies}
        return tuple(at for at in range(self.start, self.end) if at not in copied)
