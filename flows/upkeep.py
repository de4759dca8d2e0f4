"""The commands that keep a warehouse: verify, diff, quarantine and export."""

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from flows.commands import app as app  # noqa: PLC0414 - with the commands below it is the whole
from flows.options import ExcelSafe, Form, Speaker, Warehouse, switch
from flows.output import records, write, write_json
from flows.runs import IngestRequest, upkeep_request
from flows.settings import load
from schemas.errors import ConfigError

Ids = Annotated[str, Parameter(name="ID", help="Ranges by their ids, or all of a document by its id.")]
Reason = Annotated[str | None, Parameter(help="Only ranges of this reason.")]
Source = Annotated[str | None, Parameter(help="Only ranges of this source.")]
Wait = Annotated[float, Parameter(help="Seconds to wait for a busy warehouse.")]


@app.command(
    help_epilogue="""
Examples:
    feedmill verify
    feedmill verify --sample 100 --format json
"""
)
def verify(
    *,
    sample: Annotated[
        int | None, Parameter(help="Derive so many items again, drawn at random. [default: all]")
    ] = None,
    form: Form = None,
    warehouse: Warehouse = None,
    voice: Speaker,
) -> int:
    """Derive landed items again from their stored bytes and compare, and run every data check.

    Reads the published copy and changes nothing. Exit status 1 if a promise is broken.
    """
    from flows.verify import Verdict, brief  # noqa: PLC0415 - brings DuckDB and the cleaners
    from flows.verify import verify as judge_all  # noqa: PLC0415 - as above

    if sample is not None and sample < 1:
        raise ConfigError(f"--sample {sample}: a number of items from 1 up is needed. Try --sample 100.")
    verdicts = judge_all(_request(warehouse), sample)
    write(records(verdicts, Verdict, brief=brief, fold=True), form)
    broken = [verdict for verdict in verdicts if verdict.state == "broken"]
    for verdict in broken:
        voice.warn(f"{verdict.check}: {verdict.found}. {verdict.mend}")
    for verdict in verdicts:
        if verdict.state == "stale":
            voice.tell(f"{verdict.check}: {verdict.found}. {verdict.mend}")
    voice.tell(
        f"{len(broken)} of {len(verdicts)} promises are broken." if broken else "All promises are kept."
    )
    return 1 if broken else 0


@app.command(
    help_epilogue="""
Examples:
    feedmill sql "select run_id, command from runs"
    feedmill diff RUN_A RUN_B --format csv
"""
)
def diff(
    run_a: Annotated[str, Parameter(name="RUN_A", help="A run, as the view `runs` names it.")],
    run_b: Annotated[str, Parameter(name="RUN_B", help="Another one.")],
    /,
    *,
    form: Form = None,
    warehouse: Warehouse = None,
) -> int:
    """Show what became of the items between the ends of two runs: added, removed, changed field by field."""
    from flows import reprocess  # noqa: PLC0415 - brings DuckDB and the cleaners
    from warehouse.history import Change  # noqa: PLC0415 - as above

    changes = reprocess.diff(load(warehouse=warehouse).warehouse, run_a, run_b)
    write(records(changes, Change, brief=reprocess.brief, fold=True), form)
    return 0


@app.command(
    help_epilogue="""
Examples:
    feedmill export items.csv --format csv --excel-safe
    feedmill export by-month --view unique_items
"""
)
def export(
    target: Annotated[
        str, Parameter(name="TARGET", help="A folder for Parquet (made if missing), else a file.")
    ],
    /,
    *,
    view: Annotated[str, Parameter(help="items, unique_items or item_versions.")] = "items",
    form: Annotated[Literal["parquet", "csv", "jsonl"], Parameter(name="--format")] = "parquet",
    excel_safe: ExcelSafe = False,
    warehouse: Warehouse = None,
    voice: Speaker,
) -> int:
    """Write a view to files: Parquet partitioned by month in a folder, or all rows in one CSV or JSONL file.

    The new export takes the place of the old one in one step. One that was ended goes on where it stopped.
    """
    from flows.export import export as write_files  # noqa: PLC0415 - brings DuckDB and Arrow

    done = write_files(
        load(warehouse=warehouse).warehouse, Path(target), view=view, kind=form, excel_safe=excel_safe
    )
    voice.tell(str(done))
    return 0


