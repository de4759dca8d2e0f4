"""What the batches of a run came to, and the cleaners' judgement on copies that landing asks for."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cleaners import match, placing
from flows.cleaning import Answer
from flows.inputs import InputFailure
from flows.progress import Progress
from flows.runs import Tally
from schemas.signatures import Pair, Placed, Wave
from warehouse.booking import Landed


class Judge:
    """The cleaners' judgement on texts and clusters, in the form in which the warehouse asks for it."""

    witnesses = placing.WITNESSES

    def verify(self, candidates: Sequence[tuple[str, str, str, str]]) -> Sequence[Pair]:
        """Return the pairs that hold among the candidates."""
        return match.verify(candidates)

    def place(self, wave: Wave, judge: placing.Judge) -> Placed:
        """Return where texts stand."""
        return placing.place(wave, judge)


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
