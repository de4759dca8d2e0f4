"""Records -> items: identities and versions, dates, titles, boilerplate, and who holds which bytes."""

import json
from dataclasses import replace
from typing import Any

import pytest
from format_properties import assert_tiled
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners.formats.entry import Format
from cleaners.recorded import assemble_records, identify, line_numbers
from schemas.documents import Blob, CodecRun, Refusal
from schemas.items import CleanedDocument, Item
from schemas.records import Parsed, Record

FORMAT = Format(
    name="made",
    title="made up",
    recognise=lambda glimpse: 0.0,
    parse=lambda data, options: iter(()),
    media_type="a/b",
)


def record(**more: Any) -> Record:
    return Record(**({"start": 0, "end": 1, "kind": "post", "text": "word"} | more))


def assembled(data: bytes, records: list[Record], refusals: tuple[Refusal, ...] = ()) -> CleanedDocument:
    runs = (CodecRun(0, len(data), "utf-8", "declared"),)
    parsed = Parsed(records=tuple(records), refusals=refusals, drifts=(), runs=runs)
    return assemble_records(parsed, FORMAT, Blob(data=data, source="s", uri="u"))


def item_of(**more: Any) -> Item:
    return assembled(b"x", [record(**more)]).items[0]


def test_bytes_between_records_are_structure_and_separators_go_with_what_stands_before() -> None:
    data = b'{"list": [aaaa, \n bbbb,??]}'
    a, b = data.index(b"a"), data.index(b"b")
    document = assembled(
        data,
        [record(start=a, end=a + 4, text="one\n\ntwo"), record(start=b, end=b + 4)],
        (Refusal(b + 5, b + 7, "format", "odd", "?"),),
    )
    rows = [(data[p.byte_start : p.byte_end], p.fate, p.rule, p.text, p.item) for p in document.paragraphs]
    assert rows == [
        (b'{"list": [', "header", "format:made", "", None),
        (b"aaaa, \n ", "kept", None, "one", 0),
        (b"", "kept", None, "two", 0),
        (b"bbbb,", "kept", None, "word", 1),
        (b"??", "quarantined", "odd", "", None),
        (b"]}", "header", "format:made", "", None),
    ]
    assert_tiled(document)


def test_the_first_kept_paragraph_holds_the_bytes() -> None:
    text = "Advertisement\nThe minister resigned.\nHe said so on Monday."
    document = assembled(b"0123456789", [record(end=10, kind="article", text=text)])
    assert [(p.byte_start, p.byte_end, p.fate) for p in document.paragraphs] == [
        (0, 0, "boilerplate"),
        (0, 10, "kept"),
        (10, 10, "kept"),
    ]
    assert document.items[0].text == "The minister resigned.\nHe said so on Monday."
    assert [run.reason for run in document.items[0].dropped] == ["boilerplate:advertisement"]


def test_a_record_without_text_is_an_item_and_its_bytes_are_structure() -> None:
    document = assembled(b"x", [record(kind="service", text=" \n")])
    (row,) = document.paragraphs
    assert (row.fate, row.rule, row.item) == ("header", "service", 0)
    assert (document.items[0].text, document.items[0].title) == ("", None)


@pytest.mark.parametrize(
    ("more", "title", "text"),
    [
        ({"text": "first\nsecond"}, "first", "first\nsecond"),
        ({"title": "Head", "text": "body"}, "Head", "Head\n\nbody"),
        ({"title": "Head", "text": "Head\nbody"}, "Head", "Head\nbody"),
        ({"title": " He\nad\u200b ", "text": ""}, "He ad", "He ad"),
        ({"title": "Share", "text": "body text", "kind": "article"}, "Share", "Share\n\nbody text"),
        ({"title": "", "text": "body"}, "body", "body"),
    ],
    ids=["none", "apart", "repeated", "mended", "like-furniture", "empty"],
)
def test_titles(more: dict[str, Any], title: str, text: str) -> None:
    item = item_of(**more)
    assert (item.title, item.text) == (title, text)


def test_text_goes_through_mend_and_says_so() -> None:
    document = assembled(b"\n\nx", [record(start=2, end=3, text="caf\u00c3\u00a9\u200b")])
    assert document.items[0].text == "café"
    (trace,) = document.traces
    assert (trace.line, {step.name for step in trace.steps}) == (3, {"repair", "invisibles"})


