"""Cells of table artifacts: nothing in them is markup, in the user interface that reads them as markdown."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.cells import cell
from flows.report import MAX_TEXT

# What opens markup in a line of CommonMark or of GitHub's dialect.
MARKUP = re.compile(
    r"[<>\[\]*`~\\\n\r]|(?<![^\W_])_|_(?![^\W_])|^[#+=|:-]|^\d+[.)]|://\w|www\.|@\w", re.IGNORECASE
)


@pytest.mark.parametrize(
    ("text", "expect"),
    [
        ("<img src=x onerror=alert(1)>", "‹img src=x onerror=alert(1)›"),
        ("![x](//a/p.png)", "!［x］(//a/p.png)"),
        ("| a | b |\n|---|---|", "\u200b| a | b | |---|---|"),
        ("# no heading", "\u200b# no heading"),
        ("1. no list", "\u200b1. no list"),
        ("min_items of _all_ & __init__", "min_items of ＿all＿ & ＿＿init＿＿"),
        ("\u202egnp.exe \u2066x\u2069 \x1b[31mred\x07", "gnp.exe x ［31mred"),
        ("see https://evil.example, www.evil.example, me@x.example", None),
        ("Plain: 3 - 4 = -1 (50 %)", "Plain: 3 - 4 = -1 (50 %)"),
        ("&lt;b&gt;", "&lt;b&gt;"),
        ("שלום", "שלום"),
        ("x" * 5_000_000, "x" * (MAX_TEXT - 1) + "…"),
        ("", ""),
    ],
)
def test_cells(text: str, expect: str | None) -> None:
    assert not MARKUP.search(cell(text))
    if expect is not None:
        assert cell(text) == expect


@given(st.text(max_size=300))
def test_nothing_is_markup(text: str) -> None:
    shown = cell(text)
    assert not MARKUP.search(shown)
    assert len(shown.replace("\u200b", "")) <= MAX_TEXT
