"""Tables for people, drawn with rich. Imported only when a table is wanted: rich is a tenth of a second."""

import io
import os
import sys

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

#: A column keeps its natural width up to here; wider ones share what is left. Chosen so that a timestamp,
#: a fate and a rule name stay whole on a terminal of 100 columns.
KEEP_WIDTH = 24
#: With less room than this for a column its cells say nothing any more: one value a line is shown instead.
LEAST_WIDTH = 9
#: Width in a pipe, where there is no terminal to ask and COLUMNS is not set.
PIPE_WIDTH = 160


def draw(columns: tuple[str, ...], cells: list[list[str]], numeric: list[bool], *, fold: bool = False) -> str:
    """Return a table as text, with colours only for a terminal.

    `cells` must be free of control characters. `numeric` columns are set to the right. Long cells end in an
    ellipsis, or go on in the next line with `fold`. Too many columns for the width: one value a line.
    """
    terminal = sys.stdout.isatty()
    sink = io.StringIO()
    width = None if terminal or os.environ.get("COLUMNS") else PIPE_WIDTH
    console = Console(file=sink, force_terminal=terminal, width=width, highlight=False)
    natural = [
        max(cell_len(text) for text in (name, *(row[index] for row in cells)))
        for index, name in enumerate(columns)
    ]
    if cells and sum(min(wide, LEAST_WIDTH) + 2 for wide in natural) > console.width:
        _list(console, columns, cells)
    else:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
        for name, wide, right in zip(columns, natural, numeric, strict=True):
            table.add_column(Text(name), no_wrap=wide <= KEEP_WIDTH, justify="right" if right else "left")
        # no_wrap on the text, not on the column: the column may shrink, the text then ends in an ellipsis.
        for row in cells:
            table.add_row(
                *(Text(text, no_wrap=not fold, overflow=None if fold else "ellipsis") for text in row)
            )
        console.print(table)
    return sink.getvalue()


def _list(console: Console, columns: tuple[str, ...], cells: list[list[str]]) -> None:
    label = max(cell_len(name) for name in columns)
    for number, row in enumerate(cells):
        console.print(Text(f"row {number}", style="bold"))
        for name, text in zip(columns, row, strict=True):
            line = Text.assemble((name.rjust(label), "dim"), "  ", text)
            console.print(line, no_wrap=True, overflow="ellipsis")
