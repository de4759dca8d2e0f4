"""Formats as a run meets them: listed, named, read in a process of their own where that is called for."""

import json
import resource
import shutil
from pathlib import Path

import pytest

from cleaners.formats import names
from flows.cli import main
from flows.inputs import Ref, look

SAMPLES = Path(__file__).parents[1] / "cleaners" / "formats" / "samples"
TELEGRAM = ("result.json", "account.json", "messages.html", "page.html", "telethon.jsonl", "updates.json")
pytestmark = pytest.mark.usefixtures("place")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and no settings from outside."""
    for name in ("FEEDMILL_WAREHOUSE", "FEEDMILL_CONFIG", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_formats_lists_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["formats", "--format", "jsonl"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert tuple(row["name"] for row in rows) == names()
    assert all(row["recognised_by"] and row["keeps"] for row in rows)


def test_preview_reads_a_format_and_can_be_told_to_read_text(capsys: pytest.CaptureFixture[str]) -> None:
    sample = str(SAMPLES / "result.json")
    assert main(["preview", sample]) == 0
    items = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [item["native_id"] for item in items] == ["1", "2", "3", "4", "5", "6"]
    assert main(["preview", sample, "--input-format", "text"]) == 0
    items = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {item["native_id"] for item in items} == {None}


def test_a_format_that_is_none_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preview", str(SAMPLES / "result.json"), "--input-format", "telegram"]) == 2
    assert "Known: text, telegram-desktop-json" in capsys.readouterr().err


def test_preview_tells_what_the_format_does_not_know(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = (SAMPLES / "result.json").read_text(encoding="utf-8").replace('"width"', '"breadth"')
    (place / "odd.json").write_text(data, encoding="utf-8")
    assert main(["preview", "odd.json"]) == 0
    assert "1 x unknown-key at messages[].breadth" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("sample", "media_type", "risky"),
    [
        ("result.json", "application/json", False),
        ("telethon.jsonl", "application/x-ndjson", False),
        ("page.html", "text/html", True),
        ("messages.html", "text/html", True),
    ],
)
def test_a_file_is_looked_at_before_it_is_read(sample: str, media_type: str, risky: bool) -> None:
    path = SAMPLES / sample
    ref = Ref(source="s", uri="whatever.txt", path=str(path), bytes=path.stat().st_size)
    seen = look(ref)
    assert (seen.media_type, seen.risky) == (media_type, risky)
    assert look(Ref(source="s", uri="x", path=str(path), bytes=1, input_format="text")).risky is False
    gone = Ref(source="s", uri="x", path=str(path) + ".gone", bytes=1)
    assert look(gone) == gone


def children_seconds() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime


@pytest.mark.parametrize(("sample", "apart"), [("result.json", False), ("page.html", True)])
def test_a_risky_format_is_read_in_a_process_of_its_own_however_small_it_is(
    sample: str, apart: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    before = children_seconds()
    assert main(["ingest", str(SAMPLES / sample), "--prefect", "off", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["items_new"] == 6
    assert (children_seconds() > before) is apart


def test_one_of_each_lands_in_one_run_with_nothing_unaccounted_for(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "dumps").mkdir()
    for name in TELEGRAM:
        shutil.copy(SAMPLES / name, place / "dumps")
    assert main(["ingest", "dumps", "--prefect", "off", "--json"]) == 0
    capsys.readouterr()
    query = "select count(*) as documents, sum(gap) as gap, sum(in_quarantine) as refused from byte_accounts"
    assert main(["sql", query, "--format", "jsonl"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row == {"documents": len(TELEGRAM), "gap": 0, "refused": 0}
    assert main(["sql", "select text from items where native_id = '4'", "--format", "jsonl"]) == 0
    texts = {json.loads(line)["text"] for line in capsys.readouterr().out.splitlines()}
    assert "🇷🇺🇧🇾 Fog #ASEAN until noon: more" in texts  # of five versions in five dumps, the one edited last


def test_explain_tells_an_item_of_a_format_by_its_paragraphs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(SAMPLES / "page.html"), "--item", "2", "--format", "jsonl"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["fate"] for row in rows] == ["kept", "card", "card", "card"]
    assert rows[0]["text"].startswith("Схема порта: see the map")
    assert "the format itself says" in rows[0]["why"]
