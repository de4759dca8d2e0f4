"""Paragraphs to columns. They are the bulk of a batch, so columns are built directly, without rows."""

from collections.abc import Sequence
from typing import Any

from schemas.items import CleanedDocument
from warehouse.columns import document_key, key_of, keys, optional_keys, storable
from warehouse.items import Escape


def paragraph_columns(
    documents: Sequence[CleanedDocument], escapes: list[Escape]
) -> tuple[list[Any], list[Any]]:
    """Return the columns of batch.PARAGRAPHS and of batch.TEXTS; add to `escapes` what was written out.

    A text is stored once per exact spelling. Its `reuse_key` is the blake2b-128 of the text with case folded
    and white space collapsed, by which paragraphs of several items are brought together.
    """
    paragraphs = [paragraph for document in documents for paragraph in document.paragraphs]
    texts = {paragraph.text: storable(paragraph.text) for paragraph in paragraphs}
    # By storable text: the escape of a lone surrogate may also stand in a text as it is.
    text_keys = {stored: key_of(stored) for stored in texts.values()}
    if any(text != stored for text, stored in texts.items()):
        escapes += [
            (document.document_id, paragraph.line)
            for document in documents
            for paragraph in document.paragraphs
            if texts[paragraph.text] != paragraph.text
        ]
    columns = [
        keys([document_key(document.document_id) for document in documents for _ in document.paragraphs]),
        [paragraph.ordinal for paragraph in paragraphs],
        [paragraph.byte_start for paragraph in paragraphs],
        [paragraph.byte_end for paragraph in paragraphs],
        [paragraph.line for paragraph in paragraphs],
        keys([text_keys[texts[paragraph.text]] for paragraph in paragraphs]),
        [paragraph.fate for paragraph in paragraphs],
        [paragraph.rule for paragraph in paragraphs],
        [paragraph.of_ordinal for paragraph in paragraphs],
        [paragraph.similarity for paragraph in paragraphs],
        optional_keys(_item_ids(documents)),
    ]
    reuse_keys = [key_of(" ".join(stored.casefold().split())) for stored in text_keys]
    return columns, [keys(list(text_keys.values())), keys(reuse_keys), list(text_keys)]


def _item_ids(documents: Sequence[CleanedDocument]) -> list[bytes | None]:
    item_ids: list[bytes | None] = []
    for document in documents:
        by_ordinal = {item.ordinal: bytes.fromhex(item.item_id) for item in document.items}
        item_ids += [
            None if paragraph.item is None else by_ordinal[paragraph.item]
            for paragraph in document.paragraphs
        ]
    return item_ids
