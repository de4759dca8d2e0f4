"""Every line of an item's source has a row that says what became of it and why."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cleaners.chain import clean
from cleaners.decode import decode
from flows.explain import boundary_reason, choose, explain, headline, rule_reason
from schemas.documents import Blob
from schemas.errors import ConfigError
from schemas.items import Published

ROOT = Path(__file__).parents[2]
DUMP = (
    "Вечером город остался без света\n"
    "\n"
    "Авария на подстанции оставила без света три района, сообщили в компании.\n"
    "Восстановить снабжение обещают к утру, бригады работают на месте.\n"
    "Авария на подстанции оставила без света три района, сообщили в компании.\n"
    "Восстановить снабжение обещают к утру, бригады работают на месте.\n"
    "Forwarded from Городские новости\n"
    "Мост через реку закрыли на ремонт\n"
    "Движение по мосту закрыто до конца недели, объезд указан на карте.\n"
    "Движение по мосту закрыто до конца недели, объезд указан на карте.\n"
)


def blob(text: str) -> Blob:
    return Blob(data=text.encode(), source="test", uri="dump.txt")


@pytest.fixture(scope="module", params=sorted((ROOT / "seeds").glob("*.txt")), ids=lambda path: path.name[:3])
def seed(request: pytest.FixtureRequest) -> Blob:
    return Blob(data=request.param.read_bytes(), source="seeds", uri=f"seeds/{request.param.name}")


def test_the_rows_of_a_document_are_its_lines(seed: Blob) -> None:
    rows = list(explain(clean(seed), seed))
    lines = decode(seed.data).lines
    assert [(row.line, row.byte_start, row.byte_end) for row in rows] == [
        (line.number, line.start, line.end) for line in lines
    ]
    assert all(row.why for row in rows)


def test_the_rows_of_an_item_are_its_lines(seed: Blob) -> None:
    document = clean(seed)
    for item in document.items:
        rows = list(explain(document, seed, item))
        assert item.first_line is not None
        assert item.last_line is not None
        assert [row.line for row in rows] == list(range(item.first_line, item.last_line + 1))
        assert {row.item_id for row in rows} == {item.item_id}
        kept = [row.text for row in rows if row.fate == "kept" and not row.why.startswith("blank")]
        assert kept == [line for line in item.text.split("\n") if line]


def test_dropped_lines_say_the_same_as_the_item(seed: Blob) -> None:
    document = clean(seed)
    for item in document.items:
        rows = {row.line: row for row in explain(document, seed, item)}
        for run in item.dropped:
            first = rows[run.first_line]
            expected = f"boilerplate:{first.rule}" if first.fate == "boilerplate" else first.fate
            assert (expected, first.of_line) == (run.reason, run.of_line)


def test_a_copy_names_its_line_and_a_header_its_kind() -> None:
    source = blob(DUMP)
    document = clean(source)
    rows = {row.line: row for row in explain(document, source)}
    assert (rows[5].fate, rows[5].of_line) == ("echo", 3)
    assert rows[5].why == "says line 3 again, word for word"
    assert rows[2].why == "blank: goes with line 1"
    assert (rows[7].fate, rows[7].rule) == ("header", "forwarded")
    assert "forwarded from" in rows[7].why
    assert f"item {rows[7].item} starts here" in rows[7].why
    assert rows[7].boundary_cue
    assert rows[1].why == "in the item's text; item 0 starts here: the document starts here"


def test_the_evidence_of_a_date_is_pointed_out() -> None:
    source = blob(DUMP)
    document = clean(source)
    dated = replace(
        document.items[0],
        published=Published(best="2024-01-01", basis="stated", confidence=0.9, evidence="к утру"),
    )
    rows = list(explain(replace(document, items=(dated, *document.items[1:])), source, dated))
    assert [row.line for row in rows if "the date rests on 'к утру'" in row.why] == [4, 6]
    assert "basis stated, confidence 0.90" in headline(dated, "dump.txt")
    assert "evidence  к утру" in headline(dated, "dump.txt")


def test_what_normalisation_changed_is_named() -> None:
    source = blob("Заголовок дня\n\u200bСтрока с\u00a0невидимым знаком внутри.\n")
    rows = list(explain(clean(source), source))
    assert rows[0].changes == ()
    assert rows[1].changes


def test_quarantined_bytes_are_a_row() -> None:
    source = Blob(data=b"\0" * 500, source="test", uri="nul")
    rows = list(explain(clean(source), source))
    assert [row.fate for row in rows] == ["quarantined"]
    assert (rows[0].byte_start, rows[0].byte_end) == (0, 500)
    assert "quarantine" in rows[0].why


def test_rules_say_why() -> None:
    assert rule_reason("copyright") == "a copyright line"
    assert rule_reason("no-such-rule") is None


@pytest.mark.parametrize("beyond", [0, 1, 100])
def test_an_item_that_is_not_there(beyond: int) -> None:
    document = clean(blob(DUMP))
    last = len(document.items) - 1
    for ordinal in (last + 1 + beyond, -1 - beyond):
        with pytest.raises(ConfigError, match=f"--item {ordinal}: dump.txt has items 0 to {last}"):
            choose(document, ordinal)
    with pytest.raises(ConfigError, match="has one item, 0"):
        choose(replace(document, items=document.items[:1]), 1 + beyond)
    with pytest.raises(ConfigError, match="has no items"):
        choose(replace(document, items=()), beyond)


def test_choosing() -> None:
    document = clean(blob(DUMP))
    assert choose(document, None) is None
    chosen = choose(document, 1)
    assert chosen is document.items[1]
    assert f"cue {chosen.boundary_cue}" in boundary_reason(chosen)
    assert json.dumps(headline(chosen, "a\x1bb"))[:20].count("\\u001b") == 0
