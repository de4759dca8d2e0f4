"""Every format says the same rows, and nothing from a feed reaches a terminal raw."""

import csv
import datetime as dt
import decimal
import io
import json
import os
import pty
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.output import OutputClosed, OutputError, arrow_rows, records, write, write_json
from flows.values import cell, dumps, flat, plain, visible
from schemas.items import Card, Dropped, Item

CASES = json.loads((Path(__file__).parent / "cases" / "output.json").read_text("utf-8"))
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Fruit:
    name: str
    weight: float | None = None
    card: Card | None = None
    tags: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()


FRUITS = (
    Fruit("яблоко", 1.5, Card(site="a.example", title="A\nB"), ("x", "y")),
    Fruit("pear", None, None, (), (Dropped(first_line=1, last_line=2, reason="echo"),)),
)


@pytest.fixture
def said(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[[], str]:
    return lambda: capfdbinary.readouterr().out.decode("utf-8")


@pytest.mark.parametrize("case", CASES, ids=[case["label"] for case in CASES])
def test_text_is_shown_not_obeyed(case: dict[str, str]) -> None:
    assert visible(case["input"]) == case["visible"]
    assert dumps(case["input"]) == case["json"]
    assert json.loads(dumps(case["input"])) == case["input"]


@given(st.text())
def test_no_control_survives(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in shown + dumps(text))


@given(st.text())
def test_json_gives_the_text_back_on_one_line(text: str) -> None:
    assert json.loads(dumps({"text": text})) == {"text": text}
    assert len(dumps({"text": text}).splitlines()) == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (dt.date(2023, 7, 13), "2023-07-13"),
        (dt.datetime(2023, 7, 13, 10, tzinfo=dt.timezone(dt.timedelta(hours=3))), "2023-07-13T07:00:00Z"),
        (dt.datetime(2023, 7, 13, 10), "2023-07-13T10:00:00"),  # noqa: DTZ001 - a TIMESTAMP without zone
        (decimal.Decimal(12345678901234567890123), 12345678901234567890123),
        (decimal.Decimal("1.50"), 1.5),
        (decimal.Decimal("NaN"), None),
        (float("inf"), None),
        (b"a\x00\xff'", "a\\x00\\xFF\\x27"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (dt.timedelta(days=1, seconds=90), "P1DT1M30S"),
        (dt.timedelta(0), "PT0S"),
        (pa.MonthDayNano([0, 3, 0]), "P3D"),
        (pa.MonthDayNano([14, -3, 14_706_700_000_000]), "P1Y2M-3DT4H5M6.7S"),
        (pa.MonthDayNano([-14, 0, -1_000_000_000]), "P-1Y-2MT-1S"),
        ([pa.MonthDayNano([0, 0, 1])], ["PT0.000000001S"]),
        ({"a": (1, float("nan"))}, {"a": [1, None]}),
        (Card(site="s"), {"site": "s", "title": None, "description": None}),
        (True, True),
    ],
)
def test_values_become_json_types(value: object, expected: object) -> None:
    assert plain(value) == expected


def test_a_value_without_a_form_is_an_error_not_a_repr() -> None:
    with pytest.raises(TypeError, match="object has no form"):
        plain(object())


def test_cells_and_flat_names() -> None:
    assert flat({"card": {"site": "s", "deep": {"x": 1}}, "n": None}) == {
        "card_site": "s",
        "card_deep_x": 1,
        "n": None,
    }
    assert [cell(None), cell(True), cell(["é"]), cell(1.0)] == ["", "true", '["é"]', "1.0"]


def test_jsonl_is_the_default_in_a_pipe(said: Callable[[], str]) -> None:
    assert write(records(FRUITS, Fruit)) == 2
    rows = [json.loads(line) for line in said().splitlines()]
    assert [row["name"] for row in rows] == ["яблоко", "pear"]
    assert rows[0]["card"] == {"site": "a.example", "title": "A\nB", "description": None}
    assert rows[1] == {
        "name": "pear",
        "weight": None,
        "card": None,
        "tags": [],
        "dropped": [{"first_line": 1, "last_line": 2, "reason": "echo", "of_line": None, "similarity": None}],
    }


def test_json_is_one_list_also_when_empty(said: Callable[[], str]) -> None:
    write(records(FRUITS, Fruit), "json")
    text = said()
    assert "яблоко" in text
    assert [row["name"] for row in json.loads(text)] == ["яблоко", "pear"]
    write(records((), Fruit), "json")
    assert json.loads(said()) == []


