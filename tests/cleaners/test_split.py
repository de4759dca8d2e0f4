"""Shapes of dumps, table-driven: where posts start and what is left of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rapidfuzz.fuzz import ratio

from cleaners.chain import clean
from schemas.documents import Blob

CASES = json.loads((Path(__file__).parent / "cases" / "split.json").read_text(encoding="utf-8"))
PARAMS = [
    pytest.param(
        case,
        id=case["label"],
        marks=[pytest.mark.xfail(reason=case["xfail"], strict=True)] if "xfail" in case else [],
    )
    for case in CASES
]


def items_of(text: str) -> list[dict[str, Any]]:
    document = clean(Blob(data=text.encode(), source="test", uri="test.txt"))
    return [{"first_line": item.first_line, "text": item.text.split("\n")} for item in document.items]


@pytest.mark.parametrize("case", PARAMS)
def test_posts_and_their_text(case: dict[str, Any]) -> None:
    assert items_of("\n".join(case["lines"])) == case["expect"]


@pytest.mark.parametrize(
    "case", [case for case in CASES if "forwarded" in case], ids=lambda case: case["label"]
)
def test_forwards(case: dict[str, Any]) -> None:
    document = clean(Blob(data="\n".join(case["lines"]).encode(), source="test", uri="test.txt"))
    assert [item.forwarded_from for item in document.items] == case["forwarded"]


@pytest.mark.parametrize("case", PARAMS)
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_a_trailing_line_break_and_crlf_change_nothing(case: dict[str, Any], ending: str) -> None:
    assert items_of(ending.join(case["lines"]) + ending) == case["expect"]


@pytest.mark.parametrize(
    "case", [case for case in CASES if "xfail" not in case], ids=lambda case: case["label"]
)
def test_blank_lines_between_lines_move_no_boundary(case: dict[str, Any]) -> None:
    found = items_of("\n\n".join(case["lines"]))
    assert [item["first_line"] for item in found] == [2 * item["first_line"] - 1 for item in case["expect"]]


def test_what_the_boundary_rests_on_is_said() -> None:
    case = CASES[0]
    document = clean(Blob(data="\n".join(case["lines"]).encode(), source="test", uri="test.txt"))
    assert {item.boundary_cue for item in document.items} == {"echoes"}
    assert all(0 <= item.boundary_confidence <= 1 for item in document.items)


@pytest.mark.parametrize("count", [3, 60])
def test_where_stamps_stand_no_line_without_one_opens_a_post(count: int) -> None:
    """However many lines look like openings: a message has several paragraphs, each with its flag."""
    lines = []
    for number in range(count):
        lines += [
            f"Minfin, [{number % 28 + 1:02}.03.2023 14:05]",
            f"🇷🇺 On March {number % 28 + 1}, a briefing took place.",
        ]
        lines += [
            f"🇺🇳 In Geneva, delegation {number} held talks.",
            f"⚡️ Breaking: the vote on item {number} is over.",
        ]
    found = items_of("\n".join(lines))
    assert [item["first_line"] for item in found] == [1 + 4 * number for number in range(count)]


def test_an_item_that_rests_on_nothing_says_so() -> None:
    """Three posts run together without a cue are one item, with less confidence than one long post."""
    cases = {case["label"]: case for case in CASES}
    together, alone = (
        clean(Blob(data="\n".join(cases[label]["lines"]).encode(), source="test", uri="test.txt")).items
        for label in ("neither doubled nor any cue: one item rather than a guess", "a long single post")
    )
    assert len(together) == len(alone) == 1
    assert together[0].boundary_confidence < 0.5
    assert together[0].boundary_confidence < alone[0].boundary_confidence


@pytest.mark.parametrize(
    "case", [case for case in CASES if "xfail" not in case], ids=lambda case: case["label"]
)
def test_collapsing_what_was_collapsed_drops_no_copy(case: dict[str, Any]) -> None:
    once = [line for item in case["expect"] for line in item["text"]]
    document = clean(Blob(data="\n".join(once).encode(), source="test", uri="test.txt"))
    assert {paragraph.fate for paragraph in document.paragraphs} == {"kept"}


WORDS = (
    ["Farmers", "Judges", "Pilots", "Nurses", "Voters"],
    ["reject", "expect", "demand", "postpone"],
    ["new elections", "higher wages", "a second bridge", "cheaper bread"],
    ["Quito", "Oslo", "Accra", "Hanoi"],
    ["ministry", "union", "mayor", "court"],
)
SENTENCE = st.builds("{} {} {} in {}, the {} said.".format, *map(st.sampled_from, WORDS))


@given(st.lists(SENTENCE, min_size=16, max_size=32, unique=True))
@settings(max_examples=60)
def test_what_is_said_twice_running_is_kept_once(sentences: list[str]) -> None:
    """Whatever the posts say, nothing is lost, and the second copies are gone but for a line in ten.

    No two posts share a line: one that repeats another but for a word is read as its copy (a known failure
    among the cases).
    """
    posts = [sentences[at : at + 4] for at in range(0, len(sentences) - 3, 4)]
    lines = [line for post in posts for line in [*post, *post[1:]]]
    document = clean(Blob(data="\n".join(lines).encode(), source="test", uri="test.txt"))
    kept = [paragraph.text for paragraph in document.paragraphs if paragraph.fate == "kept"]
    second_copies = sum(len(post) - 1 for post in posts)
    assert set(kept) == set(lines)
    assert len(kept) <= len(lines) - 0.9 * second_copies + 1


NEWS = [
    *("council", "river", "bridge", "minister", "border", "harvest", "railway", "museum", "verdict", "storm"),
    *("budget", "strike", "airport", "vaccine", "pipeline", "election", "teachers", "satellite", "hospital"),
    *("drought", "festival", "parliament", "merchant", "quarry", "ferry", "tribunal", "orchestra", "glacier"),
]
LINE = st.lists(st.sampled_from(NEWS), min_size=4, max_size=9, unique=True).map(" ".join)


def unlike(lines: list[str]) -> list[str]:
    """Keep the lines that are like none before: from an Indel ratio of .6 on, lines may be copies."""
    kept: list[str] = []
    for line in lines:
        if not any(ratio(line, other) >= 60 for other in kept):
            kept.append(line)
    return kept


@given(
    st.lists(LINE, min_size=8, max_size=40).map(unlike),
    st.lists(st.tuples(st.integers(2, 6), st.sampled_from([1, 2, 2, 2, 3]), st.booleans()), min_size=8),
)
@example(  # three characters of ten are doubled; with the header counted, fewer
    [
        "council bridge river railway",
        "council minister pipeline river",
        "river bridge harvest minister",
        "council river verdict pipeline bridge railway minister",
        "council river bridge railway airport satellite minister verdict museum",
        "minister council river bridge",
        "council river minister harvest railway bridge border museum verdict",
        "council river bridge minister border harvest",
        "border river bridge council",
    ],
    [(6, 1, True), (3, 2, False)],
)
@settings(max_examples=150)
def test_collapsing_a_collapsed_text_changes_nothing(
    sentences: list[str], shapes: list[tuple[int, int, bool]]
) -> None:
    """Posts of 2 to 6 lines whose body is said once to three times, some under a forwarded header.

    No line is like another: else two posts may as well be one, with slips in its copy.
    """
    lines: list[str] = []
    for size, times, forwarded in shapes:
        post, sentences = [f"{line.capitalize()}." for line in sentences[:size]], sentences[size:]
        lines += ["Forwarded from Channel One"] * (forwarded and bool(post)) + post[:1] + post[1:] * times
    document = clean(Blob(data="\n".join(lines).encode(), source="test", uri="test.txt"))
    once = [paragraph.text for paragraph in document.paragraphs if paragraph.fate == "kept"]
    again = clean(Blob(data="\n".join(once).encode(), source="test", uri="test.txt"))
    assert [paragraph.text for paragraph in again.paragraphs if paragraph.fate == "kept"] == once
