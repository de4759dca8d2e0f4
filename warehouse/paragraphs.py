"""Paragraphs to columns. They are the bulk of a batch, so columns are built directly, without rows.

A text is stored once. Nearly every paragraph says what a line of its item's text says, so it names the line;
what has no item or is not in its text (headers, boilerplate, near copies) brings its own text.
"""

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.items import CleanedDocument, Item
from warehouse.columns import KEY_BYTES, document_key, keys, storable
from warehouse.items import Escape

#: Characters of an item's text up to which paragraphs name its lines. To find a line all before it are read:
#: 65,536 take some 20 us; for a book of 100,000 lines it would be a thousand times that for each of them.
REACH = 65_536


def paragraph_columns(documents: Sequence[CleanedDocument], escapes: list[Escape]) -> list[Any]:
    """Return the columns of batch.PARAGRAPHS; add to `escapes` what was written out.

    `text_line` is the first line of the item's text, from 1, that is the paragraph's text, letter by letter;
    where there is none, `text` is the text. `reuse_key` is the blake2b of the text with case folded and white
    space collapsed, its first 64 bits of 128, by which kept paragraphs of several items are brought together.
    """
    paragraphs = [paragraph for document in documents for paragraph in document.paragraphs]
    texts = [storable(paragraph.text) for paragraph in paragraphs]
    whose = [document for document in documents for _ in document.paragraphs]
    escapes += [
        (document.document_id, paragraph.line)
        for document, paragraph, text in zip(whose, paragraphs, texts, strict=True)
        if text is not paragraph.text
    ]
    items = [item for document in documents for item in _items_of(document)]
    lines = _lines(items, texts)
    kept = [
        at
        for at, (paragraph, text) in enumerate(zip(paragraphs, texts, strict=True))
        if paragraph.fate == "kept" and paragraph.item is not None and text
    ]
    return [
        keys([key for document in documents for key in _key_of_each(document)]),
        [paragraph.ordinal for paragraph in paragraphs],
        [paragraph.byte_start for paragraph in paragraphs],
        [paragraph.byte_end for paragraph in paragraphs],
        [paragraph.line for paragraph in paragraphs],
        [paragraph.fate for paragraph in paragraphs],
        [paragraph.rule for paragraph in paragraphs],
        [paragraph.of_ordinal for paragraph in paragraphs],
        [paragraph.similarity for paragraph in paragraphs],
        [paragraph.item for paragraph in paragraphs],
        lines,
        [text if line is None else None for text, line in zip(texts, lines, strict=True)],
        _reuse_keys([texts[at] for at in kept], kept, len(texts)),
    ]


def _key_of_each(document: CleanedDocument) -> list[bytes]:
    return [document_key(document.document_id)] * len(document.paragraphs)


def _items_of(document: CleanedDocument) -> list[Item | None]:
    """Return the item of each paragraph. Raises KeyError for an ordinal that no item has."""
    by_ordinal: dict[int | None, Item | None] = {item.ordinal: item for item in document.items}
    by_ordinal[None] = None
    return [by_ordinal[paragraph.item] for paragraph in document.paragraphs]


def _lines(items: Sequence[Item | None], texts: Sequence[str]) -> list[int | None]:
    """Return for each paragraph the line of its item's text, from 1, that it is; None if it is none."""
    found: list[int | None] = []
    item, known = None, dict[str, int]()
    for own, text in zip(items, texts, strict=True):
        if own is not item:
            item, known = own, {}
            if own is not None and len(own.text) <= REACH:
                said = storable(own.text).split("\n")
                # From behind, so that of equal lines the first one counts.
                known = dict(zip(reversed(said), range(len(said), 0, -1), strict=True))
        found.append(known.get(text))
    return found


def _reuse_keys(texts: Sequence[str], places: Sequence[int], size: int) -> pa.Array:
    """Return the keys of `texts`, which stand at `places` of `size` rows, and null elsewhere."""
    digests = b"".join(
        [blake2b(folded.encode(), digest_size=KEY_BYTES).digest()[:8] for folded in _folded(texts)]
    )
    values = np.zeros(size, dtype=np.uint64)
    missing = np.ones(size, dtype=bool)
    values[places] = np.frombuffer(digests, dtype=">u8")
    missing[places] = False
    return pa.array(values, mask=missing)


def _folded(texts: Sequence[str]) -> list[str]:
    """Return `" ".join(text.casefold().split())` of each text, all of them at once, at a third of the cost.

    Texts with line breaks in them are folded one by one.
    """
    whole = "\n".join(texts).casefold()
    for space in _spaces():
        if space in whole:
            whole = whole.replace(space, " ")
    while "  " in whole:
        whole = whole.replace("  ", " ")
    folded = whole.split("\n") if texts else []
    if len(folded) != len(texts):
        return [" ".join(text.casefold().split()) for text in texts]
    return [text.strip(" ") for text in folded]


@cache
def _spaces() -> tuple[str, ...]:
    """Return all white space but the blank and the line feed."""
    return tuple(chr(at) for at in range(0x3001) if chr(at).isspace() and chr(at) not in " \n")
