"""Sign all stored texts again and match them anew, in one transaction: for another recipe, or other judges.

Afterwards dedup holds what landing the same documents into a new warehouse would have put there. After an
error or a crash it holds what it held before.
"""

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import duckdb
import pyarrow as pa

from schemas.signatures import Recipe, Signed
from warehouse import batch as shape
from warehouse.booking import Landed, note_batch
from warehouse.columns import table
from warehouse.connection import registered, staged
from warehouse.judges import Matcher
from warehouse.matching import match
from warehouse.tabulate import signature_tables

Sign = Callable[[Sequence[str]], Sequence[Signed]]

#: Texts that are signed, and matched, together: some 100 MB with their signatures and candidates.
_SLICE = 20_000

_START = """
CREATE OR REPLACE TEMP TABLE signed_texts (spelling_key UUID, text_key UUID);
CREATE OR REPLACE TEMP TABLE all_signatures (
    text_key UUID, recipe VARCHAR, shingles INTEGER, signature UINTEGER[]
);
CREATE OR REPLACE TEMP TABLE all_bands (band_key UINTEGER, text_key UUID, band UTINYINT)
"""
_SPELLINGS = """
CREATE OR REPLACE TEMP TABLE spellings AS
SELECT row_number() OVER (ORDER BY min(rowid)) - 1 AS place, spelling_key, min(rowid) AS row
FROM {table}
WHERE spelling_key NOT IN (SELECT spelling_key FROM signed_texts)
GROUP BY spelling_key
"""
_TEXTS = """
SELECT spelling.spelling_key::VARCHAR, version.text
FROM {table} AS version
JOIN spellings AS spelling ON spelling.row = version.rowid
WHERE version.rowid IN (SELECT row FROM spellings WHERE place >= ? AND place < ?)
"""
# Several spellings may have one text_key, and with it one signature.
_ADD_KEYS = "INSERT INTO signed_texts SELECT spelling_key::UUID, text_key::UUID FROM slice_keys"
_ADD = """
CREATE OR REPLACE TEMP TABLE unsigned_yet AS
SELECT text_key FROM slice_signatures ANTI JOIN all_signatures USING (text_key);

INSERT INTO all_signatures BY NAME SELECT * FROM slice_signatures SEMI JOIN unsigned_yet USING (text_key);
INSERT INTO all_bands BY NAME SELECT * FROM slice_bands SEMI JOIN unsigned_yet USING (text_key)
"""
_FORGET = """
DELETE FROM dedup.recipe;
DELETE FROM dedup.signatures;
DELETE FROM dedup.bands;
DELETE FROM dedup.pairs;
DELETE FROM dedup.members;
DELETE FROM ops.fresh_bands;
DELETE FROM ops.band_index;
DELETE FROM ops.standings;
DELETE FROM ops.floods;
DELETE FROM ops.heads;

UPDATE core.versions SET text_key = signed.text_key
FROM signed_texts AS signed
WHERE signed.spelling_key = versions.spelling_key AND signed.text_key IS DISTINCT FROM versions.text_key;

UPDATE ops.past_versions SET text_key = signed.text_key
FROM signed_texts AS signed
WHERE signed.spelling_key = past_versions.spelling_key
    AND signed.text_key IS DISTINCT FROM past_versions.text_key;

CREATE OR REPLACE TEMP TABLE portions AS
SELECT text_key, (row_number() OVER (ORDER BY text_key) - 1) // {slice} AS portion
FROM (SELECT DISTINCT text_key FROM core.versions WHERE text_key IS NOT NULL)
"""
_STAGE = """
CREATE OR REPLACE TEMP TABLE new_versions AS
SELECT item_id, version_id, text_key FROM core.versions
WHERE text_key IN (SELECT text_key FROM portions WHERE portion = {portion});

CREATE OR REPLACE TEMP TABLE stage_signatures AS
SELECT * FROM all_signatures WHERE text_key IN (SELECT text_key FROM portions WHERE portion = {portion});

CREATE OR REPLACE TEMP TABLE stage_bands AS
SELECT * FROM all_bands WHERE text_key IN (SELECT text_key FROM portions WHERE portion = {portion})
"""
_COPIES = "SELECT count(*) FROM dedup.members WHERE item_id <> cluster_id"
_TEMPORARY = (
    "signed_texts", "all_signatures", "all_bands", "spellings", "unsigned_yet", "portions", "new_versions",
    "stage_signatures", "stage_bands",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rematched:
    """What matching anew came to: texts that were signed, and items that are copies, before and after."""

    texts: int
    duplicates_before: int
    duplicates: int


def rematch(
    con: duckdb.DuckDBPyConnection, sign: Sign, recipe: Recipe, *, run_id: str, at: str, matcher: Matcher
) -> Rematched:
    """Rebuild text keys, signatures, bands, pairs and clusters from the stored texts.

    `sign` makes signatures by `recipe`. Takes memory for some thousand texts at a time, and disk for all
    signatures. Raises what the matcher raises; nothing has changed then.
    """
    ((before,),) = con.execute(_COPIES).fetchall()
    con.execute("BEGIN")
    try:
        texts = _sign_all(con, sign, recipe)
        con.execute(_FORGET.format(slice=_SLICE))
        ((portions,),) = con.execute("SELECT coalesce(max(portion) + 1, 0) FROM portions").fetchall()
        row = table(shape.RECIPE, [[recipe.name], [json.dumps(asdict(recipe), sort_keys=True)]])
        for portion in range(portions):
            con.execute(_STAGE.format(portion=portion))
            match(con, matcher, row)
        ((after,),) = con.execute(_COPIES).fetchall()
        note_batch(con, Landed(duplicates=after - before), run_id, at)
        con.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(duckdb.Error):  # after a fatal error the instance refuses this too
            con.execute("ROLLBACK")
        raise
    finally:
        for name in _TEMPORARY:
            with contextlib.suppress(duckdb.Error):
                con.execute(f"DROP TABLE IF EXISTS temp.{name}")
    return Rematched(texts=texts, duplicates_before=before, duplicates=after)


def _sign_all(con: duckdb.DuckDBPyConnection, sign: Sign, recipe: Recipe) -> int:
    """Sign every spelling once; return how many there are.

    What only past versions say gets a text_key by the recipe too, but no signature: it is no item's text.
    """
    con.execute(_START)
    count = 0
    for source in ("core.versions", "ops.past_versions"):
        con.execute(_SPELLINGS.format(table=source))
        ((found,),) = con.execute("SELECT count(*) FROM spellings").fetchall()
        for start in range(0, found, _SLICE):
            rows = con.execute(_TEXTS.format(table=source), [start, start + _SLICE]).fetchall()
            signed = sign([text for _, text in rows])
            pairs = {
                "spelling_key": [key for key, _ in rows],
                "text_key": [each.text_key for each in signed],
            }
            with registered(con, "slice_keys", pa.table(pairs)):
                con.execute(_ADD_KEYS)
            if source == "core.versions":
                _add_signatures(con, signed, recipe)
                count += len(rows)
    return count


def _add_signatures(con: duckdb.DuckDBPyConnection, signed: Sequence[Signed], recipe: Recipe) -> None:
    made = signature_tables(signed, recipe)
    with staged(con, {"slice_signatures": made["signatures"], "slice_bands": made["bands"]}):
        con.execute(_ADD)
