"""What doctor finds, on real files, whole and broken."""

import fcntl
import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import duckdb
import pytest
from packaging.requirements import Requirement

from flows.cli import main
from flows.configured import Finding
from flows.doctor import _package, examine
from flows.serving import Served, marked
from flows.settings import load

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with no settings from outside."""
    for name in ("FEEDMILL_WAREHOUSE", "FEEDMILL_CONFIG", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "no-prefect"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a warehouse with one seed in it."""
    place = tmp_path_factory.mktemp("healthy")
    seed = next((ROOT / "seeds").glob("004*"))
    assert main(["-q", "ingest", str(seed), "--prefect", "off", "--warehouse", str(place / "w.duckdb")]) == 0
    return place


@pytest.fixture
def warehouse(healthy: Path, place: Path) -> Path:
    """A copy of that warehouse, to be broken."""
    shutil.copytree(healthy, place / "copy")
    return place / "copy" / "w.duckdb"


def findings(warehouse: Path | None = None) -> dict[str, Finding]:
    return {finding.check: finding for finding in examine(load(warehouse=warehouse))}


def test_nothing_is_wrong_before_the_first_run(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    assert main(["doctor"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    states = {row["check"]: row["state"] for row in rows}
    assert states["warehouse"] == "note"
    assert "wrong" not in states.values()
    assert list(place.iterdir()) == []


def test_a_whole_warehouse(warehouse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--warehouse", str(warehouse), "--format", "table"]) == 0
    said = capsys.readouterr()
    assert "All is well." in said.err
    assert "✓" in said.out
    assert "✗" not in said.out
    found = findings(warehouse)
    assert found["warehouse"].found == f"{warehouse}, {warehouse.stat().st_size:,} bytes"
    assert found["lock"].found == "free"
    assert found["last run"].state == "ok"
    assert "1 new items" in found["last run"].found
    assert found["data checks"].state == "ok"


def test_who_holds_the_lock(warehouse: Path) -> None:
    with warehouse.with_name(f".{warehouse.name}.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(
            json.dumps({"pid": 4711, "command": "feedmill ingest", "started_at": "2024-05-01T00:00:00Z"})
        )
        lock.flush()
        found = findings(warehouse)["lock"]
    assert found.state == "note"
    assert "4711" in found.found
    assert "feedmill ingest" in found.found


def test_a_copy_that_was_never_published(warehouse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seed = next((ROOT / "seeds").glob("000*"))
    published = warehouse.read_bytes()
    assert main(["-q", "ingest", str(seed), "--prefect", "off", "--warehouse", str(warehouse)]) == 0
    warehouse.write_bytes(published)  # as if the run had been killed between landing and publishing
    assert findings(warehouse)["published copy"].state == "wrong"
    assert main(["doctor", "--warehouse", str(warehouse)]) == 1
    assert "1 of" in capsys.readouterr().err
    assert main(["-q", "ingest", str(seed), "--prefect", "off", "--warehouse", str(warehouse)]) == 0
    assert "published copy" not in findings(warehouse)


def test_what_landed_last_is_in_the_log_of_a_killed_writer(warehouse: Path) -> None:
    program = (
        "import os, pathlib, sys\nfrom warehouse.writer import writing\n"
        "with writing(pathlib.Path(sys.argv[1]), command='c', started_at='now') as writer:\n"
        "    writer.start_run('z', '2024-05-01', 'c')\n    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(warehouse)], cwd=ROOT, check=False)
    found = findings(warehouse)
    assert found["published copy"].state == "wrong"
    assert ".scratch" in found["leftovers"].found


def test_a_first_run_that_was_killed(warehouse: Path) -> None:
    warehouse.unlink()  # as if it had been killed before it published
    scratch = warehouse.with_name(f".{warehouse.name}.scratch")
    scratch.mkdir()
    found = findings(warehouse)
    assert found["warehouse"].state == "wrong"
    assert "does not exist: the run that was to make it was ended early" in found["warehouse"].found
    assert "published copy" not in found
    assert str(scratch) in found["leftovers"].found


@pytest.mark.parametrize("damage", [b"", b"no database at all", b"\0" * 20000])
def test_a_file_that_is_no_warehouse(place: Path, damage: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "w.duckdb").write_bytes(damage)
    assert main(["doctor", "--warehouse", "w.duckdb"]) == 1
    said = capsys.readouterr()
    wrong = [row for row in map(json.loads, said.out.splitlines()) if row["state"] == "wrong"]
    assert wrong
    assert all(row["mend"] for row in wrong)
    assert "Traceback" not in said.err
    assert (place / "w.duckdb").read_bytes() == damage


def test_a_source_that_is_gone(place: Path) -> None:
    (place / "feedmill.toml").write_text('[[sources]]\nname = "gone"\npath = "no-such-folder"\n')
    found = findings()["source gone"]
    assert found.state == "wrong"
    assert "no-such-folder" in found.found


def test_a_configuration_that_makes_no_sense(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "feedmill.toml").write_text("warehouse = [\n")
    assert main(["doctor"]) == 2
    assert "feedmill.toml" in capsys.readouterr().err


def test_an_address_is_shown_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://user:secret@example.org:4200/api?key=secret")
    found = findings()["prefect server"].found
    assert "example.org:4200" in found
    assert "secret" not in found


def test_texts_signed_by_another_recipe_are_found(warehouse: Path) -> None:
    assert "signatures" not in findings(warehouse)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("UPDATE dedup.recipe SET name = 'an-older-one'")
    found = findings(warehouse)["signatures"]
    assert found.state == "wrong"
    assert "an-older-one" in found.found
    assert "--rematch" in str(found.mend)


def test_a_running_serve_is_found(place: Path) -> None:
    assert findings()["prefect server"].state == "note"
    with marked(place / "warehouse/feedmill.duckdb") as mark:
        mark.write(Served(pid=12, port=4321, api="http://127.0.0.1:4321/api"))
        found = findings()["prefect server"]
    assert found.state == "ok"
    assert "http://127.0.0.1:4321" in found.found


def test_an_address_is_no_missing_file_but_may_miss_its_secret(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "feedmill.toml").write_text(
        '[[sources]]\nname = "news"\npath = "https://example.org/feed?key=${NEWS_KEY}"\n'
    )
    monkeypatch.delenv("NEWS_KEY", raising=False)
    missing = findings()["source news"]
    assert missing.state == "wrong"
    assert "NEWS_KEY" in missing.found
    monkeypatch.setenv("NEWS_KEY", "s3cr3t")
    assert "source news" not in findings()


def test_packages_are_held_against_their_bounds() -> None:
    installed = version("duckdb")
    assert _package(Requirement(f"duckdb=={installed}")).state == "ok"
    assert _package(Requirement("duckdb")).state == "ok"
    off = _package(Requirement("duckdb<1"))
    assert off.state == "wrong"
    assert installed in off.found
    assert off.mend is not None
    assert "duckdb<1" in off.mend
    missing = _package(Requirement("no-such-package-of-feedmill>=2"))
    assert (missing.state, missing.found) == ("wrong", "not installed (needs >=2)")


def test_the_index_of_bands_is_known_and_what_is_left_of_making_it(warehouse: Path) -> None:
    bands = warehouse.with_name(f".{warehouse.name}.work.bands")
    bands.write_bytes(b"12345")
    half = bands.with_name(f"{bands.name}.new")
    half.touch()
    found = findings(warehouse)
    assert found["index of bands"].state == "ok"
    assert f"{bands}, 5 bytes" in found["index of bands"].found
    assert str(half) in found["leftovers"].found
