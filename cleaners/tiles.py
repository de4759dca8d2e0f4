"""The paragraphs of a document that was read as records: they tile its bytes.

The bytes of a record are one range, so of its paragraphs the first kept one holds all of it; those before it
have the empty range at its start, those behind it the empty range at its end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cleaners.assemble import join
from cleaners.mend import mend
from schemas.documents import Refusal
from schemas.items import Card, Fate, Paragraph
from schemas.records import Parsed, Record
from schemas.traces import Step

#: Bytes that separate records and say nothing: they go with the paragraph before them, as blank lines do.
_FILLING = b" \t\r\n,"


@dataclass(frozen=True, slots=True)
class Body:
    """The display form of a record: its non-blank lines, blank lines before each, and each one's fate."""

    lines: tuple[str, ...]
    blanks: tuple[int, ...]
    rules: tuple[str | None, ...]  # the boilerplate rule of each line, None for kept lines
    steps: tuple[Step, ...]
    learned: tuple[int, ...] = ()  # the lines whose rule was learned of their source

    @property
    def kept(self) -> list[int]:
        """Return the indices of the lines that are text."""
        return [at for at, rule in enumerate(self.rules) if rule is None]

    @property
    def text(self) -> str:
        """Return the text of the item."""
        return join(self.lines, self.blanks, self.kept)


def tile(
    parsed: Parsed,
    bodies: Sequence[Body],
    lines: Sequence[tuple[int, int] | None],
    data: bytes,
    name: str,
) -> Iterator[Paragraph]:
    """Yield paragraphs that tile [0, len(data)): records, refusals, and the structure between them."""
    parts: list[tuple[int, int, int | Refusal]] = [
        *((record.start, record.end, at) for at, record in enumerate(parsed.records)),
        *(
            (refusal.start, refusal.end, refusal)
            for refusal in parsed.refusals
            if refusal.start < refusal.end
        ),
    ]
    parts.sort(key=lambda part: part[:2])
    behind = [start for start, _, _ in [*parts, (len(data), 0, 0)]][1:]
    ordinal = reached = 0
    for (start, end, what), following in zip(parts, behind, strict=True):
        if reached < start and data[reached:start].strip(_FILLING):
            yield Paragraph(ordinal, reached, start, None, "", "header", f"format:{name}")
            ordinal, reached = ordinal + 1, start
        if not data[end:following].strip(_FILLING):
            end = following  # noqa: PLW2901 - filling goes with what stands before it
        if isinstance(what, Refusal):
            rows = [Paragraph(ordinal, reached, end, None, "", "quarantined", what.reason)]
        else:
            rows = _rows(ordinal, reached, end, what, parsed.records[what], bodies[what], lines[what])
        yield from rows
        ordinal, reached = ordinal + len(rows), end
    if reached < len(data):
        yield Paragraph(ordinal, reached, len(data), None, "", "header", f"format:{name}")


def _rows(
    ordinal: int, start: int, end: int, item: int, record: Record, body: Body, span: tuple[int, int] | None
) -> list[Paragraph]:
    """Return the paragraphs of one record; the first kept one has its bytes [start, end)."""
    said: list[tuple[str, Fate, str | None]] = [
        (line, "boilerplate" if rule else "kept", rule)
        for line, rule in zip(body.lines, body.rules, strict=True)
    ]
    card = shown_card(record.card)
    if card:
        said += [(part, "card", None) for part in (card.site, card.title, card.description) if part]
    if not said:
        said = [("", "header", "service" if record.kind == "service" else "no-text")]
    holder = next((at for at, (_, fate, _) in enumerate(said) if fate == "kept"), 0)
    number = span[0] if span else None
    return [
        Paragraph(
            ordinal + at,
            start if at <= holder else end,
            start if at < holder else end,
            number,
            text,
            fate,
            rule,
            item=item,
        )
        for at, (text, fate, rule) in enumerate(said)
    ]


def one_line(text: str | None) -> str | None:
    """Return a name in display form, on one line; None for an empty one."""
    return (" ".join(mend(text)[0].split()) or None) if text else None


def shown_card(card: Card | None) -> Card | None:
    if card is None:
        return None
    shown = Card(site=one_line(card.site), title=one_line(card.title), description=one_line(card.description))
    return shown if shown != Card() else None
