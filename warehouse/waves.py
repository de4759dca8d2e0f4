"""Read the next texts to be placed, the earliest first, with all that they are placed by."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from schemas.signatures import Pair, Standing, Wave
from warehouse.columns import keys, table
from warehouse.connection import staged
from warehouse.floods import floods_known
from warehouse.judges import Verifier
from warehouse.pairing import in_parts
from warehouse.standings import WITNESSES, rank
from warehouse.text_rows import ROWS_OF, find_rows

#: Texts of a wave, and characters of their items: some 60 MB of shingles (60 bytes a character, measured).
_TEXTS, _CHARACTERS = 2_000, 1_000_000

_KEY = pa.schema([("text_key", pa.uuid())])
_WAVE = f"""
CREATE OR REPLACE TEMP TABLE wave AS
SELECT text_key
FROM (
    SELECT text_key, sum(length) OVER (ORDER BY place ROWS UNBOUNDED PRECEDING) - length AS before
    FROM (
        SELECT stands.text_key, stands.length, {rank("stands")} AS place
        FROM ops.standings AS stands SEMI JOIN dirty USING (text_key)
        ORDER BY place LIMIT {{texts}}
    )
)
WHERE before < {{characters}};

DELETE FROM dirty WHERE text_key IN (FROM wave)
"""  # noqa: S608 - names of this module
_HEX = "replace({0}::VARCHAR, '-', '')"
_STANDING = f"""
SELECT
    {_HEX.format("text_key")}, {_HEX.format("item_id")}, earliest::VARCHAR, length,
    {_HEX.format("lead_key")}, relation, similarity, containment, rule
FROM ops.standings WHERE text_key IN (SELECT text_key FROM {{texts}})
"""  # noqa: S608 - as above
_PAIRS = f"""
CREATE OR REPLACE TEMP TABLE wave_pairs AS
SELECT * FROM dedup.pairs WHERE left_key IN (FROM wave)
UNION ALL
SELECT * FROM dedup.pairs WHERE right_key IN (FROM wave) AND left_key NOT IN (FROM wave);

SELECT {_HEX.format("left_key")}, {_HEX.format("right_key")}, relation, similarity, containment, rule
FROM wave_pairs
"""  # noqa: S608 - as above
_FLOODS = """
CREATE OR REPLACE TEMP TABLE wave_floods AS
SELECT DISTINCT text_key, band_key, band
FROM (
    SELECT text_key, band_key, band FROM mine WHERE text_key IN (FROM wave)
    UNION ALL
    SELECT text_key, band_key, band FROM dedup.bands WHERE text_key IN (FROM unstaged_wave)
) AS banded
SEMI JOIN ops.floods USING (band_key, band)
"""
_UNSTAGED = """
CREATE OR REPLACE TEMP TABLE unstaged_wave AS
FROM wave WHERE text_key NOT IN (SELECT text_key FROM matched_texts)
"""
_HEADS = """
CREATE OR REPLACE TEMP TABLE wave_heads AS
SELECT band_key, band, text_key FROM ops.heads
SEMI JOIN (SELECT DISTINCT band_key, band FROM wave_floods) AS met USING (band_key, band);

CREATE OR REPLACE TEMP TABLE wave_leads AS
SELECT text_key FROM wave_heads
UNION
SELECT text_key FROM wave_floods
UNION
SELECT lead_key FROM ops.standings WHERE text_key IN (FROM wave) AND lead_key IS NOT NULL
"""
_NAMED = """
CREATE OR REPLACE TEMP TABLE named AS
SELECT left_key AS text_key FROM wave_pairs UNION SELECT right_key FROM wave_pairs
"""
_NAMED_IN_FLOODS = """
INSERT INTO named
SELECT text_key FROM (
    SELECT text_key FROM wave_heads UNION SELECT text_key FROM wave_witnesses
) AS met
ANTI JOIN named USING (text_key)
"""
_LEADS = """
INSERT INTO named
SELECT DISTINCT lead_key FROM ops.standings
WHERE (text_key IN (SELECT text_key FROM named) OR text_key IN (SELECT text_key FROM wave))
    AND lead_key IS NOT NULL
    AND lead_key NOT IN (SELECT text_key FROM named)
