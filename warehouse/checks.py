"""Data checks: each file in checks/ is a query for rows that must not exist.

Asked of a whole warehouse (`run_checks`), or, at the end of a run, of what landed since the last check
(`check_new`): then each table is cut down to the documents, items or texts at hand, for the same query.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

import duckdb

from warehouse.bodies import spoiled

#: The check whose query names what is to be read: SQL cannot unpack the bytes of documents.
_READ_OUTSIDE = "bodies_hashed"
#: Rows of a failure that are shown. A person needs an example, not all of them.
SHOWN = 3

#: What a check is about, and how the tables that it reads are cut down to that. Clusters and pairs are taken
#: whole: half a cluster would fail. But only where they are counted: a cluster may be most of what is stored.
_SCOPES: Mapping[str, Mapping[str, str]] = {
    "documents": {
        **dict.fromkeys(
            (
                *("raw.documents", "raw.bodies", "raw.plain_bodies", "raw.receipts", "ops.run_documents"),
                *("core.sightings", "core.paragraphs", "core.quarantine", "core.traces"),
            ),
            "document_key IN (FROM scope_documents)",
        ),
        "core.versions": "item_id IN (FROM scope_items)",
    },
    "items": {
        **dict.fromkeys(
            ("core.versions", "core.sightings", "dedup.members"), "item_id IN (FROM scope_items)"
        ),
    },
    "clusters": {
        "dedup.members": "cluster_id IN (FROM scope_clusters)",
        "core.versions": "item_id IN (FROM scope_clusters)",
    },
    "standings": {"ops.standings": "text_key IN (FROM scope_texts) OR lead_key = text_key"},
    "variants": {"dedup.pairs": "left_key IN (FROM scope_texts) OR right_key IN (FROM scope_texts)"},
    "texts": {
        **dict.fromkeys(
            ("core.versions", "dedup.signatures", "dedup.bands"), "text_key IN (FROM scope_texts)"
        ),
        "dedup.pairs": "left_key IN (FROM scope_texts) AND right_key IN (FROM scope_texts)",
    },
}
#: Bytes and items of the documents that are checked together. At 64 MB or 100,000 items no check takes more
#: than some 80 MB, of the 160 that DuckDB has in a run: not all that views make can go by way of the disk.
PART_BYTES, PART_ITEMS = 64_000_000, 100_000
#: Copies of new items are checked with them where their cluster has so many items at most.
_BESIDE = 64
_UNCHECKED = """
CREATE OR REPLACE TEMP TABLE unchecked AS
WITH fresh AS (SELECT DISTINCT document_key FROM ops.derivations ANTI JOIN ops.checked USING (run_id)),
sized AS (
    SELECT document_key, count(*) AS items
    FROM core.sightings SEMI JOIN fresh USING (document_key)
    GROUP BY document_key
)
SELECT fresh.document_key, floor(
    sum(coalesce(document.bytes, 0) / $bytes::DOUBLE + coalesce(sized.items, 0) / $items::DOUBLE)
        OVER (ORDER BY document.rowid, fresh.document_key ROWS UNBOUNDED PRECEDING)
)::BIGINT AS part
FROM fresh
LEFT JOIN raw.documents AS document USING (document_key)
LEFT JOIN sized USING (document_key)
"""
_SCOPE_ROWS = {
    "scope_documents": "SELECT document_key FROM unchecked WHERE part = {part}",
    "scope_clusters": """
        SELECT DISTINCT cluster_id FROM dedup.members
        WHERE item_id IN (SELECT item_id FROM core.sightings WHERE document_key IN (FROM scope_documents))
    """,
    "scope_items": """
        SELECT item_id FROM core.sightings WHERE document_key IN (FROM scope_documents)
        UNION
        SELECT item_id FROM dedup.members
        WHERE cluster_id IN (
            SELECT cluster_id FROM dedup.members WHERE cluster_id IN (FROM scope_clusters)
            GROUP BY cluster_id
            HAVING count(*) <= {beside}
        )
    """,
    "scope_texts": """
        WITH own AS (
            SELECT DISTINCT text_key FROM core.versions
            WHERE item_id IN (FROM scope_items) AND text_key IS NOT NULL
        )
        FROM own
        UNION
        SELECT left_key FROM dedup.pairs WHERE right_key IN (FROM own)
        UNION
        SELECT right_key FROM dedup.pairs WHERE left_key IN (FROM own)
    """,
}
_VIEWS = """
SELECT schema_name || '.' || view_name, sql FROM duckdb_views()
WHERE NOT internal AND database_name = current_database()
"""
_SCOPE_LINE = re.compile(r"^-- scope: (\w+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A check that found rows. `rule` says what should hold; `examples` are the first rows, as text."""

    check: str
    rule: str
    rows: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        """Return one line for a report."""
        return f"{self.check}: {self.rule}; {self.rows} rows break this, such as {'; '.join(self.examples)}"


