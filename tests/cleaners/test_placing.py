"""Placing texts in waves: the clusters that choosing all at once gives, by a bounded number of questions."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cleaners.clusters import lead
from cleaners.placing import HEADS, WITNESSES, place
from schemas.signatures import BLANK_KEY, Member, Pair, Placed, Standing, Wave

KEYS = ["k0", "k1", "k2", "k3", "k4", "k5", BLANK_KEY]
DAYS = st.sampled_from([None, "2024-01-01", "2024-01-01T10:00:00Z"])
MEMBERS = st.lists(st.tuples(st.sampled_from(KEYS), DAYS, st.integers(0, 2)), max_size=14).map(
    lambda rows: [
        Member(item_id=f"i{at:02d}", text_key=text, earliest=day, length=length)
        for at, (text, day, length) in enumerate(rows)
    ]
)


def pair(left: str, right: str, relation: Any, similarity: float) -> Pair:
    """Return a pair."""
    return Pair(left=left, right=right, relation=relation, similarity=similarity, containment=0.95)


PAIRS = st.dictionaries(
    st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS)).filter(lambda keys: keys[0] < keys[1]),
    st.tuples(st.sampled_from(["near", "contained", "variant"]), st.sampled_from([0.6, 0.7, 0.9])),
).map(lambda found: [pair(*keys, *figures) for keys, figures in found.items()])


def standing(text: str, day: str | None = None, length: int = 1) -> Standing:
    """Return a text that has not been placed."""
    return Standing(text_key=text, item_id=f"i-{text}", earliest=day, length=length)


def standings(members: Sequence[Member]) -> list[Standing]:
    """Return the texts of members, each by its best one."""
    best: dict[str, Standing] = {}
    for one in members:
        stands = Standing(
            text_key=one.text_key, item_id=one.item_id, earliest=one.earliest, length=one.length
        )
        if one.text_key != BLANK_KEY and stands.rank < best.get(one.text_key, stands).rank:
            best[one.text_key] = stands
        elif one.text_key != BLANK_KEY:
            best.setdefault(one.text_key, stands)
    return list(best.values())


def never(asked: Sequence[tuple[str, str]]) -> list[Pair]:
    """Fail: all pairs were given."""
    raise AssertionError(asked)


def placed_in_waves(texts: list[Standing], pairs: list[Pair], cuts: list[int]) -> dict[str, Standing]:
    """Place texts a few at a time, the earliest first."""
    done: dict[str, Standing] = {}
    ranked = sorted(texts, key=lambda text: text.rank)
    for begin, end in pairwise([0, *cuts, len(ranked)]):
        some = ranked[begin:end]
        own = {text.text_key for text in some}
        known = own | done.keys()
        touching = [one for one in pairs if {one.left, one.right} & own and {one.left, one.right} <= known]
        around = list(done.values())
        wave = Wave(texts=some, around=around, pairs=touching, floods={}, heads={}, witnesses={})
        done |= {text.text_key: text for text in place(wave, never).texts}
    return done


@given(members=MEMBERS, pairs=PAIRS, data=st.data())
def test_waves_end_where_choosing_all_at_once_does(
    members: list[Member], pairs: list[Pair], data: st.DataObject
) -> None:
    texts = standings(members)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(texts)), max_size=3)))
    found = placed_in_waves(data.draw(st.permutations(texts)), data.draw(st.permutations(pairs)), cuts)
    clusters = {one.item_id: one for one in lead(members, pairs)}
    items = {text.text_key: text.item_id for text in texts}
    for text in found.values():
        assert text.lead is not None
        chosen = clusters[text.item_id]
        assert chosen.cluster_id == items[text.lead]
        assert (chosen.relation, chosen.similarity) == (text.relation, text.similarity)


class Judge:
    """Judges pairs by a table, and counts."""

    def __init__(self, relation: Any) -> None:
        self.relation, self.asked = relation, 0

    def __call__(self, asked: Sequence[tuple[str, str]]) -> list[Pair]:
        """Judge."""
        self.asked += len(asked)
        found = [(left, right, self.relation(left, right)) for left, right in asked]
        return [pair(left, right, relation, 0.8) for left, right, relation in found if relation]


def flood(texts: Sequence[str], judge: Judge) -> Placed:
    """Place texts that are all in one bucket, the first one as the earliest."""
    made = [standing(text, f"2024-01-01T{at:06d}") for at, text in enumerate(texts)]
    floods = dict.fromkeys(texts, (7,))
    return place(Wave(texts=made[::-1], pairs=[], floods=floods, heads={7: ()}, witnesses={}), judge)


def test_a_flood_of_copies_has_one_head_and_few_questions() -> None:
    texts = [f"{at:04d}" for at in range(1000)]
    judge = Judge(lambda left, right: "near")
    found = flood(texts, judge)
    assert {text.lead for text in found.texts} == {"0000"}
    assert found.heads == {7: ["0000"]}
    assert found.witnesses == {"0000": texts[1 : 1 + WITNESSES]}
    assert judge.asked < len(texts) * (1 + WITNESSES)


def test_in_a_flood_of_variants_all_lead_after_few_questions() -> None:
    texts = [f"{at:04d}" for at in range(1000)]
    judge = Judge(lambda left, right: "variant")
    found = flood(texts, judge)
    assert all(text.lead == text.text_key for text in found.texts)
    assert found.heads == {7: texts[:HEADS]}
    assert judge.asked < len(texts) * (1 + HEADS)


def test_a_witness_keeps_other_figures_out_of_a_vague_texts_cluster() -> None:
    texts = ["vague", *(f"{at} killed" for at in range(100, 200))]
    found = flood(texts, Judge(lambda left, right: "near" if "vague" in (left, right) else "variant"))
    assert [text.text_key for text in found.texts if text.lead == "vague"] == ["vague", "100 killed"]


def test_a_text_that_comes_later_takes_the_place_of_a_head() -> None:
    first = flood(["b", "c"], Judge(lambda left, right: "near"))
    texts = [standing("a", "2023-12-31"), *first.texts]
    wave = Wave(
        texts=texts,
        pairs=[],
        floods=dict.fromkeys("abc", (7,)),
        heads=first.heads,
        witnesses=first.witnesses,
    )
    found = place(wave, Judge(lambda left, right: "near"))
    assert {text.text_key: text.lead for text in found.texts} == {"a": "a", "b": "a", "c": "a"}
    assert (found.heads, found.witnesses) == ({7: ["a"]}, {"a": ["b", "c"], "b": []})
