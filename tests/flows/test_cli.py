"""The command line as people and programs call it: what it says, where, and with which exit status."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import flows.cli
from flows.cli import main, shadowed

ROOT = Path(__file__).parents[2]
SEEDS = sorted((ROOT / "seeds").glob("*.txt"))
USAGE = json.loads((Path(__file__).parent / "cases" / "cli_usage.json").read_text("utf-8"))
COMMANDS = ("ingest", "preview", "explain", "sql", "doctor")
Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with the seeds in it, and no settings from outside."""
    for name in ("FEEDMILL_WAREHOUSE", "FEEDMILL_CONFIG", "PREFECT_API_URL", "COLUMNS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run() -> Run:
    """Run the command in a process of its own, as a shell would."""

    def run(*words: str, stdin: bytes = b"", code: str = "") -> "subprocess.CompletedProcess[bytes]":
        program = ["-c", code] if code else ["-m", "flows.cli"]
        return subprocess.run(
            [sys.executable, *program, *words], input=stdin, capture_output=True, check=False, timeout=120
        )

    return run


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("case", USAGE, ids=[case["label"] for case in USAGE])
def test_wrong_words(case: dict[str, object], capsys: pytest.CaptureFixture[str]) -> None:
    words = case["input"]
    assert isinstance(words, list)
    assert main(words) == case["status"]
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    for part in case["says"]:  # type: ignore[attr-defined]
        assert part in said.err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example_of_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    said = capsys.readouterr()
    assert "Example" in said.out
    assert f"feedmill {command}" in said.out.partition("Example")[2]
    assert said.err == ""


def test_help_and_version_of_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(command in text for command in COMMANDS)
    assert main(["--version"]) == 0
    assert capsys.readouterr().out[0].isdigit()


# ---- preview


def test_preview_shows_items_as_the_contract_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preview", str(SEEDS[3])]) == 0
    items = rows(capsys.readouterr().out)
    assert [item["ordinal"] for item in items] == list(range(13))
    expected = {
        *("item_id", "document_id", "source", "ordinal", "kind", "first_line", "last_line", "byte_start"),
        *("byte_end", "channel", "author", "native_id", "forwarded_from", "title", "text", "published"),
        *("lang", "hashtags", "urls", "card", "dropped"),
    }
    assert expected <= set(items[0])
    assert list(items[0]["published"]) == [  # type: ignore[call-overload]
        *("best", "earliest", "latest", "edtf", "precision", "basis", "confidence", "evidence")
    ]
    dropped = [run for item in items for run in item["dropped"]]  # type: ignore[attr-defined]
    assert list(dropped[0]) == ["first_line", "last_line", "reason", "of_line", "similarity"]
    assert str(items[0]["text"]).startswith(str(items[0]["title"]))


def test_preview_reads_folders_globs_files_and_stdin_alike(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["preview", "seeds", "--format", "json"]) == 0
    folder = json.loads(capsys.readouterr().out)
    assert main(["preview", "seeds/*.txt", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == folder
    assert main(["preview", *(f"seeds/{seed.name}" for seed in SEEDS), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == folder
    piped = run("preview", "-", stdin=SEEDS[0].read_bytes())
    assert piped.returncode == 0
    first = rows(piped.stdout.decode())[0]
    assert first["source"] == "stdin"
    assert {**first, "source": "seeds"} == folder[0]


def test_preview_touches_nothing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(place.rglob("*"))
    assert main(["preview", "seeds"]) == 0
    assert sorted(place.rglob("*")) == before
    assert capsys.readouterr().err == ""


def test_preview_tells_of_what_cannot_be_used(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "nul.txt").write_bytes(b"\0" * 100)
    assert main(["preview", "nul.txt"]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "nul.txt: bytes 0-100 cannot be used (nul-bytes)" in said.err
    assert main(["preview", "nul.txt", "missing.txt", f"seeds/{SEEDS[0].name}"]) == 3
    said = capsys.readouterr()
    assert len(rows(said.out)) == 1
    assert "missing.txt" in said.err


def test_fetched_at_is_understood(capsys: pytest.CaptureFixture[str]) -> None:
    for moment in ("2024-05-01", "2024-05-01T12:00:00Z", "2024-05-01T12:00:00+03:00"):
        assert main(["preview", str(SEEDS[3]), "--fetched-at", moment]) == 0
        for item in rows(capsys.readouterr().out):
            latest = item["published"]["latest"]  # type: ignore[index]
            assert latest is None or latest <= "2024-05-01Z"


@pytest.mark.parametrize("words", [["preview", "seeds"], ["explain", f"seeds/{SEEDS[3].name}"], ["--help"]])
def test_no_prefect_and_no_warehouse_for_reading(run: Run, words: list[str]) -> None:
    code = (
        "import sys; from flows.cli import main; status = main(sys.argv[1:]);"
        "sys.exit(status or [m for m in ('prefect', 'duckdb', 'pyarrow') if m in sys.modules] or 0)"
    )
    done = run(*words, code=code)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("reader", ["head -1", "true"])
def test_a_reader_that_leaves_early_is_no_error(reader: str) -> None:
    # The rows of this document are more than a pipe holds.
    shell = f"{sys.executable} -m flows.cli explain seeds/003* | {reader} > read; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_a_full_disk_is_told(place: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "flows.cli", "preview", "seeds"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_is_quiet() -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "preview", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell that runs the tests in the background has SIGINT ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no threads here
    )
    assert child.stdin is not None
    # More than a pipe holds: when it is all taken, the command is past its imports and reading.
    child.stdin.write(b"a line of text\n" * 20000)
    child.stdin.flush()
    child.send_signal(2)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, out, err) == (130, b"", b"")


def test_a_defect_is_told_in_one_line_and_traced_on_demand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a\x1b[31mb")

    monkeypatch.setattr("flows.options.load", broken)
    assert main(["preview", "seeds"]) == 1
    said = capsys.readouterr().err
    assert "defect" in said
    assert "ZeroDivisionError: a␛[31mb" in said
    assert said.count("\n") == 1
    assert main(["-v", "preview", "seeds"]) == 1
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "\x1b" not in said


# ---- packages of general names


def test_the_four_packages_lie_together() -> None:
    assert shadowed() is None


def test_a_stranger_with_our_name_is_named(place: Path, run: Run) -> None:
    stranger = place / "elsewhere" / "schemas"
    stranger.mkdir(parents=True)
    (stranger / "__init__.py").write_text("")
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import flows.cli;"
        f"sys.path.insert(0, {str(stranger.parent)!r}); sys.exit(flows.cli.main(['preview', 'seeds']))"
    )
    done = run(code=code)
    assert done.returncode == 1
    assert b"another package called `schemas`" in done.stderr
    assert str(stranger).encode() in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_package_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows.cli, "_PACKAGES", ("no_such_package_here",))
    assert "`no_such_package_here` is missing" in (shadowed(tmp_path) or "")
    monkeypatch.setattr(flows.cli, "_PACKAGES", ("json",))
    assert "hides feedmill's own" in (shadowed(tmp_path) or "")
