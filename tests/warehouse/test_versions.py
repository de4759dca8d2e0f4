"""Versions of an item: the source's own times decide which is current, never the order of arrival."""

import itertools
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from warehouse_cases import AT, Words, batch_of, document, fingerprint

from schemas.items import CleanedDocument
from warehouse.checks import run_checks
from warehouse.connection import connect
from warehouse.land import land

OWN = "a" * 32


def version(text: str, posted: str | None = None, edited: str | None = None) -> tuple[CleanedDocument, bytes]:
    """Return an export with one version of the item and another item beside it."""
    cleaned, data = document([text], [f"beside {text} {edited}"], ids=[OWN])
    first, *rest = cleaned.items
    stamped = replace(first, native_id="42", posted_at=posted, edited_at=edited)
    return replace(cleaned, items=(stamped, *rest)), data


DAY = "2024-05-0{}T12:00:00Z"
CASES = {
    "the last edit": ([("posted", DAY.format(1), None), ("edited once", DAY.format(1), DAY.format(3)),
                       ("edited twice", DAY.format(1), DAY.format(4))], "edited twice"),
    "an edit before no edit": ([("as posted", DAY.format(9), None), ("edited", DAY.format(1), DAY.format(2))],
                               "edited"),
    "posted again": ([("old", DAY.format(1), None), ("new", DAY.format(2), None)], "new"),
    "the same text, edited": ([("same", DAY.format(1), None), ("same", DAY.format(1), DAY.format(2))],
                              "same"),
    "offsets are heard": ([("late", DAY.format(1), "2024-05-02T00:30:00+00:00"),
                           ("early", DAY.format(1), "2024-05-02T01:00:00+03:00")], "late"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_arrival_does_not_matter(empty: Callable[[], Path], case: str) -> None:
    versions, current = CASES[case]
    states: list[dict[str, str]] = []
    for order in itertools.permutations(versions):
        path = empty()
        with closing(connect(path, read_only=False, spill=path.parent)) as con:
            for number, one in enumerate(order):
                run = f"run-{number}"
                con.execute(
                    "INSERT INTO ops.runs BY NAME SELECT ? AS run_id, 'test' AS command, ?::TIMESTAMPTZ AS "
                    "started_at, 'running' AS state, ? AS place",
                    [run, AT, number],
                )
                land(con, batch_of(version(*one)), run_id=run, at=AT, matcher=Words())
            shown = con.execute("SELECT text, edited_at FROM items WHERE item_id = ?", [OWN]).fetchall()
            assert [text for text, _ in shown] == [current]
            history = con.execute(
                "SELECT text, is_current, is_superseded FROM item_versions WHERE item_id = ?", [OWN]
            ).fetchall()
            assert sorted(text for text, *_ in history) == sorted(text for text, *_ in versions)
            assert history[0] == (current, True, False)  # the current one comes first
            assert [is_current for _, is_current, _ in history[1:]] == [False] * (len(versions) - 1)
            assert run_checks(con) == []
            states.append(fingerprint(con))
    assert all(state == states[0] for state in states)


def test_a_version_seen_again_is_no_new_one(empty: Callable[[], Path]) -> None:
    path = empty()
    one: Any = ("text", DAY.format(1), DAY.format(2))
    with closing(connect(path, read_only=False, spill=path.parent)) as con:
        con.execute("INSERT INTO ops.runs VALUES ('run-1', 'test', ?::TIMESTAMPTZ, NULL, 'running', 0)", [AT])
        first, data = version(*one)
        second, more = document(["text"], ["another export"], ids=[OWN])
        second = replace(
            second, items=(replace(first.items[0], document_id=second.document_id), second.items[1])
        )
        land(con, batch_of((first, data)), run_id="run-1", at=AT, matcher=Words())
        landed = land(con, batch_of((second, more)), run_id="run-1", at=AT, matcher=Words())
        assert (landed.items_new, landed.items_changed, landed.items_unchanged) == (1, 0, 1)
        assert con.execute("SELECT documents FROM item_versions WHERE item_id = ?", [OWN]).fetchall() == [
            (2,)
        ]
