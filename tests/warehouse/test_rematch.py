"""Matching anew ends where a new warehouse would start, and changes nothing if it is stopped."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from test_land import DOCUMENTS, land_all, start
from warehouse_cases import AT, RECIPE, Words, batch_of, fingerprint, sign

from cleaners.placing import Judge as Judging
from schemas.errors import WarehouseError
from schemas.signatures import Placed, Recipe, Signed, Wave
from warehouse import rematch as module
from warehouse.checks import run_checks
from warehouse.connection import connect
from warehouse.recipes import check_recipe
from warehouse.rematch import rematch

OTHER = Recipe(version=99)


def sign_all(texts: Sequence[str]) -> list[Signed]:
    """Sign texts as the helper does."""
    return [sign(text) for text in texts]


@pytest.fixture
def con(migrated: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path = Path(shutil.copyfile(migrated, tmp_path / "own.duckdb"))
    with closing(connect(path, read_only=False, spill=tmp_path)) as con:
        start(con)
        land_all(con, *(batch_of(one) for one in DOCUMENTS))
        yield con


def spoil(con: duckdb.DuckDBPyConnection) -> None:
    """Leave what another recipe, with other text keys, might have left."""
    con.execute("UPDATE dedup.recipe SET name = 'old'")
    con.execute("UPDATE core.versions SET text_key = md5(text_key::VARCHAR)::UUID")
    con.execute("UPDATE dedup.signatures SET text_key = md5(text_key::VARCHAR)::UUID, recipe = 'old'")
    con.execute("UPDATE dedup.bands SET text_key = md5(text_key::VARCHAR)::UUID, band = NULL")
    con.execute("DELETE FROM dedup.pairs")
    con.execute("DELETE FROM dedup.members")


@pytest.mark.parametrize("slices", [1, 3, 1000])
def test_it_ends_where_a_new_warehouse_starts(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, slices: int
) -> None:
    before = fingerprint(con)
    spoil(con)
    monkeypatch.setattr(module, "_SLICE", slices)
    found = rematch(con, sign_all, RECIPE, run_id="run-1", at=AT, matcher=Words())
    assert (found.duplicates_before, found.duplicates) == (0, 2)
    assert fingerprint(con) == before
    assert run_checks(con) == []
    assert con.execute("SELECT duplicates FROM runs").fetchall() == [
        (4,)
    ]  # those that were spoilt, and again
    left = con.execute("SELECT table_name FROM duckdb_tables() WHERE temporary AND table_name LIKE 'stage%'")
    assert left.fetchall() == []


class Broken(Words):
    """A matcher that fails at the last question."""

    def place(self, wave: Wave, judge: Judging) -> Placed:
        """Fail."""
        raise RuntimeError("no")


def test_an_error_leaves_what_was_there(con: duckdb.DuckDBPyConnection) -> None:
    spoil(con)
    before = fingerprint(con)
    with pytest.raises(RuntimeError, match="no"):
        rematch(con, sign_all, RECIPE, run_id="run-1", at=AT, matcher=Broken())
    assert fingerprint(con) == before


_KILLED = """
import os, sys
from pathlib import Path
from test_rematch import RECIPE, AT, Words, connect, rematch, sign_all

class Killed(Words):
    def place(self, wave, judge):
        os.kill(os.getpid(), 9)

path = Path(sys.argv[1])
con = connect(path, read_only=False, spill=path.parent)
rematch(con, sign_all, RECIPE, run_id="run-1", at=AT, matcher=Killed())
"""


def test_a_kill_leaves_what_was_there(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    spoil(con)
    before = fingerprint(con)
    con.close()
    path = tmp_path / "own.duckdb"
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])])
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, path], env=os.environ | {"PYTHONPATH": paths}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    with closing(connect(path, read_only=False, spill=tmp_path)) as again:
        assert fingerprint(again) == before
        found = rematch(again, sign_all, RECIPE, run_id="run-1", at=AT, matcher=Words())
        assert found.duplicates == 2


def test_another_recipe_is_refused_until_then(con: duckdb.DuckDBPyConnection) -> None:
    check_recipe(con, RECIPE.name)
    with pytest.raises(WarehouseError, match="feedmill ingest --rematch"):
        check_recipe(con, OTHER.name)
    rematch(con, sign_all, OTHER, run_id="run-1", at=AT, matcher=Words())
    check_recipe(con, OTHER.name)
    assert con.execute("SELECT DISTINCT recipe FROM dedup.signatures").fetchall() == [(OTHER.name,)]


def test_past_versions_get_their_keys_too_and_no_signatures(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "INSERT INTO ops.past_versions BY NAME SELECT * REPLACE ('said once' AS text, "
        "md5('said once')::UUID AS spelling_key) FROM core.versions LIMIT 1"
    )
    signatures = con.execute("SELECT count(*) FROM dedup.signatures").fetchall()
    spoil(con)
    con.execute("UPDATE ops.past_versions SET text_key = md5(text_key::VARCHAR)::UUID")
    rematch(con, sign_all, RECIPE, run_id="run-1", at=AT, matcher=Words())
    ((key,),) = con.execute("SELECT text_key FROM ops.past_versions").fetchall()
    assert key.hex == sign("said once").text_key
    assert con.execute("SELECT count(*) FROM dedup.signatures").fetchall() == signatures
    assert run_checks(con) == []
