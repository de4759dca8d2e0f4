"""What the batches of a run came to, and the cleaners' judgement on copies that landing asks for."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cleaners import clusters, match
from flows.cleaning import Answer
from flows.inputs import InputFailure
from flows.progress import Progress
from flows.runs import Tally
from schemas.signatures import Member, Membership, Pair
from warehouse.booking import Landed


class Judge:
    """The cleaners' judgement on texts and clusters, in the form in which the warehouse asks for it.

    `near` holds the items that it put into a cluster as near copies; its last word on an item counts.
    """

    def __init__(self) -> None:
        self.near: set[str] = set()

    def verify(self, candidates: Sequence[tuple[str, str, str, str]]) -> Sequence[Pair]:
        """Return the pairs that hold among the candidates."""
        return match.verify(candidates)

    def lead(self, members: Sequence[Member], pairs: Sequence[Pair]) -> Sequence[Membership]:
        """Return the clusters of the members."""
        memberships = clusters.lead(members, pairs)
        self.near.difference_update(member.item_id for member in members)
        self.near.update(one.item_id for one in memberships if one.relation in {"near", "contained"})
        return memberships


@dataclass(slots=True)
class Ledger:
    """What the batches of a run came to, added up as they land."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    failures: list[InputFailure] = field(default_factory=list)
    landed: list[Landed] = field(default_factory=list)
    judge: Judge = field(default_factory=Judge)
    done: int = 0

    def enter(self, answers: Sequence[Answer], landed: Landed) -> None:
        """Add batches that landed together."""
        for answer in answers:
            for source, tally in answer.tallies.items():
                self.tallies[source] = self.tallies.get(source, Tally()) + tally
            self.failures.extend(answer.failures)
            self.done += answer.bytes
        self.landed.append(landed)

    @property
    def total(self) -> Tally:
        """Return the tally of all documents cleaned."""
        return sum(self.tallies.values(), Tally())

    def progress(self, total: int) -> Progress:
        """Return how far cleaning and landing `total` bytes is."""
        items = sum(landed.items_new for landed in self.landed)
        return Progress(
            stage="clean", done=self.done, total=total, documents=self.total.documents, items_new=items
        )
