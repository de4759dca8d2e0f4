"""Read lists of days of one month: 5 and 16 July; July 5, 6 and 9."""

from cleaners.dates.matches import Found, make, valid
from cleaners.dates.readers import day_texts, month_first, stated_year
from schemas.dates import Mention


def read_list(found: Found) -> list[tuple[Mention, int, int]]:
    """Return the days of a list, each with its first and last word. Days in a row are one range."""
    days = day_texts(found)
    month, year = found.values("Mmq")[0], stated_year(found)
    values = [day for _, day in days]
    leads = found.form == "m_dd"
    if leads and not month_first(found):
        return []
    if not all(valid(year, month, day) for day in values):
        return []
    last = len(found.texts) - 1
    row = values == list(range(values[0], values[-1] + 1))
    if (row or (found.between and len(values) == 2)) and values[0] < values[-1]:
        end = {"end_year": year, "end_month": month, "end_day": values[-1]}
        first = 0 if leads else days[0][0]
        return [(make("range", year=year, month=month, day=values[0], **end), first, last)]
    if leads and year is None and not (found.closed or found.following in "PpWRG"):
        values, last = values[:1], days[0][0]  # 'May 5 and 16 people': the other number may count
    mentions = [make("date", year=year, month=month, day=day) for day in values]
    ends = [at for at, _ in days[: len(values)]]
    if leads:
        return [
            (mention, 0 if at == ends[0] else at, last if at == ends[-1] else at)
            for mention, at in zip(mentions, ends, strict=True)
        ]
    return [(mention, at, last if at == ends[-1] else at) for mention, at in zip(mentions, ends, strict=True)]
