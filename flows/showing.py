"""What a run leaves in Prefect: its report, tables and a picture, under the same keys each run.

A title of a feed cannot become markup or an image: see `flows.cells`.
"""

from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import create_image_artifact, create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.cells import cell
from flows.desk import Desk
from flows.pictures import data_uri, overview
from flows.report import markdown, source_cells
from flows.runs import RunSummary
from warehouse.checks import checks, rule_of
from warehouse.overview import Cluster, Reason, days, fates, newest_clusters, reasons, totals
from warehouse.reader import reading

#: Names that stay the same every run, so that Prefect keeps their history.
REPORT_KEY, SOURCES_KEY = "run-report", "run-sources"
CLUSTERS_KEY, QUARANTINE_KEY = "newest-duplicates", "quarantine"
CHECKS_KEY, PICTURE_KEY = "data-checks", "overview"
#: Rows that a person looks through; the views have them all.
_SHOWN = 20
#: Rows of the report that only show how to look closer.
_MENTIONED = 5
#: Characters of a title: the id beside it should be seen without scrolling, at the width of a laptop.
_TITLE = 44
#: Days of the picture: ten years of a daily feed.
_DAYS = 3660


@task(
    name="report",
    task_run_name="report",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_delay_seconds=[1, 5],
)
def report(desk: Desk, summary: RunSummary) -> None:
    """Leave what a person wants to see of the run as artifacts."""
    create_markdown_artifact(
        markdown(summary, _copies(summary) if desk.writer else ()),
        key=REPORT_KEY,
        description=f"What run {desk.run.run_id} took in and landed.",
    )
    rows: list[dict[str, Any]] = [source_cells(row) | {"source": cell(row.source)} for row in summary.sources]
    create_table_artifact(
        rows, key=SOURCES_KEY, description=f"Run {desk.run.run_id} by source; figures are of new documents."
    )
    if desk.writer:
        show(summary)


def _copies(summary: RunSummary) -> list[tuple[str, str]]:
    """Return titles and ids of copies that the run found, a few."""
    if not summary.duplicates:
        return []
    with reading(Path(summary.warehouse)) as con:
        found = newest_clusters(con, _MENTIONED)
    return [(one.title or "(without a title)", one.copy_id or one.primary_id) for one in found]


def show(summary: RunSummary) -> None:
    """Show what the warehouse holds after a run that wrote."""
    with reading(Path(summary.warehouse)) as con:
        clusters, why = newest_clusters(con, _SHOWN), reasons(con)
        held, days_, bytes_ = totals(con), days(con, _DAYS), fates(con)
    create_table_artifact(
        [_cluster(one) for one in clusters],
        key=CLUSTERS_KEY,
        description="Clusters that the last runs added to; `feedmill explain ID` says why an item is a copy.",
    )
    create_table_artifact(
        [_reason(one) for one in why],
        key=QUARANTINE_KEY,
        description="What could not be used, by reason; `feedmill quarantine list` names each range.",
    )
    create_table_artifact(
        findings(summary),
        key=CHECKS_KEY,
        description="Data checks on what landed, and what was expected of sources.",
    )
    steps = [
        ("documents", held.documents),
        ("items", held.items),
        ("unique items", held.items - held.duplicates),
    ]
    create_image_artifact(
        data_uri(overview(days_, bytes_, steps)),
        key=PICTURE_KEY,
        description="Items per day, where the bytes went, documents to unique items.",
    )


def findings(summary: RunSummary) -> list[dict[str, Any]]:
    """Return one row a data check and one an expectation, the worst first."""
    told = [
        {
            "verdict": one.level,
            "source": cell(one.source or "all"),
            "what": cell(one.name),
            "found": cell(one.detail),
        }
        for level in ("failed", "warned", "met")
        for one in summary.findings
        if one.level == level
    ]
    broken = {one.name for one in summary.findings if one.kind == "check"}
    kept = [
        {"verdict": "met", "source": "all", "what": name, "found": cell(rule_of(sql))}
        for name, sql in checks().items()
        if name not in broken
    ]
    return told + kept


def _cluster(one: Cluster) -> dict[str, Any]:
    return {
        "title": cell(one.title or "(without a title)", _TITLE),
        "exact": one.exact,
        "near": one.near,
        "contained": one.contained,
        "a copy": one.copy_id or "",
        "published": one.published.isoformat() if one.published else "",
        "primary": one.primary_id,
    }


def _reason(one: Reason) -> dict[str, Any]:
    return {
        "reason": cell(one.reason),
        "stage": cell(one.stage),
        "ranges": one.ranges,
        "still open": one.open,
        "bytes": one.bytes,
        "for example": cell(one.example),
    }
