"""Verify candidate pairs exactly, and name the relation of the two texts.

Sketches only propose. A pair is a copy if the shingle sets say so (exact Jaccard, exact containment; for
short texts the edit ratio as well) and if no guard finds two facts in it (cleaners/guards.py). If one does,
the texts are variants. That is a finding too: a third, vaguer text may be a copy of both, and only the
variant keeps them out of one cluster (cleaners/clusters.py).

The numbers that were chosen, on 12,088 Telegram posts of 15 channels, exact over all pairs:

* Jaccard >= 0.7 is near. Between 0.7 and 0.8 lie 35 pairs of long posts: one story with another
  attribution, a footer, a lost clause. Between 0.5 and 0.7 begin rewritten stories and next hour's rates.
* An edit ratio >= 0.85 is near for short texts. In 13 words, the median paragraph, one changed word costs
  a third of the shingles, so Jaccard alone would miss plain copies. The guards carry the precision.
* Containment >= 0.9 is a copy with a header or a footer, or a truncated one, as long as at least half of
  the union is shared: an item of which more than half is new is not a copy, though it quotes one.

What the sketch does not propose is not judged. Of the variants that a vaguer text would join, it missed none
in those posts and in 21,428 of their paragraphs; with figures put into 1,500 posts of 35 to 90 words, none of
4,285; with a weekday put into 1,500 paragraphs, 69 of 3,184, in the shortest ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz.distance import Indel

from cleaners.figures import marks, signs_differ
from cleaners.fold import fold
from cleaners.guards import differ, differ_briefly
from cleaners.shingles import ShingleKind, kind_of_pair, kinds, shingle_all
from schemas.signatures import DEFAULT_RECIPE, Comparison, Pair, Recipe, Relation

NEAR = 0.7
EDIT_RATIO = 0.85
CONTAINED = 0.9
#: Least Jaccard of a contained pair: the larger text has at most about twice the shingles.
CONTAINED_JACCARD = 0.5
#: Least shingles of the contained text. 40 character 5-grams are some seven words: below that, "Subscribe to
#: our channel" would be found in whatever is little longer. Word 3-grams are made of longer texts only.
CONTAINED_SHINGLES = {"char": 40, "word": 20}
#: The edit ratio takes time by the product of the lengths, and a text without spaces is long in few "words".
_RATIO_CHARS = 4000

Candidate = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class _Text:
    """A text and what verification needs of it, made once in a call however many candidates it has."""

    display: str
    folded: str
    kinds: tuple[ShingleKind, ...]
    words: int


@dataclass(frozen=True, slots=True)
class _Rules:
    threshold: float
    short_words: int


def verify(
    candidates: Iterable[Candidate], recipe: Recipe = DEFAULT_RECIPE, threshold: float = NEAR
) -> list[Pair]:
    """Return the candidates that are copies or variants, as pairs ordered by (left, right), each once.

    A candidate is (left text_key, left text, right text_key, right text); texts are display forms, and one
    key always goes with texts of one matching form. `threshold` is the least Jaccard of a near pair. Equal
    keys make no pair: `lead` knows exact copies by their key. Whatever the order or the batching of the
    candidates, a pair comes out the same. Of several display forms of one key (capitals may differ, and they
    tell names) the smallest is taken; a caller that verifies in batches must always give the same one.
    """
    displays: dict[str, str] = {}
    candidate_keys: set[tuple[str, str]] = set()
    for left_key, left_text, right_key, right_text in candidates:
        for key, text in ((left_key, left_text), (right_key, right_text)):
            displays[key] = min(displays.get(key, text), text)
        if left_key != right_key:
            candidate_keys.add((min(left_key, right_key), max(left_key, right_key)))
    texts = {key: _read(text, recipe) for key, text in displays.items()}
    compared: dict[tuple[str, str], ShingleKind] = {}
    wanted: dict[ShingleKind, dict[str, None]] = {"word": {}, "char": {}}
    for left, right in sorted(candidate_keys):
        if texts[left].kinds and texts[right].kinds:  # emoji and links alone match by their key only
            compared[left, right] = kind = kind_of_pair(texts[left].kinds, texts[right].kinds)
            wanted[kind].update({left: None, right: None})
    sets = {kind: _shingle_sets(keys, texts, kind, recipe) for kind, keys in wanted.items()}
    rules = _Rules(threshold, recipe.short_words)
    found: list[Pair] = []
    for (left, right), kind in compared.items():
        shingles = (sets[kind][left], sets[kind][right])
        verdict = _judge(texts[left], texts[right], shingles, kind, rules)
        if verdict.relation is not None:
            found.append(
                Pair(
                    left=left,
                    right=right,
                    relation=verdict.relation,
                    similarity=verdict.similarity,
                    containment=verdict.containment,
                    rule=verdict.rule,
                )
            )
    return found


def compare(left: str, right: str, recipe: Recipe = DEFAULT_RECIPE, threshold: float = NEAR) -> Comparison:
    """Compare two texts in display form and say why they are copies, variants, or neither. Symmetric."""
    ours, theirs = _read(left, recipe), _read(right, recipe)
    if left == right and left.strip():
        return Comparison(relation="exact", similarity=1.0, containment=1.0, rule="equal")
    if not (ours.kinds and theirs.kinds):
        return Comparison(relation=None, similarity=0.0, containment=0.0, rule="no-words")
    if ours.folded == theirs.folded and marks(left) == marks(right):
        return Comparison(relation="exact", similarity=1.0, containment=1.0, rule="equal-words")
    kind = kind_of_pair(ours.kinds, theirs.kinds)
    sets = _shingle_sets(("left", "right"), {"left": ours, "right": theirs}, kind, recipe)
    return _judge(ours, theirs, (sets["left"], sets["right"]), kind, _Rules(threshold, recipe.short_words))


def _read(text: str, recipe: Recipe) -> _Text:
    folded = fold(text)
    return _Text(text, folded, kinds(folded, recipe), folded.count(" ") + 1)


def _shingle_sets(
    keys: Iterable[str], texts: dict[str, _Text], kind: ShingleKind, recipe: Recipe
) -> dict[str, frozenset[int]]:
    keys = list(keys)
    hashes, offsets = shingle_all([texts[key].folded for key in keys], recipe, kind)
    return {
        key: frozenset(hashes[start:end].tolist())
        for key, start, end in zip(keys, offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    }


def _judge(
    left: _Text,
    right: _Text,
    shingles: tuple[frozenset[int], frozenset[int]],
    kind: ShingleKind,
    rules: _Rules,
) -> Comparison:
    """Apply the rules above to two texts of different text_key and their shingles of one kind."""
    ours, theirs = shingles
    shared = len(ours & theirs)
    similarity = shared / (len(ours) + len(theirs) - shared)
    smaller = min(len(ours), len(theirs))
    containment = shared / smaller
    short = kind == "char" and min(left.words, right.words) <= rules.short_words
    relation: Relation | None = None
    rule = "apart"
    if similarity >= rules.threshold:
        relation, rule = "near", f"{kind}-jaccard"
    elif short and _edit_ratio(left.folded, right.folded) >= EDIT_RATIO:
        relation, rule = "near", "edit-ratio"
    elif containment >= CONTAINED and similarity >= CONTAINED_JACCARD and smaller >= CONTAINED_SHINGLES[kind]:
        relation, rule = "contained", f"{kind}-containment"
    if relation is not None:
        # Ties between alignments must not depend on which text comes first.
        first, second = sorted((left, right), key=lambda text: (text.folded, text.display))
        guard = signs_differ(first.display, second.display)
        if guard is None and first.folded != second.folded:
            guard = (
                differ_briefly(first.folded, second.folded, first.display, second.display)
                if short
                else differ(first.folded, second.folded)
            )
        if guard is not None:
            relation, rule = "variant", f"guard:{guard}"
    return Comparison(relation=relation, similarity=similarity, containment=containment, rule=rule)


def _edit_ratio(left: str, right: str) -> float:
    """Return the normalised Indel similarity, 0 where it cannot reach EDIT_RATIO or would take too long."""
    if max(len(left), len(right)) > _RATIO_CHARS:
        return 0.0
    return Indel.normalized_similarity(left, right, score_cutoff=EDIT_RATIO)