def run_checks(con: duckdb.DuckDBPyConnection) -> list[Failure]:
    """Return the checks that fail in the whole warehouse, by name; none if all is well."""
    found = (_ask(con, name, sql, sql) for name, sql in checks().items())
    return [failure for failure in found if failure]


def check_new(con: duckdb.DuckDBPyConnection) -> list[Failure] | None:
    """Return the checks that fail for documents whose rows were made since the last check that passed.

    None if there are no such documents. A warehouse of any size costs little more than what is new in it.
    """
    try:
        con.execute(_UNCHECKED, {"bytes": PART_BYTES, "items": PART_ITEMS})
        parts = con.execute("SELECT DISTINCT part FROM unchecked ORDER BY part").fetchall()
        if not parts:
            return None
        views = dict(con.execute(_VIEWS).fetchall())
        asked = {name: _narrowed(sql, _SCOPES[scope_of(sql)], views) for name, sql in checks().items()}
        found: dict[str, Failure] = {}
        for (part,) in parts:
            for name, rows in _SCOPE_ROWS.items():
                con.execute(
                    f"CREATE OR REPLACE TEMP TABLE {name} AS {rows.format(part=part, beside=_BESIDE)}"
                )
            for name, sql in checks().items():
                if failure := _ask(con, name, sql, asked[name]):
                    before = found.get(name)
                    found[name] = replace(before, rows=before.rows + failure.rows) if before else failure
        return [found[name] for name in checks() if name in found]
    finally:
        for name in (*_SCOPE_ROWS, "unchecked"):
            con.execute(f"DROP TABLE IF EXISTS temp.{name}")


@cache
def checks() -> Mapping[str, str]:
    """Return the queries by name. The first line of each is a comment that says what should hold."""
    files = sorted(resources.files("warehouse").joinpath("checks").iterdir(), key=lambda file: file.name)
    return {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8")
        for file in files
        if file.name.endswith(".sql")
    }


def rule_of(sql: str) -> str:
    """Return what a check says should hold."""
    return sql.partition("\n")[0].removeprefix("--").strip()


def scope_of(sql: str) -> str:
    """Return what a check is about: documents, items, clusters, standings, texts or variants."""
    line = _SCOPE_LINE.search(sql)
    assert line is not None  # noqa: S101 - a file of ours without it is a defect that every test finds
    return line[1]


def _ask(con: duckdb.DuckDBPyConnection, name: str, sql: str, asked: str) -> Failure | None:
    found: list[tuple[object, ...]]
    if name == _READ_OUTSIDE:
        found, columns = list(spoiled(con, asked)), ["document_id", "found"]
    else:
        relation = con.sql(asked)
        found, columns = relation.fetchall(), relation.columns
    if not found:
        return None
    examples = tuple(
        ", ".join(f"{column}={value}" for column, value in zip(columns, row, strict=True))
        for row in found[:SHOWN]
    )
    return Failure(check=name, rule=rule_of(sql), rows=len(found), examples=examples)


def _narrowed(sql: str, cut: Mapping[str, str], views: Mapping[str, str]) -> str:
    """Return a query that reads less of each table that `cut` names, also through views."""

    def narrow(match: re.Match[str]) -> str:
        name = match[0]
        if name in cut:
            # A view may ask for the numbers of rows.
            return f"(SELECT rowid, * FROM {name} WHERE {cut[name]})"  # noqa: S608 - names of this module
        if name in views:
            body = views[name].partition(" AS ")[2].rstrip().rstrip(";")
            return f"({_narrowed(body, cut, views)})"
        return name

    return re.sub(r"\b(?:main|raw|core|dedup|ops)\.\w+\b", narrow, sql)
