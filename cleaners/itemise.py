"""Itemise: what was found of one post -> the item that lands, with the lines that are not in its text."""

from bisect import bisect_left
from collections.abc import Sequence
from operator import attrgetter

from cleaners.account import item_id
from cleaners.assemble import Draft, hashtags, title_of, urls
from cleaners.marks import Mark
from cleaners.page import Page
from cleaners.split import Cut
from schemas.documents import Line
from schemas.items import Dropped, Item, Kind, Published


def itemise(
    ordinal: int,
    drafted: Draft,
    text: str,
    lang: str | None,
    published: Published,
    end: int,
    page: Page,
    marks: dict[int, Mark],
    cut: Cut,
    chat: bool,
    document_id: str,
    source: str,
    lines: Sequence[Line],
) -> Item:
    """Return the item of one draft, of its text; `end` is the byte where the next item starts."""
    segment = drafted.segment
    first = page.lines[segment.start]
    start = lines[0].start if ordinal == 0 else first.start
    head = [marks[at] for at in range(segment.start, segment.end) if at in marks]
    kept = [page.texts[at] for at in drafted.kept]
    said = "\n".join([text, *(page.texts[at] for at in drafted.learned)]) if drafted.learned else text
    stamp = next((found for found in head if found.kind == "stamp"), None)
    kind: Kind = ("message" if chat else "post") if cut.feed else "article"
    return Item(
        item_id=item_id(document_id, start),
        document_id=document_id,
        source=source,
        ordinal=ordinal,
        kind=kind,
        first_line=lines[0].number if ordinal == 0 else first.number,
        last_line=_last_line(lines, end),
        byte_start=start,
        byte_end=end,
        channel=stamp.name if stamp and not chat else None,
        author=stamp.name if stamp and chat else None,
        forwarded_from=next((found.name for found in head if found.kind == "forwarded"), None),
        title=title_of(kept, article=kind == "article"),
        text=text,
        published=published,
        lang=lang,
        hashtags=hashtags(said),
        urls=urls(said),
        card=drafted.card,
        dropped=_dropped(drafted, page),
        boundary_confidence=segment.confidence,
        boundary_cue=cut.cue,
    )


def _last_line(lines: Sequence[Line], end: int) -> int:
    """Return the number of the last line that starts before byte `end`."""
    return lines[bisect_left(lines, end, key=attrgetter("start")) - 1].number


def _dropped(drafted: Draft, page: Page) -> tuple[Dropped, ...]:
    """Return the runs of lines that are not in the text: neighbours of one reason are joined."""
    runs: list[Dropped] = []
    if len(drafted.kept) == len(drafted.roles):
        return ()
    for at, role in enumerate(drafted.roles, drafted.segment.start):
        if role.fate == "kept":
            continue
        number = page.lines[at].number
        reason = f"boilerplate:{role.rule}" if role.fate == "boilerplate" else role.fate
        of_line = page.lines[role.of].number if role.of is not None else None
        if runs and _joins(runs[-1], number, reason, of_line, role.similarity):
            last = runs.pop()
            runs.append(
                Dropped(
                    first_line=last.first_line,
                    last_line=number,
                    reason=reason,
                    of_line=last.of_line,
                    similarity=last.similarity,
                )
            )
        else:
            runs.append(
                Dropped(
                    first_line=number,
                    last_line=number,
                    reason=reason,
                    of_line=of_line,
                    similarity=role.similarity,
                )
            )
    return tuple(runs)


def _joins(run: Dropped, number: int, reason: str, of_line: int | None, similarity: float | None) -> bool:
    """Say whether a dropped line goes on where a run ends: same reason, next line, next line copied."""
    follows = run.last_line + 1 == number and run.reason == reason and run.similarity == similarity
    shift = number - run.first_line
    return follows and (of_line is None if run.of_line is None else of_line == run.of_line + shift)
