"""Why an item is what it is: each line of its source with its fate, the rule or the line it copies."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from cleaners.dates import Reading, explain_dates
from cleaners.decode import decode
from cleaners.rules import rules
from flows.output import Row
from flows.values import visible
from schemas.documents import Blob, Line
from schemas.errors import ConfigError
from schemas.items import UNDATED, CleanedDocument, Fate, Item, Paragraph, Published

_HEADERS = {
    "forwarded": "names the channel that the post was forwarded from",
    "stamp": "names who sent the message, and when",
    "separator": "stands between posts",
}

#: What the splitter's cues mean. A cue is about the whole document; the confidence is about one start.
_CUES = {
    "echoes": "posts of this document end with a copy of themselves, and one ends before this line",
    "stamps": "posts of this document are marked off by stamps of pasted messages",
    "separators": "posts of this document are marked off by separators",
    "headers": "posts of this document are marked off by headers such as 'Forwarded from'",
    "style": "this line looks like the first lines of the other posts in this document",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedLine:
    """One line of a document and what became of it. `line` is 1-based and null in formats without lines.

    Bytes are half open. `changes` names what normalisation did to the line. Facts about the item are said
    again on each of its lines, so that every row stands alone.
    """

    item_id: str | None
    item: int | None
    line: int | None
    byte_start: int
    byte_end: int
    fate: Fate
    rule: str | None
    of_line: int | None
    similarity: float | None
    text: str
    why: str
    changes: tuple[str, ...] = ()
    boundary_cue: str | None = None
    boundary_confidence: float | None = None
    published: Published = UNDATED


def explain(document: CleanedDocument, blob: Blob, item: Item | None = None) -> Iterator[ExplainedLine]:
    """Yield the lines of one item, or of the whole document, in order.

    Blank lines have the fate of the paragraph that they belong to.
    """
    lines = decode(blob.data).lines
    items = {one.ordinal: one for one in document.items}
    starts = [line.start for line in lines]
    changes = {trace.line: tuple(step.name for step in trace.steps) for trace in document.traces}
    dates: dict[int, dict[str, list[Reading]]] = {}
    for paragraph in document.paragraphs:
        if item is not None and not _belongs(paragraph, item):
            continue
        own = lines[bisect_left(starts, paragraph.byte_start) : bisect_left(starts, paragraph.byte_end)]
        of_line = None
        if paragraph.of_ordinal is not None:
            of_line = document.paragraphs[paragraph.of_ordinal].line
        owner = items.get(paragraph.item) if paragraph.item is not None else None
        if owner is not None and owner.ordinal not in dates:
            dates = {owner.ordinal: _readings(owner)}  # of one item at a time: paragraphs come item by item
        readings = dates[owner.ordinal] if owner is not None else {}
        for line in own or (None,):
            yield _explained(paragraph, line, owner, of_line, changes, readings)


def _readings(item: Item) -> dict[str, list[Reading]]:
    """Return what the dates of an item were taken for, by the text of their line."""
    found: dict[str, list[Reading]] = {}
    for reading in explain_dates(item.text, item.published):
        start = item.text.rfind("\n", 0, reading.start) + 1
        end = item.text.find("\n", reading.start)
        found.setdefault(item.text[start : end if end >= 0 else None], []).append(reading)
    return found


def choose(document: CleanedDocument, ordinal: int | None) -> Item | None:
    """Return the item of an ordinal, None for None. Raises ConfigError for an ordinal that is not there."""
    if ordinal is None:
        return None
    if 0 <= ordinal < len(document.items):
        return document.items[ordinal]
    last = len(document.items) - 1
    there = "no items" if last < 0 else "one item, 0" if last == 0 else f"items 0 to {last}"
    raise ConfigError(f"--item {ordinal}: {document.uri} has {there}. `feedmill preview` lists them.")


def _belongs(paragraph: Paragraph, item: Item) -> bool:
    inside = item.byte_start <= paragraph.byte_start and paragraph.byte_end <= item.byte_end
    return paragraph.item == item.ordinal or inside


def _explained(
    paragraph: Paragraph,
    line: Line | None,
    item: Item | None,
    of_line: int | None,
    changes: dict[int, tuple[str, ...]],
    readings: dict[str, list[Reading]],
) -> ExplainedLine:
    if line is None:
        text, blank, number = paragraph.text, False, paragraph.line
    else:
        blank, number = not line.text.strip(), line.number
        # The display form is known for the line where the paragraph's text starts; others as decoded.
        text = paragraph.text if number == paragraph.line and "\n" not in paragraph.text else line.text
    why = f"blank: goes with line {paragraph.line}" if blank else _why(paragraph, of_line, item)
    if item is not None and not blank:
        why = "; ".join([why, *_item_reasons(item, number, text)])
        if paragraph.fate == "kept":
            why = "; ".join([why, *(_date_reason(reading) for reading in readings.get(text, ()))])
    return ExplainedLine(
        item_id=item.item_id if item else None,
        item=paragraph.item,
        line=number,
        byte_start=line.start if line else paragraph.byte_start,
        byte_end=line.end if line else paragraph.byte_end,
        fate=paragraph.fate,
        rule=paragraph.rule,
        of_line=of_line,
        similarity=paragraph.similarity,
        text=text,
        why=why,
        changes=changes.get(number, ()) if number is not None else (),
        boundary_cue=item.boundary_cue if item else None,
        boundary_confidence=item.boundary_confidence if item else None,
        published=item.published if item else UNDATED,
    )


def _why(paragraph: Paragraph, of_line: int | None, item: Item | None) -> str:
    said = f"line {of_line}" if of_line is not None else "an earlier paragraph"
    match paragraph.fate:
        case "kept":
            return "in the item's text" if item else "kept, and in no item"
        case "echo":
            return f"says {said} again, word for word"
        case "near-echo":
            if paragraph.of_ordinal is None:
                return "inside a near copy, and like no line before it"
            alike = "" if paragraph.similarity is None else f", {paragraph.similarity:.0%} alike"
            return f"says {said} again with changes{alike}"
        case "header":
            reason = _HEADERS.get(paragraph.rule or "")
            return f"a header ({paragraph.rule})" + (f": {reason}" if reason else "")
        case "card":
            return "the preview card of a link: kept in `card`, not in the text"
        case "boilerplate":
            reason = rule_reason(paragraph.rule or "")
            return f"page furniture ({paragraph.rule})" + (f": {reason}" if reason else "")
        case "quarantined":
            return f"cannot be used ({paragraph.rule}): its bytes are kept in quarantine"


def rule_reason(rule: str) -> str | None:
    """Return the `why` of a line rule for boilerplate; None for rules about several lines, which are code."""
    return next((str(entry["why"]) for entry in rules("boilerplate")["rule"] if entry["id"] == rule), None)


def _item_reasons(item: Item, number: int | None, text: str) -> Iterator[str]:
    """Yield what a line says about its item: where the item starts, and what its date rests on."""
    if number is not None and number == item.first_line:
        yield f"item {item.ordinal} starts here: {boundary_reason(item)}"
    evidence = item.published.evidence
    if evidence and item.published.basis != "neighbours" and evidence in text:
        yield f"the date rests on {evidence!r}"


def _date_reason(reading: Reading) -> str:
    """Return what one date was taken for, and why."""
    meant = reading.chosen or " or ".join(reading.candidates)
    return f"{reading.text!r} ({reading.label}{', ' + meant if meant else ''}): {reading.why}"


def boundary_reason(item: Item) -> str:
    """Return why an item starts where it does."""
    if item.ordinal == 0:
        return "the document starts here"
    meaning = _CUES.get(item.boundary_cue, "a cue without a description")
    return f"{meaning} (cue {item.boundary_cue}, confidence {item.boundary_confidence:.2f})"


def headline(item: Item, uri: str) -> str:
    """Return what is known of an item as lines for a terminal."""
    published = item.published
    day = published.best or published.edtf or "not known"
    span = f" (from {published.earliest} to {published.latest})" if published.earliest else ""
    facts = {
        "item": f"{item.ordinal} of {uri}: {item.title or '(no title)'}",
        "id": item.item_id,
        "where": f"lines {item.first_line}-{item.last_line}" if item.first_line else "",
        "starts": boundary_reason(item),
        "published": f"{day}{span}, precision {published.precision}, basis {published.basis}, "
        f"confidence {published.confidence:.2f}",
        "evidence": published.evidence or "",
        "forwarded": item.forwarded_from or "",
    }
    return "".join(f"{name:>9}  {visible(text)}\n" for name, text in facts.items() if text) + "\n"


def brief(row: Row) -> Row:
    """Return what a terminal table shows of an explained line."""
    return {name: row[name] for name in ("line", "fate", "why", "text")}
