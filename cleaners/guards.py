"""Tell two facts in nearly the same words (variants) from two copies of one fact.

A high similarity is not sameness: in 20,550 Telegram paragraphs of 5 to 30 words, 2,967 pairs have an edit
ratio of 0.85 or more; 1,695 of them differ in digits alone ("lost 5 drones", "lost 7 drones") and 448 more
replace one figure by another beside a smaller change. In the samples read, none was a copy.

The texts are aligned word by word; what lies between equal words is a passage with a left and a right side.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from rapidfuzz.distance import Indel

from cleaners.figures import signed_figures
from cleaners.rules import rules
from cleaners.spelled import amounts

#: A run of digit groups is aligned as one word: `10,000` is `10 000` in matching form.
_WORD = re.compile(r"(?<!\S)\d+(?: \d+)*(?!\S)|\S+")
_DIGIT = re.compile(r"\d")
_DIGITS = re.compile(r"\d+(?: \d+)*")
#: One figure: groups of three behind the first belong to it; other digits (16-17 May) are figures too.
_FIGURE = re.compile(r"(?<!\d)\d{1,3}(?: \d{3})+(?!\d)|\d+")
_NAME = re.compile(r"(?<=[^\s.!?…:])\s+[«\"“„(]*([^\W\d_][^\W_]*)")
#: The alignment holds a bit for each pair of words. Above this many words a side (1 MB of bits) the figures
#: are compared without it.
_ALIGNED_WORDS = 3000
#: Words that only one text has, at its start or end, are a header or a footer, and may hold figures and
#: negations of their own. Fewer words than this are part of the sentence: "no one was hurt - not".
_FURNITURE_WORDS = 3
#: Names with a common beginning are taken for two forms of one name: Полтава and Полтаве.
_NAME_STEM = 3


@dataclass(frozen=True, slots=True)
class Passage:
    """Words of the left text that stand where the right text has other words; one side may be empty."""

    left: tuple[str, ...]
    right: tuple[str, ...]
    edge: bool  # at the start or the end of the texts

    @property
    def furniture(self) -> bool:
        """Say whether the passage is a header or a footer of one of the texts."""
        words = max(len(self.left), len(self.right))
        return self.edge and not (self.left and self.right) and words >= _FURNITURE_WORDS


def differ(left: str, right: str) -> str | None:
    """Return the rule by which two texts are two facts, else None.

    `number` if they are equal up to figures, or replace one figure by another. For texts of any length, in
    matching form and not equal. Figures that only one of the texts has are no difference: a footer may hold
    them, and a list may be longer. A long text with one figure changed and nothing else is therefore no
    copy: the corrected figure is the news. Figures in words, months and weekdays make a difference only
    where nothing else does: two reports of one day may well say Thursday and Friday.
    """
    mine, yours = _figures(left), _figures(right)
    if _DIGITS.sub("0", left) == _DIGITS.sub("0", right):
        return "number" if mine != yours else None  # 10,000 and 10000 are one figure
    ours, theirs = Counter(mine), Counter(yours)
    if not (ours - theirs and theirs - ours):
        return _told_differ(left, right)
    if max(left.count(" "), right.count(" ")) >= _ALIGNED_WORDS:
        return "number"
    return "number" if any(_replaces_figure(passage) for passage in passages(left, right)) else None


def differ_briefly(left: str, right: str, left_display: str, right_display: str) -> str | None:
    """Return the name of the rule by which two short texts are two facts, or None.

    `left` and `right` are matching forms, the displays are what they were made of. Rules: `number` (also as
    words, also if only one text has it, unless in a header or a footer), `negation`, `name`, and the ids of
    rules/guards.toml. In a long text such a word is lost among others; in a short one it is the news.
    """
    if _currencies_differ((left, left_display), (right, right_display)):
        return "currency"
    different = [passage for passage in passages(left, right) if not passage.furniture]
    for passage in different:
        if rule := _senses_differ(passage):
            return rule
        if _negation_differs(passage):
            return "negation"
    if any(passage.left and passage.right for passage in different):
        ours, theirs = _names(left_display), _names(right_display)
        if any(_names_differ(passage, ours, theirs) for passage in different):
            return "name"
    return None


def passages(left: str, right: str) -> Iterator[Passage]:
    """Align two texts by their longest common subsequence of words and yield what differs, in order."""
    ours, theirs = _WORD.findall(left), _WORD.findall(right)
    start_left = start_right = 0
    for block in Indel.opcodes(ours, theirs):
        if block.tag != "equal":
            continue
        if block.src_start > start_left or block.dest_start > start_right:
            edge = start_left == start_right == 0
            yield Passage(
                tuple(ours[start_left : block.src_start]), tuple(theirs[start_right : block.dest_start]), edge
            )
        start_left, start_right = block.src_end, block.dest_end
    if start_left < len(ours) or start_right < len(theirs):
        yield Passage(tuple(ours[start_left:]), tuple(theirs[start_right:]), edge=True)


def _figures(text: str) -> list[str]:
    """Return the figures of a text in order, however their thousands are grouped."""
    return [figure.replace(" ", "") for figure in _FIGURE.findall(text)]


def _told_differ(left: str, right: str) -> str | None:
    """Return the rule if two texts differ in numbers or days in words, and in nothing else; else None.

    A header or a footer that only one of them has is nothing else.
    """
    lexicon = _lexicon()
    ours, theirs = Counter(left.split()), Counter(right.split())
    told = lexicon.told
    if not all(
        any(lexicon.meaning(word)[0] in told for word in one) for one in (ours - theirs, theirs - ours)
    ):
        return None  # nearly all pairs end here
    if max(left.count(" "), right.count(" ")) >= _ALIGNED_WORDS:
        return None
    different = [passage for passage in passages(left, right) if not passage.furniture]
    said = {word for passage in different for word in (*passage.left, *passage.right)} - lexicon.beside
    if any(lexicon.meaning(word)[0] not in told for word in said):
        return None
    for passage in different:
        one, other = _told(passage.left), _told(passage.right)
        rules = sorted(rule for rule in one.keys() & other.keys() if one[rule] != other[rule])
        if rules:
            return rules[0]
    return None


def _told(words: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the numbers and days that words tell, by rule."""
    lexicon = _lexicon()
    found: dict[str, list[str]] = {}
    for rule, group in groupby(words, lambda word: lexicon.meaning(word)[0]):  # neighbours of one rule
        if rule == "number":
            known = ((word, lexicon.meaning(word)[1]) for word in group)
            said = [(figure, word[0].isdigit()) for word, sense in known for figure in _figures(sense)]
            found.setdefault(rule, []).extend(amounts(said))
        elif rule in lexicon.told:
            found.setdefault(rule, []).extend(lexicon.meaning(word)[1] for word in group)
    return found


