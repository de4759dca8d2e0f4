"""Link-preview cards, table-driven."""

import json
from pathlib import Path
from typing import Any

import pytest

from cleaners.cards import find_cards

CASES = json.loads((Path(__file__).parent / "cases" / "cards.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_length_of_the_card(case: dict[str, Any]) -> None:
    texts = [*case["post"], *case["lines"]]
    card = find_cards(texts, [True] * len(texts)).get(len(case["post"]))
    assert [card.least, card.most] == case["expect"] if card else case["expect"] == []
