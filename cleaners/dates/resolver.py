"""Say when the items of one document were published, and what that rests on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from cleaners.dates.articles import date_article
from cleaners.dates.curves import Tables, tables
from cleaners.dates.edtf import day_or_interval
from cleaners.dates.inputs import DateInput
from cleaners.dates.neighbours import precision
from cleaners.dates.posts import date_posts
from cleaners.dates.stamps import from_stamp, read_day
from schemas.items import UNDATED, Published


def resolve(
    items: Sequence[DateInput], *, fetched_at: str | None = None, offsets: Tables | None = None
) -> tuple[Published, ...]:
    """Return when each item of one document was published, in the order given.

    `items` are in document order. Nothing was published after `fetched_at` (an ISO day or timestamp). Posts
    are dated together, since they stand in order of time; articles one by one. No clock is read. `offsets`:
    other tables than the package's (shape: dates_offsets.toml), so that benchmarks can score tables on
    channels that they have not seen.
    """
    bound = read_day(fetched_at) if fetched_at else None
    published: list[Published] = [UNDATED] * len(items)
    posts = []
    for index, item in enumerate(items):
        stamped = from_stamp(item)
        if stamped is not None:
            published[index] = stamped
        if item.kind == "post":
            posts.append(index)
        elif stamped is None:
            published[index] = date_article(item, bound)
    if any(published[index].basis == "none" for index in posts):
        dated = date_posts(
            [items[index] for index in posts],
            [published[index] for index in posts],
            posts,
            bound,
            tables() if offsets is None else offsets,
        )
        for index, answer in zip(posts, dated, strict=True):
            published[index] = answer
    return tuple(published if bound is None else (_bounded(answer, bound) for answer in published))


def _bounded(answer: Published, bound: date) -> Published:
    """Return a date that does not reach past the capture. What a field states stands as it is given."""
    if answer.basis == "field" or (answer.earliest is None and answer.latest is None):
        return answer
    limit = bound.isoformat()
    best, earliest = (min(day, limit) if day else None for day in (answer.best, answer.earliest))
    latest = min(answer.latest or limit, limit)
    if (best, earliest, latest) == (answer.best, answer.earliest, answer.latest):
        return answer
    start, end = (date.fromisoformat(day) if day else None for day in (earliest, latest))
    bounded = replace(answer, best=best, earliest=earliest, latest=latest, edtf=day_or_interval(start, end))
    if answer.basis != "neighbours":
        return bounded
    return replace(bounded, precision=precision(date.fromisoformat(best) if best else None, start, end))
