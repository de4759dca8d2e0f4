"""Cleaned documents to a batch of Arrow tables. Knows no DuckDB: a worker process may do this."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.items import CleanedDocument
from schemas.signatures import Recipe, Signed
from schemas.traces import Step
from warehouse import batch as shape
from warehouse.batch import Batch, Receipt
from warehouse.columns import (
    document_key,
    keys,
    moments,
    repeated_keys,
    starts,
    storable,
    table,
    uint32_lists,
)
from warehouse.items import Escape, item_columns
from warehouse.packing import PIECE, pack
from warehouse.paragraphs import paragraph_columns

#: Bytes of a refused range that quarantine repeats; beyond, the range in the document must do.
QUARANTINE_RAW = 1 << 20
#: The step that says that lone surrogates of a text were written out as escapes.
ESCAPED = (Step("escape-lone-surrogates"),)


def tabulate(
    documents: Sequence[CleanedDocument],
    bodies: Mapping[str, bytes],
    signed: Mapping[str, Signed],
    recipe: Recipe,
    fetched_at: Mapping[str, str | None],
    cleaner: str,
    asked: Mapping[str, str | None] | None = None,
) -> Batch:
    """Return `documents` as one batch.

    `bodies`, `fetched_at` and `asked` go by document_id, `signed` by text; an item without one is not
    matched. `cleaner` is the version of the cleaners, `asked` what they were asked to read a document as.
    Of documents with the same bytes one is taken, whatever their order, and every name that they came under
    is kept.
    Raises KeyError for a document without body, WarehouseError for a date that is none.
    """
    named = sorted(documents, key=lambda document: (document.document_id, document.source, document.uri))
    once = list({document.document_id: document for document in reversed(named)}.values())
    escapes: list[Escape] = []
    rows = item_columns(once, signed, escapes)
    paragraphs = paragraph_columns(once, escapes)
    packed = {document.document_id: pack(bodies[document.document_id]) for document in once}
    items = [item for document in once for item in document.items]
    return Batch(
        documents=_documents(once, cleaner, fetched_at, asked or {}, packed),
        bodies=_bodies(packed),
        receipts=receipts([_receipt(document, fetched_at) for document in named]),
        items=table(shape.ITEMS, rows),
        paragraphs=table(shape.PARAGRAPHS, paragraphs),
        quarantine=_quarantine(once, bodies),
        traces=_traces(once, escapes),
        drifts=_drifts(once),
        recipe=table(shape.RECIPE, [[recipe.name], [json.dumps(asdict(recipe), sort_keys=True)]]),
        **signature_tables([signed[item.text] for item in items if item.text in signed], recipe),
    )


def receipts(received: Sequence[Receipt]) -> pa.Table:
    """Return receipts as a table, each distinct one once."""
    rows = {}
    for receipt in received:
        names = (storable(receipt.source), storable(receipt.uri), storable(receipt.media_type))
        own = receipt.key
        rows[own] = (own, document_key(receipt.document_id), *names, receipt.fetched_at)
    key, document, *others = _transposed(list(rows.values()), len(shape.RECEIPTS))
    return table(shape.RECEIPTS, [keys(key), keys(document), *others])


def _receipt(document: CleanedDocument, fetched_at: Mapping[str, str | None]) -> Receipt:
    return Receipt(
        document_id=document.document_id,
        source=document.source,
        uri=document.uri,
        media_type=document.media_type,
        fetched_at=fetched_at.get(document.document_id),
    )


def _documents(
    documents: Sequence[CleanedDocument],
    cleaner: str,
    fetched_at: Mapping[str, str | None],
    asked: Mapping[str, str | None],
    packed: Mapping[str, bytes],
) -> pa.Table:
    return table(
        shape.DOCUMENTS,
        [
            keys([document_key(document.document_id) for document in documents]),
            [document.document_id for document in documents],
            [document.encoding for document in documents],
            [document.bytes for document in documents],
            [cleaner] * len(documents),
            keys([_receipt(document, fetched_at).key for document in documents]),
            [document.input_format for document in documents],
            [asked.get(document.document_id) for document in documents],
            [len(packed[document.document_id]) for document in documents],
            moments([document.made_at for document in documents], lambda at: documents[at].uri),
        ],
    )


def _bodies(packed: Mapping[str, bytes]) -> pa.Table:
    counts = [-(-len(frame) // PIECE) for frame in packed.values()]
    numbers = np.concatenate([np.empty(0, dtype=np.int64), *map(np.arange, counts)])
    frames = np.cumsum([0, *map(len, packed.values())])
    places = np.append(numbers * PIECE + np.repeat(frames[:-1], counts), frames[-1])
    offsets = pa.py_buffer(places.astype(np.int64))
    pieces = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(numbers), [None, offsets, pa.py_buffer(b"".join(packed.values()))]
    )
    whose = repeated_keys([document_key(own) for own in packed], counts)
    return table(shape.BODIES, [whose, numbers.astype(np.int32), pieces])


def _quarantine(documents: Sequence[CleanedDocument], bodies: Mapping[str, bytes]) -> pa.Table:
    rows = []
    for document in documents:
        body = bodies[document.document_id]
        whose = document_key(document.document_id)
        for refusal in document.quarantine:
            small = refusal.end - refusal.start <= QUARANTINE_RAW
            raw = body[refusal.start : refusal.end] if small else None
            why = (refusal.stage, refusal.reason, storable(refusal.detail))
            rows.append((whose, refusal.start, refusal.end, *why, raw))
    key, *others = _transposed(rows, len(shape.QUARANTINE))
    return table(shape.QUARANTINE, [keys(key), *others])


def _traces(documents: Sequence[CleanedDocument], escapes: Sequence[Escape]) -> pa.Table:
    rows: list[tuple[bytes, int | None, tuple[Step, ...]]] = [
        (document_key(document.document_id), trace.line, trace.steps)
        for document in documents
        for trace in document.traces
    ]
    rows += [(document_key(document_id), line, ESCAPED) for document_id, line in dict.fromkeys(escapes)]
    # A document has few distinct lists of steps and many lines.
    written = {steps: _steps(steps) for steps in {steps for _, _, steps in rows}}
    key, line, steps = _transposed(rows, len(shape.TRACES))
    return table(shape.TRACES, [keys(key), line, [written[each] for each in steps]])


def _drifts(documents: Sequence[CleanedDocument]) -> pa.Table:
    rows = [
        (document_key(document.document_id), storable(drift.path), storable(drift.what), drift.count)
        for document in documents
        for drift in document.drifts
    ]
    key, *others = _transposed(rows, len(shape.DRIFTS))
    return table(shape.DRIFTS, [keys(key), *others])


def _steps(steps: tuple[Step, ...]) -> str:
    plain = [
        {"name": step.name, "plan": [[storable(key), storable(value)] for key, value in step.plan]}
        for step in steps
    ]
    return json.dumps(plain, ensure_ascii=False)


def signature_tables(signed: Sequence[Signed], recipe: Recipe) -> dict[str, pa.Table]:
    """Return what `recipe` signed as the tables `signatures` and `bands` of a batch, each text once."""
    once = {each.text_key: each for each in signed}
    text_keys = [bytes.fromhex(text_key) for text_key in once]
    bands = [each.bands for each in once.values()]
    counts = [len(own) for own in bands]
    # A text of two kinds has the bands of the one behind those of the other, so its bands of one number stand
    # that far apart.
    numbers = np.arange(sum(counts)) - np.repeat(starts(counts)[:-1], counts)
    return {
        "signatures": table(
            shape.SIGNATURES,
            [
                keys(text_keys),
                [recipe.name] * len(once),
                [each.shingles for each in once.values()],
                uint32_lists([each.signature for each in once.values()]),
            ],
        ),
        "bands": table(
            shape.BANDS,
            [
                np.fromiter(chain.from_iterable(bands), dtype=np.uint32, count=sum(counts)),
                repeated_keys(text_keys, counts),
                (numbers % recipe.bands % 256).astype(np.uint8),
            ],
        ),
    }


def _transposed(rows: Sequence[tuple[Any, ...]], width: int) -> list[Sequence[Any]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width