@app.command(
    help_epilogue="""
Examples:
    feedmill serve
    feedmill serve --port 4300 --warehouse other.duckdb
"""
)
def serve(
    *,
    port: Annotated[int, Parameter(help="Where the browser finds it, on this machine only.")] = 4200,
    warehouse: Warehouse = None,
    voice: Speaker,
) -> int:
    """Run Prefect's server, the schedules of feedmill.toml and what they start, until Ctrl-C.

    Runs, report and schedules are seen in a browser, figures at /metrics. History and schedules are kept.
    """
    from flows.serve import serve as serve_all  # noqa: PLC0415 - brings http

    if not 1 <= port <= 65535:
        raise ConfigError(f"--port {port}: a number from 1 to 65535 is needed. Try --port 4200.")
    return serve_all(load(warehouse=warehouse), port, voice)


quarantine = App(
    name="quarantine",
    help="Work off what could not be used: list and show it, try it again, or decide to leave it.",
    help_format="plaintext",
    help_epilogue="""
Examples:
    feedmill quarantine list --reason binary
    feedmill quarantine replay
""",
)
app.command(quarantine)


@quarantine.command(name="list")
def list_(
    *,
    reason: Reason = None,
    source: Source = None,
    status: Annotated[
        Literal["open", "discarded", "all"], Parameter(help="Whether a person has decided.")
    ] = "open",
    form: Form = None,
    warehouse: Warehouse = None,
) -> int:
    """List ranges of bytes in quarantine: where, why, by which stage of which cleaners."""
    from flows.quarantine import brief, listed  # noqa: PLC0415 - brings DuckDB
    from warehouse.quarantine import QuarantinedRange, QuarantineSelection  # noqa: PLC0415 - as above

    select = QuarantineSelection(reason=reason, source=source, status=status)
    found = listed(load(warehouse=warehouse).warehouse, select)
    write(records(found, QuarantinedRange, brief=brief, fold=True), form)
    return 0


@quarantine.command
def show(
    range_id: Annotated[str, Parameter(name="ID", help="A range, as `feedmill quarantine list` names it.")],
    /,
    *,
    raw: Annotated[bool, switch("Write its bytes to stdout as they are.")] = False,
    form: Form = None,
    warehouse: Warehouse = None,
) -> int:
    """Show one range with all that is known of it and its first bytes, or its bytes alone."""
    from flows.quarantine import Shown, shown  # noqa: PLC0415 - brings DuckDB

    one, data = shown(load(warehouse=warehouse).warehouse, range_id)
    if raw:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return 0
    write(records([one], Shown, fold=True), form)
    return 0


@quarantine.command
def replay(
    *ids: Ids,
    reason: Reason = None,
    source: Source = None,
    json: Annotated[bool, switch("Print what came of it as JSON.")] = False,
    wait: Wait = 0.0,
    warehouse: Warehouse = None,
    voice: Speaker,
) -> int:
    """Clean the documents of open ranges again by the present cleaners, from their stored bytes.

    What can be used now lands under the ids that it would have had; the rest stays open. Exit status 3 if
    something does.
    """
    from flows.quarantine import replayed  # noqa: PLC0415 - brings DuckDB and the cleaners
    from warehouse.quarantine import QuarantineSelection  # noqa: PLC0415 - as above

    select = QuarantineSelection(ids=ids or None, reason=reason, source=source)
    outcome = replayed(_request(warehouse, wait), select)
    if json:
        write_json(outcome.as_dict())
    voice.tell(str(outcome))
    return outcome.exit_status


@quarantine.command
def discard(
    *ids: Ids,
    reason: Reason = None,
    source: Source = None,
    note: Annotated[str | None, Parameter(help="Why, for those who ask later.")] = None,
    wait: Wait = 0.0,
    warehouse: Warehouse = None,
    voice: Speaker,
) -> int:
    """Decide that nothing is to be had of some ranges. Their bytes are kept, for a replay by id."""
    from flows.quarantine import discarded  # noqa: PLC0415 - brings DuckDB
    from warehouse.quarantine import QuarantineSelection  # noqa: PLC0415 - as above

    if not ids and reason is None and source is None:
        raise ConfigError(
            "Name the ranges: by ID, or with --reason or --source. `quarantine list` shows them."
        )
    select = QuarantineSelection(ids=ids or None, reason=reason, source=source)
    count = discarded(_request(warehouse, wait), select, note)
    voice.tell(f"{count} range{'' if count == 1 else 's'} discarded. The bytes are kept.")
    return 0


def _request(warehouse: str | None, wait: float = 0.0) -> IngestRequest:
    settings = load(warehouse=warehouse)
    if not 0 <= wait < float("inf"):
        raise ConfigError(f"--wait {wait}: a number of seconds from 0 up is needed. Try --wait 60.")
    return upkeep_request(settings, wait)
