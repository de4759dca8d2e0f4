"""Footers: learns which lines a source puts at the edges of its items (signatures, rubrics, subscribe lines).

A pure function of the texts of a source, whatever their order. What it finds is proposed to a person; lines
are taken only once they are rules (schemas.options.EdgeLine, cleaners.edges).
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cleaners.dates.finder import find
from cleaners.edges import FIRST, LAST, Position, shape, take

#: Items that must carry a line. Below five, a series of reports has the same last words by chance.
LEAST_ITEMS = 5
#: Share of the items that must. Of 7 212 lines of 15 channels that read like signatures, .2 finds 93.7 % and
#: .05 finds 95.1 %, both nothing else; .02 finds 96.3 %, and credits (`Video: <agency>`) besides.
LEAST_SHARE = 0.05
#: Characters of a line. Signatures have up to 60; the notice that the law asks of some media has 230.
LONGEST = 240
_FIGURES = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]{2}")

_EDGES: tuple[tuple[Position, slice], ...] = (("first", slice(0, FIRST)), ("last", slice(-LAST, None)))
_Candidates = Mapping[Position, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A line that recurs at one edge of a source's items; `line` is its commonest spelling.

    items: how many it would be taken from; share: of the items that have words of their own; example: the
    first line of one of them that is its own.
    """

    id: str
    position: Position
    line: str
    items: int
    share: float
    example: str


@dataclass(frozen=True, slots=True)
class _Item:
    lines: tuple[str, ...]
    shapes: tuple[str | None, ...]
    own: str  # the first line that hardly any other item has


def learn(texts: Iterable[str], least_share: float = LEAST_SHARE) -> list[Proposal]:
    """Return the lines that recur at the edges of items, the commonest first.

    texts: the texts of a source's items, in any order, lines apart by line breaks. Equal texts count once,
    and an item counts only if it has a line of its own, which fewer than LEAST_ITEMS of them share: what is
    posted again and again is no signature.
    """
    items = _counted(texts)
    needed = max(LEAST_ITEMS, least_share * len(items))
    candidates = _candidates(items, needed)
    counts = _counts(items, candidates)
    while True:  # a line that is no candidate any more ends the edges of items: each round has fewer
        kept: _Candidates = {
            position: {form: name for form, name in forms.items() if _holds(counts, position, form, needed)}
            for position, forms in candidates.items()
        }
        if kept == candidates:
            return _proposals(items, candidates, counts)
        candidates = kept
        counts = _counts(items, candidates)


def _counted(texts: Iterable[str]) -> list[_Item]:
    """Return the items that count, each text once, sorted: the answer must not depend on their order."""
    lines = [[line for line in text.split("\n") if line] for text in sorted(set(texts))]
    known = {line: shape(line) for line in {line for item in lines for line in item}}
    shapes = [tuple(known[line] for line in item) for item in lines]
    shared = Counter(form for item in shapes for form in set(item) if form)
    found = []
    for item, forms in zip(lines, shapes, strict=True):
        own = next((at for at, form in enumerate(forms) if form and shared[form] < LEAST_ITEMS), None)
        if own is not None:
            found.append(_Item(tuple(item), forms, item[own]))
    return found


def _candidates(items: Sequence[_Item], needed: float) -> _Candidates:
    """Return ids by shape of the lines that stand often enough among the first or last lines of items."""
    seen: dict[Position, Counter[str]] = {"first": Counter(), "last": Counter()}
    spelled: dict[str, str] = {}
    series: defaultdict[str, set[str]] = defaultdict(set)
    for item in items:
        for position, part in _EDGES:
            forms = {
                form: line for form, line in zip(item.shapes[part], item.lines[part], strict=True) if form
            }
            seen[position].update(forms.keys())
            spelled |= forms
            for form in forms:
                series[_FIGURES.sub("0", form)].add(form)
    return {
        position: {
            form: name_of(position, form)
            for form, count in forms.items()
            if count >= needed
            and len(series[_FIGURES.sub("0", form)]) == 1  # a figure that changes is news
            and _may_be(spelled[form])
        }
        for position, forms in seen.items()
    }


def _may_be(line: str) -> bool:
    """Say whether a line can be furniture: short, with words, without a date, and no lead-in of a text.

    A date is everywhere in a dump of one day. `Zelensky:` says whose words follow.
    """
    words = len(line) <= LONGEST and _WORD.search(line) is not None
    return words and not line.rstrip().endswith(":") and not find(line)


def _counts(items: Sequence[_Item], candidates: _Candidates) -> Counter[tuple[str, str]]:
    """Return how many items have a line taken, by position and shape, and how many have it left (`""`)."""
    names = {name: form for forms in candidates.values() for form, name in forms.items()}
    wanted = set(names.values())
    counts: Counter[tuple[str, str]] = Counter()
    for item in items:
        taken = take(item.shapes, candidates["first"], candidates["last"])
        counts.update({(name.partition("-")[0], names[name]) for name in taken.values()})
        counts.update(
            {("", form) for at, form in enumerate(item.shapes) if form in wanted and at not in taken}
        )
    return counts


def _holds(counts: Mapping[tuple[str, str], int], position: Position, form: str, needed: float) -> bool:
    # A line that stands inside of one text is text. On those channels this refuses no signature.
    return counts[position, form] >= needed and not counts["", form]


def name_of(position: Position, form: str) -> str:
    """Return the id of a rule: the same line has the same id in every source and at every time."""
    return f"{position}-{hashlib.sha256(form.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _proposals(
    items: Sequence[_Item], candidates: _Candidates, counts: Mapping[tuple[str, str], int]
) -> list[Proposal]:
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    examples: dict[str, str] = {}
    for item in items:
        for at, name in take(item.shapes, candidates["first"], candidates["last"]).items():
            spellings[name][item.lines[at]] += 1
            examples.setdefault(name, item.own)
    found = [
        Proposal(
            id=name,
            position=position,
            line=min(spellings[name].items(), key=lambda pair: (-pair[1], pair[0]))[0],
            items=counts[position, form],
            share=round(counts[position, form] / len(items), 4),
            example=examples[name],
        )
        for position, forms in candidates.items()
        for form, name in forms.items()
    ]
    return sorted(found, key=lambda one: (-one.items, one.id))
