"""Figures of the published copy and the last run, as Prometheus reads them (text format 0.0.4)."""

import json
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from flows.serving import last_run_of
from schemas.errors import FeedmillError
from warehouse.overview import landed_sums, run_states, sources, totals
from warehouse.reader import current, reading

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric with its samples."""

    name: str
    kind: str
    help: str
    samples: tuple[tuple[Labels, float], ...]


class Gauge:
    """The figures of one warehouse. They are asked anew only when another copy was published."""

    def __init__(self, warehouse: Path) -> None:
        """Look at this warehouse, which need not be there yet."""
        self._warehouse = warehouse
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._found: list[Metric] = []

    def text(self) -> str:
        """Return all figures. `feedmill_up` is 0 where the warehouse cannot be read."""
        with self._lock:
            up = self._refresh()
            found = list(self._found)
        return render(
            [_one("feedmill_up", "gauge", "1 if the warehouse can be read", float(up)), *found, *self._now()]
        )

    def _refresh(self) -> bool:
        try:
            status = self._warehouse.stat()
            seen = (status.st_ino, status.st_mtime_ns)
            if seen != self._seen:
                self._found = list(_asked(self._warehouse))
                self._seen = seen
        except (OSError, FeedmillError):
            self._found, self._seen = [], None
            return False
        return True

    def _now(self) -> Iterator[Metric]:
        """Yield what changes without a new copy: lags, and the last run."""
        moment = time.time()
        newest = next(
            (one for one in self._found if one.name == "feedmill_source_new_timestamp_seconds"), None
        )
        if newest:
            yield Metric(
                name="feedmill_source_lag_seconds",
                kind="gauge",
                help="Seconds since a run got something new from the source",
                samples=tuple((labels, round(moment - at, 3)) for labels, at in newest.samples),
            )
        yield from _last_run(last_run_of(self._warehouse))


def render(metrics: Iterable[Metric]) -> str:
    """Return metrics in the text format."""
    lines = []
    for one in metrics:
        lines += [f"# HELP {one.name} {one.help}", f"# TYPE {one.name} {one.kind}"]
        for labels, value in one.samples:
            inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels)
            lines.append(f"{one.name}{f'{{{inside}}}' if inside else ''} {value:.15g}")
    return "\n".join(lines) + "\n"


def _asked(warehouse: Path) -> Iterator[Metric]:
    with reading(warehouse) as con:
        current(con)
        held, states, landed = totals(con), run_states(con), landed_sums(con)
        known = sources(con)
    for name, value, words in (
        ("feedmill_documents", held.documents, "Raw inputs in the warehouse"),
        ("feedmill_bytes", held.bytes, "Bytes of the raw inputs in the warehouse"),
        ("feedmill_items", held.items, "Items in the warehouse"),
        ("feedmill_duplicates", held.duplicates, "Items that copy another item"),
        ("feedmill_quarantine_ranges", held.quarantined, "Byte ranges in quarantine"),
        ("feedmill_quarantine_bytes", held.quarantined_bytes, "Bytes in quarantine"),
        ("feedmill_warehouse_file_bytes", warehouse.stat().st_size, "Size of the published file"),
    ):
        yield _one(name, "gauge", words, float(value))
    for name, total in zip(("bytes", "documents", "items", "duplicates", "quarantined"), landed, strict=True):
        yield _one(f"feedmill_landed_{name}_total", "counter", f"New {name} landed by all runs", float(total))
    yield Metric(
        name="feedmill_runs",
        kind="gauge",  # those that changed nothing are forgotten some day
        help="Runs by the state that they ended in",
        samples=tuple(((("state", state),), float(count)) for state, count in states.items()),
    )
    for name, words, field in (
        ("feedmill_source_documents", "Raw inputs that the source gave", "documents"),
        (
            "feedmill_source_new_timestamp_seconds",
            "When a run last got something new from the source",
            "new_at",
        ),
        (
            "feedmill_source_answer_timestamp_seconds",
            "When the source last gave or answered anything",
            "answered_at",
        ),
        ("feedmill_source_failures", "Polls of the source that failed in a row", "failures"),
    ):
        samples = [((("source", one.source),), getattr(one, field)) for one in known]
        yield Metric(
            name=name,
            kind="gauge",
            help=words,
            samples=tuple((labels, float(value)) for labels, value in samples if value is not None),
        )


def _last_run(file: Path) -> Iterator[Metric]:
    try:
        last = json.loads(file.read_text(encoding="utf-8"))
        stages = {str(name): float(value) for name, value in last["stages"].items()}
        whole, ended = float(last["seconds"]), float(last["ended"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return  # there was none, or it is being written by an older program
    yield Metric(
        name="feedmill_last_run_stage_seconds",
        kind="gauge",
        help="Seconds that the last flow run spent in each stage",
        samples=tuple(((("stage", name),), value) for name, value in stages.items()),
    )
    yield _one("feedmill_last_run_seconds", "gauge", "Seconds that the last flow run took", whole)
    yield _one("feedmill_last_run_end_timestamp_seconds", "gauge", "When the last flow run ended", ended)


def _one(name: str, kind: str, words: str, value: float) -> Metric:
    return Metric(name=name, kind=kind, help=words, samples=(((), value),))


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
