"""Echoes: a body of lines that is said again at once, exactly (a tandem repeat) or nearly.

Exact squares are found by comparing runs of equal keys (Main and Lorentz 1984, restricted to runs of one
period); near copies by chaining anchors in both copies, as in sequence alignment (Abouelhoda and
Ohlebusch 2005), with a price for lines that have no partner.
"""

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from cleaners.anchors import Anchor, Anchors, find_anchors
from cleaners.cut_kernel import link_chains
from cleaners.vocabulary import Keyed
from schemas.echoes import Block, Copy

_STEP = 3  # lines that may be lost between two anchors of one chain
_GAPS = 4  # cuts tried in one chain
_LEAST = 0.12  # weakest block that is offered to the splitter
_SURE = 0.85  # a cut or slightly damaged copy; other facts in like words mostly score less
_LOST = 3  # lines of a first copy behind its last anchor; more only in long bodies
_LONGEST_RUN = 24  # pairs in one line-wise block: more lines said twice running are posts of one line


def weight(key: str) -> float:
    """Return how much an equal pair of lines says: short lines ('Read in full', '#UN') recur by chance."""
    return min(1.0, 0.15 + len(key) / 90)


def find_blocks(keyed: Keyed, usable: Sequence[bool]) -> list[Block]:
    """Return the blocks of a document, ordered by (start, copy_start, end); they may overlap.

    The splitter decides which of them are posts. Indices count the non-blank lines.
    """
    anchors = find_anchors(keyed, usable)
    of_lines = [weight(line) for line in keyed.lines]
    weights = [of_lines[place] for place in keyed.of.tolist()]
    if not len(anchors.firsts):
        return []
    blocks = _squares(anchors, weights)
    for chain in _chains(anchors, weights):
        blocks += _offers(chain, weights, usable)
    unique: dict[tuple[int, int, int], Block] = {}
    offered = _primitive(blocks)
    for block in [*offered, *_joined(offered), *_linewise(offered)]:
        at = (block.start, block.copy_start, block.end)
        if block.score >= _LEAST and (at not in unique or _rank(block) > _rank(unique[at])):
            unique[at] = block
    return [unique[at] for at in sorted(unique)]


def _rank(block: Block) -> tuple[bool, float]:
    return block.exact, block.score


def _primitive(blocks: Sequence[Block]) -> list[Block]:
    """Drop every block that lies inside an exact run of a smaller or equal period: in p p p p p the unit is
    p, said five times; (p p)(p p) and p p behind the first p are parts of that run.

    Drop as well a block whose first copy is doubled itself: (t p p)(t p p) is a post that was sent twice.
    """
    covered: dict[int, tuple[int, int, int]] = {}  # line -> period, start, end of the exact run over it
    kept = []
    for block in sorted(
        blocks, key=lambda block: (not block.exact, block.copy_start - block.start, block.start)
    ):
        period = block.copy_start - block.start
        run = covered.get(block.start)
        if run and run[2] >= block.end and run[0] <= period and (block.start, block.end) != run[1:]:
            continue
        if run and run[0] < period and (block.start, block.end) == run[1:]:
            continue
        if run and not block.exact and run[0] < period and period % run[0] == 0 and block.copy_start < run[2]:
            continue  # from a later copy of the run on: its first body would hold the unit twice
        inside = [covered.get(line) for line in range(block.start, block.copy_start)]
        doubled = [one for one in inside if one and one[1] >= block.start and one[2] <= block.copy_start]
        if 2 * len(doubled) > period:
            continue
        kept.append(block)
        if block.exact:
            for line in range(block.start, block.end):
                covered.setdefault(line, (period, block.start, block.end))
    return kept


def _joined(blocks: Sequence[Block]) -> list[Block]:
    """Return the bodies said three times of which not all copies are equal: two blocks, of which the second
    begins with the copies of the first."""
    by_start: dict[tuple[int, int], list[Block]] = {}
    for block in blocks:
        by_start.setdefault((block.start, block.copy_start), []).append(block)
    return [
        Block(
            block.start,
            block.copy_start,
            following.end,
            (*block.copies, *following.copies),
            False,
            min(block.score, following.score),
        )
        for block in blocks
        for following in by_start.get((block.copy_start, block.end), ())
        if not (block.exact and following.exact) and _whole(block) and _whole(following)
    ]


def _whole(block: Block) -> bool:
    """Say whether each line of the later copies has its partner, and surely."""
    sure = all(copy.similarity >= _SURE for copy in block.copies)
    return sure and len(block.copies) == block.end - block.copy_start


def _linewise(blocks: Sequence[Block]) -> list[Block]:
    """Return the runs of two lines and more of which each is said again at once: a a b b.

    Whether such a run is one body or some posts of one line is for the splitter to say.
    """
    pairs: dict[int, Block] = {}
    for block in blocks:
        if block.copy_start == block.start + 1 and (
            block.start not in pairs or _rank(block) > _rank(pairs[block.start])
        ):
            pairs[block.start] = block
    behind = {block.end for block in pairs.values()}
    runs = []
    for start, first in pairs.items():
        if start in behind:
            continue
        run = [first]
        while run[-1].end in pairs and len(run) <= _LONGEST_RUN:
            run.append(pairs[run[-1].end])
        if 2 <= len(run) <= _LONGEST_RUN:
            copies = tuple(copy for block in run for copy in block.copies)
            exact = all(block.exact for block in run)
            score = sum(block.score for block in run)
            runs.append(Block(start, start + 1, run[-1].end, copies, exact, score))
    return runs