def _replaces_figure(passage: Passage) -> bool:
    """Say whether each side has an amount that the other has not; 10 thousand is 10 000."""
    left, right = (Counter(_told(side).get("number", ())) for side in (passage.left, passage.right))
    return bool(left - right and right - left)


def _ungrouped(digits: str) -> str:
    return _FIGURE.sub(lambda figure: figure[0].replace(" ", ""), digits)


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """Words and beginnings of words, each with its (rule, sense)."""

    words: dict[str, tuple[str, str]]
    stems: dict[str, tuple[str, str]]
    shortest: int
    negations: frozenset[str]
    prefixes: tuple[str, ...]
    told: frozenset[str]  # rules that hold for long texts, too
    beside: frozenset[str]

    def meaning(self, word: str) -> tuple[str, str]:
        """Return (rule, sense) of a word, ("", "") for a word without one."""
        return self.sense(word) or ("", "")

    def sense(self, word: str) -> tuple[str, str] | None:
        """Return (rule, sense) of a word; a word with digits is a number. The longest stem wins."""
        if _DIGIT.search(word):
            return "number", " ".join(map(_ungrouped, _DIGITS.findall(word)))
        if known := self.words.get(word):
            return known
        for size in range(len(word), self.shortest - 1, -1):
            if known := self.stems.get(word[:size]):
                return known
        return None


