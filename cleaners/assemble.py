"""Assemble: segments and marks -> what each line of a document is, and the items made of the kept lines."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from rapidfuzz.fuzz import ratio

from cleaners.anchors import similarity as likeness
from cleaners.anchors import varies
from cleaners.boilerplate import headline
from cleaners.edges import edge_lines
from cleaners.marks import Mark, MarkKind
from cleaners.segments import Segment
from schemas.items import Card, Fate
from schemas.options import EdgeLine
from schemas.swift import swift

# The look behind stands behind the sign itself, so that `re` searches for the sign.
_HASHTAG = re.compile(r"#(?<![\w&/#]#)\w*[^\W\d_]\w*")
_URL = re.compile(r"https?://[^\s<>\"'«»“”]+")
_URL_TAIL = ".,;:!?)]}’”»…"
#: Inside a block, lines that stand at the same place of both copies need less to be called copies: two
#: unrelated news lines of one post have an Indel ratio of at most .55 on the development corpus.
_ALIGNED = 0.6
_DAMAGED = 0.95  # slips of letters leave more of a line of 60 characters; another word in it leaves less


@swift
@dataclass(frozen=True, slots=True)
class Role:
    """The fate of one non-blank line. `of` is the index of the line that a copy repeats."""

    fate: Fate
    rule: str | None = None
    of: int | None = None
    similarity: float | None = None


_KEPT, _CARD = Role("kept"), Role("card")
_HEADERS = {kind: Role("header", kind) for kind in get_args(MarkKind)}


@swift
@dataclass(frozen=True, slots=True)
class Draft:
    """A post before it has ids and a date: its lines by role."""

    segment: Segment
    kept: tuple[int, ...]
    roles: tuple[Role, ...]  # of lines segment.start..segment.end
    card: Card | None
    learned: tuple[int, ...] = ()  # lines that are no text by a rule that was learned of their source


def draft_post(
    segment: Segment, texts: Sequence[str], keys: Sequence[str], marks: Mapping[int, Mark]
) -> Draft:
    """Return the roles of a post's lines: headers, kept lines, copies, card."""
    span = range(segment.start, segment.end)
    roles = [_HEADERS[marks[at].kind] if at in marks else _KEPT for at in span]
    if segment.block:
        for at, role in _copies(segment, texts, keys).items():
            roles[at - segment.start] = role
    card_lines = range(0)
    if segment.card:
        first_card = segment.end - segment.card - (segment.end - 1 in marks)
        card_lines = range(first_card, first_card + segment.card)
        for at in card_lines:
            roles[at - segment.start] = _CARD
    kept = tuple(at for at, role in zip(span, roles, strict=True) if role.fate == "kept")
    return Draft(segment, kept, tuple(roles), _card(texts, card_lines))


def draft_article(segment: Segment, furniture: Mapping[int, str]) -> Draft:
    """Return the roles of an article's lines: `furniture` holds boilerplate rules by line."""
    span = range(segment.start, segment.end)
    roles = tuple(Role("boilerplate", furniture[at]) if at in furniture else _KEPT for at in span)
    kept = tuple(at for at, role in zip(span, roles, strict=True) if role.fate == "kept")
    return Draft(segment, kept, roles, None)


def without_edges(draft: Draft, texts: Sequence[str], edges: tuple[EdgeLine, ...]) -> Draft:
    """Return a draft without the lines that its source puts at the edges of items; a copy of one is one."""
    found = edge_lines([texts[at] for at in draft.kept], edges)
    if not found:
        return draft
    names = {draft.kept[at]: name for at, name in found.items()}
    roles = tuple(
        Role("boilerplate", names[at])
        if at in names
        else Role("boilerplate", names[role.of])
        if role.of in names
        else role
        for at, role in enumerate(draft.roles, draft.segment.start)
    )
    kept = tuple(at for at in draft.kept if at not in names)
    return replace(draft, kept=kept, roles=roles, learned=tuple(sorted(names)))


def _copies(segment: Segment, texts: Sequence[str], keys: Sequence[str]) -> dict[int, Role]:
    """Return the roles of the copied lines of a doubled post.

    Lines of the second copy without a partner in the block are compared with the lines of the first copy
    that have none either; what equals nothing is kept. Where the first of two lines is the cut one, the
    fuller line is kept in its stead.
    """
    block = segment.block
    assert block is not None  # noqa: S101  # the caller looked
    partner = {copy.line: (copy.of, copy.similarity) for copy in block.copies}
    taken = {of for of, _ in partner.values()}
    free = [at for at in block.said if at not in taken]
    for at in range(block.copy_start, segment.end - segment.card):
        if at in partner or not free:
            continue
        best = max(
            free, key=lambda first: (likeness(keys[first], keys[at]), ratio(keys[first], keys[at]), -first)
        )
        score = max(ratio(keys[best], keys[at]) / 100, likeness(keys[best], keys[at]))
        if score >= _ALIGNED:
            partner[at] = (best, score)
            free.remove(best)
    roles: dict[int, Role] = {}
    for at, (first, similarity) in sorted(partner.items()):
        if similarity < _DAMAGED and varies(keys[first], keys[at]):
            continue  # another fact in like words
        given_way = roles.get(first)  # a cut line that an earlier copy stands in for, or a copy of a copy
        of = first if given_way is None or given_way.of is None else given_way.of
        kept, copy = (at, of) if given_way is None and _is_cut(texts[of], texts[at]) else (of, at)
        alike = min(similarity, given_way.similarity or 1.0) if given_way else similarity
        roles[copy] = Role("echo" if alike == 1 else "near-echo", None, kept, round(alike, 4))
    return roles


def _is_cut(text: str, fuller: str) -> bool:
    """Say whether a line ends in an ellipsis where the other goes on."""
    return text.endswith(("...", "…")) and len(fuller) > len(text) and fuller.startswith(text.rstrip(".… "))


def _card(texts: Sequence[str], lines: range) -> Card | None:
    if not lines:
        return None
    parts = [texts[at] for at in lines]
    site, *rest = parts
    title = rest[0] if len(rest) > 1 else None
    return Card(site=site, title=title, description=rest[-1] if rest else None)


def join(texts: Sequence[str], blanks: Sequence[int], kept: Sequence[int]) -> str:
    """Return the text of an item: its kept lines, with a blank line where the source had one."""
    parts: list[str] = []
    before = -1
    for at in kept:
        if parts:
            parts.append("\n\n" if any(blanks[before + 1 : at + 1]) else "\n")
        parts.append(texts[at])
        before = at
    return "".join(parts)


def title_of(kept: Sequence[str], *, article: bool) -> str | None:
    """Return the title: a post's first line, or an article's headline if its first line is one."""
    if not kept:
        return None
    return headline(kept) if article else kept[0]


def hashtags(text: str) -> tuple[str, ...]:
    """Return the hashtags of a text, each once, in order."""
    return tuple(dict.fromkeys(_HASHTAG.findall(text))) if "#" in text else ()


def urls(text: str) -> tuple[str, ...]:
    """Return the addresses in a text, each once, in order, without the punctuation of the sentence."""
    if "://" not in text:
        return ()
    return tuple(dict.fromkeys(found.rstrip(_URL_TAIL) for found in _URL.findall(text)))
