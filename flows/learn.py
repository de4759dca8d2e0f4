"""`feedmill learn`: which lines a source puts above and below its items, proposed to a person."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from flows.learned import LearnedLine, add_learned
from flows.options import Form, Speaker, Warehouse
from flows.output import Row, records, write
from flows.settings import load
from flows.upkeep import app as app  # noqa: PLC0414 - with the command below it is the whole
from schemas.errors import ConfigError
from schemas.options import EdgeLine


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedLine:
    """A line that could be left out of the texts of a source.

    items: how many would lose it; share: of the items that have words of their own; example: the first words
    of one of them. state: `new`, `accepted` (in the file, not yet applied to all that has landed), `refused`.
    """

    id: str
    source: str
    position: Literal["first", "last"]
    line: str
    items: int
    share: float
    example: str
    state: Literal["new", "accepted", "refused"]


@app.command(
    help_epilogue="""
Examples:
    feedmill learn --source seeds
    feedmill learn --source seeds --write
"""
)
def learn(
    *,
    source: Annotated[str, Parameter(help="Learn of the landed items of this source.")],
    write_: Annotated[
        bool,
        Parameter(
            name="--write", negative="", show_default=False, help="Add new ones to feedmill.boilerplate.toml."
        ),
    ] = False,
    share: Annotated[
        float | None, Parameter(help="Least share of items that carry a line. [default: 0.05]")
    ] = None,
    form: Form = None,
    warehouse: Warehouse = None,
    voice: Speaker,
) -> int:
    """Propose lines that recur above or below the items of a source: signatures, rubrics, subscribe lines.

    With --write they become rules of that source, in a file beside feedmill.toml to look through. Later
    ingests apply them, and `feedmill ingest --reprocess` applies them to what has landed.
    """
    if share is not None and not 0 < share <= 1:
        raise ConfigError(f"--share {share}: a number above 0 and up to 1 is needed. Try --share 0.1.")
    settings = load(warehouse=warehouse)
    rows = proposed(settings.warehouse, source, settings.learned, share)
    write(records(rows, ProposedLine, brief=brief, fold=True), form)
    new = [one for one in rows if one.state == "new"]
    if not new:
        voice.tell("There is nothing new to learn.")
    elif not write_:
        voice.tell(f"{_lines(len(new))} new. --write adds to {settings.learned_file}.")
    else:
        add_learned(settings.learned_file, map(accepted, new))
        voice.tell(
            f"{_lines(len(new))} now in {settings.learned_file}. Look it through; what it changes:\n"
            f"  feedmill ingest --reprocess --source {shlex.quote(source)} --dry-run"
        )
    return 0


def proposed(
    warehouse: Path, source: str, learned: tuple[LearnedLine, ...], share: float | None = None
) -> list[ProposedLine]:
    """Return what can be learned of a source's items in the published copy, the commonest line first.

    Lines that are left out of the texts already are not seen any more. Raises WarehouseError.
    """
    from cleaners import footers  # noqa: PLC0415 - brings the cleaners
    from warehouse.reader import current, reading  # noqa: PLC0415 - brings DuckDB
    from warehouse.texts import texts_of  # noqa: PLC0415 - as above

    with reading(warehouse) as con:
        current(con)
        texts = texts_of(con, source)
    known = {one.line.id: one for one in learned if one.source == source}
    return [
        ProposedLine(
            id=one.id,
            source=source,
            position=one.position,
            line=one.line,
            items=one.items,
            share=one.share,
            example=one.example,
            state="new" if one.id not in known else "accepted" if known[one.id].apply else "refused",
        )
        for one in footers.learn(texts, footers.LEAST_SHARE if share is None else share)
    ]


def accepted(one: ProposedLine) -> LearnedLine:
    """Return the rule that a proposal becomes."""
    where = "above" if one.position == "first" else "below"
    return LearnedLine(
        source=one.source,
        line=EdgeLine(id=one.id, position=one.position, example=one.line),
        why=f"stands {where} {one.items} items of the source ({one.share:.1%}), such as: {one.example[:80]}",
    )


def brief(row: Row) -> Row:
    """Return what a table shows of a proposal."""
    return {name: row[name] for name in ("id", "position", "items", "share", "line", "example", "state")}


def _lines(count: int) -> str:
    return f"{count} line{' is' if count == 1 else 's are'}"
