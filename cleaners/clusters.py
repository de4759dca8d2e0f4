"""Clusters of copies: each item is compared with the primary of its cluster, never along a chain.

A chain of near copies (a is like b, b is like c) can join texts that have nothing in common: transitive
closure is the main source of false clusters elsewhere. So the clusters are stars, chosen greedily: items in
the order of choice; the first one that is free leads, and takes the free items that pair with it directly.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from schemas.signatures import BLANK_KEY, Member, Membership, Pair


def lead(members: Sequence[Member], pairs: Iterable[Pair]) -> list[Membership]:
    """Return one membership a member, ordered by item_id, whatever the order of the input.

    Order of choice for a primary: earliest publication (unknown last), then longest, then item_id. Members
    of one text_key are exact copies of each other; other copies are what `pairs` says, by text keys. Pairs
    of texts that no member has are ignored; members of BLANK_KEY stay alone. The cluster_id is the
    item_id of the primary. Raises ValueError for an item_id that occurs twice.

    Time is proportional to members (and their sorting) plus pairs, also where all texts are equal.
    """
    ranked = sorted(members, key=_choice)
    _check_distinct(ranked)
    by_text: defaultdict[str, list[Member]] = defaultdict(list)
    for member in ranked:
        by_text[member.text_key].append(member)
    neighbours = _neighbours(pairs, by_text.keys())
    found: list[Membership] = []
    # Copies of one text join together, so texts are dealt out, in the order of their first members
    # (a dict keeps it).
    free = set(by_text)
    for text, (primary, *copies) in by_text.items():
        if text not in free:
            continue
        free.remove(text)
        found.append(_membership(primary, primary, None))
        if text == BLANK_KEY:
            found += [_membership(member, member, None) for member in copies]
            continue
        found += [_exact(member, primary) for member in copies]
        for other, pair in neighbours[text].items():
            if other in free:
                free.remove(other)
                found += [_membership(member, primary, pair) for member in by_text[other]]
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


def _neighbours(pairs: Iterable[Pair], texts: Iterable[str]) -> defaultdict[str, dict[str, Pair]]:
    known = set(texts) - {BLANK_KEY}
    found: defaultdict[str, dict[str, Pair]] = defaultdict(dict)
    for pair in pairs:
        if pair.left in known and pair.right in known and pair.left != pair.right:
            found[pair.left][pair.right] = found[pair.right][pair.left] = pair
    return found


def _membership(member: Member, primary: Member, pair: Pair | None) -> Membership:
    return Membership(
        item_id=member.item_id,
        cluster_id=primary.item_id,
        relation=pair.relation if pair else None,
        similarity=pair.similarity if pair else 1.0,
        containment=pair.containment if pair else 1.0,
    )


def _exact(member: Member, primary: Member) -> Membership:
    return Membership(
        item_id=member.item_id, cluster_id=primary.item_id, relation="exact", similarity=1.0, containment=1.0
    )
