"""Who judges texts and clusters. The flows bring it; the warehouse only knows what to ask."""

from collections.abc import Callable, Sequence
from typing import Protocol

from schemas.signatures import Pair, Placed, Wave


class Verifier(Protocol):
    """The part of a matcher that judges pairs of texts."""

    def verify(self, candidates: Sequence[tuple[str, str, str, str]]) -> Sequence[Pair]:
        """Return the pairs that hold among candidates (left text_key, left text, right text_key, right text).

        Must judge each candidate by itself, whatever the others and their order.
        """
        ...


class Matcher(Verifier, Protocol):
    """The judgement on texts and clusters."""

    #: How many texts of a cluster `place` asks for beside its lead.
    witnesses: int

    def place(self, wave: Wave, judge: Callable[[Sequence[tuple[str, str]]], Sequence[Pair]]) -> Placed:
        """Return where the texts of `wave` stand, given where those around them stand.

        Must depend on texts of an earlier rank only, and not on the order of anything. `judge` verifies pairs
        of text keys. Texts of a variant pair must not share a cluster.
        """
        ...
