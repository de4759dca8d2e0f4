"""Split: the lines of a document -> the segments that are its posts, or one segment for an article."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp

import numpy as np

from cleaners import cues
from cleaners.cards import CardSpan, find_cards
from cleaners.echoes import find_blocks
from cleaners.linewise import expand, reading, said_again
from cleaners.logistic import Matrix, Table, chances, fit, odds, rebase
from cleaners.many_keys import keys_of
from cleaners.marks import Mark
from cleaners.modes import ARTICLE, STRONG, closing_kind, is_doubled, price_of
from cleaners.segments import Scene, Segment, Shape, doubled_posts, learn, search, usual_shape
from cleaners.vocabulary import Keyed, number_lines
from schemas.echoes import Block

# Of 489 posts of six lines and more, rendered alone, these keep all whole; no undoubled dump is lost.
_LEAST_GAIN, _LONGEST_MEAN = 8.0, 9
_LESSONS = 8  # doubled posts from which a document teaches its own cues
_UNTOLD = -1  # the label of a line of which nothing is known
_ROWS = 3000  # labelled lines looked at, evenly spread: more change the second digit of a weight
_PULL = 4.0  # strength of the general weights against them
_PASSES = 2  # a third changes F1 by less than .001
_CARD = 4.0  # log-odds for a post right behind a card
_HARD = 12.0  # log-odds of a structural line: beyond what any sum of soft cues reaches


@dataclass(frozen=True, slots=True)
class Cut:
    """A document cut into posts. `feed` is False for a plain article; `cue` names what the cut rests on."""

    segments: tuple[Segment, ...]
    keys: tuple[str, ...]  # of all lines
    feed: bool
    cue: str  # echoes | stamps | separators | headers | style | none


def split(texts: Sequence[str], blanks: Sequence[int], marks: dict[int, Mark]) -> Cut:
    """Cut the non-blank lines `texts` into segments.

    blanks: blank lines before each line; marks: structural lines by index. Cost: linear in lines.
    """
    if not texts:
        return Cut((), (), False, "none")
    keys = keys_of(texts)
    usable = [at not in marks for at in range(len(texts))]
    again = said_again(keys, usable)
    keyed = number_lines(keys)
    blocks = find_blocks(keyed, usable)
    closing = closing_kind(texts, marks)
    head = [at in marks and marks[at].kind != closing for at in range(len(texts))]
    close = [at in marks and not head[at] for at in range(len(texts))]
    doubled = is_doubled(blocks, keys, marks)
    cue, price = price_of(texts, keys, marks, doubled)
    cards = _cards(texts, usable, marks, doubled)
    copies = [either or twice for either, twice in zip(_copied(blocks, len(texts)), again, strict=True)]
    shape = usual_shape() if doubled else Shape(doubled=False)
    trust = 0.5 if doubled else 1.0  # where echoes speak, general habits are second
    posts = doubled_posts(blocks, head, close, cards, copies, titled=not doubled)
    # Where stamps cut, and no doubled post or card says otherwise, no cue is worth the price of a boundary.
    told = bool(doubled or cards or cue != "stamps" or len(posts.worth))
    table = _table(
        texts,
        keyed,
        blanks,
        copies,
        [use and not twice and told for use, twice in zip(usable, again, strict=True)],
    )
    table[again, cues.names().index("copy")] = 1.0
    weights = cues.general_weights()
    soft = odds(table, weights) if told else [0.0] * len(texts)
    opens = _opens(soft if doubled or not told else rebase(soft), head, close, cards, price, trust)
    said = reading(again, chances(soft)) if doubled else "bodies"
    if said == "whole" and len(texts) > ARTICLE:
        kept = [at for at, twice in enumerate(again) if not twice]
        cut = split(
            [texts[at] for at in kept],
            [blanks[at] for at in kept],
            {new: marks[at] for new, at in enumerate(kept) if at in marks},
        )
        if cut.feed:
            return Cut(tuple(expand(cut.segments, kept, len(texts))), tuple(keys), True, cut.cue)
    if said == "posts":
        blocks = [block for block in blocks if not block.line_wise]
        posts = doubled_posts(blocks, head, close, cards, copies, titled=not doubled)
    segments, _ = search(Scene(opens, head, posts), shape)
    for _ in range(_PASSES if doubled else 0):
        shape = learn(segments, shape)
        adapted = _adapted(table, segments)
        if adapted is not None:
            weights, trust, price = adapted, 1.0, (price if cue == "stamps" else 0.0)
        opens = _opens(odds(table, weights), head, close, cards, price, trust)
        segments, _ = search(Scene(opens, head, posts), shape)
    if not doubled and cue in ("style", "none") and not _convinces(segments, opens):
        segments = [Segment(0, len(texts), 0, 0, None, 0)]
    if cards:
        segments = [_with_card(segment, cards) for segment in segments]
    honest = min(0.0, price)
    segments = [_with_confidence(segment, opens[segment.start] + honest, head) for segment in segments]
    if len(segments) == 1 and not doubled and not marks:
        segments = [replace(segments[0], confidence=_unity(opens, price))]
    feed = len(segments) > 1 or any(head) or any(close)
    return Cut(tuple(segments), tuple(keys), feed, cue if feed else "none")


def _cards(
    texts: Sequence[str], usable: Sequence[bool], marks: dict[int, Mark], doubled: bool
) -> dict[int, CardSpan]:
    """Return the cards by the line where they start.

    Pasted messages have none. A card of open length is believed only where a tool has doubled the bodies,
    since the same tool writes the cards out.
    """
    if any(found.kind == "stamp" and found.name for found in marks.values()):
        return {}
    found = find_cards(texts, usable)
    return found if doubled else {at: card for at, card in found.items() if card.least == card.most}


def _copied(blocks: Sequence[Block], size: int) -> list[bool]:
    """Say for each line whether it lies in the later copy of a strong block.

    A near block that crosses an exact one is chance: other facts in like words.
    """
    copied = [False] * size
    spans: dict[int, tuple[int, int]] = {}  # line -> start and end of the exact block over it
    for block in sorted(blocks, key=lambda block: not block.exact):
        if block.score < STRONG:
            continue
        if block.exact:
            spans |= dict.fromkeys(range(block.start, block.end), (block.start, block.end))
        elif (
            spans.get(block.start, (block.start,))[0] < block.start
            or spans.get(block.end - 1, (block.end,))[-1] > block.end
        ):
            continue
        said = set(block.said)
        for at in range(block.copy_start, block.end):
            copied[at] = copied[at] or at not in said
    return copied


def _table(
    texts: Sequence[str],
    keyed: Keyed,
    blanks: Sequence[int],
    copies: Sequence[bool],
    usable: Sequence[bool],
) -> Table:
    """Return the cue features of all lines; structural lines have none, and nobody's neighbour is one."""
    if all(usable):
        return cues.features(texts, keyed, blanks, copies)
    at = np.flatnonzero(usable)
    places = at.tolist()
    own = cues.features(
        [texts[i] for i in places],
        Keyed(keyed.lines, keyed.of[at]),
        [blanks[i] for i in places],
        [copies[i] for i in places],
    )
    table = np.zeros((len(texts), own.shape[1]), dtype=own.dtype)
    table[at] = own
    return table


