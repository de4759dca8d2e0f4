"""The commands and their options: each reads its words, calls what does the work, and writes the answer."""

import contextlib
import os
import re
import sys
from typing import Annotated, Literal

from cyclopts import App, Parameter

from flows.learned import edges_of
from flows.options import (
    ExcelSafe,
    FetchedAt,
    Form,
    InputFormat,
    Speaker,
    Warehouse,
    request_from,
    switch,
    unshield,
)
from flows.output import Format, records, write, write_json, write_text
from flows.settings import load
from schemas.errors import ConfigError

_ITEM_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_HELP = """Messy feeds in, dated and deduplicated items in DuckDB out.

Data goes to stdout, everything else to stderr. Every command takes -q (say less) and -v (say where an
error came from). Exit status: 0 done, 1 failed, 2 wrong usage, 3 done but some input went to quarantine
or could not be read, 4 warehouse busy.
"""


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - a tenth of the start-up

    try:
        return version("feedmill")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "0 (not installed)"


app = App(
    name="feedmill",
    help=_HELP,
    help_format="plaintext",
    version=_version,
    help_epilogue="""
Examples:
    feedmill preview seeds
    feedmill ingest seeds
    feedmill sql "select title, published_best from unique_items limit 5"
""",
)


@app.command(
    help_epilogue="""
Examples:
    feedmill ingest seeds
    cat dump.txt | feedmill ingest - --source pasted --fetched-at 2024-05-01
    feedmill ingest seeds --prefect on
    feedmill ingest --reprocess --dry-run
    feedmill ingest --rematch
"""
)
def ingest(
    *inputs: Annotated[str, Parameter(name="INPUT", help="Files, folders, globs, or - for stdin.")],
    warehouse: Warehouse = None,
    input_format: InputFormat = None,
    source: Annotated[
        str | None, Parameter(help="Name the inputs. [default: the source in feedmill.toml, or the folder]")
    ] = None,
    fetched_at: FetchedAt = None,
    prefect: Annotated[
        Literal["auto", "on", "off"],
        Parameter(help="Run as a Prefect flow. auto: if PREFECT_API_URL is set or feedmill serve runs."),
    ] = "auto",
    reprocess: Annotated[
        bool,
        switch("Clean what has landed again, from stored bytes; with --source, of that source only."),
    ] = False,
    rematch: Annotated[
        bool, switch("Sign and match all stored texts anew: for a warehouse of another recipe.")
    ] = False,
    dry_run: Annotated[bool, switch("Do everything but land.")] = False,
    json: Annotated[bool, switch("Print the run's summary as JSON.")] = False,
    wait: Annotated[float, Parameter(help="Seconds to wait for a busy warehouse.")] = 0.0,
    voice: Speaker,
) -> int:
    """Land inputs in the warehouse: cleaned, dated, deduplicated.

    With no INPUT, the sources in feedmill.toml. Ingesting the same bytes twice changes nothing.
    """
    from flows.prefect_server import server_for  # noqa: PLC0415 - brings http and ssl
    from flows.summary import landing, summary_text  # noqa: PLC0415 - brings Arrow and DuckDB

    if not 0 <= wait < float("inf"):
        raise ConfigError(f"--wait {wait}: a number of seconds from 0 up is needed. Try --wait 60.")
    if reprocess:
        if inputs or input_format or fetched_at:
            raise ConfigError(
                "--reprocess takes the bytes that have landed, as they were asked to be read, so it takes no "
                "INPUT, --input-format or --fetched-at. Try feedmill ingest --reprocess --dry-run."
            )
        from flows.reprocess import reprocessed  # noqa: PLC0415 - as above

        return reprocessed(warehouse, source, voice, dry_run=dry_run, as_json=json, wait=wait)
    if rematch:
        if inputs or input_format or fetched_at or source or dry_run:
            raise ConfigError(
                "--rematch takes all texts that are stored, so it takes no INPUT, --source, --input-format, "
                "--fetched-at or --dry-run. Try feedmill ingest --rematch."
            )
        from flows.rematch import rematched  # noqa: PLC0415 - as above

        return rematched(warehouse, voice, as_json=json, wait=wait)
    request = request_from(
        inputs, warehouse, input_format, fetched_at, source=source, dry_run=dry_run, wait=wait
    )
    server = server_for(request.warehouse)
    as_flow = prefect == "on" or (prefect == "auto" and server is not None)
    summary = landing(request, voice, as_flow=as_flow)
    for failure in summary.failures:
        voice.warn(str(failure))
    voice.tell(summary_text(summary, as_flow=as_flow, server=server, warehouse=warehouse))
    if json:
        write_json(summary.as_dict())
    return summary.exit_status


@app.command(
    help_epilogue="""
Examples:
    feedmill preview seeds
    feedmill preview dump.txt --format csv > items.csv
    cat dump.txt | feedmill preview - | head -1
"""
)
def preview(
    input_: Annotated[str, Parameter(name="INPUT", help="A file, a folder, a glob, or - for stdin.")],
    *more: Annotated[str, Parameter(name="INPUT", show=False)],
    form: Form = None,
    input_format: InputFormat = None,
    fetched_at: FetchedAt = None,
    excel_safe: ExcelSafe = False,
    voice: Speaker,
) -> int:
    """Show what ingest would land, one item a row. Touches no warehouse and no Prefect."""
    from flows.preview import Reading, preview_rows  # noqa: PLC0415 - brings the cleaners

    reading = Reading(voice, load().memory_bytes)
    request = request_from((input_, *more), None, input_format, fetched_at)
    write(preview_rows(document for _, document in reading.cleaned(request)), form, excel_safe=excel_safe)
    return reading.status