@cache
def _lexicon() -> _Lexicon:
    table = rules("guards")
    words: dict[str, tuple[str, str]] = {}
    stems: dict[str, tuple[str, str]] = {}
    for guard in table["guard"]:
        for sense in guard["senses"]:
            for word in sense:
                (stems if word.endswith("*") else words)[word.rstrip("*")] = (guard["id"], sense[0])
    negation = table["negation"]
    shortest = min(map(len, stems))
    alone = table["alone"]
    return _Lexicon(
        words,
        stems,
        shortest,
        frozenset(negation["words"]),
        tuple(negation["prefixes"]),
        frozenset(alone["rules"]),
        frozenset(alone["beside"]),
    )


def _senses_differ(passage: Passage) -> str | None:
    left, right = _senses(passage.left), _senses(passage.right)
    for rule in sorted(left.keys() | right.keys()):
        ours, theirs = left.get(rule, Counter()), right.get(rule, Counter())
        if ours == theirs:
            continue
        # "shot down a drone" and "shot down two drones": for a number the silence of one side counts.
        if rule == "number" or (ours and theirs and not ours & theirs):
            return rule
    return None


def _senses(words: tuple[str, ...]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for word in words:
        if known := _lexicon().sense(word):
            found.setdefault(known[0], Counter())[known[1]] += 1
    if "number" in found:
        found["number"] = Counter(_told(words)["number"])
    return found


def _currencies_differ(*texts: tuple[str, str]) -> bool:
    """Say whether two texts (form, display) name currencies of which none is in both, and one by its sign.

    Those that both name in words are in the passages, where it is told which stands for which.
    """
    signs = [_currencies(figure.currency for figure in signed_figures(display)) for _, display in texts]
    if not any(signs):
        return False
    named = [said | _currencies(form.split()) for said, (form, _) in zip(signs, texts, strict=True)]
    return bool(named[0] and named[1]) and named[0].isdisjoint(named[1])


def _currencies(words: Iterable[str]) -> set[str]:
    known = map(_lexicon().sense, words)
    return {sense[1] for sense in known if sense and sense[0] == "currency"}


def _negation_differs(passage: Passage) -> bool:
    lexicon = _lexicon()
    left = sum(word in lexicon.negations for word in passage.left)
    right = sum(word in lexicon.negations for word in passage.right)
    if left != right:
        return True
    ours, theirs = set(passage.left), set(passage.right)
    return any(
        prefix + word in other
        for one, other in ((ours, theirs), (theirs, ours))
        for word in one
        for prefix in lexicon.prefixes
    )


def _names(display: str) -> frozenset[str]:
    """Return the words with one capital that do not open a sentence, in matching form.

    Words all in capitals are left out: ВСУ and БПЛА are replaced by what they stand for.
    """
    found = _NAME.findall(display)
    return frozenset(
        word.casefold().replace("ё", "е") for word in found if word[0].isupper() and word[1:].islower()
    )


def _names_differ(passage: Passage, ours: frozenset[str], theirs: frozenset[str]) -> bool:
    """Say whether a passage replaces names by other names.

    At the edge only if it holds nothing but names: "says Peskov" for "the Kremlin said" is an attribution.
    """
    left, right = ours.intersection(passage.left), theirs.intersection(passage.right)
    if passage.edge and not (len(left) == len(passage.left) and len(right) == len(passage.right)):
        return False
    stems = {word[:_NAME_STEM] for word in left}
    return bool(left and right) and stems.isdisjoint(word[:_NAME_STEM] for word in right)
