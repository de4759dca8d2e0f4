"""What is learned of a source's texts, and what is not; and that learning does not depend on their order."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.chain import clean
from cleaners.edges import LAST, edge_lines
from cleaners.footers import LEAST_ITEMS, learn
from schemas.documents import Blob
from schemas.items import CleanedDocument
from schemas.options import CleanOptions, EdgeLine

CASES = json.loads((Path(__file__).parent / "cases" / "footers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_cases(case: dict[str, Any]) -> None:
    found = learn(case["input"])
    assert sorted([one.position, one.line, one.items] for one in found) == sorted(case["expect"])


def test_what_is_said_of_a_proposal() -> None:
    texts = [f"Post number {letter}\nMore {letter}\nFollow us" for letter in "abcdef"] + ["Alone\nNo footer"]
    (one,) = learn([*texts, *texts], least_share=0.5)
    assert (one.items, one.share, one.line) == (6, round(6 / 7, 4), "Follow us")
    assert one.example == "Post number a"
    assert one.id == learn(texts)[0].id
    assert learn(texts, least_share=0.9) == []


_LINE = st.sampled_from(
    ["Follow us", "follow us!", "Town news", "#tag", "https://t.me/a", "—", "Mill 7", "Mill 8"]
)
_TEXT = st.builds(
    lambda head, own, tail: "\n".join([*head, *own, *tail]),
    st.lists(_LINE, max_size=2),
    st.lists(st.text("abcdef", min_size=3, max_size=6), max_size=3),
    st.lists(_LINE, max_size=5),
)


@given(texts=st.lists(_TEXT, max_size=25), data=st.data())
def test_the_order_of_items_does_not_matter(texts: list[str], data: st.DataObject) -> None:
    assert learn(texts) == learn(data.draw(st.permutations(texts)))


@given(st.lists(_TEXT, max_size=25))
def test_a_proposal_counts_what_its_rule_takes(texts: list[str]) -> None:
    found = learn(texts)
    rules = tuple(EdgeLine(id=one.id, position=one.position, example=one.line) for one in found)
    taken = [edge_lines([line for line in text.split("\n") if line], rules) for text in set(texts)]
    for one in found:
        assert one.items >= LEAST_ITEMS
        assert one.items <= sum(one.id in names.values() for names in taken)


FOOTER = EdgeLine(id="foot", position="last", example="Follow us")
RUBRIC = EdgeLine(id="head", position="first", example="TOWN NEWS")


@pytest.mark.parametrize(
    ("lines", "expect"),
    [
        (["A text.", "👉 follow US!"], {1: "foot"}),
        (["A text.", "Follow us", "#news", "https://t.me/mill"], {1: "foot"}),
        (["A text.", "Follow us", "Follow us"], {1: "foot", 2: "foot"}),
        (["TOWN NEWS", "A text.", "Follow us"], {0: "head", 2: "foot"}),
        (["Follow us", "A text."], {}),
        (["A text.", "TOWN NEWS"], {}),
        (["A text.", "Follow us", "Another text."], {}),
        (["One.", "Follow us", *["—"] * LAST], {}),
        (["Follow us"], {}),
        (["TOWN NEWS", "Follow us"], {}),
        (["Follow us", "#news"], {}),
        ([], {}),
    ],
)
def test_lines_are_taken_at_edges_only(lines: list[str], expect: dict[int, str]) -> None:
    assert edge_lines(lines, (RUBRIC, FOOTER)) == expect
    assert edge_lines(lines, ()) == {}


def cleaned(text: str, *rules: EdgeLine, name: str | None = None) -> CleanedDocument:
    return clean(
        Blob(data=text.encode(), source="s", uri="x"), CleanOptions(input_format=name, edges=tuple(rules))
    )


POSTS = [
    ["The ferry to the island was cancelled after the storm.", "Its crew stays in the harbour until Monday."],
    ["A mill by the river caught fire during the night.", "Nobody was hurt, the fire brigade reported."],
    ["The town council met about the new bridge.", "Work on it begins next spring, said the mayor."],
]


def test_in_a_dump_of_doubled_posts_a_copy_of_a_footer_is_one_too() -> None:
    foot = "Town voice, day and night https://t.me/voice"
    dump = "\n\n".join("\n\n".join([*post, foot] * 2) for post in POSTS)
    rule = EdgeLine(id="foot", position="last", example=foot)
    plain, document = cleaned(dump), cleaned(dump, rule)
    assert [item.text for item in document.items] == ["\n\n".join(post) for post in POSTS]
    assert [item.item_id for item in document.items] == [item.item_id for item in plain.items]
    assert all(item.urls == ("https://t.me/voice",) for item in document.items)
    fates = [one.fate for one in document.paragraphs if one.text == foot]
    assert fates == ["boilerplate"] * 6
    kept = {one.ordinal for one in document.paragraphs if one.fate == "kept"}
    assert all(one.of_ordinal in kept for one in document.paragraphs if one.of_ordinal is not None)
    assert [(one.byte_start, one.byte_end) for one in document.paragraphs] == [
        (one.byte_start, one.byte_end) for one in plain.paragraphs
    ]
    assert {one.reason for item in document.items for one in item.dropped} == {"echo", "boilerplate:foot"}


def test_a_title_of_its_own_and_an_unlike_document_stay_as_they_are() -> None:
    rule = EdgeLine(id="head", position="first", example="Town news")
    row = '{"title": "Town news", "text": "Town news\\nThe ferry sailed.", "id": "1"}\n'
    (item,) = cleaned(row, rule, name="jsonl").items
    assert (item.title, item.text.split()[-1]) == ("Town news", "sailed.")
    dump = "\n\n".join("\n\n".join(post * 2) for post in POSTS)
    assert cleaned(dump, rule) == cleaned(dump)
