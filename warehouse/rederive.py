"""Replace what cleaning made of documents that have landed, in one transaction; what went is history.

Afterwards raw, core and dedup hold what a fresh landing by the present cleaners would have made of the same
documents. Documents that come out as they were keep all their rows.
"""

import duckdb

from warehouse.adding import add_rows, count_items, count_quarantined, find_new_versions
from warehouse.batch import Batch
from warehouse.booking import Landed, note_batch
from warehouse.connection import store
from warehouse.judges import Matcher
from warehouse.matching import match
from warehouse.relational import UNPAIRED
from warehouse.transaction import transaction
from warehouse.turning import turn

#: What of a staged document is held against what landed, and under which names. A line
#: of an item whose version is the same says the same.
_COMPARED = (
    ("stage_items", "core.sightings", """
        document_key, ordinal, item_id, version_id, first_line, last_line, byte_start, byte_end,
        boundary_confidence, boundary_cue, dropped"""),
    ("stage_paragraphs", "core.paragraphs", """
        document_key, ordinal, byte_start, byte_end, line, fate, rule, of_ordinal, similarity, item_ordinal,
        text_line, text"""),
    ("stage_quarantine", "core.quarantine", "document_key, byte_start, byte_end, stage, reason, detail"),
    ("stage_traces", "core.traces", "document_key, line, steps::VARCHAR"),
    ("stage_drifts", "core.drifts", "document_key, path, what, times"),
    ("stage_documents", "raw.documents", "document_key, encoding, input_format, made_at"),
)  # fmt: skip
_DIFFERENT = """
SELECT DISTINCT document_key FROM (
    (SELECT {columns} FROM {stage} EXCEPT ALL SELECT {columns} FROM landed_rows)
    UNION ALL
    (SELECT {columns} FROM landed_rows EXCEPT ALL SELECT {columns} FROM {stage})
)
"""
_MADE_BY = """
CREATE OR REPLACE TEMP TABLE made_by AS
SELECT made.document_key, arg_max(made.run_id, coalesce(run.place, -1)) AS run_id
FROM ops.derivations AS made
JOIN ops.runs AS run ON run.run_id = made.run_id
WHERE made.document_key IN (SELECT document_key FROM new_documents)
GROUP BY made.document_key;

CREATE OR REPLACE TEMP TABLE former_versions AS
SELECT DISTINCT item_id, version_id FROM core.sightings
WHERE document_key IN (SELECT document_key FROM new_documents)
"""
_PAST_SIGHTINGS = """
INSERT INTO ops.past_sightings BY NAME
SELECT made.run_id, ? AS past_run_id, past.*
FROM core.sightings AS past JOIN made_by AS made ON made.document_key = past.document_key
"""
_PAST_QUARANTINE = """
INSERT INTO ops.past_quarantine BY NAME
SELECT made.run_id, ? AS past_run_id, past.* EXCLUDE (raw)
FROM core.quarantine AS past JOIN made_by AS made ON made.document_key = past.document_key
"""
_TAKE_OUT = """
DELETE FROM core.sightings WHERE document_key IN (SELECT document_key FROM new_documents);
DELETE FROM core.paragraphs WHERE document_key IN (SELECT document_key FROM new_documents);
DELETE FROM core.quarantine WHERE document_key IN (SELECT document_key FROM new_documents);
DELETE FROM core.traces WHERE document_key IN (SELECT document_key FROM new_documents);
DELETE FROM core.drifts WHERE document_key IN (SELECT document_key FROM new_documents)
"""
# Versions of the documents' former items that neither another document nor the new rows show.
_GONE = """
CREATE OR REPLACE TEMP TABLE gone_versions AS
SELECT version.item_id, version.version_id, version.text_key
FROM core.versions AS version
SEMI JOIN former_versions AS former
    ON former.item_id = version.item_id AND former.version_id = version.version_id
ANTI JOIN core.sightings AS shown
    ON shown.item_id = version.item_id AND shown.version_id = version.version_id;

INSERT INTO ops.past_versions BY NAME
SELECT version.* FROM core.versions AS version SEMI JOIN gone_versions USING (item_id, version_id);

DELETE FROM core.versions AS version
USING gone_versions AS gone
WHERE gone.item_id = version.item_id AND gone.version_id = version.version_id
"""
# What is known of a text rests on its spellings and on the texts beside it. So where a version goes, its
# whole component is forgotten, and what is left of it is matched as if it had just landed.
_COMPONENT = """
CREATE OR REPLACE TEMP TABLE forgotten AS
WITH RECURSIVE reached AS (
    SELECT DISTINCT text_key FROM gone_versions WHERE text_key IS NOT NULL
    UNION
    SELECT CASE WHEN pair.left_key = reached.text_key THEN pair.right_key ELSE pair.left_key END
    FROM reached
    JOIN dedup.pairs AS pair ON reached.text_key IN (pair.left_key, pair.right_key)
    WHERE pair.relation <> 'variant'
)
FROM reached
"""
# And where a flood (warehouse/floods.py) loses a text, it may be none any more.
_FLOODS = """
CREATE OR REPLACE TEMP TABLE ebbing AS
SELECT DISTINCT band_key, band FROM dedup.bands
SEMI JOIN ops.floods USING (band_key, band)
WHERE text_key IN (FROM forgotten);

INSERT INTO forgotten
SELECT DISTINCT text_key FROM dedup.bands SEMI JOIN ebbing USING (band_key, band)
WHERE text_key NOT IN (FROM forgotten);

DELETE FROM ops.floods WHERE (band_key, band) IN (SELECT (band_key, band) FROM ebbing);
DELETE FROM ops.heads WHERE (band_key, band) IN (SELECT (band_key, band) FROM ebbing)
"""
_FORGET = """
INSERT INTO stage_signatures BY NAME
FROM dedup.signatures WHERE text_key IN (FROM forgotten)
    AND text_key NOT IN (SELECT text_key FROM stage_signatures);

INSERT INTO stage_bands BY NAME
FROM dedup.bands WHERE text_key IN (FROM forgotten)
    AND text_key NOT IN (SELECT text_key FROM stage_bands);

DELETE FROM dedup.signatures WHERE text_key IN (FROM forgotten);
DELETE FROM dedup.bands WHERE text_key IN (FROM forgotten);
DELETE FROM dedup.pairs WHERE left_key IN (FROM forgotten) OR right_key IN (FROM forgotten);

CREATE OR REPLACE TEMP TABLE unled AS
SELECT DISTINCT item_id FROM core.versions WHERE text_key IN (FROM forgotten)
UNION
SELECT item_id FROM gone_versions;

-- The texts that are matched again are as good as new. Other texts of these items are not.
INSERT INTO new_versions
SELECT item_id, version_id, text_key FROM core.versions
WHERE text_key IN (FROM forgotten)
    AND (item_id, version_id) NOT IN (SELECT (item_id, version_id) FROM new_versions);

CREATE OR REPLACE TEMP TABLE moved_items AS FROM unled
"""
_COPIES = "SELECT count(*) FROM dedup.members WHERE item_id <> cluster_id AND item_id IN (FROM unled)"
_UNLEAD = """
CREATE OR REPLACE TEMP TABLE left_clusters AS
SELECT DISTINCT cluster_id FROM dedup.members WHERE item_id IN (FROM unled);

DELETE FROM dedup.members WHERE item_id IN (FROM unled)
"""
_NOTE_DOCUMENTS = """
UPDATE raw.documents
SET
    cleaner = staged.cleaner,
    encoding = staged.encoding,
    input_format = staged.input_format,
    asked = staged.asked,
    made_at = staged.made_at
FROM stage_documents AS staged
WHERE staged.document_key = documents.document_key AND (
    staged.cleaner <> documents.cleaner
    OR staged.encoding <> documents.encoding
    OR staged.input_format IS DISTINCT FROM documents.input_format
    OR staged.asked IS DISTINCT FROM documents.asked
    OR staged.made_at IS DISTINCT FROM documents.made_at
)
"""


