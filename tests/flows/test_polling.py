"""Polling: who is due, what is remembered, and a whole run against a real server on loopback."""

import dataclasses
import datetime as dt
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from web_server import FEED, Web, web_server

from flows.addresses import filled, redacted
from flows.fetch import Answer, FetchError, Validators
from flows.inputs import Ref
from flows.pipeline import ingest
from flows.polling import after, due, poll
from flows.runs import IngestRequest, RunSummary
from flows.settings import SourceSettings
from flows.sources import Discovery, discover
from schemas.polls import Poll

NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
REF = Ref(source="s", uri="http://a.example/feed", path="", bytes=0, address="http://a.example/feed")
OK = Answer(status=200, address="", bytes=3, validators=Validators(etag='"1"', last_modified="then"))


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as running:
        yield running


def test_an_answer_is_remembered_with_its_validators() -> None:
    noted = after(None, REF, NOON, OK, 0.0)
    assert (noted.outcome, noted.etag, noted.last_modified, noted.failures) == ("new", '"1"', "then", 0)
    assert noted.polled_at == noted.answered_at == noted.changed_at == "2024-05-01T12:00:00Z"
    assert noted.due_at is None
    assert due(noted, NOON)


def test_304_keeps_what_was_remembered_and_200_without_validators_forgets_it() -> None:
    first = after(None, REF, NOON, OK, 0.0)
    later = NOON + dt.timedelta(hours=1)
    same = after(first, REF, later, Answer(status=304, address=""), 0.0)
    assert (same.outcome, same.etag, same.changed_at) == ("unchanged", '"1"', first.changed_at)
    assert same.answered_at == "2024-05-01T13:00:00Z"
    bare = after(first, REF, later, Answer(status=200, address=""), 0.0)
    assert (bare.etag, bare.last_modified) == (None, None)


def test_max_age_is_the_least_time_between_polls_and_a_day_the_most() -> None:
    noted = after(None, REF, NOON, dataclasses.replace(OK, max_age=600.0), 0.0)
    assert noted.due_at == "2024-05-01T12:10:00Z"
    assert not due(noted, NOON + dt.timedelta(seconds=599))
    assert due(noted, NOON + dt.timedelta(seconds=600))
    assert due(noted, NOON, insist=True)
    endless = after(None, REF, NOON, dataclasses.replace(OK, max_age=9e8), 0.0)
    assert endless.due_at == "2024-05-02T12:00:00Z"


def test_failures_back_off_doubling_with_jitter_up_to_a_day_and_an_answer_ends_it() -> None:
    noted: Poll | None = None
    waits = []
    for _ in range(15):
        noted = after(noted, REF, NOON, FetchError("down", "wait"), 0.0)
        assert noted.due_at
        waits.append((dt.datetime.fromisoformat(noted.due_at) - NOON).total_seconds())
    assert waits[:4] == [60, 120, 240, 480]
    assert waits[-1] == 24 * 3600
    jittered = after(None, REF, NOON, FetchError("down", "wait"), 1.0)
    assert jittered.due_at == "2024-05-01T12:01:15Z"
    assert after(noted, REF, NOON, OK, 0.0).failures == 0


def test_a_server_that_says_later_is_obeyed_also_by_who_insists() -> None:
    noted = after(None, REF, NOON, Answer(status=429, address="", retry_after=300.0), 0.5)
    assert (noted.outcome, noted.due_at) == ("later", "2024-05-01T12:05:00Z")
    assert not due(noted, NOON, insist=True)


def test_410_is_not_asked_again_unless_somebody_insists() -> None:
    gone = after(None, REF, NOON, Answer(status=410, address=""), 0.0)
    assert gone.outcome == "gone"
    assert not due(gone, NOON + dt.timedelta(days=400))
    assert due(gone, NOON, insist=True)


def test_one_host_is_asked_for_one_thing_at_a_time_with_a_pause(tmp_path: Path) -> None:
    asked: list[tuple[str, float]] = []

    def slow(address: str, _into: object, _known: object, *, private: bool) -> Answer:
        asked.append((address, time.monotonic()))
        return Answer(status=304, address=address)

    refs = tuple(
        dataclasses.replace(REF, uri=f"http://{host}/{n}", address=f"http://{host}/{n}")
        for host in ("a.example", "b.example")
        for n in range(3)
    )
    poll(Discovery(refs=refs, failures=()), tmp_path, [], lambda: NOON, fetch=slow, pause=0.2)
    assert len(asked) == 6
    for host in ("a.example", "b.example"):
        times = [moment for address, moment in asked if host in address]
        assert all(later - earlier >= 0.19 for earlier, later in itertools.pairwise(times))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:secret@host.example/feed#top", "https://host.example/feed"),
        ("https://host.example/bot123:secret/getUpdates", "https://host.example/bot-/getUpdates"),
        ("https://host.example/", "https://host.example/"),
    ],
)
def test_what_is_stored_of_an_address_holds_no_secret(address: str, shown: str) -> None:
    assert redacted(address) == shown


