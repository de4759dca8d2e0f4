"""Clusters of copies: each item is compared with the primary of its cluster, never along a chain.

A chain of near copies (a is like b, b is like c) can join texts that have nothing in common: transitive
closure is the main source of false clusters elsewhere. So the clusters are stars, chosen greedily: items in
the order of choice; the first one that is free leads, and takes the free items that pair with it directly.

A star can still join two facts: "12 killed" and "15 killed" are both near "several killed". So a text is not
taken by a cluster that holds a variant of it; it stays free for another one, or leads its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from schemas.signatures import BLANK_KEY, CopyRelation, Member, Membership, Pair

_Copy = tuple[CopyRelation, float, float]
_EXACT: _Copy = ("exact", 1.0, 1.0)
_PRIMARY: tuple[None, float, float] = (None, 1.0, 1.0)


def lead(members: Sequence[Member], pairs: Iterable[Pair]) -> list[Membership]:
    """Return one membership a member, ordered by item_id, whatever the order of the input.

    Order of choice for a primary: earliest publication (unknown last), then longest, then item_id. Members
    of one text_key are exact copies of each other; other copies are what `pairs` says, by text keys. A
    primary takes its copies in the same order, each unless it is a variant of what the cluster holds by
    then: of "several", "12" and "15 killed", the vague one and the first of the others are a cluster. Pairs
    of texts that no member has are ignored; members of BLANK_KEY stay alone. The cluster_id is the
    item_id of the primary. Raises ValueError for an item_id that occurs twice.

    Time is proportional to members and pairs (and their sorting), also where all texts are equal. A pair
    takes two references: floods have millions of pairs, and few texts that lead.
    """
    ranked = sorted(members, key=_choice)
    _check_distinct(ranked)
    by_text: defaultdict[str, list[Member]] = defaultdict(list)
    for member in ranked:
        by_text[member.text_key].append(member)
    touching = _touching(pairs, by_text.keys())
    found: list[Membership] = []
    # Copies of one text join together, so texts are dealt out, in the order of their first members
    # (a dict keeps it).
    rank = {text: place for place, text in enumerate(by_text)}
    free = set(by_text)
    for text, (primary, *same) in by_text.items():
        if text not in free:
            continue
        free.remove(text)
        found.append(_membership(primary, primary, _PRIMARY))
        if text == BLANK_KEY:
            found += [_membership(member, member, _PRIMARY) for member in same]
            continue
        found += [_membership(member, primary, _EXACT) for member in same]
        copies, barred = _copies(text, touching), _variants(text, touching)
        for other in sorted(free.intersection(copies), key=rank.__getitem__):
            if other not in barred:
                free.remove(other)
                barred |= _variants(other, touching)
                found += [_membership(member, primary, copies[other]) for member in by_text[other]]
    return sorted(found, key=lambda membership: membership.item_id)


def _choice(member: Member) -> tuple[bool, str, int, str]:
    return member.earliest is None, member.earliest or "", -member.length, member.item_id


def _check_distinct(ranked: Sequence[Member]) -> None:
    seen: set[str] = set()
    for member in ranked:
        if member.item_id in seen:
            raise ValueError(
                f"cannot choose primaries: item {member.item_id} is given twice. Give each item once, in its "
                "current version."
            )
        seen.add(member.item_id)


def _touching(pairs: Iterable[Pair], texts: Iterable[str]) -> dict[str, list[Pair]]:
    """Return the pairs of each text."""
    known = set(texts) - {BLANK_KEY}
    touching: defaultdict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        if pair.left in known and pair.right in known and pair.left != pair.right:
            touching[pair.left].append(pair)
            touching[pair.right].append(pair)
    return touching


def _copies(text: str, touching: Mapping[str, Sequence[Pair]]) -> dict[str, _Copy]:
    return {
        pair.right if pair.left == text else pair.left: (pair.relation, pair.similarity, pair.containment)
        for pair in touching.get(text, ())
        if pair.relation != "variant"
    }


def _variants(text: str, touching: Mapping[str, Sequence[Pair]]) -> set[str]:
    return {
        pair.right if pair.left == text else pair.left
        for pair in touching.get(text, ())
        if pair.relation == "variant"
    }


def _membership(member: Member, primary: Member, copy: _Copy | tuple[None, float, float]) -> Membership:
    relation, similarity, containment = copy
    return Membership(
        item_id=member.item_id,
        cluster_id=primary.item_id,
        relation=relation,
        similarity=similarity,
        containment=containment,
    )
