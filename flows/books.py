"""What is known of documents before a run touches them: from the run's writer, or from the published copy."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from schemas.polls import Poll
from warehouse import holdings
from warehouse.holdings import Held
from warehouse.polls import polls
from warehouse.reader import reading
from warehouse.writer import Writer


class Books(Protocol):
    """Whoever can say what has landed."""

    def known(self, document_ids: Iterable[str], /) -> Collection[str]:
        """Return those documents that have landed."""

    def held(self, document_ids: Iterable[str], /) -> Held:
        """Return what the landed ones among these documents hold."""

    def polls(self) -> list[Poll]:
        """Return the last poll of every address."""


@dataclass(frozen=True, slots=True)
class Published:
    """The books of a run without a writer: the published copy, or none where there is no warehouse."""

    warehouse: Path

    def known(self, document_ids: Iterable[str], /) -> Collection[str]:
        """Return those documents that have landed. Raises WarehouseError."""
        if not self.warehouse.exists():
            return ()
        with reading(self.warehouse) as con:
            return holdings.known(con, document_ids)

    def held(self, document_ids: Iterable[str], /) -> Held:
        """Return what the landed ones among these documents hold. Raises WarehouseError."""
        if not self.warehouse.exists():
            return Held()
        with reading(self.warehouse) as con:
            return holdings.held(con, document_ids)

    def polls(self) -> list[Poll]:
        """Return the last poll of every address. Raises WarehouseError."""
        if not self.warehouse.exists():
            return []
        with reading(self.warehouse) as con:
            return polls(con)


def books_of(writer: Writer | None, warehouse: Path) -> Books:
    """Return whom to ask: the writer, or in a dry run the published copy."""
    return writer or Published(warehouse)
