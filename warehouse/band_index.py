"""Find which stored texts share a band with new ones, at a cost that hardly grows with what is stored.

A join against dedup.bands reads all of it: 135 million rows, those of 5 million items, take 2.2 CPU seconds
for a batch of 2,000, and zone maps cannot prune, for the keys of a batch lie everywhere. So from LEAST rows
on the bands stand in a file beside the warehouse as well: numbers of 64 bits (the band key, the number of
the band, and of a hash of the text_key what fits), ascending, looked up by binary search where they lie. The
file is derived: a token in it and in ops.band_index says that it and ops.fresh_bands, the rows that came
later, make up dedup.bands. Where the two tokens differ (a crash, a warehouse made again from the published
copy), it is made anew from dedup.bands. Rows that were deleted from there may stay in it: they name texts
that are gone.
"""

import mmap
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import duckdb
import numpy as np
import numpy.typing as npt

from schemas.errors import WarehouseError

Entries: TypeAlias = npt.NDArray[np.uint64]

#: Rows of dedup.bands from which on an index is kept: a join with fewer takes less than 0.1 s.
LEAST = 4_000_000
#: Fresh rows that the index takes in at once, at least, and as a share of it: joining them costs at most as
#: much as LEAST rows and a quarter second for 5 million items; merging them costs 2 s, once in 300,000 items.
_SHARE = 1 / 16
#: How the names of its files in the making end, behind its own: sorted runs, and the file that they make.
HALF_MADE = (".runs", ".new")
_HEADER = 4096
_MAGIC = b"feedmill bands 1 "
#: Key ranges that are merged one after the other: each takes 1/256 of the index in memory.
_RANGES = 256
_READ = 2_000_000
#: Bytes of the file that are read before they are let go. They are the system's and may be taken back at any
#: time, but as long as they are mapped they count as this process's: 140 MB at 650,000 items. Reading them
#: costs the same, since each transaction maps the file anew.
_HELD = 1 << 25
#: Bits of a text's hash in an entry; above them stand 6 of the band's number and 32 of its key. Of 5 million
#: texts, 7 in 100 share these bits with another one; that makes candidates, which die at verification.
_HASH_BITS = 26
_LOW = (1 << _HASH_BITS) - 1
#: More bands than the bits hold share numbers, which costs candidates and loses none.
_BAND_BITS = 63

# hash() is DuckDB's own and may change with its version: the token holds the version.
TEXT_HASH = f"(hash(text_key) & {_LOW})::UINTEGER"
#: What two texts with a common band have in common.
MEETING = f"((band_key::UBIGINT << 6) | (band & {_BAND_BITS}))"
_ENTRY = f"(({MEETING} << {_HASH_BITS}) | {TEXT_HASH})"


