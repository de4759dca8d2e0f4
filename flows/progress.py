"""How far a run is, told while it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["read", "clean", "publish"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`done` of `total` bytes of one stage. Cleaning includes matching and landing."""

    stage: Stage
    done: int
    total: int
    documents: int = 0
    items_new: int = 0


Tell = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Tell nobody."""