"""
_TEXTS_OF = f"""
SELECT {_HEX.format("text_key")}, arg_min(text, spelling_key)
FROM core.versions
WHERE rowid IN ({ROWS_OF.format(texts="stage_asked")})
GROUP BY text_key
"""  # noqa: S608 - as above


def next_wave(con: duckdb.DuckDBPyConnection) -> bool:
    """Make `wave` of the first of `dirty`, and take them out of there. Say whether there were any."""
    con.execute(_WAVE.format(texts=_TEXTS, characters=_CHARACTERS))
    return con.execute("FROM wave LIMIT 1").fetchone() is not None


def read_wave(con: duckdb.DuckDBPyConnection, witnesses: int) -> tuple[Wave, list[tuple[int, int]]]:
    """Return the wave, and what the numbers of its buckets stand for."""
    texts = _standings(con, "wave")
    pairs = [
        Pair(
            left=left,
            right=right,
            relation=relation,
            similarity=similarity,
            containment=containment,
            rule=rule,
        )
        for left, right, relation, similarity, containment, rule in con.execute(_PAIRS).fetchall()
    ]
    con.execute(_NAMED)
    numbers: dict[tuple[int, int], int] = {}
    floods: defaultdict[str, list[int]] = defaultdict(list)
    heads: dict[int, list[str]] = {}
    kept: defaultdict[str, list[str]] = defaultdict(list)
    if floods_known(con):
        _find_floods(con, witnesses)
        for text, band_key, band in _fetch(con, f"{_HEX.format('text_key')}, band_key, band", "wave_floods"):
            number = numbers.setdefault((band_key, band), len(numbers))
            floods[text].append(number)
            heads.setdefault(number, [])
        for text, band_key, band in _fetch(con, f"{_HEX.format('text_key')}, band_key, band", "wave_heads"):
            heads[numbers[band_key, band]].append(text)
        both = f"{_HEX.format('lead_key')}, {_HEX.format('text_key')}"
        for leading, text in _fetch(con, both, "wave_witnesses"):
            kept[leading].append(text)
    con.execute(_LEADS)
    around = _standings(con, "named")
    made = Wave(texts=texts, around=around, pairs=pairs, floods=floods, heads=heads, witnesses=kept)
    return made, list(numbers)


def _find_floods(con: duckdb.DuckDBPyConnection, witnesses: int) -> None:
    con.execute(_UNSTAGED)
    con.execute(_FLOODS)
    con.execute(_HEADS)
    kept = WITNESSES.format(leads="wave_leads", size=witnesses)
    con.execute(f"CREATE OR REPLACE TEMP TABLE wave_witnesses AS {kept}")
    con.execute(_NAMED_IN_FLOODS)


def _fetch(con: duckdb.DuckDBPyConnection, columns: str, source: str) -> list[tuple[Any, ...]]:
    return con.execute(f"SELECT {columns} FROM {source}").fetchall()  # noqa: S608 - names of this module


def _standings(con: duckdb.DuckDBPyConnection, texts: str) -> list[Standing]:
    rows = con.execute(_STANDING.format(texts=texts)).fetchall()
    return [
        Standing(
            text_key=text_key,
            item_id=item_id,
            earliest=earliest,
            length=length,
            lead=leading,
            relation=relation,
            similarity=similarity,
            containment=containment,
            rule=rule,
        )
        for text_key, item_id, earliest, length, leading, relation, similarity, containment, rule in rows
    ]


def judging(
    con: duckdb.DuckDBPyConnection, matcher: Verifier
) -> Callable[[Sequence[tuple[str, str]]], list[Pair]]:
    """Return what judges pairs of texts that are known by their keys alone: it reads the texts, each once."""
    texts: dict[str, str] = {}

    def judge(asked: Sequence[tuple[str, str]]) -> list[Pair]:
        unread = {key for pair in asked for key in pair} - texts.keys()
        rows = table(_KEY, [keys([bytes.fromhex(key) for key in sorted(unread)])])
        with staged(con, {"stage_asked": rows}):
            find_rows(con, "stage_asked")
            texts.update(con.execute(_TEXTS_OF).fetchall())
        return [pair for part in in_parts(asked, texts) for pair in matcher.verify(part)]

    return judge
