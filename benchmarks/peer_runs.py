"""Engines in environments of their own: made with pip at first need, started one after the other."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
#: Packages by environment. datatrove breaks with xxhash 4, and asks for the rest at import without saying so.
PACKAGES = {
    "datasketch": ["datasketch==2.0.0", "xxhash"],
    "rensa": ["rensa==0.5.0"],
    "gaoya": ["gaoya==0.2.2"],
    "FastSketchLSH": ["FastSketchLSH==1.0.1", "numpy"],
    "text-dedup": ["text-dedup"],
    "datatrove": ["datatrove==0.10.1", "xxhash<4", "spacy", "regex", "orjson", "tokenizers", "pymorphy3"],
}
ENGINES = [
    "feedmill", "datasketch bulk", "datasketch loop", "rensa R, LSH", "rensa R, deduplicator",
    "rensa C, deduplicator", "rensa rho, one-shot", "gaoya", "FastSketchLSH", "text-dedup", "datatrove",
    "datatrove, numbers kept",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """What an engine made of sets of texts; `failure` says why it made nothing."""

    found: dict[str, list[Any]]
    cpu: dict[str, float]
    peak_mb: float
    failure: str | None = None


def run(engine: str, sets: dict[str, list[str]], venvs: Path) -> Run:
    """Run an engine in its environment."""
    python = interpreter(engine, venvs)
    if isinstance(python, str):
        return Run({}, {}, 0, python)
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "sets.json"), Path(folder, "out.json")
        given.write_text(json.dumps(sets), encoding="utf-8")
        done = subprocess.run(
            [python, HERE / "peer_engines.py", engine, given, made],
            env=os.environ | {"PYTHONPATH": str(HERE.parent)} if engine == "feedmill" else os.environ.copy(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return Run({}, {}, 0, (done.stderr.strip().splitlines() or ["it said nothing"])[-1])
        out = json.loads(made.read_text(encoding="utf-8"))
    sets_out = out["sets"]
    return Run(
        {name: one["found"] for name, one in sets_out.items()},
        {name: one["cpu"] for name, one in sets_out.items()},
        out["peak_mb"],
    )


def interpreter(engine: str, venvs: Path) -> Path | str:
    """Return the interpreter of an engine, or why it has none."""
    if engine == "feedmill":
        return Path(sys.executable)
    name = next(name for name in PACKAGES if engine.startswith(name))
    home = venvs / name
    if not (home / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        pip = subprocess.run(
            [home / "bin" / "python", "-m", "pip", "install", "-q", *PACKAGES[name]],
            capture_output=True,
            text=True,
            check=False,
        )
        if pip.returncode:
            return f"cannot be installed: {(pip.stderr.strip().splitlines() or ['?'])[-1]}"
        (home / "installed").touch()
    return home / "bin" / "python"