@dataclass(frozen=True, slots=True)
class BandIndex:
    """The entries of one file, ascending, where they lie."""

    entries: Entries
    mapped: mmap.mmap

    @property
    def rows(self) -> int:
        """Return the number of entries."""
        return len(self.entries)

    def find(self, meetings: Entries) -> tuple[Entries, Entries]:
        """Return the entries that meet: of each its number by MEETING and, beside it, its TEXT_HASH.

        `meetings` are distinct numbers by MEETING.
        """
        wanted = np.sort(meetings) << np.uint64(_HASH_BITS)
        parts = [np.empty(0, dtype=np.uint64)]
        for some in np.array_split(wanted, self.entries.nbytes // _HELD + 1):
            parts += self._entries_of(some)
            _let_go(self.mapped)
        found = np.concatenate(parts)
        return found >> np.uint64(_HASH_BITS), found & np.uint64(_LOW)

    def _entries_of(self, wanted: Entries) -> list[Entries]:
        if not len(wanted):
            return []
        # Only in what lies between the first and the last: each search begins with all that is left.
        low = np.searchsorted(self.entries, wanted[0])
        high = np.searchsorted(self.entries, wanted[-1] | np.uint64(_LOW), side="right")
        near = self.entries[low:high]
        starts = np.searchsorted(near, wanted)
        ends = np.searchsorted(near, wanted | np.uint64(_LOW), side="right")
        met = np.flatnonzero(ends > starts)
        pieces = [near[start:end] for start, end in zip(starts[met], ends[met], strict=True)]
        return [np.concatenate(pieces)] if pieces else []


def keep(con: duckdb.DuckDBPyConnection) -> BandIndex | None:
    """Return the index of the warehouse, complete but for ops.fresh_bands; None while none is needed.

    Expects an open transaction that has added no bands so far. Makes the file anew if it is missing or
    belongs to another state, and takes in the fresh rows when they have become many. If the transaction fails
    after that, the next one makes the file anew.
    """
    path = _path(con)
    if path is None:
        return None
    index = _load(path, _token(con))
    if index is None:
        if _count(con, "dedup.bands") < LEAST or _unnumbered(con):
            _forget(con)
            return None
        return _make(con, path, None)
    if _count(con, "ops.fresh_bands") < max(LEAST, index.rows * _SHARE):
        return index
    return _make(con, path, index)


def _path(con: duckdb.DuckDBPyConnection) -> Path | None:
    """Return where the index lies: beside the file of the warehouse. One in memory has none."""
    ((path,),) = con.execute(
        "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"
    ).fetchall()
    return None if path is None else Path(f"{path}.bands")


def _token(con: duckdb.DuckDBPyConnection) -> str | None:
    row = con.execute("SELECT token FROM ops.band_index").fetchone()
    return None if row is None else str(row[0])


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    ((rows,),) = con.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608 - names of this module
    return int(rows)


def _unnumbered(con: duckdb.DuckDBPyConnection) -> bool:
    """Say whether there are bands from before the number was stored: they meet by their key alone."""
    return con.execute("SELECT 1 FROM dedup.bands WHERE band IS NULL LIMIT 1").fetchone() is not None


def _forget(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("DELETE FROM ops.fresh_bands; DELETE FROM ops.band_index")


def _load(path: Path, token: str | None) -> BandIndex | None:
    """Return the index in a file if it has this token and all its entries."""
    if token is None or not token.endswith(duckdb.__version__):
        return None
    header = _header(token)
    try:
        with path.open("rb") as file:
            if file.read(_HEADER) != header:
                return None
            mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
            rows = (len(mapped) - _HEADER) // 8
            return BandIndex(np.frombuffer(mapped, "<u8", rows, _HEADER), mapped)
    except OSError:
        return None


def _let_go(mapped: mmap.mmap) -> None:
    if hasattr(mmap, "MADV_DONTNEED"):  # not every system has it
        mapped.madvise(mmap.MADV_DONTNEED)


def _header(token: str) -> bytes:
    return (_MAGIC + token.encode()).ljust(_HEADER, b"\0")


def _make(con: duckdb.DuckDBPyConnection, path: Path, index: BandIndex | None) -> BandIndex:
    """Write an index of the fresh rows and those of `index`, or, without one, of all rows."""
    token = f"{secrets.token_hex(16)} {duckdb.__version__}"
    spool, passing = (path.with_name(path.name + end) for end in HALF_MADE)
    try:
        lengths = _spool(con, "dedup.bands" if index is None else "ops.fresh_bands", spool)
        with passing.open("wb") as file:
            file.write(_header(token))
            runs = [] if index is None else [index.entries]
            maps = [] if index is None else [index.mapped]
            if lengths:
                with spool.open("rb") as spooled:
                    maps.append(mmap.mmap(spooled.fileno(), 0, prot=mmap.PROT_READ))
                runs += np.split(np.frombuffer(maps[-1], "<u8"), np.cumsum(lengths[:-1]))
            for part in _merge(runs):
                part.tofile(file)
                for mapped in maps:
                    _let_go(mapped)
            file.flush()
            os.fsync(file.fileno())
        passing.replace(path)
    finally:
        spool.unlink(missing_ok=True)
        passing.unlink(missing_ok=True)
    _forget(con)
    con.execute("INSERT INTO ops.band_index VALUES (?)", [token])
    made = _load(path, token)
    if made is None:
        raise WarehouseError(f"{path} was written and cannot be read. Run the command again.")
    return made


def _spool(con: duckdb.DuckDBPyConnection, table: str, spool: Path) -> list[int]:
    """Write the entries of a table to a file as runs that ascend; return their lengths."""
    lengths = []
    with spool.open("wb") as file:
        reader = con.sql(f"SELECT {_ENTRY} AS entry FROM {table}").to_arrow_reader(_READ)  # noqa: S608 - as above
        for batch in reader:
            run = np.sort(batch.column(0).to_numpy())
            run.tofile(file)
            lengths.append(len(run))
    return lengths


def _merge(runs: Sequence[Entries]) -> Iterator[Entries]:
    """Yield the entries of runs that ascend in ascending pieces, a range of band keys each."""
    edges = np.linspace(0, 1 << 32, _RANGES + 1).astype(np.uint64)[1:-1] << np.uint64(32)
    cuts = [np.concatenate(([0], np.searchsorted(run, edges), [len(run)])) for run in runs]
    for place in range(_RANGES):
        yield np.sort(
            np.concatenate([run[cut[place] : cut[place + 1]] for run, cut in zip(runs, cuts, strict=True)])
        )
