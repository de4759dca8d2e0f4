"""Fixtures for the tests of the warehouse, on real DuckDB files."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# Helper processes of these tests import the same module from the same place.
sys.path.append(str(Path(__file__).parent))

from warehouse.connection import connect
from warehouse.migrate import apply


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty warehouse; copying it is faster than making one."""
    path = tmp_path_factory.mktemp("migrated") / "empty.duckdb"
    con = connect(path, read_only=False, spill=path.parent / "spill")
    apply(con)
    con.execute("CHECKPOINT")
    con.close()
    return path


@pytest.fixture
def empty(migrated: Path, tmp_path: Path) -> Callable[[], Path]:
    """Give a new path with an empty warehouse at each call."""
    made = iter(range(10_000))

    def make() -> Path:
        return Path(shutil.copyfile(migrated, tmp_path / f"empty-{next(made)}.duckdb"))

    return make