def _squares(anchors: Anchors, weights: Sequence[float]) -> list[Block]:
    """Return the exact tandem repeats: a run of equal pairs of one period, at least one period long."""
    exact = anchors.alike == 1
    firsts, periods = anchors.firsts[exact], (anchors.laters - anchors.firsts)[exact]
    order = np.lexsort((firsts, periods))
    firsts, periods = firsts[order], periods[order]
    fresh = np.ones(len(firsts), dtype=np.bool_)  # the first pair of a run
    fresh[1:] = (periods[1:] != periods[:-1]) | (firsts[1:] != firsts[:-1] + 1)
    begins = np.flatnonzero(fresh)
    lengths = np.diff(begins, append=len(firsts))
    long = lengths >= periods[begins]
    begins, lengths = begins[long], lengths[long]
    blocks = []
    for period, first, length in zip(
        periods[begins].tolist(), firsts[begins].tolist(), lengths.tolist(), strict=True
    ):
        # A run longer than its period is a third copy, or a rotation: offer its first two placements.
        for shift in range(min(length % period, 2) + 1):
            start = first + shift
            copies = (first + length - start) // period
            end = start + period * (1 + copies)
            copied = tuple(
                Copy(line, start + (line - start) % period, 1.0) for line in range(start + period, end)
            )
            score = sum(weights[start : start + period])
            blocks.append(Block(start, start + period, end, copied, True, score))
    return blocks


def _chains(anchors: Anchors, weights: Sequence[float]) -> list[list[Anchor]]:
    """Return the anchors as chains that go on in both copies, best first, each anchor in at most one chain.

    A link over lines without a partner costs half of what these lines weigh: a lost short line is cheap.
    Most chains are of one pair, of lines far apart or of two equal ones in a row, and offer no block: they
    are left out.
    """
    worth = anchors.alike * np.array(weights, dtype=np.float64)[anchors.firsts]
    total = np.array([0.0, *accumulate(weights)])
    order, starts = link_chains(anchors.firsts, anchors.laters, worth, total, _STEP)
    sizes = np.diff(starts, append=len(order))
    heads = order[starts]
    lost = anchors.laters[heads] - anchors.firsts[heads] - 1
    told = (sizes > 1) | ((lost <= _LOST) & ((lost > 0) | (anchors.alike[heads] < 1)))
    chosen = anchors.at(order[np.repeat(told, sizes)])
    chains: list[list[Anchor]] = []
    at = 0
    for size in sizes[told].tolist():
        chain = chosen[at : at + size]
        at += size
        chains += _cut(chain) if size > 1 else [chain]
    return chains


def _cut(chain: list[Anchor]) -> list[list[Anchor]]:
    """Cut a chain where it runs into its own copy: (1,2)(4,5)(7,8) are three blocks, not one.

    The cut is made at the first gap behind which the chain no longer does; without a gap, where it does.
    """
    pieces: list[list[Anchor]] = []
    piece: list[Anchor] = []
    for anchor in chain:
        if piece and anchor.first >= piece[0].later:
            free = [at for at in range(1, len(piece)) if _gap(piece, at) and anchor.first < piece[at].later]
            at = free[0] if free else len(piece)
            pieces.append(piece[:at])
            piece = piece[at:]
        piece.append(anchor)
    return [*pieces, piece]


def _gap(chain: Sequence[Anchor], at: int) -> bool:
    """Say whether lines are skipped between an anchor of a chain and the one before it."""
    return chain[at].first - chain[at - 1].first > 1 or chain[at].later - chain[at - 1].later > 1


def _offers(chain: list[Anchor], weights: Sequence[float], usable: Sequence[bool]) -> list[Block]:
    """Return the chain as a block, and what is left of it when it is cut at its gaps.

    A chain may start in the footer of the post before or end in that of the next: the splitter chooses.
    """
    gaps = [at for at in range(1, len(chain)) if _gap(chain, at)]
    if not gaps and chain[-1].first + 1 == chain[0].later and all(one.similarity == 1 for one in chain):
        return []  # an exact square, which is offered already
    if len(gaps) > _GAPS:
        gaps = [*gaps[: _GAPS // 2], *gaps[-_GAPS // 2 :]]
    starts, ends = [0, *gaps], [*gaps, len(chain)]
    found = (_block(chain[start:end], weights, usable) for start in starts for end in ends if start < end)
    return [block for block in found if block]


def _block(chain: list[Anchor], weights: Sequence[float], usable: Sequence[bool]) -> Block | None:
    """Return the block that a chain spans, or None if too much of it has no partner."""
    start, copy_start = chain[0].first, chain[0].later
    last, end = chain[-1].first, chain[-1].later + 1
    lost = copy_start - last - 1  # lines of the first copy behind its last anchor
    if lost < 0 or lost > max(_LOST, 0.6 * len(chain) + 1):
        return None
    doubtful = [weights[anchor.first] for anchor in chain if anchor.variant]
    if doubtful and 2 * sum(doubtful) > sum(weights[anchor.first] for anchor in chain):
        return None  # most of it may be other facts in like words, not a copy
    if not all(usable[start:end]):
        return None
    firsts = {anchor.first for anchor in chain}
    laters = {anchor.later for anchor in chain}
    alone = [at for at in range(start, last) if at not in firsts] + [
        at for at in range(copy_start, end) if at not in laters
    ]
    score = (
        sum(anchor.similarity * weights[anchor.first] for anchor in chain if not anchor.variant)
        - 0.8 * sum(weights[at] for at in alone)
        - sum(0.2 + 0.5 * weights[at] for at in range(last + 1, copy_start))
    )
    copies = tuple(Copy(anchor.later, anchor.first, anchor.similarity) for anchor in chain)
    exact = not alone and lost == 0 and all(anchor.similarity == 1 for anchor in chain)
    return Block(start, copy_start, end, copies, exact, score)