def different(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the keys of staged documents of which cleaning makes something else than what landed.

    Expects the stages of a batch. Keys are 32 hex digits.
    """
    keys: set[str] = set()
    for stage, landed, columns in _COMPARED:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE landed_rows AS "  # noqa: S608 - names of this module
            f"FROM {landed} WHERE document_key IN (SELECT document_key FROM stage_documents)"
        )
        found = con.execute(_DIFFERENT.format(stage=stage, columns=columns)).fetchall()
        keys.update(key.hex for (key,) in found)
    con.execute("DROP TABLE landed_rows")
    return keys


def rederive(
    con: duckdb.DuckDBPyConnection, batch: Batch, *, run_id: str, at: str, matcher: Matcher
) -> Landed:
    """Put what cleaning makes of landed documents now in the place of what it made of them before.

    All of it in one transaction. Bodies and names of the batch are not touched; documents of it that have not
    landed are passed over. Raises WarehouseError like `land`.
    """
    with transaction(con, batch):
        keys = different(con)
        con.execute(
            "CREATE OR REPLACE TEMP TABLE new_documents AS SELECT unnest(?::UUID[]) AS document_key",
            [sorted(keys)],
        )
        con.execute(
            "DELETE FROM new_documents WHERE document_key NOT IN (SELECT document_key FROM raw.documents)"
        )
        con.execute(_NOTE_DOCUMENTS)
        landed = _replace(con, batch, run_id, matcher)
        note_batch(con, landed, run_id, at)
    return landed


def _replace(con: duckdb.DuckDBPyConnection, batch: Batch, run_id: str, matcher: Matcher) -> Landed:
    given, changed = con.execute(
        "SELECT (SELECT count(*) FROM stage_documents), count(*) "
        "FROM stage_documents SEMI JOIN new_documents USING (document_key)"
    ).fetchall()[0]
    versions = find_new_versions(con)
    new, other, unchanged = count_items(con, versions)
    if not changed:
        return Landed(documents_unchanged=given, items_unchanged=unchanged)
    con.execute(_MADE_BY)
    con.execute(_PAST_SIGHTINGS, [run_id])
    con.execute(_PAST_QUARANTINE, [run_id])
    con.execute(_TAKE_OUT)
    add_rows(con, batch, run_id, versions, whole=changed == batch.documents.num_rows)
    con.execute(_GONE)
    con.execute(_COMPONENT)
    if con.execute("FROM forgotten LIMIT 1").fetchone():
        con.execute(_FLOODS)
    store(con, "bereft", UNPAIRED.format(texts="forgotten"))
    con.execute(_FORGET)
    ((before,),) = con.execute(_COPIES).fetchall()
    con.execute(_UNLEAD)
    turn(con, versions, former=True)
    copies = match(con, matcher, batch.recipe)
    return Landed(
        documents_unchanged=given,
        items_new=new,
        items_changed=other,
        items_unchanged=unchanged,
        duplicates=copies.copies - before,
        quarantined=count_quarantined(con, batch),
    )
