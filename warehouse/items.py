"""Items to columns: what an item says (a version) and where it stands (a sighting), side by side.

All items that land pass through here, so columns are made one by one, and texts are copied once: they are
hashed where Arrow has them.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import chain
from typing import Any

import pyarrow as pa

from schemas.items import Card, CleanedDocument, Dropped, Item
from schemas.signatures import Signed
from warehouse import batch as shape
from warehouse.columns import (
    KEY_BYTES,
    columns_of,
    days,
    document_key,
    keys,
    keys_in,
    moments,
    optional_keys,
    repeated_keys,
    starts,
    written_out,
)
from warehouse.versions import Texts, version_keys

#: Document and line (from 1) of a text whose lone surrogates were written out.
Escape = tuple[str, int | None]

_PLACED = (
    *("ordinal", "first_line", "last_line", "byte_start", "byte_end"),
    *("boundary_confidence", "boundary_cue"),
)
_NAMED = ("kind", "channel", "author", "native_id", "forwarded_from", "title")
_PUBLISHED = ("best", "earliest", "latest", "edtf", "precision", "basis", "confidence", "evidence")
_DAYS = ("published_best", "published_earliest", "published_latest")
_LISTS = ("hashtags", "urls")
_CARD = ("site", "title", "description")
_STATED = ("posted_at", "edited_at", "extras")
_HELD = ("item_id", "text", "published", "lang", "card", "dropped", *_PLACED, *_NAMED, *_LISTS, *_STATED)
_NO_CARD = Card()
_DROPPED = shape.DROPPED.value_type


def item_columns(
    documents: Sequence[CleanedDocument], signed: Mapping[str, Signed], escapes: list[Escape]
) -> list[Any]:
    """Return the columns of batch.ITEMS for the items of `documents`; add to `escapes` what was written out.

    Raises WarehouseError for a date that is none.
    """
    items = [item for document in documents for item in document.items]
    if not items:
        return [()] * len(shape.ITEMS)
    try:
        made = _columns(items)
    except UnicodeEncodeError:  # hardly ever: then all are looked at one by one
        written = [written_out(item) for item in items]
        escapes += [
            (item.document_id, item.first_line)
            for item, out in zip(items, written, strict=True)
            if item.text != out.text
        ]
        made = _columns(written)
    made["document_key"] = repeated_keys(
        [document_key(document.document_id) for document in documents],
        [len(document.items) for document in documents],
    )
    made["text_length"] = [len(item.text) for item in items]
    made["text_key"] = _text_keys(items, signed)
    return [made[name] for name in shape.ITEMS.names]


def _columns(items: Sequence[Item]) -> dict[str, Any]:
    """Return the columns that say something of each item by itself.

    Raises UnicodeEncodeError for texts that cannot be stored.
    """
    held = columns_of(items, *_HELD)
    published = columns_of(held["published"], *_PUBLISHED)
    card = columns_of([one or _NO_CARD for one in held["card"]], *_CARD)
    named = {name: held[name] for name in _NAMED}
    behind = {
        **{f"published_{name}": said for name, said in published.items()},
        **{name: held[name] for name in ("lang", *_LISTS)},
        **{f"card_{name}": said for name, said in card.items()},
    }
    column = pa.array(held["text"], pa.large_string())
    plain = Texts.of(column)
    versions = version_keys(held["item_id"], plain, named, behind, {name: held[name] for name in _STATED})
    return {
        **held,
        **behind,
        **_titles(held["title"], held["text"]),
        **_dates(items, behind, held),
        **{name: _lists(held[name], pa.array(_flat(held[name]), pa.string())) for name in _LISTS},
        "item_id": keys_in(bytes.fromhex("".join(held["item_id"]))),
        "version_id": keys(versions),
        "dropped": _dropped(held["dropped"]),
        "text": column,
        "spelling_key": keys([blake2b(text, digest_size=KEY_BYTES).digest() for text in plain.slices()]),
    }


def _titles(titles: Sequence[str | None], texts: Sequence[str]) -> dict[str, Sequence[Any]]:
    """Return how long the titles are that texts begin with, and the others."""
    lengths = [
        len(title) if title is not None and text.startswith(title) else None
        for title, text in zip(titles, texts, strict=True)
    ]
    own = [title if length is None else None for title, length in zip(titles, lengths, strict=True)]
    return {"title": own, "title_length": lengths}


def _text_keys(items: Sequence[Item], signed: Mapping[str, Signed]) -> pa.Array:
    """Return the text_keys of items, null for those that were not signed."""
    own = [signed.get(item.text) for item in items] if signed else [None] * len(items)
    if None in own:
        return optional_keys([bytes.fromhex(one.text_key) if one else None for one in own])
    return keys_in(bytes.fromhex("".join([one.text_key for one in own if one])))


def _flat(values: Sequence[Sequence[Any]]) -> list[Any]:
    return list(chain.from_iterable(values))


def _lists(values: Sequence[Sequence[Any]], flat: pa.Array) -> pa.Array:
    """Return lists: as many of the values in `flat` for each as it has."""
    return pa.ListArray.from_arrays(pa.array(starts(map(len, values))), flat)


def _dropped(runs: Sequence[Sequence[Dropped]]) -> pa.Array:
    fields = list(_DROPPED)
    columns = columns_of(_flat(runs), *(field.name for field in fields))
    flat = [pa.array(columns[field.name], field.type) for field in fields]
    return _lists(runs, pa.StructArray.from_arrays(flat, fields=fields))


def _dates(
    items: Sequence[Item], published: Mapping[str, Sequence[Any]], held: Mapping[str, Sequence[Any]]
) -> dict[str, pa.Array | Sequence[Any]]:
    """Return days and moments. Raises WarehouseError for one that is none."""

    def whose(place: int) -> str:
        return f"Item {items[place].item_id} of document {items[place].document_id}"

    best, precision = published["published_best"], published["published_precision"]
    exact = [day if how == "second" else None for day, how in zip(best, precision, strict=True)]
    return {
        **{name: days(published[name], whose) for name in _DAYS},
        "published_at": moments(exact, whose),
        "posted_at": moments(held["posted_at"], whose),
        "edited_at": moments(held["edited_at"], whose),
    }
