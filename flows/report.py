"""A run's report as markdown, for the Prefect UI. Text from feeds and file names cannot become markup."""

import re
from collections.abc import Iterable, Sequence

from flows.runs import RunSummary, SourceRow
from schemas.items import Basis

#: A report shows names and titles. What is longer is no name.
MAX_TEXT = 200

#: Rows of a table about what is wrong: a person needs examples, and the warehouse has all.
_MOST_ROWS = 50

#: What a date rests on, in a person's words.
BASIS_WORDS: dict[Basis, str] = {
    "field": "a field of the export",
    "stated": "stated in the text",
    "stated-no-year": "stated, but without a year",
    "weekday": "a weekday",
    "header": "a header",
    "neighbours": "the items around it",
    "none": "nothing: no date",
}

_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
# Everything that means something to CommonMark or to the tables and footnotes of GitHub's dialect. An
# entity never starts markup (CommonMark 0.31, section 2.5), whatever stands around it.
_MARKUP = re.compile(r"[!\"#$&'()*+\-<=>\[\\\]^_`{|}~:@]")
# GitHub's dialect makes links of bare addresses even after entities were resolved; a zero-width space
# after these keeps them apart.
_ADDRESS = re.compile(r"(://|www(?=\.)|@)", re.IGNORECASE)


def escape(text: str) -> str:
    """Return text of unknown origin as one line of at most 200 characters that renders as itself."""
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", apart(line_of(text)))


def line_of(text: str, most: int = MAX_TEXT) -> str:
    """Return text as a line of at most `most` characters, without controls that turn or hide what follows."""
    line = _BLANK.sub(" ", text).strip()
    return line if len(line) <= most else line[: most - 1] + "…"


def apart(line: str) -> str:
    """Return a line of which no address is made a link."""
    return _ADDRESS.sub(lambda match: f"{match[0]}\u200b", line)


def markdown(summary: RunSummary, copies: Sequence[tuple[str, str]] = ()) -> str:
    """Return the report of one run: what came in, what it became, what the dates rest on, what failed.

    `copies`: title and id of some of its duplicates, for whoever wants to look closer.
    """
    parts = [
        f"# {_headline(summary)}",
        _table(("", ""), _facts(summary), "lr"),
        "## Sources",
        _table(
            tuple(source_cells(None)),
            [tuple(source_cells(row).values()) for row in summary.sources],
            "l" + "r" * 9,
        ),
    ]
    dates = [(BASIS_WORDS[basis], f"{count:,}") for basis, count in summary.dates.items() if count]
    if dates:
        parts += ["## What the dates of new items rest on", _table(("basis", "items"), dates, "lr")]
    if summary.findings:
        found = [
            (one.level, escape(one.source or "all"), escape(one.name), escape(one.detail))
            for one in sorted(summary.findings, key=lambda one: ("failed", "warned", "met").index(one.level))
        ]
        parts += ["## Checks and expectations", _table(("", "source", "what", "found"), found, "llll")]
    if copies:
        looks = [(escape(title), f"`feedmill explain {item_id}`") for title, item_id in copies]
        parts += ["## Newest duplicates", _table(("title", "why it is a copy"), looks, "ll")]
    parts += _drifts(summary)
    if summary.failures:
        rows = [
            (escape(one.source), escape(one.uri), escape(one.reason), escape(one.next_step))
            for one in summary.failures[:_MOST_ROWS]
        ]
        parts += [
            "## Inputs that could not be used",
            _table(("source", "input", "why", "what next"), rows, "llll"),
        ]
        if len(summary.failures) > len(rows):
            parts.append(f"And {len(summary.failures) - len(rows):,} more.")
    parts.append(
        f"Run `{summary.run_id}`. `feedmill sql` asks the warehouse more; its view `runs` holds this run too."
    )
    return "\n\n".join(parts) + "\n"


def source_cells(row: SourceRow | None) -> dict[str, object]:
    """Return one row of the table of sources, by column; of None, the columns."""
    row = row or SourceRow(source="")
    new = row.new
    return {
        "source": escape(row.source),
        "documents": new.documents,
        "known": row.documents_unchanged,
        "bytes": new.bytes,
        "items": new.items,
        "copies": new.copies,
        "boilerplate": new.boilerplate,
        "undated": new.dates[-1],
        "quarantined": new.quarantined,
        "failed": row.failures,
    }


def _drifts(summary: RunSummary) -> list[str]:
    """Return the section on what the parsers met and do not know; nothing where there is none."""
    drifts = [(row.source, drift) for row in summary.sources for drift in row.new.drifts]
    if not drifts:
        return []
    rows = [
        (escape(source), escape(drift.path), escape(drift.what), drift.count)
        for source, drift in drifts[:_MOST_ROWS]
    ]
    rest = len(drifts) - len(rows)
    more = f" {rest:,} more are in the view `drift` of the warehouse." if rest else ""
    return [
        "## What the parsers do not know",
        f"A format may have changed. Nothing is lost by it: the bytes of the documents are kept.{more}",
        _table(("source", "where", "what", "times"), rows, "lllr"),
    ]


def _headline(summary: RunSummary) -> str:
    words = {
        "completed": "Ingest completed",
        "completed-with-quarantine": "Ingest completed, some input went to quarantine",
        "completed-with-failures": "Ingest completed, some input could not be read",
        "failed": "Ingest failed",
    }
    return words[summary.state] + (" (dry run: nothing was landed)" if summary.dry_run else "")


def _facts(summary: RunSummary) -> list[tuple[str, str]]:
    total = summary.total
    return [
        ("new items", f"**{summary.items_new:,}**"),
        ("items changed", f"{summary.items_changed:,}"),
        ("items known before", f"{summary.items_unchanged:,}"),
        ("new documents", f"{total.documents:,}"),
        ("documents known before", f"{summary.documents_unchanged:,}"),
        ("bytes of new documents", f"{total.bytes:,}"),
        ("copied paragraphs collapsed", f"{total.copies:,}"),
        *_copies(summary),
        ("ranges in quarantine", f"**{total.quarantined:,}**" if total.quarantined else "0"),
        ("ranges of known documents in quarantine", f"{summary.quarantined_known:,}"),
        ("inputs that could not be used", f"**{len(summary.failures):,}**" if summary.failures else "0"),
        ("seconds", f"{summary.seconds:.1f}"),
        ("warehouse", escape(summary.warehouse)),
    ]


def _copies(summary: RunSummary) -> list[tuple[str, str]]:
    if summary.dry_run:
        return [("new items that copy another item", "not looked for in a dry run")]
    return [
        ("new items that copy another item", f"{summary.duplicates:,}"),
        ("of these near copies", f"{summary.near_duplicates:,}"),
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[object]], align: str) -> str:
    rule = ["---:" if side == "r" else "---" for side in align]
    cells = [
        head,
        rule,
        *([f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)
