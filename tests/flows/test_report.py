"""The report: figures where they belong, and text that stays text."""

import datetime as dt
import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.inputs import InputFailure
from flows.report import MAX_TEXT, escape, markdown
from flows.runs import RunSummary, SourceRow, State, Tally
from schemas.drift import Drift
from schemas.items import BASES

CASES = json.loads((Path(__file__).parent / "cases" / "escape.json").read_text(encoding="utf-8"))
# All that opens markup in CommonMark or GitHub's dialect of it: none of it may be there but as an entity.
MARKUP = re.compile(r"[!$()*+\-=>\[\\\]^_`{|}~<\"'\n\r\t]|#(?!\d+;)|&(?!#?\w+;)")


def summary(state: State = "completed", *failures: InputFailure) -> RunSummary:
    day = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
    tally = Tally(documents=2, bytes=1234, items=7, copies=3, dates=(0, 5, 0, 0, 0, 0, 2))
    return RunSummary(
        run_id="20240501T120000000Z-abcdef",
        state=state,
        warehouse="w.duckdb",
        dry_run=False,
        started_at=day,
        finished_at=day + dt.timedelta(seconds=90),
        sources=(SourceRow(source="a|b", new=tally, failures=len(failures)),),
        items_new=7,
        failures=failures,
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_escape(case: dict[str, str]) -> None:
    escaped = escape(case["input"])
    assert not MARKUP.search(escaped)
    assert html.unescape(escaped).replace("\u200b", "") == html.unescape(case["expect"]).replace("\u200b", "")


@given(st.text(max_size=400))
def test_nothing_can_become_markup(text: str) -> None:
    escaped = escape(text)
    assert not MARKUP.search(escaped)
    shown = html.unescape(escaped).replace("\u200b", "")
    assert len(shown) <= MAX_TEXT
    assert "\n" not in shown


@given(st.from_regex(r"[a-zA-Z0-9 ,.;:/?@#&<>*_-]{0,80}", fullmatch=True))
def test_what_is_shown_is_what_was_said(text: str) -> None:
    shown = html.unescape(escape(text)).replace("\u200b", "")
    assert shown == re.sub(r"\s+", " ", text).strip()


@pytest.mark.parametrize("text", ["see https://evil.example/x", "www.evil.example", "me@evil.example"])
def test_bare_addresses_are_no_links(text: str) -> None:
    # GitHub's dialect looks for these after entities are resolved, and would make links of them.
    assert not re.search(r"://\w|www\.|\w@\w", html.unescape(escape(text)))


def test_a_very_long_title_is_cut() -> None:
    assert escape("x" * 5_000_000) == "x" * (MAX_TEXT - 1) + "…"


def test_the_report_of_a_good_run() -> None:
    text = markdown(summary())
    assert text.startswith("# Ingest completed\n")
    assert "| new items | **7** |" in text
    assert "| seconds | 90.0 |" in text
    assert "| a&#124;b | 2 | 0 | 1,234 | 7 | 3 | 0 | 2 | 0 | 0 |" in text
    assert "| stated in the text | 5 |" in text
    assert "| nothing: no date | 2 |" in text
    assert "could not be used |" in text
    assert "## Inputs that could not be used" not in text


def test_the_report_of_a_bad_run() -> None:
    failures = [
        InputFailure(source="a", uri=f"<{number}>", reason="gone", next_step="Look.") for number in range(60)
    ]
    text = markdown(summary("failed", *failures))
    assert text.startswith("# Ingest failed\n")
    assert text.count("| gone | Look. |") == 50
    assert "And 10 more." in text
    assert "<0>" not in text


def test_every_table_is_rectangular() -> None:
    failure = InputFailure(source="a", uri="b|c", reason="gone", next_step="Look.")
    for block in markdown(summary("completed-with-quarantine", failure)).split("\n\n"):
        lines = block.splitlines()
        if lines and lines[0].startswith("|"):
            assert len({line.count("|") for line in lines}) == 1


def test_every_basis_has_words() -> None:
    tally = Tally(items=7, dates=(1,) * len(BASES))
    one = summary()
    text = markdown(
        RunSummary(
            run_id=one.run_id,
            state=one.state,
            warehouse="w",
            dry_run=True,
            started_at=one.started_at,
            finished_at=one.finished_at,
            sources=(SourceRow(source="a", new=tally),),
        )
    )
    assert len(re.findall(r"^\| .* \| 1 \|$", text, re.MULTILINE)) == len(BASES)
    assert "(dry run: nothing was landed)" in text


def test_drift_is_told_and_cannot_become_markup() -> None:
    drifts = tuple(Drift(path=f"messages[].k{number}|", what="unknown-key", count=7) for number in range(60))
    row = SourceRow(source="a", new=Tally(documents=1, drifts=drifts))
    text = html.unescape(markdown(replace(summary(), sources=(row,))))
    assert "## What the parsers do not know" in text
    assert len([line for line in text.split("\n") if "unknown-key" in line and line.endswith("| 7 |")]) == 50
    assert "10 more are in the view" in text
    assert "not know" not in markdown(summary())


def test_copies_are_named_with_the_command_that_explains_them() -> None:
    text = markdown(summary(), [("a | <b>", "0" * 32)])
    assert f"| a &#124; &#60;b&#62; | `feedmill explain {'0' * 32}` |" in text
    assert "Newest duplicates" not in markdown(summary())
