"""Account: paragraphs that tile the bytes of a document, each with its fate; and the ids of items."""

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from operator import attrgetter

from cleaners.assemble import Draft
from schemas.documents import Line, Refusal
from schemas.items import Paragraph


def item_id(document_id: str, byte_start: int) -> str:
    """Return the id of an item without an identity of its own: its place in its document, 32 hex digits."""
    return hashlib.sha256(f"{document_id}:{byte_start}".encode()).hexdigest()[:32]


def account(
    lines: Sequence[Line],
    texts: Sequence[str],
    drafts: Sequence[Draft],
    refusals: Sequence[Refusal],
    size: int,
) -> tuple[Paragraph, ...]:
    """Return the paragraphs of a document, in byte order, without gap or overlap over [0, size).

    lines and texts: the non-blank lines. The bytes of blank lines go with the paragraph before them, at
    the very start with the one behind them. Refused ranges are paragraphs of fate `quarantined`.
    """
    refused = [refusal for refusal in refusals if refusal.end > refusal.start]
    begins = [line.start for line in lines]
    starts = sorted([*begins, *(refusal.start for refusal in refused)]) if refused else begins
    ordinals = [bisect_left(starts, begin) for begin in begins] if refused else range(len(begins))
    reached, ends = [0, *starts[1:]], [*starts[1:], size]
    roles = [role for drafted in drafts for role in drafted.roles]
    where = [
        at
        for drafted in drafts
        for at in range(drafted.segment.start, drafted.segment.start + len(drafted.roles))
    ]
    own = [ordinals[at] for at in where]
    paragraphs = list(
        map(
            Paragraph,
            own,
            map(reached.__getitem__, own),
            map(ends.__getitem__, own),
            [lines[at].number for at in where],
            map(texts.__getitem__, where),
            [role.fate for role in roles],
            [role.rule for role in roles],
            [None if role.of is None else ordinals[role.of] for role in roles],
            [role.similarity for role in roles],
            [item for item, drafted in enumerate(drafts) for _ in drafted.roles],
        )
    )
    for refusal in refused:
        ordinal = bisect_left(starts, refusal.start)
        paragraphs.append(
            Paragraph(ordinal, reached[ordinal], ends[ordinal], None, "", "quarantined", refusal.reason)
        )
    return tuple(sorted(paragraphs, key=attrgetter("ordinal")))
