"""Signatures, pairs and clusters of near-duplicate texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from schemas.swift import swift

#: How a copy is related to what it copies.
CopyRelation = Literal["exact", "near", "contained"]
#: A variant is no copy: two facts told in nearly the same words, which must not share a cluster.
Relation = Literal["exact", "near", "contained", "variant"]

#: The text_key of every text without a visible character. Such texts are not copies of each other.
BLANK_KEY = "0" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How signatures are made. Signatures of different recipes never meet."""

    scheme: str = "affine32"  # datasketch 2's name for its permutations
    seed: int = 1
    permutations: int = 128
    bands: int = 25  # bands x rows: chosen by the figures in cleaners/signatures.py
    rows: int = 5
    word_shingle: int = 3
    char_shingle: int = 5
    short_words: int = 30  # texts of at most this many words are shingled by characters
    fold_version: int = 2  # 2: a word of mixed scripts is of the one that all its letters have a form in
    version: int = 2  # 2: the text_key holds the signs and currencies of figures

    @property
    def name(self) -> str:
        """Return a stable text of all fields, the key under which signatures are stored."""
        return (
            f"{self.scheme}-s{self.seed}-k{self.permutations}-b{self.bands}x{self.rows}"
            f"-w{self.word_shingle}c{self.char_shingle}t{self.short_words}-f{self.fold_version}-v{self.version}"
        )


DEFAULT_RECIPE = Recipe()
#: For short paragraphs: of 1,270 pairs with an edit ratio >= 0.85 that are not equal up to figures it
#: proposes .991, of those that no guard holds apart all (char 5-grams: .984 and .994; benchmarks/edits.py).
PARAGRAPH_RECIPE = Recipe(bands=28, rows=4, char_shingle=4)


@swift
@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A text's identity for matching. `text_key`: 32 hex digits, equal for texts of equal matching form."""

    text_key: str
    shingles: int  # number of distinct shingles; 0 = no sketch, matched by `text_key` only
    signature: bytes  # permutations x uint32, little endian; empty when shingles == 0
    bands: tuple[int, ...]  # one mixed 32-bit key a band


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A verified relation of two texts, `left` < `right` (text keys), and the rule of it (see Comparison)."""

    left: str
    right: str
    relation: Relation
    similarity: float  # exact Jaccard of the shingle sets
    containment: float  # shared shingles / smaller set
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What verification says of two texts, and by which rule.

    rule: equal, equal-words, word-jaccard, char-jaccard, edit-ratio, word-containment, char-containment;
    of a variant: guard:<rule>; without a relation: apart, no-words.
    """

    relation: Relation | None
    similarity: float  # exact Jaccard of the shingle sets
    containment: float  # shared shingles / smaller set
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What the choice of a primary looks at."""

    item_id: str
    text_key: str
    earliest: str | None
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """An item in a cluster. The primary's row has relation None and similarity 1."""

    item_id: str
    cluster_id: str
    relation: CopyRelation | None
    similarity: float
    containment: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a text stands: by its best item, and by the text that leads its cluster.

    `lead` is its own text_key where it leads, None where that is not known yet. The fields behind it say how
    the text is related to its lead.
    """

    text_key: str
    item_id: str
    earliest: str | None
    length: int
    lead: str | None = None
    relation: CopyRelation | None = None
    similarity: float = 1.0
    containment: float = 1.0
    rule: str | None = None

    @property
    def rank(self) -> tuple[bool, str, int, str]:
        """Return its place in the order of choice: earliest (unknown last), then longest, then item_id."""
        return self.earliest is None, self.earliest or "", -self.length, self.item_id

    def at(self, lead: str, pair: Pair | None) -> "Standing":
        """Return the text under `lead`, of which `pair` makes it a copy; or as a lead, without one."""
        if pair is None or pair.relation == "variant":
            return replace(self, lead=lead, relation=None, similarity=1.0, containment=1.0, rule=None)
        return replace(
            self,
            lead=lead,
            relation=pair.relation,
            similarity=pair.similarity,
            containment=pair.containment,
            rule=pair.rule,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Texts to be placed together, and what they are placed by.

    texts: the texts. around: all others that are named below, and those that lead them. pairs: those of the
    texts. floods: the buckets of a text that are floods, by numbers. heads: the first that lead in each of
    these buckets. witnesses: the first other texts of the clusters that texts and heads lead.
    """

    texts: Sequence[Standing]
    around: Sequence[Standing] = ()
    pairs: Sequence[Pair] = ()
    floods: Mapping[str, Sequence[int]]
    heads: Mapping[int, Sequence[str]]
    witnesses: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A wave that is placed: the texts, and the heads and witnesses as they are now."""

    texts: Sequence[Standing]
    heads: Mapping[int, Sequence[str]]
    witnesses: Mapping[str, Sequence[str]]
