"""Why an item is what it is: each line of its source with its fate, the rule or the line it copies."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from cleaners.dates import Reading, explain_dates
from cleaners.decode import decode
from cleaners.match import compare
from cleaners.rules import rules
from flows.output import Row
from flows.values import visible
from flows.wording import word_diff
from schemas.documents import Blob, Line
from schemas.errors import ConfigError
from schemas.items import UNDATED, CleanedDocument, Fate, Item, Paragraph, Published
from warehouse.copies import Kin

_HEADERS = {
    "forwarded": "names the channel that the post was forwarded from",
    "stamp": "names who sent the message, and when",
    "separator": "stands between posts",
    "service": "a service message: what it tells is in `extras`",
    "no-text": "a message without words: what it shows is in `extras`",
}

#: What the splitter's cues mean. A cue is about the whole document; the confidence is about one start.
_CUES = {
    "echoes": "posts of this document end with a copy of themselves, and one ends before this line",
    "stamps": "posts of this document are marked off by stamps of pasted messages",
    "separators": "posts of this document are marked off by separators",
    "headers": "posts of this document are marked off by headers such as 'Forwarded from'",
    "style": "this line looks like the first lines of the other posts in this document",
    "record": "the format itself says where its records begin",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyOf:
    """What a landed item is a copy of: the primary of its cluster, how alike they are, and by which rule.

    `rule` is that of `cleaners.match.compare`. `diff` is what changes the primary's words into the item's.
    """

    primary_id: str
    kind: str
    similarity: float
    containment: float
    rule: str
    diff: str


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
    copy_of: CopyOf | None = None


def explain(
    document: CleanedDocument, blob: Blob, item: Item | None = None, copy_of: CopyOf | None = None
) -> Iterator[ExplainedLine]:
    """Yield the lines of one item, or of the whole document, in order. `copy_of` is about that item.

    Blank lines have the fate of the paragraph that they belong to. A document of a format is told by its
    paragraphs: the lines of its bytes are markup.
    """
    lines = decode(blob.data).lines if document.input_format == "text" else ()
    items = {one.ordinal: one for one in document.items}
    starts = [line.start for line in lines]
    changes = {trace.line: tuple(step.name for step in trace.steps) for trace in document.traces}
    dates: dict[int, dict[str, list[Reading]]] = {}
    for paragraph in document.paragraphs:
        if item is not None and not _belongs(paragraph, item, strictly=not lines):
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
            explained = _explained(paragraph, line, owner, of_line, changes, readings)
            yield replace(explained, copy_of=copy_of) if copy_of and owner is item else explained


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


def _belongs(paragraph: Paragraph, item: Item, *, strictly: bool) -> bool:
    if strictly:
        return paragraph.item == item.ordinal
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
            reason = rule_reason(paragraph.rule or "") or _learned(paragraph.rule or "")
            return f"page furniture ({paragraph.rule})" + (f": {reason}" if reason else "")
        case "quarantined":
            return f"cannot be used ({paragraph.rule}): its bytes are kept in quarantine"


def _learned(rule: str) -> str | None:
    """Return why a rule that was learned took a line; None for a rule of feedmill's own."""
    own = {entry["id"] for part in ("rule", "structure") for entry in rules("boilerplate")[part]}
    if rule in own:
        return None
    return "this source has it at the edge of its items, see feedmill.boilerplate.toml"


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


def copied(kin: Kin) -> CopyOf | None:
    """Return what an item is a copy of; None for one that is alone or stands for its cluster."""
    primary = kin.primary
    if primary is None:
        return None
    return CopyOf(
        primary_id=primary.item_id,
        kind=primary.kind,
        similarity=primary.similarity,
        containment=primary.containment,
        rule=compare(primary.text, kin.text).rule,
        diff=word_diff(primary.text, kin.text),
    )


def kinship(kin: Kin, copy_of: CopyOf | None) -> dict[str, str]:
    """Return what is known of an item's copies as facts for `headline`."""
    if kin.primary is None or copy_of is None:
        copies = f"{kin.copies} item{'' if kin.copies == 1 else 's'}; `from duplicates` lists them"
        return {"copies": copies} if kin.copies else {}
    primary = kin.primary
    about = ", ".join(filter(None, (primary.channel, primary.published, f"item {primary.ordinal}")))
    return {
        "copy of": f"{primary.item_id} ({about}): {primary.title or '(no title)'}",
        "alike": f"{copy_of.kind} by the rule {copy_of.rule}, similarity {copy_of.similarity:.3f}, "
        f"containment {copy_of.containment:.3f}",
        "differs": copy_of.diff or "in nothing but white space",
    }


def headline(item: Item, uri: str, more: Mapping[str, str] | None = None) -> str:
    """Return what is known of an item, and `more` facts, as lines for a terminal."""
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
        **(more or {}),
    }
    return "".join(f"{name:>9}  {visible(text)}\n" for name, text in facts.items() if text) + "\n"


def brief(row: Row) -> Row:
    """Return what a terminal table shows of an explained line."""
    return {name: row[name] for name in ("line", "fate", "why", "text")}
