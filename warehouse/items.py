"""Items to columns: what an item says (a version) and where it stands (a sighting), side by side."""

from collections.abc import Iterator, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any

from schemas.items import CleanedDocument, Dropped, Item
from schemas.signatures import Signed
from warehouse import batch as shape
from warehouse.columns import (
    day,
    document_key,
    key_of,
    keys,
    moment,
    optional_keys,
    storable,
    storable_or_none,
)

#: Document and line (from 1) of a text whose lone surrogates were written out.
Escape = tuple[str, int | None]
#: Columns of ITEMS that are keys and need their own way into Arrow.
_KEYS = {
    "document_key": keys,
    "item_id": keys,
    "version_id": keys,
    "text_key": optional_keys,
    "spelling_key": keys,
}


def item_rows(
    documents: Sequence[CleanedDocument], signed: Mapping[str, Signed], escapes: list[Escape]
) -> Iterator[Any]:
    """Yield the columns of batch.ITEMS for the items of `documents`; add to `escapes` what was written out.

    Raises WarehouseError for a date that is none.
    """
    rows = [
        _place(document, item, escapes) | _content(item, signed.get(item.text))
        for document in documents
        for item in document.items
    ]
    for name in shape.ITEMS.names:
        values = [row[name] for row in rows]
        yield _KEYS[name](values) if name in _KEYS else values


def _place(document: CleanedDocument, item: Item, escapes: list[Escape]) -> dict[str, Any]:
    if storable(item.text) != item.text:
        escapes.append((document.document_id, item.first_line))
    return {
        "document_key": document_key(document.document_id),
        "ordinal": item.ordinal,
        "first_line": item.first_line,
        "last_line": item.last_line,
        "byte_start": item.byte_start,
        "byte_end": item.byte_end,
        "boundary_confidence": item.boundary_confidence,
        "boundary_cue": item.boundary_cue,
        "dropped": [_dropped(run) for run in item.dropped],
    }


def _dropped(run: Dropped) -> dict[str, Any]:
    return {
        "first_line": run.first_line,
        "last_line": run.last_line,
        "reason": run.reason,
        "of_line": run.of_line,
        "similarity": run.similarity,
    }


def _content(item: Item, signed: Signed | None) -> dict[str, Any]:
    published, card = item.published, item.card
    plain: dict[str, Any] = {
        "kind": item.kind,
        "channel": storable_or_none(item.channel),
        "author": storable_or_none(item.author),
        "native_id": storable_or_none(item.native_id),
        "forwarded_from": storable_or_none(item.forwarded_from),
        "title": storable_or_none(item.title),
        "text": storable(item.text),
        "published_best": published.best,
        "published_earliest": published.earliest,
        "published_latest": published.latest,
        "published_edtf": published.edtf,
        "published_precision": published.precision,
        "published_basis": published.basis,
        "published_confidence": published.confidence,
        "published_evidence": storable_or_none(published.evidence),
        "lang": item.lang,
        "hashtags": [storable(tag) for tag in item.hashtags],
        "urls": [storable(url) for url in item.urls],
        "card_site": storable_or_none(card.site) if card else None,
        "card_title": storable_or_none(card.title) if card else None,
        "card_description": storable_or_none(card.description) if card else None,
    }

    extras = storable_or_none(item.extras)
    stated = {"posted_at": item.posted_at, "edited_at": item.edited_at, "extras": extras}
    # What is not there is left out, so that a version that landed before these fields were keeps its id.
    said = plain | {name: value for name, value in stated.items() if value is not None}

    def whose() -> str:
        return f"Item {item.item_id} of document {item.document_id}"

    return plain | {
        "item_id": bytes.fromhex(item.item_id),
        # All that the item says, nothing of where it was seen: one post in two exports is one version.
        "version_id": key_of(item.item_id, as_json(said)),
        "text_length": len(item.text),
        "text_key": bytes.fromhex(signed.text_key) if signed else None,
        "spelling_key": key_of(plain["text"]),
        "published_best": day(published.best, whose),
        "published_earliest": day(published.earliest, whose),
        "published_latest": day(published.latest, whose),
        "published_at": moment(published.best, whose) if published.precision == "second" else None,
        "posted_at": moment(item.posted_at, whose),
        "edited_at": moment(item.edited_at, whose),
        "extras": extras,
    }


def as_json(said: Mapping[str, str | float | Sequence[str] | None]) -> str:
    """Return what `json.dumps(said, ensure_ascii=False)` returns for texts, numbers and lists of texts.

    In a fifth of its time, of which all landed items take some.
    """
    return "{" + ", ".join(f'"{name}": {_json(value)}' for name, value in said.items()) + "}"


def _json(value: str | float | Sequence[str] | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, float | int):
        return repr(value)
    return "[" + ", ".join(map(encode_basestring, value)) + "]"
