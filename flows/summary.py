"""A run for the person who started it: progress while it runs, a summary afterwards, and what to try next."""

import shlex

from flows.runs import RunSummary, SourceRow
from schemas.items import BASES

_NEXT = "select published_best, title from unique_items order by published_best desc limit 10"


def summary_text(summary: RunSummary, *, as_flow: bool, command: str, warehouse: str | None) -> str:
    """Return the summary as lines for stderr.

    `command` is what was typed, to be typed again under Prefect; `warehouse` the option, if it was given.
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