def test_csv_columns_come_from_the_class(said: Callable[[], str]) -> None:
    write(records(FRUITS, Fruit), "csv")
    rows = list(csv.DictReader(io.StringIO(said())))
    assert list(rows[0]) == [
        "name",
        "weight",
        "card_site",
        "card_title",
        "card_description",
        "tags",
        "dropped",
    ]
    assert rows[0]["card_title"] == "A\nB"
    assert rows[1]["card_site"] == ""
    assert json.loads(rows[0]["tags"]) == ["x", "y"]
    write(records((), Fruit), "csv")
    assert said().startswith("name,weight,card_site")


@pytest.mark.parametrize("fruits", [FRUITS, (), FRUITS[1:]])
def test_parquet_types_do_not_depend_on_the_values(
    capfdbinary: pytest.CaptureFixture[bytes], fruits: tuple[Fruit, ...]
) -> None:
    write(records(fruits, Fruit), "parquet")
    table = pq.read_table(io.BytesIO(capfdbinary.readouterr().out))
    assert table.schema.field("weight").type == pa.float64()
    assert table.schema.field("card").type.field("site").type == pa.string()
    assert table.schema.field("dropped").type.value_type.field("of_line").type == pa.int64()
    assert table.column("name").to_pylist() == [fruit.name for fruit in fruits]


def test_items_have_parquet_types_for_all_fields(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write(records((), Item), "parquet")
    schema = pq.read_schema(io.BytesIO(capfdbinary.readouterr().out))
    assert "published" in schema.names
    assert not any(pa.types.is_null(field.type) for field in schema)


def test_arrow_rows_keep_columns_of_equal_name(said: Callable[[], str]) -> None:
    table = pa.table([[1], [2], [3]], names=["a", "a", "a_2"])
    write(arrow_rows(table))
    assert json.loads(said()) == {"a": 1, "a_2": 2, "a_2_2": 3}


def test_a_table_in_a_pipe_has_no_colours_and_no_raw_controls(said: Callable[[], str]) -> None:
    write(records([Fruit("\x1b[31mred\nnext", 2.0)], Fruit), "table")
    text = said()
    assert "\x1b" not in text
    assert "␛[31mred⏎next" in text


def test_an_empty_table_says_so(said: Callable[[], str]) -> None:
    assert write(records((), Fruit), "table") == 0
    assert said() == "(no rows)\n"


def test_many_columns_are_listed_one_value_a_line(
    said: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    wide = pa.table({f"column_{n:02}": ["a value that is long"] for n in range(30)})
    write(arrow_rows(wide), "table")
    lines = said().splitlines()
    assert lines[0] == "row 0"
    assert lines[30].split() == ["column_29", "a", "value", "that", "is", "long"]


def test_long_cells_end_in_an_ellipsis(said: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    write(records([Fruit("слово " * 40, 2.0)], Fruit), "table")
    lines = said().splitlines()
    assert len(lines) == 3
    assert "…" in lines[2]
    assert max(map(len, lines)) <= 90


def test_a_full_disk_is_told_in_one_sentence() -> None:
    code = "from flows.output import write_json; write_json({})"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert f"{OutputError.__name__}: The output could not be written to stdout: No space left" in done.stderr


def test_a_reader_that_has_gone_is_no_error() -> None:
    code = "from flows.output import *\nimport os, sys\ntry: write_json({})\nexcept OutputClosed: os._exit(7)"
    read, sent = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=sent, check=False)
    os.close(sent)
    assert done.returncode == 7


def test_on_a_terminal_a_table_is_the_default_and_parquet_is_refused() -> None:
    code = (
        "import pyarrow as pa\nfrom flows.output import *\n"
        "write(arrow_rows(pa.table({'n': ['\\x1b[31m'], 'm': [1]})))\n"
        "write(arrow_rows(pa.table({'n': ['\\x1b[32m']})), 'csv')\n"
        "try: write(arrow_rows(pa.table({'n': [1]})), 'parquet')\nexcept OutputError as e: print(e)"
    )
    screen = on_a_terminal([sys.executable, "-c", code])
    assert "␛[31m" in screen
    assert "␛[32m" in screen
    assert "\x1b[31m" not in screen
    assert "\x1b[32m" not in screen
    assert "stdout is a terminal" in screen


def on_a_terminal(command: list[str]) -> str:
    """Run a command with stdout on a pseudo-terminal and return what it shows."""
    screen, shown = pty.openpty()
    child = subprocess.Popen(command, cwd=ROOT, stdout=shown, stdin=subprocess.DEVNULL)
    os.close(shown)
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
    assert child.wait() == 0
    return b"".join(parts).decode("utf-8")


def test_write_json_is_indented(said: Callable[[], str]) -> None:
    write_json({"a": "é"})
    assert said() == '{\n  "a": "é"\n}\n'
    assert issubclass(OutputClosed, Exception)