def _adapted(table: Table, segments: Sequence[Segment]) -> Matrix | None:
    """Return the weights moved towards what the doubled posts of this document show, None if those are few.

    Their titles are openings, the further lines of title and body are not; the line behind an exact copy
    without a card is an opening again, and so is each line under a header.
    """
    general = cues.general_weights()
    labels = np.full(len(table), _UNTOLD, dtype=np.int8)
    for segment, following in zip(segments, [*segments[1:], None], strict=True):
        first = segment.start + segment.head
        if segment.head and first < segment.end:
            labels[first] = 1
        if not segment.block:
            continue
        labels[first : segment.block.start] = 0
        if segment.block.line_wise:
            labels[list(segment.block.said)] = 0
        else:
            labels[segment.block.start : segment.block.copy_start] = 0
        labels[first] = 1
        if (
            following
            and following.start + following.head < following.end
            and segment.block.exact
            and segment.block.score >= 1.5
        ):
            labels[following.start + following.head] = 1
    if (labels == 1).sum() < _LESSONS:
        return None
    rows = np.flatnonzero(labels != _UNTOLD)
    rows = rows[:: 1 + len(rows) // _ROWS]
    return fit(table[rows].astype(np.float64), labels[rows].astype(np.float64), general, _PULL)


def _opens(
    soft: Sequence[float],
    head: Sequence[bool],
    close: Sequence[bool],
    cards: dict[int, CardSpan],
    price: float,
    trust: float,
) -> list[float]:
    """Return the log-odds that a post starts at each line, structure included."""
    size = len(soft)
    inside_card = {at + ahead for at, card in cards.items() for ahead in range(card.least)}
    behind_card = {at + card.most for at, card in cards.items()} - inside_card
    opens = trust * np.array(soft, dtype=np.float64) - price
    opens[[at for at in behind_card if at < size]] += _CARD
    opens[[at for at in inside_card if at < size]] = -_HARD
    heads, closes = np.array(head, dtype=np.bool_), np.array(close, dtype=np.bool_)
    sure, never = heads.copy(), closes.copy()
    sure[1:] |= closes[:-1]
    never[1:] |= heads[:-1]
    opens[sure] = _HARD
    opens[never] = -_HARD
    opens[:1] = 0.0
    found: list[float] = opens.tolist()
    return found


def _convinces(segments: Sequence[Segment], opens: Sequence[float]) -> bool:
    """Say whether a cut that rests on style alone is a dump: many short posts, and no little evidence.

    A long post or an article that is cut by mistake falls into few long parts.
    """
    gain = sum(opens[segment.start] for segment in segments[1:])
    return gain >= _LEAST_GAIN and len(opens) <= _LONGEST_MEAN * len(segments)


def _fits(card: CardSpan | None, length: int) -> bool:
    return card is not None and card.least <= length <= card.most


def _with_card(segment: Segment, cards: dict[int, CardSpan]) -> Segment:
    """Return a single post with the card that closes it, if one does."""
    if segment.block:
        return segment
    card = next((length for length in (3, 2) if _fits(cards.get(segment.end - length), length)), 0)
    return replace(segment, card=card) if segment.end - card > segment.start + segment.head else segment


def _with_confidence(segment: Segment, odds: float, head: Sequence[bool]) -> Segment:
    """Return a segment with how sure its start is: a logistic of its log-odds and its block's worth."""
    if segment.start == 0 or head[segment.start]:
        return segment  # 1.0, as made
    odds += 3.0 * segment.block.score if segment.block else 0.0
    confidence = round(1 / (1 + exp(-max(-30.0, min(30.0, odds)))), 3)
    return Segment(
        segment.start, segment.end, segment.head, segment.title, segment.block, segment.card, confidence
    )


def _unity(opens: Sequence[float], price: float) -> float:
    """Return how sure it is that a text which nothing has cut is one: the probability that no line behind
    the first opens a post, with half of the price, which is a prior that holds for articles only."""
    odds_behind = np.array(opens[1:]) + price / 2
    return round(exp(-float(np.logaddexp(0.0, odds_behind).sum())), 3)
