"""What a run leaves in Prefect besides its report: tables and a picture, under the same keys each run.

All text that comes from feeds is escaped (`flows.report.escape`): a title cannot become markup or an image.
"""

from pathlib import Path
from typing import Any

from prefect.artifacts import create_image_artifact, create_table_artifact

from flows.pictures import data_uri, overview
from flows.report import escape
from flows.runs import RunSummary
from warehouse.checks import checks, rule_of
from warehouse.overview import Cluster, Reason, days, fates, newest_clusters, reasons, totals
from warehouse.reader import reading

#: Names that stay the same every run, so that Prefect keeps their history.
CLUSTERS_KEY, QUARANTINE_KEY = "newest-duplicates", "quarantine"
CHECKS_KEY, PICTURE_KEY = "data-checks", "overview"
#: Rows that a person looks through; the views have them all.
_SHOWN = 20
#: Days of the picture: ten years of a daily feed.
_DAYS = 3660


def show(summary: RunSummary) -> None:
    """Create the artifacts of a finished run."""
    with reading(Path(summary.warehouse)) as con:
        clusters, why = newest_clusters(con, _SHOWN), reasons(con)
        held, days_, bytes_ = totals(con), days(con, _DAYS), fates(con)
    create_table_artifact(
        [_cluster(one) for one in clusters],
        key=CLUSTERS_KEY,
        description="Clusters that the last runs added to; `feedmill explain ID` shows an item's source.",
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
            "source": escape(one.source or "all"),
            "what": escape(one.name),
            "found": escape(one.detail),
        }
        for level in ("failed", "warned", "met")
        for one in summary.findings
        if one.level == level
    ]
    broken = {one.name for one in summary.findings if one.kind == "check"}
    kept = [
        {"verdict": "met", "source": "all", "what": name, "found": escape(rule_of(sql))}
        for name, sql in checks().items()
        if name not in broken
    ]
    return told + kept


def _cluster(one: Cluster) -> dict[str, Any]:
    return {
        "title": escape(one.title or "(without a title)"),
        "published": one.published.isoformat() if one.published else "",
        "exact copies": one.exact,
        "near copies": one.near,
        "contained": one.contained,
        "primary": f"feedmill explain {one.primary_id}",
        "a copy": f"feedmill explain {one.copy_id}" if one.copy_id else "",
    }


def _reason(one: Reason) -> dict[str, Any]:
    return {
        "reason": escape(one.reason),
        "stage": escape(one.stage),
        "ranges": one.ranges,
        "still open": one.open,
        "bytes": one.bytes,
        "for example": escape(one.example),
    }
