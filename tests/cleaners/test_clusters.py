"""Clusters: stars around the first item by date, length and id, whatever the order of the input."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.clusters import lead
from schemas.signatures import BLANK_KEY, Member, Membership, Pair

CASES = json.loads((Path(__file__).parent / "cases" / "clusters.json").read_text(encoding="utf-8"))
KEYS = ["k0", "k1", "k2", "k3", "k4", "k5", BLANK_KEY]


def member(item_id: str, text_key: str, earliest: str | None, length: int) -> Member:
    """Return a member from a row of a case."""
    return Member(item_id=item_id, text_key=text_key, earliest=earliest, length=length)


def pair(left: str, right: str, relation: Any, similarity: float) -> Pair:
    """Return a pair from a row of a case."""
    return Pair(left=left, right=right, relation=relation, similarity=similarity, containment=0.95)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_cases(case: dict[str, Any]) -> None:
    found = lead([member(*row) for row in case["members"]], [pair(*row) for row in case["pairs"]])
    assert {one.item_id: [one.cluster_id, one.relation] for one in found} == case["expect"]


def test_figures_come_from_the_pair() -> None:
    members = [member("a", "k1", None, 9), member("b", "k2", None, 5), member("c", "k1", None, 9)]
    assert lead(members, [pair("k1", "k2", "near", 0.75)]) == [
        Membership(item_id="a", cluster_id="a", relation=None, similarity=1.0, containment=1.0),
        Membership(item_id="b", cluster_id="a", relation="near", similarity=0.75, containment=0.95),
        Membership(item_id="c", cluster_id="a", relation="exact", similarity=1.0, containment=1.0),
    ]


def test_an_item_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="item a is given twice"):
        lead([member("a", "k1", None, 5), member("a", "k2", None, 5)], [])


MEMBERS = st.lists(
    st.tuples(
        st.sampled_from(KEYS),
        st.sampled_from([None, "2024-01-01", "2024-01-01T10:00:00Z"]),
        st.integers(0, 2),
    ),
    max_size=14,
).map(lambda rows: [member(f"i{at:02d}", *row) for at, row in enumerate(rows)])
PAIRS = st.dictionaries(
    st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS)).filter(lambda keys: keys[0] < keys[1]),
    st.tuples(st.sampled_from(["near", "contained", "variant"]), st.sampled_from([0.6, 0.7, 0.9])),
).map(lambda found: [pair(*keys, *figures) for keys, figures in found.items()])


def oracle(members: list[Member], pairs: list[Pair]) -> dict[str, tuple[str, str | None]]:
    """Do what the rule says, item against item."""
    related = {(one.left, one.right): one.relation for one in pairs}
    related |= {(right, left): relation for (left, right), relation in related.items()}
    waiting = sorted(members, key=lambda one: (one.earliest or "9999", -one.length, one.item_id))
    found: dict[str, tuple[str, str | None]] = {}
    while waiting:
        primary, *rest = waiting
        found[primary.item_id] = (primary.item_id, None)
        waiting, taken = [], [primary]
        for other in rest:
            same = other.text_key == primary.text_key
            relation = "exact" if same else related.get((primary.text_key, other.text_key))
            refused = any(related.get((one.text_key, other.text_key)) == "variant" for one in taken)
            if relation is None or refused or BLANK_KEY in (primary.text_key, other.text_key):
                waiting.append(other)
            else:
                found[other.item_id] = (primary.item_id, relation)
                taken.append(other)
    return found


@given(members=MEMBERS, pairs=PAIRS)
def test_equals_the_rule_item_by_item(members: list[Member], pairs: list[Pair]) -> None:
    found = lead(members, pairs)
    assert {one.item_id: (one.cluster_id, one.relation) for one in found} == oracle(members, pairs)


@given(members=MEMBERS, pairs=PAIRS, data=st.data())
def test_the_order_of_the_input_does_not_matter(members: list[Member], pairs: list[Pair], data: Any) -> None:
    found = lead(members, pairs)
    assert found == lead(data.draw(st.permutations(members)), data.draw(st.permutations(pairs)))
    assert [one.item_id for one in found] == sorted(one.item_id for one in members)
    primaries = {one.item_id for one in found if one.relation is None}
    assert {one.cluster_id for one in found} == primaries


@given(members=MEMBERS, pairs=PAIRS)
def test_no_cluster_holds_variants(members: list[Member], pairs: list[Pair]) -> None:
    texts = {one.item_id: one.text_key for one in members}
    clusters: dict[str, set[str]] = {}
    for one in lead(members, pairs):
        assert one.relation != "variant"
        clusters.setdefault(one.cluster_id, set()).add(texts[one.item_id])
    for pair in pairs:
        if pair.relation == "variant":
            assert not any({pair.left, pair.right} <= held for held in clusters.values())


def test_a_hundred_thousand_copies_of_one_text() -> None:
    """Quadratic work would take hours here."""
    members = [member(f"{at:06d}", "k1", None, 5) for at in range(100_000)]
    found = lead(members, [])
    assert {one.cluster_id for one in found} == {"000000"}
    assert sum(one.relation == "exact" for one in found) == 99_999


def test_fifty_thousand_texts_around_one_each_a_variant_of_the_next() -> None:
    """Asking each text of the cluster about each other would take minutes here."""
    texts = [f"t{at:05d}" for at in range(50_000)]
    hub = member("hub", "hub", "2024-01-01", 5)
    members = [hub, *(member(text, text, None, 5) for text in texts)]
    near = [pair("hub", text, "near", 0.8) for text in texts]
    variants = [pair(left, right, "variant", 0.8) for left, right in pairwise(texts)]
    found = lead(members, near + variants)
    assert [one.item_id for one in found if one.cluster_id == "hub"] == ["hub", *texts[::2]]
