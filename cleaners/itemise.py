"""Itemise: what was found of one post -> the item that lands, with the lines that are not in its text."""

from bisect import bisect_left
from collections.abc import Sequence

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
    begins: Sequence[int],
) -> Item:
    """Return the item of one draft, of its text; `end` is the byte where the next item starts, `begins` those
    where lines do."""
    segment = drafted.segment
    first = page.lines[segment.start]
    start = lines[0].start if ordinal == 0 else first.start
    head = [marks[at] for at in range(segment.start, segment.end) if at in marks] if marks else []
    kept = [page.texts[at] for at in drafted.kept]
    said = "\n".join([text, *(page.texts[at] for at in drafted.learned)]) if drafted.learned else text
    stamp = next((found for found in head if found.kind == "stamp"), None) if head else None
    kind: Kind = ("message" if chat else "post") if cut.feed else "article"
    return Item(
        item_id=item_id(document_id, start),
        document_id=document_id,
        source=source,
        ordinal=ordinal,
        kind=kind,
        first_line=lines[0].number if ordinal == 0 else first.number,
        # The last line that starts before the end.
        last_line=lines[bisect_left(begins, end) - 1].number,
        byte_start=start,
        byte_end=end,
        channel=stamp.name if stamp and not chat else None,
        author=stamp.name if stamp and chat else None,
        forwarded_from=next((found.name for found in head if found.kind == "forwarded"), None)
        if head
        else None,
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


def _dropped(drafted: Draft, page: Page) -> tuple[Dropped, ...]:
    """Return the runs of lines that are not in the text: neighbours of one reason are joined."""
    if len(drafted.kept) == len(drafted.roles):
        return ()
    runs: list[Dropped] = []
    run: tuple[int, str, int | None, float | None] | None = None
    first = last = 0
    for at, role in enumerate(drafted.roles, drafted.segment.start):
        if role.fate == "kept":
            continue
        number = page.lines[at].number
        reason = f"boilerplate:{role.rule}" if role.fate == "boilerplate" else role.fate
        # Copies go on where the lines that they copy do: how far those are behind them stays the same.
        behind = number - page.lines[role.of].number if role.of is not None else None
        if run != (number, reason, behind, role.similarity):
            if run:
                runs.append(_run(first, last, run))
            first = number
        last = number
        run = (number + 1, reason, behind, role.similarity)  # what the next line is if it joins
    if run:
        runs.append(_run(first, last, run))
    return tuple(runs)


def _run(first: int, last: int, run: tuple[int, str, int | None, float | None]) -> Dropped:
    _, reason, behind, similarity = run
    return Dropped(
        first_line=first,
        last_line=last,
        reason=reason,
        of_line=None if behind is None else first - behind,
        similarity=similarity,
    )
