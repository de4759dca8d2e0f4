"""What a run delivered, held against what was expected of it."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Level = Literal["failed", "warned", "met"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A verdict. `value` and `bound` are null for data checks, and where there is nothing to measure."""

    kind: Literal["check", "expectation"]
    name: str
    level: Level
    detail: str
    source: str | None = None
    value: float | None = None
    bound: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a run was given by one source. `duplicates` are items that are not their cluster's primary."""

    documents: int = 0
    items: int = 0
    undated: int = 0
    duplicates: int = 0
    newest: date | None = None
    bytes: int = 0
    quarantined_bytes: int = 0
