"""Items to columns: what an item says (a version) and where it stands (a sighting), side by side.

All items that land pass through here, so a row is made at once, and its text is copied as seldom as can be.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from json.encoder import encode_basestring
from typing import Any

from schemas.items import CleanedDocument, Dropped, Item
from schemas.signatures import Signed
from warehouse import batch as shape
from warehouse.columns import (
    KEY_BYTES,
    day,
    document_key,
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
#: What JSON escapes beside quotes, backslashes and line feeds.
_CONTROLS = [chr(at) for at in range(32) if chr(at) != "\n"]


def item_rows(
    documents: Sequence[CleanedDocument], signed: Mapping[str, Signed], escapes: list[Escape]
) -> Iterator[Any]:
    """Yield the columns of batch.ITEMS for the items of `documents`; add to `escapes` what was written out.

    Raises WarehouseError for a date that is none.
    """
    rows = []
    for document in documents:
        said = "".join([item.text for item in document.items])
        plain = not any(sign in said for sign in _CONTROLS)
        key = document_key(document.document_id)
        for item in document.items:
            text = storable(item.text)
            if text is not item.text:
                escapes.append((document.document_id, item.first_line))
            rows.append(_row(key, item, text, signed.get(item.text), plain=plain))
    columns = zip(*rows, strict=True) if rows else [()] * len(shape.ITEMS)
    for name, values in zip(shape.ITEMS.names, columns, strict=True):
        yield _KEYS[name](values) if name in _KEYS else values


def _row(key: bytes, item: Item, text: str, signed: Signed | None, *, plain: bool) -> tuple[Any, ...]:
    """Return the columns of batch.ITEMS, in order."""
    published, card, title = item.published, item.card, storable_or_none(item.title)
    begin = title if title is not None and text.startswith(title) else None
    data = text.encode()

    def whose() -> str:
        return f"Item {item.item_id} of document {item.document_id}"

    return (
        key,
        item.ordinal,
        bytes.fromhex(item.item_id),
        version_key(item, data, plain=plain),
        item.first_line,
        item.last_line,
        item.byte_start,
        item.byte_end,
        item.boundary_confidence,
        item.boundary_cue,
        [_dropped(run) for run in item.dropped],
        item.kind,
        storable_or_none(item.channel),
        storable_or_none(item.author),
        storable_or_none(item.native_id),
        storable_or_none(item.forwarded_from),
        None if begin is not None else title,
        None if begin is None else len(begin),
        text,
        len(item.text),
        bytes.fromhex(signed.text_key) if signed else None,
        blake2b(data, digest_size=KEY_BYTES).digest(),
        day(published.best, whose),
        day(published.earliest, whose),
        day(published.latest, whose),
        moment(published.best, whose) if published.precision == "second" else None,
        published.edtf,
        published.precision,
        published.basis,
        published.confidence,
        storable_or_none(published.evidence),
        moment(item.posted_at, whose),
        moment(item.edited_at, whose),
        storable_or_none(item.extras),
        item.lang,
        [storable(tag) for tag in item.hashtags],
        [storable(url) for url in item.urls],
        storable_or_none(card.site) if card else None,
        storable_or_none(card.title) if card else None,
        storable_or_none(card.description) if card else None,
    )


def _dropped(run: Dropped) -> dict[str, Any]:
    return {
        "first_line": run.first_line,
        "last_line": run.last_line,
        "reason": run.reason,
        "of_line": run.of_line,
        "similarity": run.similarity,
    }


def version_key(item: Item, text: bytes, *, plain: bool) -> bytes:
    """Return the key of a version: the hash of the item's id and, as JSON, of all that it says.

    Nothing of where it was seen: one post in two exports is one version. `text` is the item's as it is
    stored; `plain`: it has no control characters but line feeds.
    """
    if plain:
        quoted = text.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    else:
        quoted = encode_basestring(text.decode())[1:-1].encode()
    head, tail = _around(item)
    own = item.item_id.encode()
    whole = len(head) + len(quoted) + len(tail)
    digest = blake2b(
        b"".join((len(own).to_bytes(8, "little"), own, whole.to_bytes(8, "little"), head)),
        digest_size=KEY_BYTES,
    )
    digest.update(quoted)
    digest.update(tail)
    return digest.digest()


def _around(item: Item) -> tuple[bytes, bytes]:
    """Return what stands before and behind the text in the JSON of all that an item says."""
    published, card = item.published, item.card
    head = (
        f'{{"kind": {_json(item.kind)}, "channel": {_json(item.channel)}, "author": {_json(item.author)}, '
        f'"native_id": {_json(item.native_id)}, "forwarded_from": {_json(item.forwarded_from)}, '
        f'"title": {_json(item.title)}, "text": "'
    )
    tail = (
        f'", "published_best": {_json(published.best)}, "published_earliest": {_json(published.earliest)}, '
        f'"published_latest": {_json(published.latest)}, "published_edtf": {_json(published.edtf)}, '
        f'"published_precision": {_json(published.precision)}, "published_basis": {_json(published.basis)}, '
        f'"published_confidence": {published.confidence!r}, '
        f'"published_evidence": {_json(published.evidence)}, "lang": {_json(item.lang)}, '
        f'"hashtags": [{", ".join(map(_json, item.hashtags))}], '
        f'"urls": [{", ".join(map(_json, item.urls))}], '
        f'"card_site": {_json(card.site if card else None)}, '
        f'"card_title": {_json(card.title if card else None)}, '
        f'"card_description": {_json(card.description if card else None)}'
    )
    # What is not there is left out, so that a version that landed before these fields were keeps its id.
    stated = {"posted_at": item.posted_at, "edited_at": item.edited_at, "extras": item.extras}
    more = "".join(f', "{name}": {_json(value)}' for name, value in stated.items() if value is not None)
    return head.encode(), f"{tail}{more}}}".encode()


def _json(text: str | None) -> str:
    return "null" if text is None else encode_basestring(storable(text))
