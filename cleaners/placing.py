"""Place texts in clusters, a wave at a time: what `clusters.lead` says of all at once, asked of some.

A text depends on earlier ones only (in the order of choice: earliest publication, then longest, then id). It
is a copy of the first of those that lead and that it pairs with, unless it is a variant of an earlier text of
that cluster; without such a one it leads. So a newcomer changes what stands behind it and nothing else, and
whoever keeps the standings asks again only for texts in whose surroundings something changed.

In a flood (a bucket of more texts than can be compared each with each) pairs are not given. There a text is
compared with the heads of its buckets, the first HEADS that lead in each; and, before it joins one of them,
with the witnesses of that cluster, its first WITNESSES texts: "12 killed" keeps "15 killed" out of the
cluster of "several killed". Heads and witnesses follow from the standings of earlier texts, so the order of
arrival is not seen in them either.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from schemas.signatures import Pair, Placed, Standing, Wave

#: Leaders of a bucket that a text of a flood is compared with. Floods of one text in many spellings have one.
HEADS = 4
#: Texts of a cluster that a text of a flood must not be a variant of. Where copies differ in figures, the
#: first one keeps all others out.
WITNESSES = 2

_Key = tuple[str, str]


class _Unknown:
    """What is said of a pair that was not judged yet."""


_UNKNOWN = _Unknown()
#: Judges pairs of text keys (left < right); returns those that are copies or variants.
Judge = Callable[[Sequence[_Key]], Sequence[Pair]]
_Ranked = tuple[tuple[bool, str, int, str], str]
_Name = TypeVar("_Name")


def place(wave: Wave, judge: Judge) -> Placed:
    """Return where the texts of `wave` stand, given where the texts around them stand.

    The order of the input does not matter. `judge` is asked for what is not among the pairs: a text and the
    heads and witnesses that it meets, all texts of a wave together, as often as one answer leads to another
    question.
    """
    known: dict[_Key, Pair | None] = {(pair.left, pair.right): pair for pair in wave.pairs}
    touching = _touching(wave)
    ordered = sorted(wave.texts, key=lambda text: text.rank)
    eager = False
    while True:
        board = _Board(wave, known, eager=eager)
        placed = [board.place(text, touching.get(text.text_key, ())) for text in ordered]
        if not board.wanted:
            return Placed(texts=placed, heads=_keys(board.heads), witnesses=_keys(board.witnesses))
        wanted = sorted(board.wanted)
        found = {(pair.left, pair.right): pair for pair in judge(wanted)}
        known |= {key: found.get(key) for key in wanted}
        eager = True


def _touching(wave: Wave) -> Mapping[str, Sequence[tuple[str, Pair]]]:
    own = {text.text_key for text in wave.texts}
    touching: defaultdict[str, list[tuple[str, Pair]]] = defaultdict(list)
    for pair in wave.pairs:
        for text, other in ((pair.left, pair.right), (pair.right, pair.left)):
            if text in own:
                touching[text].append((other, pair))
    return touching


def _keys(lists: Mapping[_Name, list[_Ranked]]) -> dict[_Name, list[str]]:
    return {name: [text for _, text in ranked] for name, ranked in lists.items()}


class _Board:
    """The standings while a wave is placed, in the order of choice, by what is known of pairs so far."""

    def __init__(self, wave: Wave, known: Mapping[_Key, Pair | None], *, eager: bool) -> None:
        self.wanted: set[_Key] = set()
        self._known, self._eager, self._floods = known, eager, wave.floods
        self._standing = {text.text_key: text for text in (*wave.around, *wave.texts)}
        self.heads = {bucket: self._ranked(texts) for bucket, texts in wave.heads.items()}
        self.witnesses = {lead: self._ranked(texts) for lead, texts in wave.witnesses.items()}

    def _ranked(self, texts: Sequence[str]) -> list[_Ranked]:
        return sorted((self._standing[text].rank, text) for text in texts)

    def place(self, text: Standing, touching: Sequence[tuple[str, Pair]]) -> Standing:
        """Place a text behind all that are placed; of a text that something more is wanted for, any way."""
        heads = self._heads(text)
        copies, kept_out = dict.fromkeys(heads), set()
        for key, pair in touching:
            other = self._standing.get(key)
            if other is None or other.rank >= text.rank:
                continue
            if pair.relation == "variant":
                kept_out.add(other.lead)
            elif other.lead == key:
                copies[key] = None
        for lead in sorted(copies, key=lambda key: self._standing[key].rank):
            judged = self._pair(text.text_key, lead)
            if isinstance(judged, _Unknown):
                if self._eager:
                    for head in heads:
                        self._pair(text.text_key, head)
                return text
            if judged is None or judged.relation == "variant" or lead in kept_out:
                continue
            if lead in heads and self._kept_out(text, lead):
                continue
            return self._put(text, lead, judged)
        return self._put(text, text.text_key, None)

    def _heads(self, text: Standing) -> set[str]:
        return {
            head
            for bucket in self._floods.get(text.text_key, ())
            for rank, head in self.heads.get(bucket, ())
            if rank < text.rank
        }

    def _pair(self, text: str, other: str) -> Pair | _Unknown | None:
        key = (text, other) if text < other else (other, text)
        found: Pair | _Unknown | None = self._known.get(key, _UNKNOWN)
        if isinstance(found, _Unknown):
            self.wanted.add(key)
        return found

    def _kept_out(self, text: Standing, lead: str) -> bool:
        pairs = [
            self._pair(text.text_key, witness)
            for rank, witness in self.witnesses.get(lead, ())
            if rank < text.rank
        ]
        return any(isinstance(pair, Pair) and pair.relation == "variant" for pair in pairs)

    def _put(self, text: Standing, lead: str, pair: Pair | None) -> Standing:
        before = self._standing[text.text_key].lead
        stands = text.at(lead, pair)
        self._standing[text.text_key] = stands
        entry = (text.rank, text.text_key)
        for bucket in self._floods.get(text.text_key, ()):
            _keep(self.heads.setdefault(bucket, []), entry, HEADS, stays=lead == text.text_key)
        if before is not None and before not in (lead, text.text_key):
            _keep(self.witnesses.setdefault(before, []), entry, WITNESSES, stays=False)
        if lead != text.text_key:
            _keep(self.witnesses.setdefault(lead, []), entry, WITNESSES, stays=True)
        return stands


def _keep(ranked: list[_Ranked], entry: _Ranked, size: int, *, stays: bool) -> None:
    """Put `entry` among the first `size` of a list, or take it out."""
    if entry in ranked:
        if not stays:
            ranked.remove(entry)
    elif stays and (len(ranked) < size or entry < ranked[-1]):
        insort(ranked, entry)
        del ranked[size:]
