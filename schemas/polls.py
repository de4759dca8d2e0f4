"""What is known of an address that is polled."""

from dataclasses import dataclass
from typing import Literal

#: new: it brought bytes; unchanged: it had none; later: the server asked to wait; gone: it is no more (410).
Outcome = Literal["new", "unchanged", "later", "failed", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """The last poll of one address. Times are UTC, ISO 8601; validators are as the server said them."""

    source: str
    address: str  # without user, password and query where those are secret; see `flows.polling`
    polled_at: str
    outcome: Outcome
    etag: str | None = None
    last_modified: str | None = None
    answered_at: str | None = None  # the last answer that was no error
    changed_at: str | None = None  # the last answer that brought bytes
    due_at: str | None = None  # not to be asked before; null: whenever the schedule says, or never if gone
    failures: int = 0  # in a row
    detail: str | None = None
