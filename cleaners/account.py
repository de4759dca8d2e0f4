"""Account: paragraphs that tile the bytes of a document, each with its fate; and the ids of items."""

import hashlib
from collections.abc import Sequence

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
    starts = sorted(
        [
            *(line.start for line in lines),
            *(refusal.start for refusal in refusals if refusal.end > refusal.start),
        ]
    )
    ordinals = {start: ordinal for ordinal, start in enumerate(starts)}
    ends = dict(zip(starts, [*starts[1:], size], strict=False))
    roles = [(drafted_at, role) for drafted_at, drafted in enumerate(drafts) for role in drafted.roles]
    places = [at for drafted in drafts for at in range(drafted.segment.start, drafted.segment.end)]
    paragraphs = [
        Paragraph(
            ordinals[lines[at].start],
            0 if ordinals[lines[at].start] == 0 else lines[at].start,
            ends[lines[at].start],
            lines[at].number,
            texts[at],
            role.fate,
            role.rule,
            ordinals[lines[role.of].start] if role.of is not None else None,
            role.similarity,
            item,
        )
        for at, (item, role) in zip(places, roles, strict=True)
    ]
    paragraphs += [
        Paragraph(
            ordinals[refusal.start],
            0 if ordinals[refusal.start] == 0 else refusal.start,
            ends[refusal.start],
            None,
            "",
            "quarantined",
            refusal.reason,
        )
        for refusal in refusals
        if refusal.end > refusal.start
    ]
    return tuple(sorted(paragraphs, key=lambda paragraph: paragraph.ordinal))
