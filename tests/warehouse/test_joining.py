"""Joined batches land as they do one by one."""

from pathlib import Path

import pytest
from test_land import DOCUMENTS, landed_state
from warehouse_cases import batch_of, document

from schemas.signatures import Recipe
from warehouse.joining import join
from warehouse.tabulate import tabulate

# A text of another batch, a document of another batch, and nothing new at all.
BATCHES = [
    batch_of(*DOCUMENTS[:2]),
    batch_of(document(["lost cat"], ["rain"], name="d.txt"), DOCUMENTS[2]),
    batch_of(DOCUMENTS[1], DOCUMENTS[3]),
    batch_of(DOCUMENTS[0]),
]


def test_joined_batches_land_as_they_do_one_by_one(migrated: Path) -> None:
    forth, (totals, items) = landed_state(migrated, BATCHES)
    assert landed_state(migrated, [join(BATCHES)]) == (forth, [totals, items])
    assert landed_state(migrated, [join(BATCHES[:2]), join(BATCHES[2:])]) == (forth, [totals, items])


def test_what_is_there_twice_is_there_once() -> None:
    joined = join([*BATCHES, *BATCHES])
    for name, key in (("documents", "document_key"), ("receipts", "receipt_key"), ("signatures", "text_key")):
        keys = [row[key] for row in joined.tables()[name].to_pylist()]
        assert len(keys) == len(set(keys))
    assert joined.documents.num_rows == len(DOCUMENTS) + 1
    bands = [{tuple(row.values()) for row in batch.bands.to_pylist()} for batch in (joined, *BATCHES)]
    assert joined.bands.num_rows == len(bands[0])
    assert bands[0] == set.union(*bands[1:])
    assert join(BATCHES[:1]) is BATCHES[0]


def test_batches_of_different_recipes_are_not_joined() -> None:
    cleaned, data = document(["lost cat"])
    other = tabulate([cleaned], {cleaned.document_id: data}, {}, Recipe(version=99), {}, "test-1")
    with pytest.raises(ValueError, match="one recipe"):
        join([BATCHES[0], other])
    with pytest.raises(ValueError, match="at least one"):
        join([])
