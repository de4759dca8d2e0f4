"""Say when the items of one document were published, and what that rests on."""

from collections.abc import Sequence

from cleaners.dates.articles import date_article
from cleaners.dates.inputs import DateInput
from cleaners.dates.likelihood import Tables, tables
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
    return tuple(published)
