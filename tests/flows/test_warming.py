"""Machine code of the kernels is made in a process of its own, once on a machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.warming import is_compiled

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("NUMBA_CACHE_DIR", "NUMBA_DISABLE_JIT"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "__pycache__").mkdir()
    for name in ("kernel", "line_kernel", "scan_kernel"):
        (tmp_path / f"{name}.py").write_text("")
        os.utime(tmp_path / f"{name}.py", (1_000, 1_000))
    return tmp_path


def keep(folder: Path, name: str, time: int) -> None:
    index = folder / "__pycache__" / f"{name}-1.py311.nbi"
    index.write_text("")
    os.utime(index, (time, time))


def test_machine_code_is_at_hand_where_it_is_kept_and_not_older_than_its_source(folder: Path) -> None:
    assert not is_compiled(folder)
    keep(folder, "line_kernel.pairs", 1_001)
    assert not is_compiled(folder)
    keep(folder, "kernel.sketch", 1_001)
    assert is_compiled(folder)  # not all of them are compiled by everybody
    keep(folder, "line_kernel.pairs", 999)
    assert not is_compiled(folder)
    keep(folder, "line_kernel.near", 1_002)
    assert is_compiled(folder)


@pytest.mark.parametrize("name", ["NUMBA_CACHE_DIR", "NUMBA_DISABLE_JIT"])
def test_where_it_is_kept_elsewhere_or_not_at_all_nothing_is_won(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "1")
    assert is_compiled(folder)


def test_compiling_apart_loads_nothing_here(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from flows.warming import compile_apart;"
        f"compile_apart(Path({str(folder)!r})); print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "False\n", done.stderr
