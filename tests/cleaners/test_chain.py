"""The whole chain: golden seeds, and properties that hold for every input."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners.chain import clean
from cleaners.mend import mend
from schemas.documents import Blob
from schemas.items import CleanedDocument

ROOT = Path(__file__).parents[2]
SEEDS = sorted((ROOT / "seeds").glob("*.txt"))
LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "Alpha",
                "Beta gamma delta.",
                "Forwarded from X",
                "Facebook",
                "#tag",
                "---",
                "",
                "A, [13.07.2023 14:05]",
            ]
        ),
        st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30),
    ),
    max_size=25,
)


def cleaned(data: bytes) -> CleanedDocument:
    return clean(Blob(data=data, source="test", uri="test.txt"))


def summary(document: CleanedDocument) -> dict[str, Any]:
    """What a golden file pins: lines by fate, and what a reader sees of each item."""
    fates: dict[str, list[str]] = {}
    for paragraph in document.paragraphs:
        of = document.paragraphs[paragraph.of_ordinal].line if paragraph.of_ordinal is not None else None
        rule = f":{paragraph.rule}" if paragraph.rule else ""
        fates.setdefault(paragraph.fate + rule, []).append(f"{paragraph.line}" + (f"={of}" if of else ""))
    return {
        "fates": {fate: " ".join(lines) for fate, lines in sorted(fates.items())},
        "items": [
            {
                "lines": f"{item.first_line}-{item.last_line}",
                "kind": item.kind,
                "forwarded_from": item.forwarded_from,
                "title": item.title,
                "text_length": len(item.text),
                "published": f"{item.published.best} {item.published.edtf} {item.published.basis}",
                "evidence": item.published.evidence,
                "hashtags": list(item.hashtags),
                "urls": list(item.urls),
                "card": [item.card.site, item.card.title, item.card.description] if item.card else None,
            }
            for item in document.items
        ],
    }


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.stem)
def test_seed_equals_its_reviewed_result(seed: Path) -> None:
    golden = json.loads((ROOT / "tests" / "golden" / f"{seed.stem}.json").read_text(encoding="utf-8"))
    assert summary(cleaned(seed.read_bytes())) == golden


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.stem)
def test_every_byte_of_a_seed_is_in_one_paragraph_and_every_text_can_be_found_again(seed: Path) -> None:
    data = seed.read_bytes()
    document = cleaned(data)
    for item in document.items:
        source = data[item.byte_start : item.byte_end].decode()
        assert all(line in source for line in item.text.split("\n"))
    for paragraph in document.paragraphs:
        assert paragraph.text in data[paragraph.byte_start : paragraph.byte_end].decode()


@given(LINES, st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=150)
def test_paragraphs_tile_the_bytes(lines: list[str], ending: str) -> None:
    data = ending.join(lines).encode()
    document = cleaned(data)
    reached = 0
    for ordinal, paragraph in enumerate(document.paragraphs):
        assert (paragraph.ordinal, paragraph.byte_start) == (ordinal, reached)
        reached = paragraph.byte_end
    assert reached == len(data)


@given(st.binary(max_size=300))
@settings(max_examples=150)
def test_any_bytes_are_accounted_for(data: bytes) -> None:
    document = cleaned(data)
    covered = [(paragraph.byte_start, paragraph.byte_end) for paragraph in document.paragraphs]
    assert [start for start, _ in covered] == [0, *(end for _, end in covered)][: len(covered)]
    assert (covered[-1][1] if covered else 0) == len(data)


@given(LINES)
@settings(max_examples=150)
def test_kept_lines_stand_in_exactly_one_item_and_items_hold_nothing_else(lines: list[str]) -> None:
    document = cleaned("\n".join(lines).encode())
    for item in document.items:
        kept = [p.text for p in document.paragraphs if p.item == item.ordinal and p.fate == "kept"]
        assert item.text.replace("\n\n", "\n") == "\n".join(kept).replace("\n\n", "\n")
    kept_texts = {p.text for p in document.paragraphs if p.fate == "kept"}
    assert kept_texts <= {mend(line.removesuffix("\r"))[0] for line in "\n".join(lines).split("\n")}
    assert all(p.item is not None for p in document.paragraphs if p.fate != "quarantined")


@given(LINES)
@settings(max_examples=80)
def test_same_bytes_same_answer(lines: list[str]) -> None:
    data = "\n".join(lines).encode()
    assert cleaned(data) == cleaned(data)


@given(LINES)
@settings(max_examples=150)
def test_a_copy_names_a_kept_line(lines: list[str]) -> None:
    document = cleaned("\n".join(lines).encode())
    for paragraph in document.paragraphs:
        if paragraph.fate in ("echo", "near-echo"):
            assert paragraph.of_ordinal is not None
            original = document.paragraphs[paragraph.of_ordinal]
            assert original.fate == "kept"
            assert original.item == paragraph.item


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\0" * 5000, "nul-bytes"),
        (b"\n \n\t\n", "no-text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 40, "binary"),
    ],
    ids=["empty", "nuls", "blank", "png"],
)
def test_bad_input_is_refused_whole_with_a_reason(data: bytes, reason: str) -> None:
    document = cleaned(data)
    assert document.items == ()
    assert [(refusal.start, refusal.end, refusal.reason) for refusal in document.quarantine] == [
        (0, len(data), reason)
    ]


def test_one_huge_line_is_refused_and_the_others_land() -> None:
    data = b"First line.\n" + b"x" * (2 << 20) + b"\nLast line.\n"
    document = cleaned(data)
    assert [item.text for item in document.items] == ["First line.\nLast line."]
    assert [(refusal.reason, refusal.end - refusal.start) for refusal in document.quarantine] == [
        ("huge-line", (2 << 20) + 1)
    ]


def test_broken_utf8_lands_and_its_bytes_are_in_quarantine() -> None:
    data = (
        "Міністр сказав так.\n".encode()
        + b"caf\xc3 and caf\xe9 again, said twice over.\n"
        + "Кінець.\n".encode()
    )
    document = cleaned(data)
    assert "\ufffd" in document.items[0].text
    (refusal,) = document.quarantine
    assert (refusal.reason, data[refusal.start : refusal.end]) == (
        "invalid-utf8",
        data.splitlines(keepends=True)[1],
    )
    assert sum(p.byte_end - p.byte_start for p in document.paragraphs) == len(data)
