"""What is expected of a source: read from feedmill.toml, held against a delivery, seen and stored."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from flows.cli import main
from flows.expectations import Expectations, expectations, judge
from schemas.errors import ConfigError
from schemas.findings import Delivery
from warehouse.reader import query, reading

CASES = json.loads((Path(__file__).parent / "cases" / "expectations.json").read_text(encoding="utf-8"))
DAY = dt.date(2024, 5, 10)


def delivery(fields: dict[str, Any]) -> Delivery:
    newest = fields.pop("newest", None)
    return Delivery(**fields, newest=newest and dt.date.fromisoformat(newest))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_verdicts(case: dict[str, Any]) -> None:
    expected = expectations(case["input"]["expect"], "expect")
    found = list(judge("feed", expected, delivery(case["input"]["delivery"]), DAY))
    assert [[one.name, one.level] for one in found] == case["expect"]
    assert all(one.source == "feed" and one.name in one.detail for one in found)


@pytest.mark.parametrize(
    "table",
    [
        {"min_items": -1},
        {"min_items": 1.5},
        {"max_undated": 2},
        {"max_undated": True},
        {"max_age_days": "3"},
        {"most_items": 3},
        [1],
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(table: object) -> None:
    with pytest.raises(ConfigError, match=r"feedmill\.toml: sources\[1\]\.expect"):
        expectations(table, "feedmill.toml: sources[1].expect")


def test_nothing_is_expected_by_default() -> None:
    assert not expectations({}, "").any
    assert expectations({"min_items": 0}, "") == Expectations(min_items=0)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("FEEDMILL_WAREHOUSE", "FEEDMILL_CONFIG", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("On 3 March 2024 the mill opened.\n\nThe council was there.\n")
    return tmp_path


def configure(place: Path, **expect: object) -> None:
    lines = "".join(f"{name} = {value}\n" for name, value in expect.items())
    text = f'[[sources]]\nname = "feed"\npath = "in"\n[sources.expect]\n{lines}'
    (place / "feedmill.toml").write_text(text)


def stored(place: Path) -> list[dict[str, Any]]:
    with reading(place / "warehouse" / "feedmill.duckdb") as con:
        rows: list[dict[str, Any]] = query(
            con,
            "SELECT state, kind, name, source, level, value, bound FROM findings JOIN runs USING (run_id)",
        ).to_pylist()
    return rows


def test_too_few_items_fail_the_run_after_landing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(place, min_items=2, max_undated=1)
    assert main(["ingest", "--json"]) == 1
    said = capsys.readouterr()
    summary = json.loads(said.out)
    assert (summary["state"], summary["items_new"]) == ("failed", 1)
    assert [one["level"] for one in summary["findings"]] == ["failed", "met"]
    assert "FAILED      feed: 1 items; fewer than expected (min_items = 2)" in said.err
    assert stored(place)[0] == {
        "state": "failed",
        "kind": "expectation",
        "name": "min_items",
        "source": "feed",
        "level": "failed",
        "value": 1.0,
        "bound": 2.0,
    }
    with reading(place / "warehouse" / "feedmill.duckdb") as con:
        assert query(con, "SELECT count(*) AS n FROM items").to_pylist() == [{"n": 1}]


def test_too_many_only_warn_and_known_documents_count(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(place, min_items=1, max_items=0, max_age_days=3)
    assert main(["ingest"]) == 0
    assert "warning     feed: 1 items; more than expected (max_items = 0)" in capsys.readouterr().err
    assert main(["ingest"]) == 0  # nothing is new, and yet the source has delivered
    levels = [(row["name"], row["level"]) for row in stored(place)]
    once = [("max_age_days", "warned"), ("max_items", "warned"), ("min_items", "met")]
    assert sorted(levels) == sorted(once * 2)


def test_a_source_that_is_gone_delivers_nothing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(place, min_items=1)
    (place / "in" / "a.txt").unlink()
    assert main(["ingest"]) == 1
    assert "feed: 0 items; fewer than expected" in capsys.readouterr().err
