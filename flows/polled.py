"""What polling addresses came to."""

from dataclasses import dataclass

from flows.sources import Discovery
from schemas.polls import Poll


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What was found, with the fetched bytes in it, and the polls to write down once those have landed."""

    found: Discovery
    polls: tuple[Poll, ...] = ()
