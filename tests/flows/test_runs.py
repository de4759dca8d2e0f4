"""Requests and summaries."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest

from flows.inputs import InputFailure
from flows.runs import (
    MOST_DRIFTS,
    IngestRequest,
    RunSummary,
    SourceRow,
    State,
    Tally,
    request_for,
    source_rows,
)
from flows.settings import Settings, SourceSettings
from schemas.drift import Drift
from schemas.errors import ConfigError, InputError

FEED = SourceSettings(
    name="feed", location="in", include=("*.txt",), fetched_at="2024-05-01", input_format="text"
)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    return Settings(sources=(FEED,), config_file=Path("feedmill.toml"))


def only(request: IngestRequest) -> SourceSettings:
    (one,) = request.inputs
    return one


def test_without_input_all_sources_are_taken(settings: Settings) -> None:
    assert request_for(settings).inputs == (FEED,)


@pytest.mark.parametrize("text", ["in", "./in/", "in/a.txt"])
def test_an_input_in_a_source_takes_its_settings(settings: Settings, text: str) -> None:
    one = only(request_for(settings, [text]))
    assert (one.name, one.location, one.include, one.fetched_at) == ("feed", text, ("*.txt",), "2024-05-01")


def test_a_glob_in_a_source_takes_its_settings(settings: Settings) -> None:
    assert only(request_for(settings, ["in/*.txt"])).name == "feed"


def test_flags_win(settings: Settings) -> None:
    one = only(
        request_for(settings, ["in"], source="other", fetched_at="2024-06-01T00:00:00Z", input_format="html")
    )
    assert (one.name, one.fetched_at, one.input_format) == ("other", "2024-06-01T00:00:00Z", "html")


def test_other_inputs_are_named_after_their_folder(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "feeds").mkdir()
    names = {
        text: only(request_for(settings, [text])).name
        for text in ("feeds", "feeds/a.txt", "feeds/*.txt", "-")
    }
    assert names == {"feeds": "feeds", "feeds/a.txt": "feeds", "feeds/*.txt": "feeds", "-": "stdin"}
    assert only(request_for(settings, ["https://me:pw@example.org/x?token=1"])).name == "example.org"


def test_nothing_to_ingest() -> None:
    with pytest.raises(
        InputError, match=r"nothing to ingest: no INPUT was given, and there is no feedmill\.toml"
    ):
        request_for(Settings())
    with pytest.raises(InputError, match=r"my\.toml names no \[\[sources\]\]"):
        request_for(Settings(config_file=Path("my.toml")))


def test_a_bad_moment_is_refused(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="--fetched-at: 'May' is no ISO day"):
        request_for(settings, ["in"], fetched_at="May")


def summary(state: State) -> RunSummary:
    start = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
    rows = source_rows(
        {"b": Tally(documents=1, items=2, dates=(2, 0, 0, 0, 0, 0, 0))},
        ["a", "a"],
        [InputFailure(source="c", uri="x", reason="gone", next_step="Look.")],
    )
    return RunSummary(
        run_id="r",
        state=state,
        warehouse="w",
        dry_run=False,
        started_at=start,
        finished_at=start + dt.timedelta(seconds=1.5),
        sources=rows,
    )


def test_rows_by_source() -> None:
    assert summary("completed").sources == (
        SourceRow(source="a", documents_unchanged=2),
        SourceRow(source="b", new=Tally(documents=1, items=2, dates=(2, 0, 0, 0, 0, 0, 0))),
        SourceRow(source="c", failures=1),
    )


@pytest.mark.parametrize(
    ("state", "status"),
    [("completed", 0), ("failed", 1), ("completed-with-quarantine", 3), ("completed-with-failures", 3)],
)
def test_exit_status(state: State, status: int) -> None:
    assert summary(state).exit_status == status


def test_a_summary_is_plain_json() -> None:
    plain = json.loads(json.dumps(summary("completed").as_dict()))
    assert (plain["started_at"], plain["seconds"]) == ("2024-05-01T00:00:00Z", 1.5)
    assert (plain["documents_new"], plain["documents_unchanged"], plain["dates"]["field"]) == (1, 2, 2)
    assert [row["source"] for row in plain["sources"]] == ["a", "b", "c"]


def test_tallies_add() -> None:
    one = Tally(
        documents=1, bytes=2, items=3, copies=4, boilerplate=5, quarantined=6, dates=(1, 2, 3, 4, 5, 6, 7)
    )
    assert one + Tally() == one
    assert (one + one).dates == (2, 4, 6, 8, 10, 12, 14)
    assert (one + one).quarantined == 12


def test_drifts_are_summed_up_the_commonest_first() -> None:
    key, kind = Drift(path="a[]", what="unknown-key", count=2), Drift(path="b", what="unknown-type:x")
    one, other = Tally(drifts=(key, kind)), Tally(drifts=(kind, kind))
    assert (one + other).drifts == (replace(kind, count=3), key)
    assert (one + other).drifts == (other + one).drifts
    many = Tally(drifts=tuple(Drift(path=str(number), what="unknown-key") for number in range(2_000)))
    assert len((many + one).drifts) == MOST_DRIFTS
    assert (many + one).drifts[0] == key