@pytest.mark.parametrize(
    ("posted", "best", "earliest", "latest", "precision", "edtf"),
    [
        (
            "2024-03-01T10:00:00+02:00",
            "2024-03-01T08:00:00Z",
            "2024-03-01T08:00:00Z",
            "2024-03-01T08:00:00Z",
            "second",
            "2024-03-01T08:00:00Z",
        ),
        (
            "2024-03-01T00:30:00+02:00",
            "2024-02-29T22:30:00Z",
            "2024-02-29T22:30:00Z",
            "2024-02-29T22:30:00Z",
            "second",
            "2024-02-29T22:30:00Z",
        ),
        ("2024-03-01T10:00:00", "2024-03-01", "2024-02-29", "2024-03-02", "day", "2024-02-29/2024-03-02"),
        ("2024-03-01", "2024-03-01", "2024-03-01", "2024-03-01", "day", "2024-03-01"),
        ("0001-01-01T00:00:00", "0001-01-01", "0001-01-01", "0001-01-01", "day", "0001-01-01"),
    ],
    ids=["zoned", "other-day", "no-zone", "day", "edge"],
)
def test_dates(posted: str, best: str, earliest: str, latest: str, precision: str, edtf: str) -> None:
    published = item_of(posted_at=posted).published
    assert (published.best, published.earliest, published.latest) == (best, earliest, latest)
    assert (published.precision, published.edtf, published.basis) == (precision, edtf, "field")


@pytest.mark.parametrize(
    "posted",
    ["", "yesterday", "2024-13-01T00:00:00Z", "9" * 40, "0001-01-01T00:00:00+14:00", "0999-01-01T00:00:00Z"],
)
def test_a_time_that_is_none_is_no_date(posted: str) -> None:
    item = item_of(posted_at=posted, edited_at=posted)
    assert item.posted_at is item.edited_at is None


def test_a_strange_year_stands_as_it_is_given_and_says_nothing_of_its_neighbours() -> None:
    records = [
        record(start=0, end=1, posted_at="9024-03-01T10:00:00Z"),
        record(start=1, end=2, text="On 5 May it rained."),
        record(start=2, end=3, posted_at="2024-05-06T10:00:00Z"),
    ]
    dates = [item.published.best for item in assembled(b"abc", records).items]
    assert dates == ["9024-03-01T10:00:00Z", "2024-05-06", "2024-05-06T10:00:00Z"]


def test_what_a_page_says_in_words_keeps_its_basis_and_words() -> None:
    published = item_of(posted_at="2024-03-01", posted_basis="header", posted_evidence="1 March").published
    assert (published.basis, published.evidence, published.best) == ("header", "1 March", "2024-03-01")


def test_extras_hold_what_has_no_column() -> None:
    item = item_of(
        channel_id="7",
        forwarded_link="https://e.org/1",
        posted_at="2024-03-01T10:00:00",
        extras='{"b": 1, "a": [2]}',
    )
    assert json.loads(item.extras or "") == {
        "a": [2],
        "b": 1,
        "channel_id": "7",
        "forwarded_link": "https://e.org/1",
        "posted_local": "2024-03-01T10:00:00",
    }
    assert item_of().extras is None


def ids(*records: Record) -> list[str]:
    return list(identify(records, "d" * 64))


def test_an_edit_is_a_version_and_a_repetition_the_same() -> None:
    first = record(identity="x:1", posted_at="2024-03-01T10:00:00Z")
    edited = replace(first, start=5, end=6, text="other", edited_at="2024-03-01T11:00:00Z")
    again = replace(first, start=8, end=9)
    assert len(set(ids(first, edited, again))) == 1


def test_an_identity_that_names_two_messages_is_none_for_the_second() -> None:
    first = record(identity="x:1", posted_at="2024-03-01T10:00:00Z", text="one")
    other = replace(first, start=5, end=6, text="two", posted_at="2021-01-01T10:00:00Z")
    found = ids(first, other)
    assert len(set(found)) == 2
    assert found[0] == ids(first)[0]
    assert ids(replace(other, start=5))[0] != found[1]  # alone, it is the message of that identity


def test_identity_does_not_depend_on_the_document_and_place_does() -> None:
    one = record(identity="x:1")
    assert list(identify([one], "a" * 64)) == list(identify([one], "b" * 64))
    assert list(identify([record()], "a" * 64)) != list(identify([record()], "b" * 64))


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 6)), max_size=8), st.binary(max_size=60))
@settings(max_examples=150)
def test_any_records_tile_any_bytes(gaps: list[tuple[int, int]], data: bytes) -> None:
    data = data.replace(b"\x00", b"\n")
    records, refusals, at = [], [], 0
    for number, (gap, length) in enumerate(gaps):
        start, end = at + gap, at + gap + length
        if end > len(data):
            break
        if number % 3 == 2:
            refusals.append(Refusal(start, end, "format", "odd", "?"))
        else:
            records.append(record(start=start, end=end, text="a\nb" if number % 2 else ""))
        at = end
    document = assembled(data, records, tuple(refusals))
    assert_tiled(document)
    spans = line_numbers(data, records)
    for one, (first, last) in zip(records, spans, strict=True):
        assert first == data[: one.start].count(b"\n") + 1
        assert last == data[: one.end - 1].count(b"\n") + 1
