"""Old runs that changed nothing are forgotten; what landed keeps its history."""

from pathlib import Path

from flows.pipeline import ingest
from flows.runs import request_for
from flows.settings import Settings, SourceSettings
from warehouse.checks import run_checks
from warehouse.reader import query, reading
from warehouse.writer import writing

SEEDS = Path(__file__).parents[2] / "seeds"


def test_only_runs_that_changed_nothing_go(tmp_path: Path) -> None:
    request = request_for(
        Settings(warehouse=tmp_path / "w.duckdb", sources=(SourceSettings(name="s", location=str(SEEDS)),))
    )
    first = ingest(request).run_id
    for _ in range(2):
        ingest(request)
    with reading(request.warehouse) as con:
        before = query(
            con, "SELECT document_id, source, uri, first_run_id FROM documents ORDER BY ALL"
        ).to_pylist()
    with writing(request.warehouse, command="test", started_at="2024-01-01") as writer:
        assert writer.forget_runs("2000-01-01T00:00:00Z") == 0
        assert writer.forget_runs("2100-01-01T00:00:00Z") == 2
        assert writer.forget_runs("2100-01-01T00:00:00Z") == 0
    with reading(request.warehouse) as con:
        assert [row["run_id"] for row in query(con, "SELECT run_id FROM runs").to_pylist()] == [first]
        after = query(
            con, "SELECT document_id, source, uri, first_run_id FROM documents ORDER BY ALL"
        ).to_pylist()
        assert after == before
        assert run_checks(con) == []
    assert ingest(request).items_unchanged == 17
