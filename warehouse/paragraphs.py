"""Paragraphs to columns. They are the bulk of a batch, so columns are built directly, without rows.

A text is stored once. Nearly every paragraph says what a line of its item's text says, so it names the line;
what has no item or is not in its text (headers, boilerplate, near copies) brings its own text.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.items import CleanedDocument
from warehouse import batch as shape
from warehouse.columns import KEY_BYTES, columns_of, document_key, repeated_keys, storable
from warehouse.items import Escape

#: Characters of an item's text up to which paragraphs name its lines. To find a line all before it are read:
#: 65,536 take some 20 us; for a book of 100,000 lines it would be a thousand times that for each of them.
REACH = 65_536


#: Lines up to which the line of a paragraph is looked for one by one: below, that is less than a table takes.
_FEW = 16

_TAKEN = ("ordinal", "byte_start", "byte_end", "line", "fate", "rule", "of_ordinal", "similarity")


def paragraph_columns(documents: Sequence[CleanedDocument], escapes: list[Escape]) -> list[Any]:
    """Return the columns of batch.PARAGRAPHS; add to `escapes` what was written out.

    `text_line` is the first line of the item's text, from 1, that is the paragraph's text, letter by letter;
    where there is none, `text` is the text. `reuse_key` is the blake2b of the text with case folded and white
    space collapsed, its first 64 bits of 128, by which kept paragraphs of several items are brought together.
    Raises KeyError for an item that is none of the document.
    """
    taken = columns_of(
        [one for document in documents for one in document.paragraphs], "text", "item", *_TAKEN
    )
    taken["item_ordinal"] = taken.pop("item")
    said = taken.pop("text")
    try:
        made = _columns(documents, taken, said)
    except UnicodeEncodeError:  # hardly ever: then all are looked at one by one
        texts = [storable(text) for text in said]
        whose = [document.document_id for document in documents for _ in document.paragraphs]
        escapes += [
            (own, line)
            for own, line, text, before in zip(whose, taken["line"], texts, said, strict=True)
            if text is not before
        ]
        made = _columns(documents, taken, texts)
    made["document_key"] = repeated_keys(
        [document_key(document.document_id) for document in documents],
        [len(document.paragraphs) for document in documents],
    )
    return [made[name] for name in shape.PARAGRAPHS.names]


def _columns(
    documents: Sequence[CleanedDocument], taken: Mapping[str, Sequence[Any]], texts: Sequence[str]
) -> dict[str, Any]:
    """Return `taken` and the columns that come from texts. Raises UnicodeEncodeError for one that cannot be
    stored."""
    items = taken["item_ordinal"]
    lines = _lines(documents, texts, items)
    kept = [
        at
        for at, (fate, item, text) in enumerate(zip(taken["fate"], items, texts, strict=True))
        if fate == "kept" and item is not None and text
    ]
    own = [text if line is None else None for text, line in zip(texts, lines, strict=True)]
    return {
        **taken,
        "text_line": lines,
        "text": pa.array(own, pa.large_string()),
        "reuse_key": _reuse_keys([texts[at] for at in kept], kept, len(texts)),
    }


def _lines(
    documents: Sequence[CleanedDocument], texts: Sequence[str], items: Sequence[int | None]
) -> list[int | None]:
    """Return for each paragraph the line of its item's text, from 1, that it is; None if it is none."""
    found: list[int | None] = []
    end = 0
    for document in documents:
        start, end = end, end + len(document.paragraphs)
        said = {item.ordinal: item.text for item in document.items}
        last: int | None = None
        lines: list[str] = []
        known: dict[str, int] = {}
        for item, text in zip(items[start:end], texts[start:end], strict=True):
            if item != last:
                lines = [] if item is None or len(said[item]) > REACH else storable(said[item]).split("\n")
                # From behind, so that of equal lines the first one counts.
                many = len(lines) > _FEW
                known = dict(zip(reversed(lines), range(len(lines), 0, -1), strict=True)) if many else {}
                last = item
            if known:
                found.append(known.get(text))
            else:
                found.append(lines.index(text) + 1 if text in lines else None)
    return found


def _reuse_keys(texts: Sequence[str], places: Sequence[int], size: int) -> pa.Array:
    """Return the keys of `texts`, which stand at `places` of `size` rows, and null elsewhere."""
    digests = b"".join([blake2b(folded, digest_size=KEY_BYTES).digest() for folded in _folded(texts)])
    values = np.zeros(size, dtype=np.uint64)
    missing = np.ones(size, dtype=bool)
    values[places] = np.frombuffer(digests, dtype=">u8")[::2]
    missing[places] = False
    return pa.array(values, mask=missing)


def _folded(texts: Sequence[str]) -> Sequence[bytes | memoryview]:
    """Return `" ".join(text.casefold().split())` of each text in UTF-8, all of them at once.

    Texts with line breaks in them are folded one by one. Raises UnicodeEncodeError for lone surrogates.
    """
    whole = "\n".join(texts).casefold()
    for space in _spaces():
        if space in whole:
            whole = whole.replace(space, " ")
    data = whole.encode()
    codes = np.frombuffer(data, dtype=np.uint8)
    ends = codes == ord("\n")
    blank = codes == ord(" ")
    blank |= ends
    places = [0, *(np.flatnonzero(ends) + 1).tolist(), len(data) + 1]
    if len(places) != len(texts) + 1:
        return [" ".join(text.casefold().split()).encode() for text in texts]
    view = memoryview(data)
    folded: list[bytes | memoryview] = [view[start : end - 1] for start, end in pairwise(places)]
    # Blanks stand side by side, or at an end, in few: to replace them in all takes longer than all the rest.
    gaps = np.flatnonzero(blank[1:] & blank[:-1])
    beside = np.searchsorted(places, np.concatenate([gaps, gaps + 1]), side="right") - 1
    for at in {0, len(texts) - 1, *beside.tolist()}:
        folded[at] = b" ".join(bytes(folded[at]).split())
    return folded


@cache
def _spaces() -> tuple[str, ...]:
    """Return all white space but the blank and the line feed."""
    return tuple(chr(at) for at in range(0x3001) if chr(at).isspace() and chr(at) not in " \n")