def test_two_queries_of_one_page_are_two_addresses_and_neither_is_shown() -> None:
    one, two = redacted("https://h.example/f?token=secret"), redacted("https://h.example/f?token=other")
    assert one != two
    assert "secret" not in one


def test_variables_are_filled_in_only_when_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEED_TOKEN", "secret")
    assert filled("https://h.example/f?t=${FEED_TOKEN}") == "https://h.example/f?t=secret"
    monkeypatch.delenv("FEED_TOKEN")
    found = discover([SourceSettings(name="s", location="https://h.example/f?t=${FEED_TOKEN}")])
    told = poll(found, Path(), [], lambda: NOON)
    (failure,) = told.found.failures
    assert "FEED_TOKEN" in failure.reason


def run(web: Web, warehouse: Path, *paths: str, insist: bool = False) -> RunSummary:
    inputs = tuple(
        SourceSettings(name="web", location=f"{web.address}/{path}", allow_private=True, insist=insist)
        for path in paths
    )
    return ingest(IngestRequest(inputs=inputs, warehouse=warehouse))


def test_a_polled_feed_lands_once_and_is_asked_conditionally(web: Web, tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    first = run(web, warehouse, "feed")
    assert (first.state, first.items_new) == ("completed", 2)
    again = run(web, warehouse, "feed")
    assert (again.state, again.items_new, again.failures) == ("completed", 0, ())
    assert web.seen[-1][1]["if-none-match"] == 'W/"v1"'
    with duckdb.connect(str(warehouse), read_only=True) as con:
        rows = con.execute("SELECT source, uri, bytes FROM documents").fetchall()
        polls = con.execute("SELECT outcome, failures, changed_at IS NOT NULL FROM ops.polls").fetchall()
    assert rows == [("web", f"{web.address}/feed", len(FEED))]
    assert polls == [("unchanged", 0, True)]


def test_new_bytes_at_one_address_are_a_new_document(web: Web, tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    run(web, warehouse, "moving")
    web.serve(b"Something else was said on 1 May 2024.\n")
    assert run(web, warehouse, "moving").items_new == 1
    with duckdb.connect(str(warehouse), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM documents").fetchone() == (2,)


CORRECTED = """<rss version="2.0"><channel><title>Lower Ash Gazette</title><link>https://ash.example/</link>
<item><guid>https://ash.example/1</guid><title>The ferry</title>
<pubDate>Mon, 06 May 2024 08:00:00 GMT</pubDate><description>{}</description></item></channel></rss>"""


def test_a_story_that_is_corrected_without_a_word_shows_what_it_says_now(web: Web, tmp_path: Path) -> None:
    """Three times: by chance alone the last one would be current once in four."""
    warehouse = tmp_path / "w.duckdb"
    told = ["It sank with 40 aboard.", "It sank with 14 aboard.", "It sank empty.", "It did not sink."]
    for text in told:
        web.serve(CORRECTED.format(text).encode())
        time.sleep(1 - time.time() % 1)  # polls are told apart by the second
        last = run(web, warehouse, "moving")
    assert (last.items_new, last.items_changed, last.items_unchanged) == (0, 1, 0)
    with duckdb.connect(str(warehouse), read_only=True) as con:
        assert con.execute("SELECT text FROM items").fetchall() == [(f"The ferry\n\n{told[-1]}",)]
        versions = con.execute("SELECT text FROM item_versions").fetchall()
    assert [text.partition("\n\n")[2] for (text,) in versions] == told[::-1]


def test_a_bad_source_stops_no_good_one_and_is_left_alone_for_a_while(web: Web, tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    first = run(web, warehouse, "busy", "broken", "cut", "gone")
    assert first.state == "failed"
    assert len(first.failures) == 4
    other = tmp_path / "file.txt"
    other.write_text("A post of 13 July 2023.\n")
    asked = len(web.seen)
    inputs = (
        SourceSettings(name="web", location=f"{web.address}/broken", allow_private=True),
        SourceSettings(name="files", location=str(other)),
    )
    second = ingest(IngestRequest(inputs=inputs, warehouse=warehouse))
    assert (second.state, second.items_new, len(web.seen)) == ("completed", 1, asked)
    assert second.skipped == (f"{web.address}/broken",)


def test_no_secret_of_an_address_is_in_the_warehouse_or_the_summary(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEED_TOKEN", "secret-token")
    warehouse = tmp_path / "w.duckdb"
    summary = run(web, warehouse, "moving?token=${FEED_TOKEN}", "broken?token=${FEED_TOKEN}")
    assert any("secret-token" in path for path, _ in web.seen)
    assert "secret-token" not in json.dumps(summary.as_dict())
    for file in warehouse.parent.iterdir():
        if file.is_file():
            assert b"secret-token" not in file.read_bytes()


def test_loopback_is_refused_unless_the_source_allows_it(web: Web, tmp_path: Path) -> None:
    request = IngestRequest(
        inputs=(SourceSettings(name="web", location=f"{web.address}/feed"),), warehouse=tmp_path / "w.duckdb"
    )
    summary = ingest(request)
    assert summary.state == "failed"
    assert "allow_private" in summary.failures[0].next_step
    assert web.seen == []
