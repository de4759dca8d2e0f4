"""Find the texts that share a band with those to be matched, and have the pairs judged."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import duckdb
import numpy as np
import pyarrow as pa

from schemas.signatures import Pair
from warehouse.band_index import MEETING, TEXT_HASH, BandIndex
from warehouse.columns import keys, table
from warehouse.connection import registered, staged, store
from warehouse.floods import floods_known, note_floods
from warehouse.judges import Verifier
from warehouse.relational import CANDIDATES
from warehouse.text_rows import ROWS_OF, find_rows

_PAIRS = pa.schema(
    [
        ("left_key", pa.uuid()),
        ("right_key", pa.uuid()),
        ("relation", pa.string()),
        ("similarity", pa.float64()),
        ("containment", pa.float64()),
        ("rule", pa.string()),
    ]
)
#: Candidates that are judged together, and characters of their texts. The shingles of a text are made once a
#: part, so parts are large; but they take some 60 bytes a character (measured), whatever a flood holds.
_VERIFIED, _CHARACTERS = 100_000, 1_000_000
#: Rows that are made into Python objects at once.
_READ = 10_000

# The bands of a text that is matched came with the batch; those of one that is only judged anew may not have.
_MINE = """
CREATE OR REPLACE TEMP TABLE mine AS
SELECT band_key, text_key, band FROM stage_bands SEMI JOIN matched_texts USING (text_key)
"""
_UNSTAGED = "SELECT count(*) FROM respelt ANTI JOIN stage_bands USING (text_key)"
_ADD_UNSTAGED = """
INSERT INTO mine BY NAME
SELECT band_key, text_key, band FROM dedup.bands
WHERE text_key IN (SELECT text_key FROM respelt ANTI JOIN stage_bands USING (text_key))
"""
# Floods make no candidates, and their rows would be all that is stored.
_COLD = """
CREATE OR REPLACE TEMP TABLE cold AS
SELECT DISTINCT band_key, band FROM mine ANTI JOIN ops.floods USING (band_key, band)
"""
_MET = """
CREATE OR REPLACE TEMP TABLE met_bands AS
SELECT band_key, text_key, band FROM dedup.bands WHERE band_key IN (SELECT band_key FROM {cold})
"""
_MEETINGS = f"SELECT DISTINCT {MEETING} AS meeting FROM {{cold}}"  # noqa: S608 - names of a module
_MET_BY_INDEX = f"""
CREATE OR REPLACE TEMP TABLE met_bands AS
SELECT wanted.band_key, text.text_key, wanted.band
FROM arrow_found AS found
JOIN (SELECT DISTINCT band_key, band, {MEETING} AS meeting FROM {{cold}}) AS wanted USING (meeting)
JOIN dedup.signatures AS text ON {TEXT_HASH} = found.text_hash
UNION ALL
SELECT band_key, text_key, band FROM ops.fresh_bands
WHERE band_key IN (SELECT band_key FROM {{cold}})
"""  # noqa: S608 - names of a module
# By the right one, so that a part has few texts for its pairs.
_CANDIDATE_KEYS = """
SELECT replace(left_key::VARCHAR, '-', ''), replace(right_key::VARCHAR, '-', '')
FROM candidates
ORDER BY right_key, left_key
"""
_BOTH = "(SELECT left_key AS text_key FROM candidates UNION ALL SELECT right_key FROM candidates)"
# Once for all that matching asks of texts.
_WANTED = f"(SELECT text_key FROM {_BOTH} UNION ALL SELECT text_key FROM new_versions)"  # noqa: S608 - above
_CANDIDATE_TEXTS = f"""
SELECT replace(text_key::VARCHAR, '-', ''), arg_min(text, spelling_key)
FROM core.versions
WHERE rowid IN ({ROWS_OF.format(texts=_BOTH)})
GROUP BY text_key
"""  # noqa: S608 - names of modules


def meet(con: duckdb.DuckDBPyConnection, index: BandIndex | None) -> None:
    """Make `mine`, the bands of the texts to be matched, and `met_bands`, those of all texts that meet.

    Floods are left out of the latter, also those that the batch makes.
    """
    con.execute(_MINE)
    if con.execute(_UNSTAGED).fetchall() != [(0,)]:
        con.execute(_ADD_UNSTAGED)
    cold = "mine"
    if floods_known(con):
        con.execute(_COLD)
        cold = "cold"
    if index is None:
        con.execute(_MET.format(cold=cold))
    else:
        meetings, hashes = index.find(
            con.sql(_MEETINGS.format(cold=cold)).to_arrow_table()["meeting"].to_numpy()
        )
        with registered(con, "arrow_found", pa.table({"meeting": meetings, "text_hash": hashes})):
            con.execute(_MET_BY_INDEX.format(cold=cold))
    note_floods(con)


def find_candidates(con: duckdb.DuckDBPyConnection) -> None:
    """Make `candidates`, the pairs that meet; find the rows of their texts and of those of `new_versions`."""
    store(con, "candidates", CANDIDATES)
    find_rows(con, _WANTED)


def add_pairs(con: duckdb.DuckDBPyConnection, matcher: Verifier) -> None:
    """Have the candidates judged, all of them, many at a time.

    A flood of posts with one footer makes millions: that takes time, but no more memory than its texts.
    """
    texts = dict(con.execute(_CANDIDATE_TEXTS).fetchall())
    # In Arrow a pair of keys takes 72 bytes, in Python 220.
    keys_in_order = con.sql(_CANDIDATE_KEYS).to_arrow_table()
    for part in in_parts(_rows(_linked_together(keys_in_order)), texts):
        if pairs := matcher.verify(part):
            _insert_pairs(con, pairs)


def _linked_together(candidates: pa.Table) -> pa.Table:
    """Return candidates so that those of texts that are linked, however far, stand together.

    In the order of keys the copies of a text are in as many parts as it has, and in each it is shingled anew.
    """
    if candidates.num_rows < 2:
        return candidates
    lefts, rights = candidates.columns
    coded = pa.chunked_array([*lefts.chunks, *rights.chunks]).combine_chunks().dictionary_encode()
    pairs = coded.indices.to_numpy().reshape(2, -1)
    roots = list(range(len(coded.dictionary)))

    def root(text: int) -> int:
        while roots[text] != text:
            roots[text] = text = roots[roots[text]]
        return text

    for start in range(0, pairs.shape[1], _READ):
        for left, right in pairs[:, start : start + _READ].T.tolist():
            roots[root(left)] = root(right)
    found = np.array(list(map(root, range(len(roots)))))
    # Stable: among texts that are linked the order above is kept.
    return candidates.take(np.argsort(found[pairs[0]], kind="stable"))


def _rows(pairs: pa.Table) -> Iterator[tuple[str, str]]:
    for rows in pairs.to_batches(_READ):
        yield from zip(*(column.to_pylist() for column in rows.columns), strict=True)


def in_parts(
    pairs: Iterable[tuple[str, str]], texts: Mapping[str, str]
) -> Iterator[list[tuple[str, str, str, str]]]:
    """Yield pairs of keys with their texts, as many at a time as are judged together.

    A text of which no version is left has bands in the index, but is none of `texts`, and in no pair.
    """
    part: list[tuple[str, str, str, str]] = []
    seen: set[str] = set()
    size = 0
    for left, right in pairs:
        if left not in texts or right not in texts:
            continue
        part.append((left, texts[left], right, texts[right]))
        for key in (left, right):
            if key not in seen:
                seen.add(key)
                size += len(texts[key])
        if len(part) >= _VERIFIED or size >= _CHARACTERS:
            yield part
            part, seen, size = [], set(), 0
    if part:
        yield part


def _insert_pairs(con: duckdb.DuckDBPyConnection, pairs: Sequence[Pair]) -> None:
    rows = table(
        _PAIRS,
        [
            keys([bytes.fromhex(pair.left) for pair in pairs]),
            keys([bytes.fromhex(pair.right) for pair in pairs]),
            [pair.relation for pair in pairs],
            [pair.similarity for pair in pairs],
            [pair.containment for pair in pairs],
            [pair.rule for pair in pairs],
        ],
    )
    with staged(con, {"stage_pairs": rows}):
        con.execute("INSERT INTO dedup.pairs BY NAME FROM stage_pairs ORDER BY left_key, right_key")
