"""Who judges texts and clusters. The flows bring it; the warehouse only knows what to ask."""

from collections.abc import Sequence
from typing import Protocol

from schemas.signatures import Member, Membership, Pair


class Verifier(Protocol):
    """The part of a matcher that judges pairs of texts."""

    def verify(self, candidates: Sequence[tuple[str, str, str, str]]) -> Sequence[Pair]:
        """Return the pairs that hold among candidates (left text_key, left text, right text_key, right text).

        Must judge each candidate by itself, whatever the others and their order.
        """
        ...


class Matcher(Verifier, Protocol):
    """The judgement on texts and clusters."""

    def lead(self, members: Sequence[Member], pairs: Sequence[Pair]) -> Sequence[Membership]:
        """Return the clusters of `members`, which are linked by `pairs` and by equal text_keys.

        Must not depend on the order of either, nor join what neither links. Pairs of relation "variant" link
        nothing; texts of such a pair must not share a cluster.
        """
        ...
