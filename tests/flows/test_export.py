"""Exports: by month, whole or not at all, going on where they stopped, and no formula for a spreadsheet."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows import export as exporting
from flows.cli import main
from flows.export import export
from flows.values import formula_safe
from schemas.errors import ConfigError, InputError
from warehouse.reader import query, reading

ROOT = Path(__file__).parents[2]
BODY = (
    "On 3 {month} 2024, the {what} of Lower Ash opened its doors again after the repairs of the winter.\n"
    "The council of the {what} thanked its helpers and named the next meeting.\n"
)
POST = f"Forwarded from Lower Ash Gazette\n{BODY}{BODY}"
NASTY = ["=1+2", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with posts of three months and one without a day."""
    place = tmp_path_factory.mktemp("export")
    texts = [
        POST.format(month=month, what=what)
        for month in ("March", "April", "May")
        for what in ("mill", "ferry")
    ]
    for number, text in enumerate([*texts, "=cmd|' /C calc'!A0\n\nNobody knows when this was said.\n"]):
        (place / f"{number}.txt").write_text(text)
    path = place / "w.duckdb"
    assert main(["ingest", str(place), "--warehouse", str(path), "--prefect", "off", "-q"]) == 0
    return path


def ids(warehouse: Path, view: str = "items") -> list[str]:
    with reading(warehouse) as con:
        found: list[str] = query(con, f"SELECT item_id FROM {view} ORDER BY 1")["item_id"].to_pylist()
    return found


def months(folder: Path) -> dict[str, int]:
    return {file.parent.name: pq.read_metadata(file).num_rows for file in sorted(folder.glob("*/*.parquet"))}


def test_parquet_by_month(warehouse: Path, tmp_path: Path) -> None:
    done = export(warehouse, tmp_path / "out")
    assert (done.rows, done.months, done.resumed) == (7, 4, 0)
    assert months(tmp_path / "out") == {
        "month=2024-03": 2,
        "month=2024-04": 2,
        "month=2024-05": 2,
        "month=undated": 1,
    }
    rows = pa.concat_tables(pq.read_table(file) for file in (tmp_path / "out").glob("*/*.parquet"))
    assert sorted(rows["item_id"].to_pylist()) == ids(warehouse)
    with reading(warehouse) as con:
        assert set(rows.column_names) - {"month"} == set(query(con, "FROM items LIMIT 0").column_names)
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_one_file(warehouse: Path, tmp_path: Path, kind: str) -> None:
    target = tmp_path / f"items.{kind}"
    assert main(["export", str(target), "--format", kind, "--warehouse", str(warehouse), "-q"]) == 0
    with target.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file)) if kind == "csv" else [json.loads(line) for line in file]
    assert sorted(row["item_id"] for row in rows) == ids(warehouse)
    assert [row["published_best"] or "9" for row in rows] == sorted(
        row["published_best"] or "9" for row in rows
    )
    assert len(rows[0]) == len(json.loads(json.dumps(rows[-1])))
    assert list(tmp_path.iterdir()) == [target]


def test_what_was_there_stays_until_the_new_one_is_whole(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out"
    export(warehouse, target, view="unique_items")
    before = months(target)
    (target / "month=1999-01").mkdir()  # of an older export: the new one has it no more
    written = exporting._write
    parts: list[str] = []

    def ends(part: Path, *rest: object, **more: object) -> int:
        parts.append(part.name)
        if len(parts) == 3:
            raise OSError(28, "No space left on device")
        return written(part, *rest, **more)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(exporting, "_write", ends)
    with pytest.raises(exporting.OutputError, match=r"No space left on device.*goes on where it stopped"):
        export(warehouse, target)
    assert months(target) == before
    assert (target / "month=1999-01").is_dir()
    monkeypatch.setattr(exporting, "_write", written)
    done = export(warehouse, target)
    assert (done.rows, done.months, done.resumed) == (7, 4, 2)
    assert sum(months(target).values()) == 7
    assert not (target / "month=1999-01").exists()
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


def test_a_killed_export_goes_on_and_one_of_another_state_begins_again(
    warehouse: Path, tmp_path: Path
) -> None:
    target = tmp_path / "items.csv"
    script = (
        "import os, sys; from pathlib import Path; from flows import export as e\n"
        "note = e._note\n"
        "def killed(staging, what, done):\n"
        "    note(staging, what, done)\n"
        "    len(done) == 2 and os.kill(os.getpid(), 9)\n"
        "e._note = killed\n"
        "e.export(Path(sys.argv[1]), Path(sys.argv[2]), kind='csv')\n"
    )
    for resumed, kind in ((0, "jsonl"), (2, "csv")):
        done = subprocess.run([sys.executable, "-c", script, warehouse, target], cwd=ROOT, check=False)
        assert done.returncode == -9
        assert not target.exists()
        other = export(warehouse, target, kind=kind)  # type: ignore[arg-type]  # one of its words
        assert (other.rows, other.resumed) == (7, resumed)
        if kind == "csv":
            with target.open(newline="") as file:
                assert sorted(row["item_id"] for row in csv.DictReader(file)) == ids(warehouse)
        target.unlink()


def test_a_view_that_has_no_months(warehouse: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There are: item_versions, items, unique_items"):
        export(warehouse, tmp_path / "out", view="documents; DROP TABLE x")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="is no folder"):
        export(warehouse, tmp_path / "file")


@pytest.mark.parametrize("text", NASTY)
def test_no_text_is_a_formula(text: str) -> None:
    assert formula_safe(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", " = 1", "'=1", "1-1", "…"])
def test_other_text_is_left_alone(text: str) -> None:
    assert formula_safe(text) == text


def test_excel_safe_is_for_csv_and_leaves_numbers_alone(
    warehouse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ("--warehouse", str(warehouse))
    words = ["sql", "SELECT '=1' AS \"=a\", -1 AS n, ['=1'] AS list", *place, "--format", "csv"]
    assert main([*words, "--excel-safe"]) == 0
    assert capsys.readouterr().out == '\'=a,n,list\n\'=1,-1,"[""=1""]"\n'
    assert main(words) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("=1,-1,")
    assert main([*words[:-1], "jsonl", "--excel-safe"]) == 2
    assert main(["preview", str(warehouse.parent / "6.txt"), "--format", "csv", "--excel-safe"]) == 0
    assert ",'=cmd|" in capsys.readouterr().out
    target = tmp_path / "items.csv"
    assert main(["export", str(target), *place, "--format", "csv", "--excel-safe", "-q"]) == 0
    assert ",'=cmd|" in target.read_text()
    assert main(["export", str(tmp_path / "x"), *place, "--excel-safe"]) == 2
