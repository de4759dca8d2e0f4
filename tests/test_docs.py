"""README and the rule files, run: every console block gives what it shows, every command is documented."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flows.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
COMMANDS = (
    *("ingest", "preview", "explain", "sql", "verify", "diff", "quarantine", "export", "learn", "formats"),
    *("serve", "doctor"),
)


def matches(expected: list[str], printed: list[str]) -> bool:
    """Compare line by line; a line `...` stands for any lines, `...` inside a line for any text."""
    pattern = "".join(
        "(?:.*\n)*?" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + r"[ \t]*\n"
        for line in expected
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    shutil.copy(ROOT / "feedmill.toml", folder)
    return folder


def test_readme_blocks_print_what_they_show(place: Path) -> None:
    """One test, in order: the blocks build on each other."""
    assert len(BLOCKS) >= 3
    bare = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "FEEDMILL_"))
    }
    environment = {**bare, "COLUMNS": "150", "NO_COLOR": "1", "PREFECT_HOME": str(place / "prefect")}
    for block in BLOCKS:
        first, *expected = block.rstrip("\n").split("\n")
        command = shlex.split(first.removeprefix("$ "))
        assert command[0] == "feedmill"
        done = subprocess.run(
            [sys.executable, "-m", "flows.cli", *command[1:]],
            cwd=place,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        printed = [line.rstrip() for line in done.stdout.rstrip("\n").split("\n")]
        assert done.returncode == 0, done.stdout
        assert matches([line.rstrip() for line in expected], printed), done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme_and_shows_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"`feedmill {command}" in README
    assert main([command, "--help"]) == 0
    assert f"feedmill {command}" in capsys.readouterr().out


def test_links_between_documents_lead_somewhere() -> None:
    for page in ROOT.glob("*.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"
