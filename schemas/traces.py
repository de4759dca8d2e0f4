"""What was changed in a line, so that the change can be replayed and reviewed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One change: its name and, where the change has parameters, its plan (for ftfy: codec steps)."""

    name: str
    plan: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """The steps that turned the raw text of line `line` (1-based) into its display form, in order."""

    line: int
    steps: tuple[Step, ...]
