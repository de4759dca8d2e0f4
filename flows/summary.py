"""A run for the person who started it: progress while it runs, a summary afterwards, and what to try next."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from flows.pipeline import ingest
from flows.prefect_server import ingest_with_prefect
from flows.runs import IngestRequest, RunSummary, SourceRow
from flows.values import visible
from flows.voice import Voice
from schemas.drift import Drift
from schemas.findings import Finding
from schemas.items import BASES

_DRIFTS = _NAMED = 3  # that are told in full
_WEIGHT = {"failed": "FAILED", "warned": "warning"}
_REASONS = "select document_id, reason, detail from quarantine"
_NEXT = "select published_best, title from unique_items order by published_best desc limit 10"


def landing(request: IngestRequest, voice: Voice, *, as_flow: bool) -> RunSummary:
    """Run a request, as a Prefect flow or directly, with a bar if a person watches."""
    run = ingest_with_prefect if as_flow else ingest
    if voice.quiet or not voice.terminal:
        return run(request, None)
    from flows.bar import bar  # noqa: PLC0415 - rich is a tenth of a second that only terminals need

    with bar("starting Prefect" if as_flow else "starting") as tell:
        return run(request, tell)


def summary_text(summary: RunSummary, *, as_flow: bool, server: str | None, warehouse: str | None) -> str:
    """Return the summary as lines for stderr.

    `warehouse` is as it was typed; `server` is the address of the Prefect API, if known.
    """
    total = summary.total
    did = "would land" if summary.dry_run else "landed"
    outcome = (
        f"{_count(summary.items_new, 'new item')} {did} from {_count(total.documents, 'new document')}"
        f" of {total.bytes:,} bytes in {summary.seconds:.1f} s. {_known(summary)}"
    )
    lines = [
        outcome,
        "",
        *_table(summary.sources),
        "",
        f"dates       {_dates(summary)}",
        f"duplicates  {_copies(summary)}",
        f"warehouse   {summary.warehouse}",
        f"run         {summary.run_id} {summary.state}",
    ]
    option = f" --warehouse {shlex.quote(warehouse)}" if warehouse else ""
    lines += [f"{_WEIGHT[one.level]:<12}{one.source or one.name}: {one.detail}" for one in grave(summary)]
    lines += [f"{'warning':<12}{note}" for note in summary.notes]
    if total.quarantined or summary.quarantined_known:
        lines.append(f"quarantine  {_quarantine(summary, option)}")
    if summary.skipped:
        lines.append(f"passed over {_passed(summary.skipped)}")
    if total.drifts:
        lines.append(f"drift       {_drift(total.drifts, option, dry_run=summary.dry_run)}")
    if not summary.dry_run and summary.state != "failed":
        lines += ["", "Try next:", f'  {_typed()} sql{option} "{_NEXT}"']
        lines += _browser(option, as_flow, server)
    return "\n".join(lines)


def grave(summary: RunSummary) -> list[Finding]:
    """Return what checks and expectations found and a person should see, the worst first."""
    return [one for level in ("failed", "warned") for one in summary.findings if one.level == level]


def _typed(command: str = "feedmill") -> str:
    """Return a command as it can be typed: with its folder where no shell would find it without."""
    here = Path(sys.argv[0])
    hidden = here.name == "feedmill" and not shutil.which("feedmill")
    return shlex.quote(str(here.with_name(command))) if hidden else command


def _browser(option: str, as_flow: bool, server: str | None) -> list[str]:
    """Return how to see runs in a browser."""
    if as_flow and server:
        place = urlsplit(server)
        # Without the user and password that an address may hold.
        return [f"See this run in a browser: {place.scheme}://{place.netloc.rpartition('@')[2]}"]
    if as_flow:
        prefect = _typed("prefect")
        return [f"To see this run in a browser, run `{prefect} server start` and open http://127.0.0.1:4200"]
    serve = f"{_typed()} serve{option}"
    return [f"To watch runs in a browser, start `{serve}` in another terminal and run this again."]


def _known(summary: RunSummary) -> str:
    items = _count(summary.items_unchanged, "item")
    known = []
    if summary.documents_unchanged:
        known.append(f"{_count(summary.documents_unchanged, 'document')} with {items}")
    elif summary.items_unchanged:
        known.append(items)
    if summary.items_changed:
        known.append(f"{_count(summary.items_changed, 'item')} that changed")
    return f"Known before: {' and '.join(known)}." if known else "Nothing of it was known before."


def _copies(summary: RunSummary) -> str:
    if summary.dry_run:
        return "not looked for in a dry run"
    return f"{summary.duplicates} of the new items, {summary.near_duplicates} of them near copies"


def _quarantine(summary: RunSummary, option: str) -> str:
    """Return what this run put into quarantine and what known inputs have there, and how to see it."""
    new, known = summary.total.quarantined, summary.quarantined_known
    said = [_count(new, "byte range")] if new else []
    if known:
        said.append(f"{_count(known, 'byte range')} of known inputs, there since they landed")
    text = " and ".join(said)
    if summary.dry_run and new:
        return f"{text}: `feedmill preview` tells why"
    return f'{text}: feedmill sql{option} "{_REASONS}"'


def _passed(skipped: Sequence[str]) -> str:
    """Return which files of folders were not read, for what they are called."""
    named = ", ".join(visible(one.rpartition("/")[2]) for one in skipped[:_NAMED])
    more = f" and {len(skipped) - _NAMED} more" if len(skipped) > _NAMED else ""
    return f"{_count(len(skipped), 'file')} by name: {named}{more}; one that is given itself is read"


def _drift(drifts: Sequence[Drift], option: str, *, dry_run: bool) -> str:
    """Return what the parsers met most often and do not know, and how to see the rest."""
    said = [visible(f"{one.count} x {one.what} at {one.path}") for one in drifts[:_DRIFTS]]
    more = f" and {len(drifts) - len(said)} more" if len(drifts) > len(said) else ""
    see = "feedmill preview tells of it" if dry_run else f'feedmill sql{option} "from drift"'
    return f"not known to the parsers, kept as it is: {', '.join(said)}{more}: {see}"


def _dates(summary: RunSummary) -> str:
    counts = [f"{summary.dates[basis]} {basis}" for basis in BASES if summary.dates[basis]]
    return ", ".join(counts) or "none"


def _table(rows: tuple[SourceRow, ...]) -> list[str]:
    """Return the sources as aligned columns; text, because stderr may be a log."""
    head = ("source", "documents", "known", "items", "copies", "boilerplate", "quarantined", "failed")
    body = [
        (row.source, row.new.documents, row.documents_unchanged, row.new.items, row.new.copies,
         row.new.boilerplate, row.new.quarantined, row.failures)
        for row in rows
    ]  # fmt: skip
    table = [head, *(tuple(map(str, row)) for row in body)]
    wide = [max(len(row[column]) for row in table) for column in range(len(head))]
    return [
        "  ".join(text.ljust(width) if column == 0 else text.rjust(width)
                  for column, (text, width) in enumerate(zip(row, wide, strict=True))).rstrip()
        for row in table
    ]  # fmt: skip


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
