"""What surrounds a running `feedmill serve`: its mark, its log, its figures, its picture."""

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from prometheus_client.parser import text_string_to_metric_families

from flows.metrics import Gauge, Metric, render
from flows.pictures import overview
from flows.pipeline import ingest
from flows.runs import request_for
from flows.serve_log import ServeLog
from flows.serving import Served, marked, served, served_api
from flows.settings import Settings, SourceSettings
from flows.stages import Stages
from schemas.errors import FeedmillError
from warehouse.overview import Day

SEEDS = Path(__file__).parents[2] / "seeds"


def test_the_mark_lives_as_long_as_the_process_and_a_second_one_leaves_it_alone(tmp_path: Path) -> None:
    warehouse = tmp_path / "new/w.duckdb"
    assert served(warehouse) is None
    with marked(warehouse) as mark:
        mark.write(Served(pid=os.getpid(), port=1, api="http://x/api"))
        with pytest.raises(FeedmillError, match=r"already at http://127\.0\.0\.1:1"), marked(warehouse):
            pass
        assert served_api(warehouse) == "http://x/api"
    assert served(warehouse) is None


def test_a_killed_process_leaves_no_mark(tmp_path: Path) -> None:
    script = (
        "import os, sys, pathlib\nfrom flows.serving import Served, marked\n"
        "with marked(pathlib.Path(sys.argv[1])) as mark:\n"
        "    mark.write(Served(pid=1, port=2, api='a'))\n"
        "    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "w.duckdb")],
        env=os.environ | {"PYTHONPATH": str(SEEDS.parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert served(tmp_path / "w.duckdb") == Served(pid=1, port=2, api="a")
        other.kill()
    assert served(tmp_path / "w.duckdb") is None


def test_the_log_is_json_lines_without_secrets(tmp_path: Path) -> None:
    log = ServeLog(tmp_path / "serve.log", ['p"w', "token"])
    log.write("server", 'plain p"w and token')
    log.write("runner", json.dumps({"msg": 'structured p"w', "n": 1}))
    log.write("runner", "{broken")
    rows = [json.loads(line) for line in (tmp_path / "serve.log").read_text().splitlines()]
    assert [row["said"] for row in rows] == [
        "plain *** and ***",
        {"msg": "structured ***", "n": 1},
        "{broken",
    ]
    assert log.last_words().endswith('"{broken"}')
    log.close()


def test_labels_of_any_source_are_read_back_by_prometheus() -> None:
    name = 'a "b" \\ c\nd <é>'
    text = render([Metric(name="x", kind="gauge", help="h", samples=(((("source", name),), 1.5),))])
    (family,) = text_string_to_metric_families(text)
    assert [(one.labels, one.value) for one in family.samples] == [({"source": name}, 1.5)]


def test_figures_follow_what_is_published(tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    gauge = Gauge(warehouse)
    assert "feedmill_up 0" in gauge.text()
    settings = Settings(warehouse=warehouse, sources=(SourceSettings(name="s", location=str(SEEDS)),))
    ingest(request_for(settings))
    stages = Stages()
    with stages.timed("read"):
        pass
    stages.leave(warehouse)
    text = gauge.text()
    for line in (
        "feedmill_up 1",
        "feedmill_items 17",
        "feedmill_landed_bytes_total 49996",
        'feedmill_source_documents{source="s"} 5',
        'feedmill_last_run_stage_seconds{stage="read"} ',
    ):
        assert line in text
    warehouse.unlink()
    assert "feedmill_items" not in gauge.text()


def test_the_picture_is_well_formed_with_and_without_figures() -> None:
    days = [
        Day(day=dt.date(2024, 1, 1) + dt.timedelta(days=5 * n), items=n + 1, unique_items=n)
        for n in range(400)
    ]
    full = ET.fromstring(overview(days, {"kept": 10, "echo": 5, "new-fate": 1}, [("items", 3)]))  # noqa: S314 - ours
    bars = [one for one in full.iter() if one.tag.endswith("rect")]
    assert 100 < len(bars) < 300
    assert all(float(one.attrib["height"]) >= 0 and float(one.attrib["width"]) >= 0 for one in bars)
    empty = ET.fromstring(overview([], {}, []))  # noqa: S314 - ours
    assert "no item has a date" in "".join(empty.itertext())