@app.command(
    help_epilogue="""
Examples:
    feedmill explain seeds/003_bdc1e3261ba7ce69.txt --item 3
    feedmill explain 0a1b2c3d4e5f60718293a4b5c6d7e8f9
"""
)
def explain(
    target: Annotated[
        str, Parameter(name="INPUT|ITEM_ID", help="A file (or - for stdin), or the id of a landed item.")
    ],
    /,
    *,
    item: Annotated[
        int | None,
        Parameter(help="The item's number in the document, from 0. [default: all lines of the document]"),
    ] = None,
    form: Form = None,
    warehouse: Warehouse = None,
    input_format: InputFormat = None,
    fetched_at: FetchedAt = None,
    voice: Speaker,
) -> int:
    """Show each line of an item's source with its fate and why.

    An ITEM_ID is looked up in the warehouse, and the item is derived again from its stored bytes; if it is a
    copy, what of, how alike they are, by which rule, and in which words they differ.
    """
    from flows import explain as explaining  # noqa: PLC0415 - brings the cleaners
    from flows.preview import Reading  # noqa: PLC0415 - as above

    reading = Reading(voice, load().memory_bytes)
    known = copy_of = None
    target = unshield(target)
    if _ITEM_ID.fullmatch(target) and not os.path.lexists(target):
        if item is not None:
            raise ConfigError(f"--item {item}: {target} is the id of one item already. Leave --item out.")
        from flows.asked import asked_options  # noqa: PLC0415 - as above
        from flows.asking import kin, landed  # noqa: PLC0415 - brings DuckDB, which files do without

        path = load(warehouse=warehouse).warehouse
        blob, item, asked = landed(path, target)
        known = kin(path, target)
        copy_of = explaining.copied(known) if known else None
        settings = load()
        columns = next((one.columns for one in settings.sources if one.name == blob.source), None)
        edges = edges_of(settings.learned, blob.source)
        with contextlib.closing(reading.apart):
            document = reading.clean(blob, asked_options(asked, input_format, columns, edges))
        if document is None:
            return reading.status
    else:
        request = request_from((target,), warehouse, input_format, fetched_at)
        found = list(reading.cleaned(request))
        if not found:
            return reading.status
        if len(found) > 1:
            raise ConfigError(
                f"{target} holds {len(found)} documents, and an explanation is about one. Name one of them: "
                f"feedmill explain {found[0][1].uri}"
            )
        blob, document = found[0]
    chosen = explaining.choose(document, item)
    if chosen and _is_table(form):
        facts = explaining.kinship(known, copy_of) if known else {}
        write_text(explaining.headline(chosen, document.uri, facts))
    rows = explaining.explain(document, blob, chosen, copy_of)
    write(records(rows, explaining.ExplainedLine, brief=explaining.brief, fold=True), form)
    return reading.status


@app.command(
    help_epilogue="""
Examples:
    feedmill sql
    feedmill sql "select day, unique_items from timeline order by day" --format csv
    feedmill sql - < query.sql
"""
)
def sql(
    query: Annotated[
        str | None, Parameter(name="QUERY", help="One read-only statement, or - to read it from stdin.")
    ] = None,
    /,
    *,
    form: Form = None,
    warehouse: Warehouse = None,
    excel_safe: ExcelSafe = False,
    voice: Speaker,
) -> int:
    """Ask the published copy of the warehouse. Without QUERY, list its views and what they hold."""
    from flows.asking import answer, views  # noqa: PLC0415 - brings DuckDB

    path = load(warehouse=warehouse).warehouse
    if query is None:
        write(views(path), form)
        voice.tell('Ask one: feedmill sql "select * from items limit 3"')
        return 0
    text = sys.stdin.buffer.read().decode("utf-8") if unshield(query) == "-" else unshield(query)
    write(answer(path, text), form, excel_safe=excel_safe)
    return 0


@app.command(
    help_epilogue="""
Examples:
    feedmill formats
    feedmill formats --format json
"""
)
def formats(*, form: Form = None) -> int:
    """List the input formats: how each is recognised, and what it keeps."""
    from flows.catalogue import FormatRow, brief, catalogue  # noqa: PLC0415 - brings the parsers

    write(records(catalogue(), FormatRow, brief=brief, fold=True), form)
    return 0


@app.command(
    help_epilogue="""
Examples:
    feedmill doctor
    feedmill doctor --warehouse other.duckdb --format json
"""
)
def doctor(*, form: Form = None, warehouse: Warehouse = None, voice: Speaker) -> int:
    """Show what is installed, where the warehouse is, who holds its lock, what is wrong and how to mend it.

    Exit status 1 if something is wrong.
    """
    from flows.configured import Finding  # noqa: PLC0415 - as below
    from flows.doctor import brief, examine  # noqa: PLC0415 - brings DuckDB

    findings = examine(load(warehouse=warehouse))
    write(records(findings, Finding, brief=brief, fold=True), form)
    wrong = [finding for finding in findings if finding.state == "wrong"]
    voice.tell(f"{len(wrong)} of {len(findings)} checks found something wrong." if wrong else "All is well.")
    return 1 if wrong else 0


def _is_table(form: Format | None) -> bool:
    return form == "table" or (form is None and sys.stdout.isatty())
