"""Events of ours in Prefect's stream: automations hang on them, and the event feed shows them."""

from urllib.parse import quote

from prefect.events import emit_event

from flows.runs import RunSummary

#: Something new came from a source, whatever became of it. A source without this event for long is silent.
NEW = "feedmill.source.new"
QUARANTINED = "feedmill.quarantine.entered"
UNMET, WARNED, BROKEN = "feedmill.expectation.failed", "feedmill.expectation.warned", "feedmill.check.failed"


def source_resource(name: str) -> str:
    """Return the id under which events speak of a source. A name may hold anything; an id may not."""
    return f"feedmill.source.{quote(name, safe='')}"


def tell(summary: RunSummary) -> None:
    """Emit what a finished run has to tell. Nothing of what feeds say is in it, but names of sources."""
    run = {"prefect.resource.id": f"feedmill.run.{summary.run_id}", "prefect.resource.name": summary.run_id}
    total = summary.total
    figures = {
        "documents_new": total.documents,
        "items_new": summary.items_new,
        "duplicates": summary.duplicates,
        "quarantined": total.quarantined,
        "bytes": total.bytes,
        "failures": len(summary.failures),
        "seconds": round(summary.seconds, 3),
    }
    emit_event(f"feedmill.run.{summary.state}", run, payload=figures)
    if total.quarantined:
        emit_event(QUARANTINED, run, payload={"ranges": total.quarantined})
    if summary.dry_run:
        return
    for row in summary.sources:
        if row.new.documents:
            emit_event(
                NEW, _source(row.source), payload={"documents": row.new.documents, "items": row.new.items}
            )
    for finding in summary.findings:
        if finding.level == "met":
            continue
        event = BROKEN if finding.kind == "check" else UNMET if finding.level == "failed" else WARNED
        about = run if finding.source is None else _source(finding.source)
        emit_event(event, about, payload={"name": finding.name, "detail": finding.detail})


def _source(name: str) -> dict[str, str]:
    return {"prefect.resource.id": source_resource(name), "prefect.resource.name": name}
