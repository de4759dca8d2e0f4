"""What reaches the dating stage: metadata lines, datelines below a headline, captures as upper bounds."""

import pytest

from cleaners.chain import clean
from schemas.documents import Blob
from schemas.items import Published

BODY = "The government announced a plan for the railways.\nIt will be voted on in parliament."
POSTS = "\n".join(
    line
    for day in (13, 14, 15, 17, 18)
    for line in (
        f"On July {day}, 2023, ministers met in town number {day} for talks.",
        f"The delegation of day {day} praised the dialogue between the two sides.",
        f"The delegation of day {day} praised the dialogue between the two sides.",
    )
)
UNDATED_POST = "\nA new bridge opens\nIt was built in three years.\nIt was built in three years."


def dated(text: str, fetched_at: str | None = None) -> list[Published]:
    blob = Blob(data=text.encode(), source="test", uri="test.txt", fetched_at=fetched_at)
    return [item.published for item in clean(blob).items]


@pytest.mark.parametrize(
    ("opening", "best", "basis"),
    [
        ("A plan for the railways\n\nPARIS, March 5, 2024 (AFP) - A plan was made.", "2024-03-05", "header"),
        ("A plan for the railways\nPublished: 5 March 2024", "2024-03-05", "header"),
        ("A plan for the railways\n2024-03-05T10:15:00Z", "2024-03-05", "header"),
        ("A plan for the railways\n5 марта 2024 года, 10:15", "2024-03-05", "header"),
        ("date 2024-03-05 PARIS - A plan was made.", "2024-03-05", "header"),
        ("A plan for the railways\n5 March 2024 was a hard day for the town, said its mayor.", None, "none"),
        ("A plan for the railways\nOn 7/8/2023", None, "none"),
    ],
)
def test_an_article_is_dated_by_what_stands_above_its_text(
    opening: str, best: str | None, basis: str
) -> None:
    (published,) = dated(f"{opening}\n{BODY}")
    assert (published.best, published.basis) == (best, basis)


def test_nothing_is_dated_behind_its_capture() -> None:
    for published in dated(POSTS + UNDATED_POST, "2023-07-18"):
        days = [day for day in (published.best, published.earliest, published.latest) if day]
        assert days
        assert all(day <= "2023-07-18" for day in days)


def test_an_open_interval_ends_at_the_capture() -> None:
    last = dated(POSTS + UNDATED_POST, "2023-08-30")[-1]
    assert last.basis == "neighbours"
    assert last.latest is not None
    assert last.latest <= "2023-08-30"


def test_an_interval_of_months_is_not_precise_to_the_day() -> None:
    for published in dated(POSTS + UNDATED_POST, "2023-08-30"):
        if published.basis == "neighbours" and published.earliest and published.latest:
            wide = (int(published.latest[5:7]) - int(published.earliest[5:7])) >= 1
            assert not (wide and published.precision == "day")
