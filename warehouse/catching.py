"""Catch the copies of a flood: compare its texts with the primaries where no pair with them was proposed.

A component of more texts than a bucket is compared in full (warehouse/floods.py) may hold texts that only
anchors link. Clusters are stars around primaries, so the pairs that decide are those with a primary: they are
judged here, when the component is led, and not stored: they depend on which item is the earliest.
"""

from collections import defaultdict
from collections.abc import Sequence

import duckdb
import pyarrow as pa

from schemas.signatures import Member, Pair
from warehouse import floods
from warehouse.columns import keys
from warehouse.connection import staged
from warehouse.judges import Verifier

#: Primaries of a component that its free texts are compared with. Floods of one text in many spellings need
#: one or two; what is left behind is led by what the anchors say.
ROUNDS = 8
#: Texts that are compared at once: a component may be all that is stored, and their shingles take some 60
#: bytes a character (measured).
_TOGETHER = 2_000

_TEXTS = """
SELECT replace(text_key::VARCHAR, '-', ''), arg_min(text, spelling_key)
FROM core.versions
WHERE rowid IN (SELECT rowid FROM core.versions WHERE text_key IN (SELECT text_key FROM stage_flood))
GROUP BY text_key
"""


def catch(
    con: duckdb.DuckDBPyConnection, matcher: Verifier, members: Sequence[Member], links: Sequence[Pair]
) -> list[Pair]:
    """Return further pairs of `members`: those of free texts with the primaries, in components of many texts.

    The order in which primaries are chosen is the contract's: earliest, then longest, then by id.
    """
    ranked: dict[str, None] = dict.fromkeys(member.text_key for member in sorted(members, key=_choice))
    found: list[Pair] = []
    for component in _components(list(ranked), links):
        if len(component) > floods.FULL:
            found += _catch(con, matcher, component, links)
    return found


def _catch(
    con: duckdb.DuckDBPyConnection, matcher: Verifier, ranked: Sequence[str], links: Sequence[Pair]
) -> list[Pair]:
    found: list[Pair] = []
    free = dict.fromkeys(ranked)
    for _ in range(ROUNDS):
        primary = next(iter(free), None)
        if primary is None:
            break
        del free[primary]
        judged = _judged(primary, links) | _judged(primary, found)
        new = _compare(con, matcher, primary, [text for text in free if text not in judged])
        found += new
        judged |= _judged(primary, new)
        for text in [text for text in free if judged.get(text)]:
            del free[text]
    return found


def _judged(primary: str, pairs: Sequence[Pair]) -> dict[str, bool]:
    """Return which texts a primary has been compared with, and whether they are its copies."""
    return {
        pair.right if pair.left == primary else pair.left: pair.relation != "variant"
        for pair in pairs
        if primary in (pair.left, pair.right)
    }


def _compare(
    con: duckdb.DuckDBPyConnection, matcher: Verifier, primary: str, others: Sequence[str]
) -> list[Pair]:
    found: list[Pair] = []
    for start in range(0, len(others), _TOGETHER):
        some = others[start : start + _TOGETHER]
        texts = _texts(con, [primary, *some])
        asked = [sorted((primary, text)) for text in some]
        found += matcher.verify([(left, texts[left], right, texts[right]) for left, right in asked])
    return found


def _components(ranked: Sequence[str], links: Sequence[Pair]) -> list[list[str]]:
    """Return the texts that copies link, each component in the order of `ranked`."""
    roots = {text: text for text in ranked}

    def root(text: str) -> str:
        while roots[text] != text:
            roots[text] = text = roots[roots[text]]
        return text

    for pair in links:
        if pair.relation != "variant" and pair.left in roots and pair.right in roots:
            roots[root(pair.left)] = root(pair.right)
    found: defaultdict[str, list[str]] = defaultdict(list)
    for text in ranked:
        found[root(text)].append(text)
    return list(found.values())


def _texts(con: duckdb.DuckDBPyConnection, text_keys: Sequence[str]) -> dict[str, str]:
    rows = pa.table({"text_key": keys([bytes.fromhex(text_key) for text_key in text_keys])})
    with staged(con, {"stage_flood": rows}):
        return dict(con.execute(_TEXTS).fetchall())


def _choice(member: Member) -> tuple[bool, str, int, str]:
    return member.earliest is None, member.earliest or "", -member.length, member.item_id
