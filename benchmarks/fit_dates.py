"""Count how far posts lie from the dates that they mention, and write rules/dates_offsets.toml.

usage: python benchmarks/fit_dates.py FOLDER [--write] [--leave-out NAME ...]

FOLDER holds NAME.jsonl files, one post a line with `text` and `date_iso`. The counts start from the coarse
shapes in dates_prior.toml, which were set by hand and weigh as much as `strength` mentions; a channel adds at
most WORTH mentions to a class, however many it has. Days are UTC days, as posts are stamped and scored.
Without --write, prints the counts of each class.
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from cleaners.dates.clues import Clue, read_clues
from cleaners.dates.grid import days_of

HERE = Path(__file__).resolve().parent
WORTH = 60.0  # mentions: the classes of one channel must not become the habit of all
HALF_YEAR = 183

Posts = Sequence[tuple[str, date]]
Observation = tuple[Clue, date]


def load(path: Path) -> list[tuple[str, date]]:
    """Return the posts of a channel as lines of text and the UTC day that each was posted on."""
    posts = []
    for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        lines = [" ".join(line.split()) for line in row["text"].split("\n")]
        text = "\n".join(line for line in lines if line)
        if text:
            posts.append((text, date.fromisoformat(row["date_iso"][:10])))
    return posts


def fitted(channels: Iterable[Posts]) -> dict[str, Any]:
    """Return tables in the shape of dates_offsets.toml, from the prior and the counts of some channels."""
    seen = [[(clue, day) for text, day in posts for clue in read_clues(text)] for posts in channels]
    return fit(seen)


def fit(seen: Sequence[Sequence[Observation]]) -> dict[str, Any]:
    """Return tables from the clues of each channel with the days of their posts."""
    prior = tomllib.loads((HERE / "dates_prior.toml").read_text("utf-8"))
    strength = float(prior.pop("strength"))
    for table in [*prior.values(), *prior["days"].values()]:
        table.pop("why", None)
    tables = dict(prior)
    tables["days"] = {
        label: {"bins": _bins(row["bins"], strength, [_days(own, label) for own in seen])}
        for label, row in prior["days"].items()
    }
    tables["stated"] = _stated(prior["stated"], strength, seen)
    tables["years"] = _years(prior["years"], strength, seen)
    for name, kind in (("months", "month"), ("weekdays", "weekday")):
        tables[name] = {
            label: _cyclic(shares, strength, [_steps(own, kind, label) for own in seen])
            for label, shares in prior[name].items()
        }
    tables["month_years"] = {
        label: _bins(bins, strength, [_month_steps(own, label) for own in seen])
        for label, bins in prior["month_years"].items()
    }
    return tables


def offset(clue: Clue, day: date) -> int:
    """Return post day - mentioned day, 0 inside a range; without a year, to the nearest such day."""
    mention = clue.mention
    years = [mention.year] if mention.year else [day.year - 1, day.year, day.year + 1]
    found = []
    for year in years:
        span = days_of(mention, year)
        if span is not None:
            found.append(min(0, (day - span[0]).days) + max(0, (day - span[1]).days))
    return min(found, key=abs, default=0)


def _days(own: Sequence[Observation], label: str) -> list[int]:
    offsets = [
        offset(clue, day)
        for clue, day in own
        if clue.kind == "day" and clue.label == label and not clue.mention.ambiguous
    ]
    return [off for off in offsets if abs(off) <= HALF_YEAR]


def _steps(own: Sequence[Observation], kind: str, label: str) -> list[int]:
    if kind == "weekday":
        return [
            (day.weekday() - (clue.mention.weekday or 0)) % 7
            for clue, day in own
            if clue.kind == kind and clue.label == label
        ]
    return [
        (day.month - (clue.mention.month or 1)) % 12
        for clue, day in own
        if clue.kind == kind and clue.label == label
    ]


def _month_steps(own: Sequence[Observation], label: str) -> list[int]:
    return [
        (day.year - (clue.mention.year or 0)) * 12 + day.month - (clue.mention.month or 1)
        for clue, day in own
        if clue.kind == "month_year" and clue.label == label
    ]


def _bins(
    bins: Sequence[Sequence[float]], strength: float, offsets: Sequence[Sequence[int]]
) -> list[list[float]]:
    """Return [first, last, share] from prior shares and the offsets of each channel."""
    counts = [strength * share for _, _, share in bins]
    for own in offsets:
        inside = [
            next((at for at, (low, high, _) in enumerate(bins) if low <= off <= high), None) for off in own
        ]
        worth = min(1.0, WORTH / max(1, len(own)))
        for at in inside:
            if at is not None:
                counts[at] += worth
    total = sum(counts)
    shares = [round(count / total, 4) for count in counts]
    shares[shares.index(max(shares))] += 1 - sum(shares)  # what rounding took
    return [[low, high, round(share, 4)] for (low, high, _), share in zip(bins, shares, strict=True)]


def _cyclic(shares: Sequence[float], strength: float, steps: Sequence[Sequence[int]]) -> list[float]:
    bins = [[at, at, share] for at, share in enumerate(shares)]
    return [share for _, _, share in _bins(bins, strength, steps)]


def _stated(
    prior: Mapping[str, Mapping[str, float]], strength: float, seen: Sequence[Sequence[Observation]]
) -> dict[str, dict[str, float]]:
    """Return the shares of days with a year that lie more than half a year back, and ahead, by place."""
    result: dict[str, dict[str, float]] = {"old": {}, "ahead": {}, "anniversary": dict(prior["anniversary"])}
    for place in prior["old"]:
        far = [
            [
                offset(clue, day)
                for clue, day in own
                if clue.kind == "day" and clue.mention.year and clue.label == place
            ]
            for own in seen
        ]
        for name, sign in (("old", 1), ("ahead", -1)):
            hits, total = strength * prior[name][place], strength
            for own_far in far:
                worth = min(1.0, WORTH / max(1, len(own_far)))
                hits += worth * sum(sign * off > HALF_YEAR for off in own_far)
                total += worth * len(own_far)
            result[name][place] = round(hits / total, 4)
    return result


def _years(
    prior: Mapping[str, Any], strength: float, seen: Sequence[Sequence[Observation]]
) -> dict[str, Any]:
    """Return post year - mentioned year by tense, at the start and at the end of a year."""
    tables: dict[str, Any] = {"older": prior["older"], "later": prior["later"]}
    for name in prior:
        if name in {"older", "later"}:
            continue
        label, _, season = name.partition("_")
        counts = {key: strength * share for key, share in prior[name].items()}
        total = strength
        for own in seen:
            found = []
            for clue, day in own:
                if clue.kind == "year" and clue.label == label:
                    late = min(1.0, (day.timetuple().tm_yday - 1) / 364)
                    part = late if season == "december" else 1 - late
                    found.append((str(day.year - (clue.mention.year or 0)), part))
            worth = min(1.0, WORTH / max(1.0, sum(part for _, part in found)))
            for key, part in found:
                total += worth * part
                if key in counts:
                    counts[key] += worth * part
        tables[name] = {key: round(count / total, 4) for key, count in counts.items()}
    return tables


def written(tables: Mapping[str, Any], names: Sequence[str], seen: int) -> str:
    """Return tables as TOML with their provenance."""
    lines = [
        "# How far a post lies from a date that it mentions, in days: post day - mentioned day, as [first,",
        "# last, share]. Made by benchmarks/fit_dates.py; do not edit. The shapes that it starts from, and",
        "# all numbers that are chosen and not counted: benchmarks/dates_prior.toml.",
        f"# Counted on {seen:,} clues of {len(names)} channels:",
        *(f"#   {name}" for name in names),
        "# Licences: nktkln_* CC-BY-4.0 (NKTKLN/telegram-news-classifier), hse_* MIT, bda_* Apache-2.0.",
        "",
    ]
    for label, row in tables["days"].items():
        lines += [f"[days.{label}]", f"bins = {row['bins']}", ""]
    for name in ("stated", "years", "counted_year", "months", "month_years", "weekdays", "temper", "order"):
        lines.append(f"[{name}]")
        for key, value in tables[name].items():
            lines.append(f"{key} = {_inline(value)}")
        lines.append("")
    return "\n".join(lines)


def _inline(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f'"{key}" = {_inline(item)}' for key, item in value.items()) + " }"
    return str(value)


def main() -> None:
    """Count, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--leave-out", nargs="*", default=[])
    args = parser.parse_args()
    paths = [path for path in sorted(args.folder.glob("*.jsonl")) if path.stem not in args.leave_out]
    seen = [[(clue, day) for text, day in load(path) for clue in read_clues(text)] for path in paths]
    tables = fit(seen)
    for label, row in tables["days"].items():
        count = sum(len(_days(own, label)) for own in seen)
        print(
            f"{label:12} {count:5}",
            " ".join(f"{low}..{high}: {share:.2f}" for low, high, share in row["bins"]),
        )
    if args.write:
        text = written(tables, [path.stem for path in paths], sum(map(len, seen)))
        (HERE.parent / "cleaners" / "rules" / "dates_offsets.toml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
