"""The resolver: cases for each kind of evidence, the seeds against their labels, and what always holds."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners.dates import DateInput, resolve

HERE = Path(__file__).parent
SEEDS = HERE.parents[2] / "seeds"
CASES = json.loads((HERE / "cases" / "resolver.json").read_text("utf-8"))
LABELLED = json.loads((HERE / "cases" / "seeds.json").read_text("utf-8"))


def as_input(item: str | dict[str, object]) -> DateInput:
    """Return the input of a case: a bare text is a post."""
    fields = {"text": item} if isinstance(item, str) else dict(item)
    for name in ("headers", "captions"):
        if name in fields:
            fields[name] = tuple(fields[name])
    return DateInput(**fields)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case, id=case["label"], marks=pytest.mark.xfail(reason=case["xfail"]) if "xfail" in case else ()
        )
        for case in CASES
    ],
)
def test_evidence(case: dict[str, object]) -> None:
    answers = resolve([as_input(item) for item in case["items"]], fetched_at=case.get("fetched_at"))
    got = [
        {name: getattr(answer, name) for name in expected}
        for answer, expected in zip(answers, case["expect"], strict=True)
    ]
    assert got == case["expect"]


def seed_inputs(seed: dict[str, object]) -> list[DateInput]:
    """Return the items of a seed, cut by the labelled line ranges: kept lines and captions."""
    (path,) = SEEDS.glob(f"{seed['file']}*.txt")
    lines = path.read_text("utf-8").split("\n")

    def pick(spans: list[list[int]]) -> list[str]:
        return [line for first, last in spans for line in lines[first - 1 : last]]

    return [
        DateInput(
            text="\n".join(pick(item["kept"])),
            kind=seed["kind"],
            captions=tuple(pick(item.get("captions", []))),
        )
        for item in seed["items"]
    ]


@pytest.mark.parametrize("fetched_at", [None, "2026-11-01"])
@pytest.mark.parametrize("seed", LABELLED, ids=lambda seed: seed["file"])
def test_seeds(seed: dict[str, object], fetched_at: str | None) -> None:
    slack = timedelta(days=1)
    for item, answer in zip(seed["items"], resolve(seed_inputs(seed), fetched_at=fetched_at), strict=True):
        assert answer.basis == item["basis"], item
        if item["basis"] == "none":
            assert answer.best is None
            continue
        low, high = (date.fromisoformat(item[end]) for end in ("earliest", "latest"))
        assert answer.best is not None
        assert low - slack <= date.fromisoformat(answer.best) <= high + slack, (item, answer)
        assert answer.earliest is not None
        assert answer.latest is not None
        assert answer.earliest <= item["latest"], (item, answer)
        assert answer.latest >= item["earliest"], (item, answer)


SENTENCES = st.sampled_from(
    ["On March 1, 2023 they met.", "On March 9 they met.", "Nothing.", "In 2019 it was so.",
     "On Friday, May 26, yes.", "They will meet on April 8-9.", "5 мая 2024 года", "Сегодня, 6 мая",
     "On 31 December 2022, at last.", "29 февраля"]
)  # fmt: skip


@settings(max_examples=40)
@given(st.lists(SENTENCES, max_size=8), st.sampled_from([None, "2023-06-01", "2030-01-01"]))
def test_answers_are_consistent(texts: list[str], fetched_at: str | None) -> None:
    answers = resolve([DateInput(text=text) for text in texts], fetched_at=fetched_at)
    assert len(answers) == len(texts)
    for answer in answers:
        days = [day for day in (answer.earliest, answer.best, answer.latest) if day is not None]
        assert days == sorted(days)
        assert fetched_at is None or all(day <= fetched_at for day in days)
        assert 0.0 <= answer.confidence <= 1.0
        assert (answer.basis == "none") == (answer.edtf is None)


@settings(max_examples=40)
@given(
    st.lists(
        st.sampled_from(["On July 13 they met.", "Friday, May 26", "Nothing.", "в среду", "5 мая"]),
        max_size=8,
    )
)
def test_without_a_year_no_year_is_given(texts: list[str]) -> None:
    for answer in resolve([DateInput(text=text) for text in texts], fetched_at="2024-01-01"):
        assert (answer.best, answer.earliest, answer.latest) == (None, None, None)
        assert answer.edtf is None or answer.edtf.startswith("XXXX-")


@pytest.mark.parametrize("newest_first", [False, True])
def test_two_dumps_joined_keep_their_years(newest_first: bool) -> None:
    days = [
        date(2023, 3, 1),
        date(2023, 3, 3),
        date(2023, 3, 6),
        date(2022, 2, 1),
        date(2022, 2, 3),
        date(2022, 2, 6),
    ]
    told = [f"On {day:%B} {day.day}, {day.year} they met." for day in days]
    told[1], told[4] = "On March 3 they met.", "On February 3 they met."
    order = slice(None, None, -1 if newest_first else 1)
    answers = resolve([DateInput(text=text) for text in told[order]])
    for day, answer in zip(days[order], answers, strict=True):
        assert answer.best is not None
        assert abs((date.fromisoformat(answer.best) - day).days) <= 1


def test_the_answer_does_not_depend_on_earlier_calls() -> None:
    items = [
        DateInput(text=text) for text in ("On March 1, 2023 they met.", "Nothing.", "On March 9 they met.")
    ]
    first = resolve(items)
    resolve([DateInput(text="On May 5, 2019 they met.")])
    assert resolve(items) == first
