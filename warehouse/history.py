"""What the warehouse held at the end of a run, and what is different between two of them, field by field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import duckdb

from schemas.errors import InputError
from warehouse.batch import Batch
from warehouse.connection import staged
from warehouse.rederive import different
from warehouse.turning import SEEN_AT

#: What of an item is held against what: all that it says, and where it stands.
FIELDS = (
    *("kind", "channel", "author", "native_id", "forwarded_from", "title", "text"),
    *("published_best", "published_earliest", "published_latest", "published_at", "published_edtf"),
    *("published_precision", "published_basis", "published_confidence", "published_evidence"),
    *("posted_at", "edited_at", "lang", "hashtags", "urls", "card_site", "card_title", "card_description"),
    *("extras", "first_line", "last_line", "byte_start", "byte_end", "boundary_confidence", "boundary_cue"),
    "dropped",
)
_VERSIONS = """
SELECT * EXCLUDE (shown_at) FROM core.versions
UNION ALL BY NAME
SELECT * EXCLUDE (shown_at) FROM ops.past_versions
"""
_TITLED = "* EXCLUDE (title_length) REPLACE (coalesce(title, left(text, title_length)) AS title)"
# The rows of a document as the last run made them that came no later.
_SIGHTINGS_AT = """
WITH made AS (
    SELECT made.document_key, run.run_id, run.place,
        row_number() OVER (PARTITION BY made.document_key ORDER BY run.place DESC) = 1 AS is_last
    FROM ops.derivations AS made JOIN ops.runs AS run ON run.run_id = made.run_id
),
then_made AS (
    FROM made WHERE place <= {place:d}
    QUALIFY row_number() OVER (PARTITION BY document_key ORDER BY place DESC) = 1
)
SELECT sighting.*
FROM core.sightings AS sighting
SEMI JOIN (FROM then_made WHERE is_last) AS made ON made.document_key = sighting.document_key
UNION ALL BY NAME
SELECT past.* EXCLUDE (run_id, past_run_id)
FROM ops.past_sightings AS past
JOIN then_made ON then_made.document_key = past.document_key AND then_made.run_id = past.run_id
"""
_TOUCHED = """
CREATE OR REPLACE TEMP TABLE touched_items AS
SELECT item_id FROM core.sightings SEMI JOIN stage_documents USING (document_key)
UNION
SELECT item_id FROM stage_items
"""
_PRESENT = "SELECT * FROM core.sightings WHERE item_id IN (FROM touched_items)"
_SIGHTINGS_AFTER = """
{present} AND document_key NOT IN (SELECT document_key FROM stage_documents)
UNION ALL BY NAME
SELECT {columns} FROM stage_items
"""
_VERSIONS_AFTER = """
SELECT {columns} FROM core.versions WHERE item_id IN (FROM touched_items)
UNION BY NAME
SELECT DISTINCT {columns} FROM stage_items
"""
_STATE = """
CREATE OR REPLACE TEMP TABLE {name} AS
WITH sightings AS ({sightings}),
versions AS (SELECT {titled} FROM ({versions})),
shown AS (
    FROM sightings
    QUALIFY row_number() OVER (PARTITION BY item_id, version_id ORDER BY document_key, ordinal) = 1
),
times AS ({times})
SELECT version.* , shown.* EXCLUDE (item_id, version_id)
FROM versions AS version
JOIN shown ON shown.item_id = version.item_id AND shown.version_id = version.version_id
LEFT JOIN times ON times.item_id = version.item_id AND times.version_id = version.version_id
QUALIFY row_number() OVER (
    PARTITION BY version.item_id
    ORDER BY version.edited_at DESC NULLS LAST, version.posted_at DESC NULLS LAST,
        times.shown_at DESC NULLS LAST, version.version_id DESC
) = 1
"""
# As warehouse/turning.py would note them; `documents` say when they were made.
_TIMES = f"""
    SELECT sighting.item_id, sighting.version_id, max({SEEN_AT}) AS shown_at
    FROM sightings AS sighting
    JOIN {{documents}} AS document ON document.document_key = sighting.document_key
    JOIN raw.receipts AS receipt ON receipt.receipt_key = document.receipt_key
    GROUP BY sighting.item_id, sighting.version_id
