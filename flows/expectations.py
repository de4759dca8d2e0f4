"""What is expected of a source (`[sources.expect]` in feedmill.toml), held against what a run got."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, fields

from schemas.errors import ConfigError
from schemas.findings import Delivery, Finding, Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """Bounds of one source in one run, all of them optional. Below `min_items` the run fails; else it warns.

    Items are those of all documents that the source gave, known ones too. Shares are 0..1: of the items, and
    for quarantine of the bytes. `max_age_days`: between the newest day among the items and the run.
    """

    min_items: int | None = None
    max_items: int | None = None
    max_undated: float | None = None
    max_duplicates: float | None = None
    max_quarantined: float | None = None
    max_age_days: float | None = None

    @property
    def any(self) -> bool:
        """Say whether anything is expected at all."""
        return any(getattr(self, field.name) is not None for field in fields(self))


NOTHING_EXPECTED = Expectations()


def expectations(table: object, where: str) -> Expectations:
    """Return the expectations of a table of feedmill.toml; `where` names it. Raises ConfigError."""
    known = [field.name for field in fields(Expectations)]
    if not isinstance(table, dict):
        raise ConfigError(f"{where} must be a table. Write it as [sources.expect] below its source.")
    for key, value in table.items():
        if key not in known:
            raise ConfigError(f"{where}: unknown key {key!r}. Known keys: {', '.join(known)}.")
        whole = key.endswith("items")
        share = key in {"max_undated", "max_duplicates", "max_quarantined"}
        number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not number or value < 0 or (share and value > 1):
            needed = "a whole number" if whole else "a share from 0 to 1" if share else "a number of days"
            raise ConfigError(f"{where}.{key} = {value!r} must be {needed}. Change or remove it.")
    return Expectations(**table)


def judge(source: str, expected: Expectations, delivery: Delivery, day: dt.date) -> Iterator[Finding]:
    """Yield a finding for each expectation. `day` is that of the run. Shares of nothing are 0."""
    items = delivery.items

    def share(part: int, whole: int) -> float:
        return part / whole if whole else 0.0

    age = None if delivery.newest is None else float((day - delivery.newest).days)
    measured = (
        ("min_items", float(items), expected.min_items, f"{items:,} items"),
        ("max_items", float(items), expected.max_items, f"{items:,} items"),
        ("max_undated", share(delivery.undated, items), expected.max_undated, "of the items have no date"),
        (
            "max_duplicates",
            share(delivery.duplicates, items),
            expected.max_duplicates,
            "of the items are copies of another one",
        ),
        (
            "max_quarantined",
            share(delivery.quarantined_bytes, delivery.bytes),
            expected.max_quarantined,
            "of the bytes are in quarantine",
        ),
        ("max_age_days", age, expected.max_age_days, "days lie between the newest item and this run"),
    )
    for name, value, bound, words in measured:
        if bound is None:
            continue
        level = _level(name, value, float(bound))
        said = words if name.endswith("items") else f"{_figure(name, value)} {words}"
        verdict = {"met": "as expected", "warned": "more than expected", "failed": "fewer than expected"}[
            level
        ]
        if value is None:
            said, verdict = "no item has a date, so nothing tells how fresh they are", "not as expected"
        yield Finding(
            kind="expectation",
            name=name,
            source=source,
            level=level,
            value=value,
            bound=float(bound),
            detail=f"{said}; {verdict} ({name} = {bound})",
        )


def _level(name: str, value: float | None, bound: float) -> Level:
    if name == "min_items":
        return "failed" if value is None or value < bound else "met"
    return "warned" if value is None or value > bound else "met"


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return "no"
    return f"{value:.0f}" if name == "max_age_days" else f"{100 * value:.1f} %"
