"""The commands that write and read a warehouse, on a real one, from the command line."""

import csv
import fcntl
import io
import json
import os
import pty
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from flows.cli import main
from warehouse.reader import document_bytes, query, reading

ROOT = Path(__file__).parents[2]
VIEWS = {
    *("items", "unique_items", "duplicates", "paragraphs", "paragraph_reuse", "documents", "byte_accounts"),
    *("quarantine", "timeline", "forwards", "runs"),
}


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the seeds were ingested into the default warehouse, in a process of its own."""
    place = tmp_path_factory.mktemp("landed")
    shutil.copytree(ROOT / "seeds", place / "seeds")
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("FEEDMILL", "PREFECT"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", "ingest", "seeds", "--prefect", "off"],
        cwd=place,
        env=environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    (place / "said").write_text(done.stderr)
    return place


@pytest.fixture
def place(landed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory is that folder, with no settings from outside."""
    for name in ("FEEDMILL_WAREHOUSE", "FEEDMILL_CONFIG", "PREFECT_API_URL", "COLUMNS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(landed / "no-prefect"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(landed)
    return landed


@pytest.fixture
def fresh(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the seeds and no warehouse."""
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def on_a_terminal(*words: str, cwd: Path) -> str:
    """Run the command with all three streams on a pseudo-terminal of 100 columns; return what it shows."""
    screen, side = pty.openpty()
    environ = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "100"}
    child = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", *words],
        cwd=cwd,
        env=environ,
        stdin=side,
        stdout=side,
        stderr=side,
    )
    os.close(side)
    parts = []
    while True:
        try:
            part = os.read(screen, 65536)
        except OSError:  # Linux ends a pty with EIO
            break
        if not part:
            break
        parts.append(part)
    os.close(screen)
    assert child.wait(timeout=60) == 0
    return b"".join(parts).decode("utf-8")


# ---- ingest


def test_the_summary_is_for_people_and_not_on_stdout(landed: Path) -> None:
    said = (landed / "said").read_text()
    assert said.startswith("17 new items landed from 5 new documents")
    assert "seeds" in said
    assert "Try next:\n  feedmill sql " in said
    assert "start `feedmill serve` in another terminal" in said
    assert "\x1b" not in said


def test_the_query_to_try_next_works(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = (place / "said").read_text().partition("Try next:\n  feedmill sql ")[2].partition("\n")[0]
    assert main(["sql", line.strip('"')]) == 0
    assert len(rows(capsys.readouterr().out)) == 10


def test_json_is_the_summary_and_a_second_run_lands_nothing(
    fresh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ingest", "seeds", "--json", "--prefect", "off", "--warehouse", "a.duckdb"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert (first["items_new"], first["items_unchanged"], first["state"]) == (17, 0, "completed")
    assert main(["-q", "ingest", "seeds", "--json", "--prefect", "off", "--warehouse", "a.duckdb"]) == 0
    said = capsys.readouterr()
    second = json.loads(said.out)
    assert (second["items_new"], second["items_unchanged"]) == (0, 17)
    assert said.err == ""


def test_a_dry_run_leaves_nothing(fresh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(fresh.rglob("*"))
    assert main(["ingest", "seeds", "--dry-run", "--prefect", "off"]) == 0
    assert "17 new items would land" in capsys.readouterr().err
    assert sorted(fresh.rglob("*")) == before


def test_stdin_and_a_name_for_it(fresh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = min((fresh / "seeds").glob("*.txt")).read_bytes()
    words = [sys.executable, "-m", "flows.cli", "ingest", "-", "--source", "pasted", "--prefect", "off"]
    done = subprocess.run(words, input=text, capture_output=True, check=False)
    assert done.returncode == 0
    assert b"1 new item landed from 1 new document" in done.stderr
    assert main(["sql", "select distinct source from items"]) == 0
    assert rows(capsys.readouterr().out) == [{"source": "pasted"}]


def test_ingest_with_no_input_and_no_config_is_wrong_usage(
    fresh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ingest"]) == 2
    assert "feedmill.toml" in capsys.readouterr().err


def test_quarantine_is_status_3_and_the_rest_lands(fresh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (fresh / "seeds" / "bad.txt").write_bytes(b"\0" * 1000)
    assert main(["ingest", "seeds", "--prefect", "off"]) == 3
    said = capsys.readouterr().err
    assert "17 new items landed" in said
    assert "select document_id, reason, detail from quarantine" in said
    assert main(["sql", "select reason, octet_length(raw) as size from quarantine"]) == 0
    assert rows(capsys.readouterr().out) == [{"reason": "nul-bytes", "size": 1000}]


def test_a_missing_input_is_told_and_the_rest_lands(fresh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", "seeds", "sedes", "--prefect", "off"]) == 3
    said = capsys.readouterr().err
    assert "feedmill: sedes: there is no such file or folder. Did you mean seeds?" in said
    assert "17 new items landed" in said
    assert main(["ingest", "sedes", "--prefect", "off", "--warehouse", "other.duckdb"]) == 1
    assert not (fresh / "other.duckdb").exists()
    said = capsys.readouterr().err
    assert "in a browser" not in said
    assert "Try next" not in said


def test_a_folder_is_no_warehouse(fresh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["ingest", "seeds"], ["sql", "select 1"], ["doctor"]):
        assert main([*words, "--warehouse", "seeds"]) == 2
        said = capsys.readouterr().err
        assert "--warehouse: warehouse = 'seeds' is a folder" in said
        assert "seeds/feedmill.duckdb" in said
    assert not list((fresh / "seeds").glob(".*"))


def test_quarantine_of_known_input_is_told_and_does_not_count(
    fresh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (fresh / "bad.txt").write_bytes(b"\0" * 1000)
    assert main(["ingest", "bad.txt", "--prefect", "off"]) == 3
    assert "quarantine  1 byte range: feedmill sql" in capsys.readouterr().err
    assert main(["ingest", "bad.txt", "--prefect", "off", "--json"]) == 0
    said = capsys.readouterr()
    assert "quarantine  1 byte range of known inputs, there since they landed: feedmill sql" in said.err
    printed = json.loads(said.out)
    assert (printed["quarantined"], printed["quarantined_known"]) == (0, 1)
    assert printed["state"] == "completed"
    assert main(["sql", "select state from runs order by started_at"]) == 0
    assert [row["state"] for row in rows(capsys.readouterr().out)] == [
        "completed-with-quarantine",
        "completed",
    ]


def test_a_dry_run_asks_the_published_copy(fresh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", "seeds", "--prefect", "off"]) == 0
    before = {path: path.stat().st_mtime_ns for path in fresh.rglob("*")}
    (fresh / "seeds" / "new.txt").write_text("A post of 12 July 2023.\n")
    capsys.readouterr()
    assert main(["ingest", "seeds", "--dry-run", "--json", "--prefect", "off"]) == 0
    said = capsys.readouterr()
    assert "1 new item would land from 1 new document" in said.err
    assert "Known before: 5 documents with 17 items." in said.err
    assert "duplicates  not looked for in a dry run" in said.err
    printed = json.loads(said.out)
    assert (printed["documents_unchanged"], printed["items_unchanged"]) == (5, 17)
    assert (printed["duplicates"], printed["near_duplicates"]) == (None, None)
    after = {path: path.stat().st_mtime_ns for path in fresh.rglob("*")}
    assert {path: after[path] for path in before if path.is_file()} == {
        path: moment for path, moment in before.items() if path.is_file()
    }
    assert set(after) - set(before) == {fresh / "seeds" / "new.txt"}


def test_a_document_that_takes_too_much_memory(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FEEDMILL_MEMORY_BYTES", "50_000_000")
    pick = random.Random(1)  # noqa: S311 - the same words each time
    words = ["".join(pick.choices("abcdefghijklmnopqrstuvwxyz", k=pick.randint(2, 10))) for _ in range(8000)]
    with (fresh / "seeds" / "large.txt").open("w") as handle:
        handle.writelines(" ".join(pick.choices(words, k=50)) + ".\n" for _ in range(7000))
    assert main(["ingest", "seeds", "--prefect", "off"]) == 3
    capsys.readouterr()
    assert (
        main(["sql", "select reason, byte_end, raw, (select count(*) from items) as n from quarantine"]) == 0
    )
    size = (fresh / "seeds" / "large.txt").stat().st_size
    assert rows(capsys.readouterr().out) == [{"reason": "memory", "byte_end": size, "raw": None, "n": 17}]
    with reading(fresh / "warehouse" / "feedmill.duckdb") as con:
        (document,) = query(con, "select document_id from quarantine")["document_id"].to_pylist()
        assert document_bytes(con, document) == (fresh / "seeds" / "large.txt").read_bytes()


def test_a_busy_warehouse_is_status_4_and_readers_go_on(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = place / "warehouse" / ".feedmill.duckdb.lock"
    with lock.open("r+") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert main(["ingest", "seeds", "--prefect", "off"]) == 4
        said = capsys.readouterr()
        assert said.out == ""
        assert "is being written by" in said.err
        assert main(["sql", "select count(*) as n from items"]) == 0
        assert rows(capsys.readouterr().out) == [{"n": 17}]


def test_the_warehouse_may_come_from_the_environment(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FEEDMILL_WAREHOUSE", "by-variable.duckdb")
    assert main(["ingest", "seeds/000*", "--prefect", "off"]) == 0
    assert (fresh / "by-variable.duckdb").exists()
    assert main(["sql", "select count(*) as n from items"]) == 0
    assert rows(capsys.readouterr().out) == [{"n": 1}]


# ---- sql


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "parquet"])
def test_every_format_says_the_same(
    place: Path, form: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    query = "select ordinal, title, published_best, hashtags from items order by document_id, ordinal"
    assert main(["sql", query, "--format", form]) == 0
    out = capfdbinary.readouterr().out
    if form == "parquet":
        table = pq.read_table(io.BytesIO(out))
        titles = table.column("title").to_pylist()
    elif form == "csv":
        titles = [row["title"] or None for row in csv.DictReader(io.StringIO(out.decode()))]
    elif form == "json":
        titles = [row["title"] for row in json.loads(out)]
    elif form == "jsonl":
        titles = [row["title"] for row in rows(out.decode())]
        assert any(isinstance(row["hashtags"], list) and row["hashtags"] for row in rows(out.decode()))
    else:
        assert len(out.decode().splitlines()) == 17 + 2
        assert "2023-07-13" in out.decode()
        return
    assert len(titles) == 17
    assert any("🇷🇺" in (title or "") for title in titles)


def test_sql_alone_lists_the_views_with_comments(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sql"]) == 0
    views = {row["name"]: row for row in rows(capsys.readouterr().out)}
    assert set(views) >= VIEWS
    for view in views.values():
        assert view["comment"]
        assert all(column["comment"] for column in view["columns"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "query",
    [
        "delete from items",
        "insert into core.versions select * from core.versions",
        "create table main.t as select 1",
        "-- all of them\nDROP VIEW items",
        "/* x */ update items set title = 'x'",
    ],
)
def test_sql_refuses_to_write_and_says_so(
    place: Path, query: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (place / "warehouse" / "feedmill.duckdb").read_bytes()
    assert main(["sql", query]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "Only feedmill ingest writes" in said.err
    assert (place / "warehouse" / "feedmill.duckdb").read_bytes() == before


@pytest.mark.parametrize(
    ("query", "says", "status"),
    [
        ("select nothing from items", "nothing", 1),
        ("select 1 as", "syntax error", 1),
        ("select * from read_text('/etc/hostname')", "neither files", 1),
        ("  ", "the query is empty", 2),
    ],
)
def test_sql_tells_what_is_wrong(
    place: Path, query: str, says: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sql", query]) == status
    said = capsys.readouterr()
    assert said.out == ""
    assert says in said.err
    assert "Traceback" not in said.err


def test_sql_takes_the_query_from_stdin_and_opens_with_a_comment(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [sys.executable, "-m", "flows.cli", "sql", "-"]
    done = subprocess.run(
        words, input=b"select count(*) as n\nfrom items\n", capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b'{"n": 17}\n')
    assert main(["sql", "-- how many?\nselect count(*) as n from items"]) == 0
    assert capsys.readouterr().out == '{"n": 17}\n'


def test_types_that_json_does_not_have(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    query = (
        "select sum(bytes) as huge, timestamptz '2024-05-01 12:00:00+03' as moment,"
        " date '2024-05-01' as day, 1.50::decimal(4, 2) as price, 'nan'::double as nan,"
        " '\\xFF'::blob as raw, {'a': [1, null]} as nested,"
        " interval 1 day as span, uuid '00000000-0000-0000-0000-00000000000a' as id from documents"
    )
    assert main(["sql", query]) == 0
    row = rows(capsys.readouterr().out)[0]
    assert row["huge"] == sum(path.stat().st_size for path in (place / "seeds").glob("*.txt"))
    assert (row["moment"], row["day"], row["raw"]) == ("2024-05-01T09:00:00Z", "2024-05-01", "\\xFF")
    assert (row["price"], row["nan"], row["nested"]) == (1.5, None, {"a": [1, None]})
    assert (row["id"], row["span"]) == ("00000000-0000-0000-0000-00000000000a", "P1D")


def test_sql_imports_no_prefect_and_no_cleaners(place: Path) -> None:
    code = (
        "import sys; from flows.cli import main; status = main(['sql', 'select 1 as one']);"
        "sys.exit(status or [m for m in sys.modules if m == 'prefect' or m.startswith('cleaners.')] or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b'{"one": 1}\n', b"")


# ---- explain, from the warehouse


def test_explaining_an_item_by_its_id(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    query = "select item_id, first_line, last_line from items where first_line = 82"
    assert main(["sql", query]) == 0
    item = rows(capsys.readouterr().out)[0]
    bare = str(item["item_id"]).replace("-", "")
    dashed = "-".join((bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:]))
    answers = []
    for name in (bare, dashed, dashed.upper()):
        assert main(["explain", name]) == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1] == answers[2]
    lines = rows(answers[0])
    assert [line["line"] for line in lines] == list(range(82, 102))
    assert [line["line"] for line in lines if line["fate"] == "card"] == [99, 100, 101]
    assert {line["item_id"] for line in lines} == {bare}
    assert main(["explain", "seeds/003_bdc1e3261ba7ce69.txt", "--item", str(lines[0]["item"])]) == 0
    assert capsys.readouterr().out == answers[0]


def test_an_id_that_is_not_there(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "0" * 32]) == 1
    assert f"There is no item {'0' * 32}" in capsys.readouterr().err
    assert main(["explain", "0" * 32, "--item", "1"]) == 2
    assert "Leave --item out" in capsys.readouterr().err


# ---- terminals


def test_on_a_terminal_sql_is_a_table(place: Path) -> None:
    screen = on_a_terminal(
        "sql", "select ordinal, title from items where kind = 'post' order by 1", cwd=place
    )
    assert "ordinal" in screen
    assert "🇷🇺" in screen
    assert "…" in screen
    assert '{"ordinal"' not in screen


def test_on_a_terminal_feeds_cannot_write_escapes(place: Path) -> None:
    for form in ("table", "json", "jsonl", "csv"):
        screen = on_a_terminal("sql", "select chr(27) || '[2J' || chr(155) as t", "--format", form, cwd=place)
        assert "\x1b[2J" not in screen
        assert "\x9b" not in screen


def test_on_a_terminal_explain_has_a_head_and_a_table(place: Path) -> None:
    screen = on_a_terminal("explain", "seeds/003_bdc1e3261ba7ce69.txt", "--item", "7", cwd=place)
    assert "lines 82-101" in screen
    assert "cue echoes" in screen
    assert "basis stated" in screen


def test_on_a_terminal_ingest_shows_progress_and_leaves_the_summary(fresh: Path) -> None:
    screen = on_a_terminal("ingest", "seeds", "--prefect", "off", cwd=fresh)
    assert "starting" in screen or "reading" in screen
    assert "17 new items landed" in screen
    quiet = on_a_terminal("-q", "ingest", "seeds", "--prefect", "off", cwd=fresh)
    assert quiet == ""


def test_no_color_is_respected(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" in on_a_terminal("sql", "select 1 as a", cwd=place)
    monkeypatch.setenv("NO_COLOR", "1")
    screen = on_a_terminal("sql", "select 1 as a", cwd=place)
    assert not any(f"\x1b[{code}" in screen for code in ("3", "9"))


# ---- copies and recipes


STORY = (
    "Council Agrees On A New Bridge\n"
    "The council agreed last night to build a new bridge over the river next to the old mill, after years of "
    "debate about its cost, its height and the traffic that it is going to bring into the old town.\n"
)


@pytest.fixture
def copied(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A warehouse of one story that was told twice, the second time with other words in it."""
    (tmp_path / "one.txt").write_text(STORY)
    (tmp_path / "two.txt").write_text(STORY.replace("last night", "on Monday \x1b[2J evening"))
    warehouse = tmp_path / "copied.duckdb"
    assert main(["ingest", str(tmp_path), "--warehouse", str(warehouse)]) == 0
    capsys.readouterr()
    return warehouse


def test_explaining_a_copy_names_its_primary_the_rule_and_the_words(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--warehouse", str(copied))
    assert main(["sql", "from duplicates", *words]) == 0
    (copy,) = rows(capsys.readouterr().out)
    assert main(["explain", str(copy["item_id"]), *words]) == 0
    first = rows(capsys.readouterr().out)[0]["copy_of"]
    assert isinstance(first, dict)
    assert (first["primary_id"], first["kind"]) == (copy["primary_id"], "near")
    assert first["rule"].endswith("-jaccard")
    assert 0.7 <= first["similarity"] < 1
    assert first["diff"].count("-]") == first["diff"].count("+}") == 1
    assert "\x1b" not in first["diff"]
    assert main(["explain", str(copy["item_id"]), "--format", "table", *words]) == 0
    shown = capsys.readouterr().out
    assert f"copy of  {copy['primary_id']}" in shown
    assert "differs  … " in shown
    assert "\x1b[2J" not in shown
    assert main(["explain", str(copy["primary_id"]), "--format", "table", *words]) == 0
    assert "copies  1 item" in capsys.readouterr().out


def test_a_warehouse_of_another_recipe_is_refused_until_it_is_matched_anew(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import duckdb  # noqa: PLC0415 - plays the older program

    work = copied.with_name(f".{copied.name}.work")
    with duckdb.connect(str(work)) as con:
        con.execute("UPDATE dedup.recipe SET name = 'older'")
        con.execute("UPDATE core.versions SET text_key = md5(text_key::VARCHAR)::UUID")
        con.execute("DELETE FROM dedup.pairs")
        con.execute("DELETE FROM dedup.members")
    words = ("--warehouse", str(copied))
    assert main(["ingest", "seeds", *words]) == 1
    said = capsys.readouterr().err
    assert "signed by the recipe older" in said
    assert "feedmill ingest --rematch" in said
    assert main(["ingest", "seeds", "--rematch", *words]) == 2
    assert "takes no INPUT" in capsys.readouterr().err
    assert main(["ingest", "--rematch", "--json", *words]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["texts"], told["duplicates_before"], told["duplicates"]) == (2, 0, 1)
    assert main(["ingest", "seeds", *words]) == 0


def test_there_is_nothing_to_match_without_a_warehouse(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ingest", "--rematch", "--warehouse", str(tmp_path / "none.duckdb")]) == 1
    assert "There is no warehouse" in capsys.readouterr().err