"""  # noqa: S608 - names of this module
_TIMES_NOTED = "SELECT item_id, version_id, shown_at FROM core.versions WHERE item_id IN (FROM touched_items)"
_STAGED_TIMES = """(
    SELECT document.document_key, document.receipt_key,
        CASE WHEN staged.document_key IS NULL THEN document.made_at ELSE staged.made_at END AS made_at
    FROM raw.documents AS document LEFT JOIN stage_documents AS staged USING (document_key)
)"""
_CHANGED = """
SELECT replace(coalesce(after.item_id, before.item_id)::VARCHAR, '-', '') AS item_id,
    document.document_id, {fields}
FROM before FULL JOIN after ON after.item_id = before.item_id
LEFT JOIN raw.documents AS document
    ON document.document_key = coalesce(after.document_key, before.document_key)
WHERE before.item_id IS NULL OR after.item_id IS NULL OR {different}
ORDER BY document.document_id, coalesce(after.byte_start, before.byte_start), 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of one item that is not what it was. An item that came or went has the field `text`."""

    change: Literal["added", "removed", "changed"]
    item_id: str
    document_id: str
    title: str | None
    field: str
    before: Any
    after: Any


def changes_between(con: duckdb.DuckDBPyConnection, run_a: str, run_b: str) -> Iterator[Change]:
    """Yield what is different in the items at the end of run B from those at the end of run A.

    Raises InputError for a run that is not in the books.
    """
    for name, run_id in (("before", run_a), ("after", run_b)):
        row = con.execute("SELECT place FROM ops.runs WHERE run_id = ?", [run_id]).fetchone()
        if row is None or row[0] is None:
            raise InputError(
                f"There is no run {run_id} in this warehouse. The view runs lists them: "  # noqa: S608 - prose
                "feedmill sql 'select run_id, command from runs'."
            )
        times = _TIMES.format(documents="raw.documents")
        con.execute(_state(name, _SIGHTINGS_AT.format(place=row[0]), _VERSIONS, times))
    yield from _changes(con)


def changes_of(con: duckdb.DuckDBPyConnection, batch: Batch) -> Iterator[Change]:
    """Yield what would be different in the items if the landed documents of a batch were replaced by it."""
    stages = {f"stage_{name}": rows for name, rows in batch.tables().items() if name != "bodies"}
    with staged(con, stages):
        if not different(con):
            return
        con.execute(_TOUCHED)
        con.execute(_state("before", _PRESENT, _VERSIONS, _TIMES_NOTED))
        names = {
            table: ", ".join(
                name
                for (name, *_) in con.execute(f"DESCRIBE core.{table}").fetchall()
                if name != "shown_at"  # of a version: landing notes it
            )
            for table in ("sightings", "versions")
        }
        sightings = _SIGHTINGS_AFTER.format(present=_PRESENT, columns=names["sightings"])
        versions = _VERSIONS_AFTER.format(columns=names["versions"])
        con.execute(_state("after", sightings, versions, _TIMES.format(documents=_STAGED_TIMES)))
        yield from _changes(con)


def _state(name: str, sightings: str, versions: str, times: str) -> str:
    """Return what makes a table of the current ones among some versions, by the times they were shown."""
    return _STATE.format(name=name, sightings=sightings, versions=versions, titled=_TITLED, times=times)


def _changes(con: duckdb.DuckDBPyConnection) -> Iterator[Change]:
    fields = ", ".join(f"before.{name} AS before_{name}, after.{name} AS after_{name}" for name in FIELDS)
    unlike = " OR ".join(f"before.{name} IS DISTINCT FROM after.{name}" for name in FIELDS)
    query = _CHANGED.format(
        fields=f"{fields}, before.item_id IS NULL AS is_new, after.item_id IS NULL AS is_gone",
        different=f"({unlike})",
    )
    for batch in con.sql(query).to_arrow_table().to_batches(max_chunksize=1024):
        for row in batch.to_pylist():
            yield from _changes_of_item(row)


def _changes_of_item(row: Mapping[str, Any]) -> Iterator[Change]:
    kind: Literal["added", "removed", "changed"] = (
        "added" if row["is_new"] else "removed" if row["is_gone"] else "changed"
    )
    title = row["before_title"] if row["is_gone"] else row["after_title"]
    for field in FIELDS if kind == "changed" else ("text",):
        before, after = row[f"before_{field}"], row[f"after_{field}"]
        if before != after:
            yield Change(
                change=kind,
                item_id=row["item_id"],
                document_id=row["document_id"],
                title=title,
                field=field,
                before=before,
                after=after,
            )
