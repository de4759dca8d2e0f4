"""Say for each date in a text what it was taken for, which days it could mean, which of them won, and why."""

from dataclasses import dataclass
from datetime import date

from cleaners.dates.clues import Clue, read_clues
from cleaners.dates.curves import HALF_YEAR, tables
from cleaners.dates.grid import days_of
from cleaners.dates.stamps import read_day
from schemas.dates import Mention
from schemas.items import Published


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One mention at [start, end) of a text (code points), weighed against the day of the text.

    label: its class, `kind.place` (day.lead_past, year.future, weekday.first). candidates: the days that it
    may mean, as ISO days or as EDTF where no year is known. chosen: the one that agrees with the published
    day. offset: days from it to the published day. share: how often a mention of its class lies that far.
    """

    text: str
    start: int
    end: int
    label: str
    candidates: tuple[str, ...]
    chosen: str | None
    offset: int | None
    share: float | None
    why: str


def explain_dates(text: str, published: Published) -> tuple[Reading, ...]:
    """Return the mentions of an item's text that count as evidence, in order."""
    return tuple(_explain(clue, published) for clue in read_clues(text))


def _explain(clue: Clue, published: Published) -> Reading:
    best = read_day(published.best) if published.best else None
    days = _candidates(clue.mention, published) if clue.kind == "day" else []
    chosen = min(days, key=lambda day: abs((best - day).days), default=None) if best else None
    offset = (best - chosen).days if best and chosen else None
    share = _share(clue, best, offset)
    return Reading(
        text=clue.mention.text,
        start=clue.mention.start,
        end=clue.mention.end,
        label=f"{clue.kind}.{clue.label}",
        candidates=tuple(day.isoformat() for day in days) or _open(clue.mention),
        chosen=chosen.isoformat() if chosen else None,
        offset=offset,
        share=share,
        why=_why(clue, published, best, days, chosen, share),
    )


def _candidates(mention: Mention, published: Published) -> list[date]:
    """Return the days that a mention may mean near the published interval, in each reading and year."""
    ends = [read_day(day) for day in (published.earliest, published.best, published.latest) if day]
    years = [day.year for day in ends if day]
    if mention.year is not None:
        named = [mention.year]
    else:
        named = list(range(min(years) - 1, max(years) + 2)) if years else []
    readings = [mention]
    if mention.ambiguous:
        readings.append(mention.other_way())
    spans = [days_of(reading, year) for reading in readings for year in named if 1 <= year <= 9999]
    return [span[0] for span in spans if span]


def _open(mention: Mention) -> tuple[str, ...]:
    if mention.month and mention.day and mention.year is None:
        return (f"XXXX-{mention.month:02d}-{mention.day:02d}",)
    if mention.month and mention.year:
        return (f"{mention.year:04d}-{mention.month:02d}",)
    return (f"{mention.year:04d}",) if mention.year else ()


def _share(clue: Clue, best: date | None, offset: int | None) -> float | None:
    """Return how often a mention of this class lies this far from its post, if that is counted."""
    if best is None:
        return None
    if clue.kind == "day" and offset is not None:
        bins = tables()["days"][clue.label]["bins"]
        return next((share for first, last, share in bins if first <= offset <= last), None)
    if clue.kind == "weekday":
        return float(tables()["weekdays"][clue.label][(best.weekday() - (clue.mention.weekday or 0)) % 7])
    return None


def _why(
    clue: Clue,
    published: Published,
    best: date | None,
    days: list[date],
    chosen: date | None,
    share: float | None,
) -> str:
    if best is None:
        return f"no day is published (basis {published.basis}): nothing in the document settles a year"
    if clue.kind == "weekday":
        return f"the published day is a {best:%A}" + _usual(share)
    if clue.kind != "day" or chosen is None:
        return f"narrows the {clue.kind.replace('_', ' and ')} only"
    distance = (best - chosen).days
    where = "on it" if not distance else f"{abs(distance)} days {'after' if distance > 0 else 'before'} it"
    reasons = [f"published {where}" + _usual(share)]
    if clue.mention.weekday is not None:
        agrees = chosen.weekday() == clue.mention.weekday
        reasons.append(f"it is a {chosen:%A}, as {'stated' if agrees else 'not stated'}")
    others = [day.isoformat() for day in days if day != chosen]
    if others:
        between = f"{published.earliest or '..'} to {published.latest or '..'}"
        reasons.append(f"not {', '.join(others)}: the document leaves {between}")
    if abs(distance) > HALF_YEAR:
        reasons.append("too far off to say when the text was published")
    return "; ".join(reasons)


def _usual(share: float | None) -> str:
    return "" if share is None else f" ({share:.0%} of such mentions)"
