"""The summary says what happened and what to do next, in every kind of run."""

import datetime as dt
from dataclasses import replace

import pytest

from flows.inputs import InputFailure
from flows.runs import RunSummary, SourceRow, Tally
from flows.summary import summary_text
from schemas.drift import Drift

START = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
RUN = RunSummary(
    run_id="r1",
    state="completed",
    warehouse="w.duckdb",
    dry_run=False,
    started_at=START,
    finished_at=START + dt.timedelta(seconds=1.25),
    sources=(
        SourceRow(source="a", new=Tally(documents=1, bytes=1000, items=1, dates=(0, 1, 0, 0, 0, 0, 0))),
        SourceRow(source="longer name", documents_unchanged=2),
    ),
    items_new=1,
    items_unchanged=3,
)


def said(summary: RunSummary = RUN, *, as_flow: bool = False, server: str | None = None) -> str:
    return summary_text(summary, as_flow=as_flow, server=server, warehouse="my file.duckdb")


def test_figures_and_columns() -> None:
    lines = said().split("\n")
    assert lines[0] == (
        "1 new item landed from 1 new document of 1,000 bytes in 1.2 s. "
        "Known before: 2 documents with 3 items."
    )
    head, first, second = lines[2:5]
    assert head.index("documents") + len("documents") == first.index("1") + 1
    assert second.startswith("longer name")
    assert "dates       1 stated" in lines


@pytest.mark.parametrize(
    ("documents", "items", "changed", "says"),
    [
        (0, 0, 0, "Nothing of it was known before."),
        (2, 3, 0, "Known before: 2 documents with 3 items."),
        (0, 3, 0, "Known before: 3 items."),
        (0, 0, 1, "Known before: 1 item that changed."),
        (1, 2, 4, "Known before: 1 document with 2 items and 4 items that changed."),
    ],
)
def test_what_was_known_is_told(documents: int, items: int, changed: int, says: str) -> None:
    row = SourceRow(source="a", documents_unchanged=documents)
    text = said(replace(RUN, sources=(row,), items_unchanged=items, items_changed=changed))
    assert text.split("\n")[0].endswith(says)


def test_commands_to_copy_are_quoted() -> None:
    text = said()
    assert "feedmill sql --warehouse 'my file.duckdb' \"select" in text
    assert "start `feedmill serve --warehouse 'my file.duckdb'` in another terminal" in text


def test_a_command_that_no_shell_would_find_is_named_as_it_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["my venv/bin/feedmill", "ingest"])
    monkeypatch.setenv("PATH", "/nowhere")
    assert "\n  'my venv/bin/feedmill' sql " in said()
    assert "start `'my venv/bin/feedmill' serve" in said()
    assert "run `'my venv/bin/prefect' server start`" in said(as_flow=True)


@pytest.mark.parametrize(
    ("as_flow", "server", "says"),
    [
        (False, None, "To watch runs in a browser, start `feedmill serve"),
        (True, None, "To see this run in a browser, run `prefect server start`"),
        (
            True,
            "https://me:secret@example.org:4200/api",
            "See this run in a browser: https://example.org:4200",
        ),
    ],
)
def test_where_to_see_runs(as_flow: bool, server: str | None, says: str) -> None:
    text = said(as_flow=as_flow, server=server)
    assert says in text
    assert "secret" not in text


def test_a_dry_run_and_a_failed_one_offer_no_query() -> None:
    dry = said(replace(RUN, dry_run=True))
    assert "1 new item would land" in dry
    assert "Try next" not in dry
    failure = InputFailure(source="a", uri="x", reason="gone", next_step="Look.")
    failed = said(replace(RUN, state="failed", failures=(failure,)))
    assert "Try next" not in failed
    assert "in a browser" not in failed


def test_quarantine_is_pointed_out() -> None:
    row = SourceRow(source="a", new=Tally(documents=1, bytes=10, quarantined=2))
    text = said(replace(RUN, sources=(row,), state="completed-with-quarantine"))
    assert "quarantine  2 byte ranges" in text
    assert "from quarantine" in text
    assert "quarantine  " not in said()
    both = said(replace(RUN, sources=(row,), quarantined_known=1))
    assert "quarantine  2 byte ranges and 1 byte range of known inputs, there since they landed: feed" in both
    dry = said(replace(RUN, sources=(row,), dry_run=True))
    assert "quarantine  2 byte ranges: `feedmill preview` tells why" in dry


def test_files_that_were_passed_over_are_told() -> None:
    assert "passed over" not in said()
    one = said(replace(RUN, skipped=("file:///in/tweets.js",)))
    assert "passed over 1 file by name: tweets.js; one that is given itself is read" in one
    many = said(replace(RUN, skipped=tuple(f"file:///in/{n}.png" for n in range(5))))
    assert "passed over 5 files by name: 0.png, 1.png, 2.png and 2 more;" in many


def test_drift_is_told_with_where_to_see_it() -> None:
    drifts = tuple(Drift(path=f"k\x1b{number}", what="unknown-key", count=9 - number) for number in range(4))
    row = SourceRow(source="a", new=Tally(documents=1, drifts=drifts))
    text = said(replace(RUN, sources=(row,)))
    assert "9 x unknown-key at k␛0, 8 x unknown-key at k␛1, 7 x unknown-key at k␛2 and 1 more: " in text
    assert "feedmill sql --warehouse 'my file.duckdb' \"from drift\"" in text
    assert "drift" not in said()
