"""What a source sends and its parser does not know."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """An unknown key, an unknown type of message, or a value of another type. Nothing is lost by it.

    path: where, without indices: `messages[].media_type`. what: unknown-key, unknown-type:<name>,
    changed-type:<type>, invalid.
    """

    path: str
    what: str
    count: int = 1
