"""Learning on a real warehouse: propose, write, look through, and apply to what landed and to what comes."""

import json
from pathlib import Path
from typing import Any

import pytest

from flows.cli import main
from flows.learned import LEARNED_NAME, LearnedLine, add_learned, edges_of, read_learned
from schemas.errors import ConfigError
from schemas.options import EdgeLine
from warehouse.reader import query, reading

FOOT = "👉 The Mill, day and night https://t.me/mill"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an export of one chat and a pasted post, and no settings from outside."""
    for name in ("FEEDMILL_WAREHOUSE", "FEEDMILL_CONFIG", "PREFECT_API_URL", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mill").mkdir()
    (tmp_path / "mill" / "result.json").write_text(export(range(1, 9)))
    (tmp_path / "mill" / "pasted.txt").write_text(
        f"The weir of the old mill broke.\n\nNobody was hurt.\n\n{FOOT}\n"
    )
    return tmp_path


def export(numbers: range) -> str:
    """Return a Telegram export of posts with one footer, and of one that is nothing else."""
    posts = [
        {
            "id": number,
            "type": "message",
            "date": "2024-07-19T08:57:11",
            "date_unixtime": str(1721375831 + number),
            "from": "Mill",
            "from_id": "channel7",
            "text": f"Ship {chr(64 + number)} came in.\n\nMate {chr(96 + number)}{number} waved.\n\n{FOOT}",
            "text_entities": [],
        }
        for number in numbers
    ]
    posts.append({**posts[0], "id": numbers[-1] + 1, "text": FOOT})
    return json.dumps({"name": "Mill", "type": "public_channel", "id": 7, "messages": posts})


def ask(sql: str) -> list[dict[str, Any]]:
    with reading(Path("warehouse/feedmill.duckdb")) as con:
        rows: list[dict[str, Any]] = query(con, sql).to_pylist()
    return rows


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_learn_write_and_apply(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", "mill", "-q"]) == 0
    assert main(["learn", "--source", "mill", "-q"]) == 0
    (found,) = lines(capsys)
    assert (found["position"], found["items"], found["state"]) == ("last", 9, "new")
    assert not (place / LEARNED_NAME).exists()
    before = ask("select item_id, text from items order by 1")

    assert main(["learn", "--source", "mill", "--write", "-q"]) == 0
    assert main(["learn", "--source", "mill", "--write", "-q"]) == 0
    assert [one["state"] for one in lines(capsys)] == ["new", "accepted"]
    (rule,) = read_learned(place / LEARNED_NAME)
    assert (rule.source, rule.line.id) == ("mill", found["id"])
    assert ask("select item_id, text from items order by 1") == before
    assert main(["verify", "-q"]) == 0  # what landed without the rule is still derived without it

    assert main(["ingest", "--reprocess", "--source", "mill", "-q"]) == 0
    after = ask("select * from items order by item_id")
    assert [one["item_id"] for one in after] == [one["item_id"] for one in before]
    assert [one["text"] for one in after if "day and night" in one["text"]] == [FOOT]
    assert all("https://t.me/mill" in one["urls"] for one in after)
    fates = ask(
        "select text, item_id from paragraphs where fate = 'boilerplate' and rule = '" + rule.line.id + "'"
    )
    assert [one["text"] for one in fates] == [FOOT] * 9
    (pasted,) = [one for one in after if "weir" in one["text"]]
    assert [(one["first_line"], one["reason"]) for one in pasted["dropped"]] == [
        (5, f"boilerplate:{rule.line.id}")
    ]
    assert [one["gap"] for one in ask("select gap from byte_accounts")] == [0, 0]
    capsys.readouterr()

    assert main(["explain", pasted["item_id"], "-q"]) == 0
    (told,) = [one for one in lines(capsys) if one["fate"] == "boilerplate"]
    assert told["rule"] == rule.line.id
    assert "feedmill.boilerplate.toml" in told["why"]
    assert main(["learn", "--source", "mill", "-q"]) == 0
    assert lines(capsys) == []

    (place / LEARNED_NAME).unlink()
    assert main(["verify", "-q"]) == 0  # the rules in force when it landed are kept with the document
    assert main(["ingest", "--reprocess", "-q"]) == 0
    assert ask("select item_id, text from items order by 1") == before


def test_a_fresh_ingest_ends_where_reprocessing_does(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", "mill", "-q"]) == 0
    assert main(["learn", "--source", "mill", "--write", "-q"]) == 0
    assert main(["ingest", "--reprocess", "-q"]) == 0
    capsys.readouterr()
    assert main(["ingest", "mill", "--warehouse", "fresh.duckdb", "-q"]) == 0
    said = []
    for file in ("warehouse/feedmill.duckdb", "fresh.duckdb"):
        with reading(Path(file)) as con:
            said.append(
                [
                    con.execute(f"FROM {table} ORDER BY ALL").fetchall()
                    for table in (
                        "raw.documents",
                        "core.versions",
                        "core.sightings",
                        "core.paragraphs",
                        "dedup.members",
                    )
                ]
            )
    assert said[0] == said[1]
    assert main(["preview", "mill", "-q"]) == 0
    assert [one["text"] for one in lines(capsys) if "day and night" in one["text"]] == [FOOT]


def test_rules_hold_for_their_source_only(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = LearnedLine(source="other", line=EdgeLine(id="x", position="last", example=FOOT), why="")
    add_learned(place / LEARNED_NAME, [rule])
    assert main(["preview", "mill/pasted.txt", "-q"]) == 0
    assert FOOT in lines(capsys)[0]["text"]
    assert main(["preview", "mill/pasted.txt", "-q", "--format", "json"]) == 0
    (place / "other").mkdir()
    (place / "mill" / "pasted.txt").rename(place / "other" / "pasted.txt")
    capsys.readouterr()
    assert main(["preview", "other/pasted.txt", "-q"]) == 0
    assert FOOT not in lines(capsys)[0]["text"]


def test_an_unknown_source_and_no_share(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", "mill", "-q"]) == 0
    assert main(["learn", "--source", "mil"]) == 1
    assert "Sources with items: mill" in capsys.readouterr().err
    assert main(["learn", "--source", "mill", "--share", "2"]) == 2


def test_the_file_keeps_what_a_person_wrote(tmp_path: Path) -> None:
    file = tmp_path / LEARNED_NAME
    odd = 'a "quoted" \\ line\twith \x7f and 👉'
    rules = [
        LearnedLine(
            source="s", line=EdgeLine(id=name, position="first", example=f"{odd} {name}"), why="above all"
        )
        for name in ("a", "b", "c")
    ]
    assert read_learned(file) == ()
    assert add_learned(file, rules[:2]) == 2
    assert read_learned(file) == tuple(rules[:2])
    file.write_text(file.read_text() + "apply = false\n# not this one")
    assert add_learned(file, rules) == 1
    assert "# not this one" in file.read_text()
    assert [one.apply for one in read_learned(file)] == [True, False, True]
    assert [line.id for line in edges_of(read_learned(file), "s")] == ["a", "c"]
    assert add_learned(file, rules) == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("line = 3", r"tables \[\[line\]\] only"),
        ("[[rule]]\n", r"tables \[\[line\]\] only"),
        ("[[line]]\nid = 3", "line.1.: id is missing"),
        ('[[line]]\nid = "a"\nsource = "s"\nexample = "x"\nposition = "top"', "position must be"),
        ('[[line]]\nid = "a"\nsource = "s"\nexample = "x"\nposition = "last"\nof = 1', "unknown key 'of'"),
        ('[[line]]\nid = "a"\nsource = "s"\nexample = "x"\nposition = "last"\napply = 1', "true or false"),
        ('[[line]]\nid = "a"\nsource = "s"\nexample = "x"\nposition = "last"\n' * 2, "two lines 'a'"),
        ("[[line", "cannot be read"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / LEARNED_NAME).write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_learned(tmp_path / LEARNED_NAME)
