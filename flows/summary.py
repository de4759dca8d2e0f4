"""A run for the person who started it: progress while it runs, a summary afterwards, and what to try next."""

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from flows.pipeline import ingest
from flows.prefect_server import ingest_with_prefect
from flows.progress import Progress
from flows.runs import IngestRequest, RunSummary, SourceRow
from flows.voice import Voice
from schemas.items import BASES

_NEXT = "select published_best, title from unique_items order by published_best desc limit 10"
_STAGES = {"read": "reading", "clean": "cleaning", "publish": "publishing"}


def landing(request: IngestRequest, voice: Voice, *, as_flow: bool) -> RunSummary:
    """Run a request, as a Prefect flow or directly, with a bar if a person watches."""
    run = ingest_with_prefect if as_flow else ingest
    with _watched(voice, starting="starting Prefect" if as_flow else "starting") as tell:
        return run(request, tell)


@contextmanager
def _watched(voice: Voice, *, starting: str) -> Iterator[Callable[[Progress], None] | None]:
    """Give what takes the progress of a run: a bar on a terminal, nothing in a log."""
    if voice.quiet or not voice.terminal:
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - only for terminals
    from rich.progress import (  # noqa: PLC0415 - only for terminals
        BarColumn,
        DownloadColumn,
        Progress as Bar,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[found]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(starting, total=None, found="")

        def tell(progress: Progress) -> None:
            bar.update(
                task,
                description=_STAGES[progress.stage],
                completed=progress.done,
                total=progress.total or None,
                found=f"{_count(progress.documents, 'document')}, {_count(progress.items_new, 'new item')}",
            )

        yield tell


def summary_text(summary: RunSummary, inputs: Sequence[str], *, as_flow: bool, warehouse: str | None) -> str:
    """Return the summary as lines for stderr. `inputs` and `warehouse` are as they were typed."""
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
        f"duplicates  {summary.duplicates} among the new items, {summary.near_duplicates} of them near copies",
        f"warehouse   {summary.warehouse}",
        f"run         {summary.run_id} {summary.state}",
    ]
    option = f" --warehouse {shlex.quote(warehouse)}" if warehouse else ""
    if total.quarantined:
        query = "select document_id, reason, detail from quarantine"
        lines.append(f'quarantine  {total.quarantined} byte ranges: feedmill sql{option} "{query}"')
    if not summary.dry_run:
        lines += ["", "Try next:", f'  feedmill sql{option} "{_NEXT}"']
    if not as_flow:
        lines += [
            "Watch runs in a browser (run `prefect server start` in another terminal first):",
            f"  {_watched(command)}",
        ]
    return "\n".join(lines)


def _watched(command: str) -> str:
    return f"PREFECT_API_URL=http://127.0.0.1:4200/api {command}"


def _known(summary: RunSummary) -> str:
    if not summary.documents_unchanged:
        return "Nothing of it was known before."
    known = _count(summary.documents_unchanged, "document")
    return f"Known before: {known} with {_count(summary.items_unchanged, 'item')}."


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
