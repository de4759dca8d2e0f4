"""Imports point right only: the contracts of pyproject.toml hold, and would not hold with a fault in them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("schemas", "cleaners", "warehouse", "flows")
# One fault for each contract: a file, and what it must not import.
FAULTS = [
    ("schemas/items.py", "import cleaners.chain", "imports point right only"),
    ("warehouse/writer.py", "import cleaners.chain", "imports point right only"),
    ("schemas/items.py", "import numpy", "schemas are words"),
    ("cleaners/chain.py", "import time", "cleaners are thought"),
    ("flows/doctor.py", "import duckdb", "only warehouse knows DuckDB"),
    ("warehouse/writer.py", "import prefect", "only flows knows Prefect"),
    ("flows/cli.py", "import prefect", "the command line starts without Prefect"),
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-cache",
        ],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_imports_point_right_only() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("layers")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    assert lint(place).returncode == 0
    return place


@pytest.mark.parametrize(("file", "fault", "contract"), FAULTS)
def test_a_fault_breaks_its_contract(copy: Path, file: str, fault: str, contract: str) -> None:
    path = copy / file
    sound = path.read_text(encoding="utf-8")
    path.write_text(f"{sound}\n{fault}\n", encoding="utf-8")
    try:
        done = lint(copy)
    finally:
        path.write_text(sound, encoding="utf-8")
    assert done.returncode == 1, done.stdout + done.stderr
    broken = [line for line in done.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(line.startswith(contract) for line in broken), done.stdout
