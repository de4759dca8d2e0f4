"""What the tasks of one run share: its open things and its books."""

from dataclasses import dataclass
from pathlib import Path

from flows.ledger import Ledger
from flows.pipeline import Run
from flows.pool import Pool
from flows.progress import Tell
from flows.refresh import Refresher
from flows.sources import Discovery
from flows.stages import Stages
from flows.survey import Survey
from warehouse.writer import Writer


class Desk:
    """Handed from task to task: who put something on it returns it, and Prefect draws the arrow to the next.

    Prefect looks into arguments for futures, field by field; into this it cannot look, so that passing it
    costs nothing however much lies on it.
    """

    def __init__(self, run: Run, found: Discovery, tell: Tell) -> None:
        """Lay out a desk with nothing on it but what was found."""
        self.run = run
        self.tell = tell
        self.writer: Writer | None = None
        self.scratch = Path()
        self.pool = Pool(run.request.workers, memory=run.request.memory_bytes)
        self.refresher = Refresher()
        self.found = found
        self.batches = 0
        self.surveyed = Survey(new=(), again=(), known=(), failures=())
        self.ledger = Ledger()
        self.stages = Stages()

    def file(self, name: str, number: int) -> Path:
        """Return where a batch lies between two tasks: the disk has room for all of them, memory has not."""
        return self.scratch / f"{name}-{number:04}"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned batch, without what was cleaned. Numbers count from 1."""

    number: int
    items: int
    bytes: int
