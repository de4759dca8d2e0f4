"""Versions: the key of all that an item says, of many items at once.

The key is the hash of the item's id and, as JSON, of what it says; nothing of where it was seen, so that one
post in two exports is one version. What all items of a batch say alike is written once for all of them, and
each column in one call.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from warehouse.columns import KEY_BYTES

#: What items say under one name, by item: texts, lists of texts or numbers, storable.
Said: TypeAlias = Sequence[str | None] | Sequence[tuple[str, ...]] | Sequence[float]

# A line feed never stands in JSON as it is, so it parts one value from the next.
_COLUMN = json.JSONEncoder(ensure_ascii=False, separators=("\n", ": "))
_LIST = json.JSONEncoder(ensure_ascii=False)
#: What JSON escapes, and how. The backslash comes first: the others bring new ones.
_ESCAPES = {ord(sign): json.dumps(sign)[1:-1].encode() for sign in ("\\", '"', *map(chr, range(32)))}
_LONGER = np.array([len(_ESCAPES.get(byte, b".")) - 1 for byte in range(256)], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts in UTF-8, one behind the other: number n is `data[places[n]:places[n + 1]]`."""

    data: memoryview
    places: npt.NDArray[np.int64]

    @classmethod
    def of(cls, column: pa.LargeStringArray) -> "Texts":
        """Return the texts of a column where they lie. None of them may be missing."""
        _, places, data = column.buffers()
        offsets = np.frombuffer(places, dtype=np.int64)[column.offset : column.offset + len(column) + 1]
        return cls(memoryview(b"" if data is None else data), offsets)

    def slices(self) -> list[memoryview]:
        """Return the texts where they lie."""
        places = self.places.tolist()
        return [self.data[start:end] for start, end in pairwise(places)]

    def quoted(self) -> "Texts":
        """Return the texts as JSON has them between its quotes."""
        start, end = int(self.places[0]), int(self.places[-1])
        codes = np.frombuffer(self.data, dtype=np.uint8)[start:end]
        special = np.flatnonzero((codes < ord(" ")) | (codes == ord('"')) | (codes == ord("\\")))
        whole = bytes(self.data[start:end])
        met = set(codes[special].tolist())
        for sign, escape in _ESCAPES.items():
            if sign in met:
                whole = whole.replace(bytes([sign]), escape)
        longer = np.concatenate([[0], np.cumsum(_LONGER[codes[special]])])
        places = self.places - start
        return Texts(memoryview(whole), places + longer[np.searchsorted(special, places)])


def version_keys(
    item_ids: Sequence[str],
    texts: Texts,
    before: Mapping[str, Said],
    behind: Mapping[str, Said],
    stated: Mapping[str, Sequence[str | None]],
) -> list[bytes]:
    """Return the key of the version that each item is.

    `item_ids` are 32 hex digits each. `before` and `behind` hold what stands before and behind the text;
    `stated` what stands at the end and, where it is None, does not: so a version that landed before there
    were such fields keeps its key.
    """
    if not item_ids:
        return []
    opening = [part for name, said in before.items() for part in (f'"{name}": ', _json(said), ", ")]
    closing = [part for name, said in behind.items() for part in (f', "{name}": ', _json(said))]
    more = [_json_where_there(name, said) for name, said in stated.items()]
    heads = _rows(["{", *opening, '"text": "'], len(item_ids))
    tails = _rows(['"', *closing, *more, "}"], len(item_ids))
    size = len(item_ids[0]).to_bytes(8, "little")
    owns = "\n".join(item_ids).encode().split(b"\n")
    return [
        blake2b(
            b"".join(
                (size, own, (len(head) + len(text) + len(tail)).to_bytes(8, "little"), head, text, tail)
            ),
            digest_size=KEY_BYTES,
        ).digest()
        for own, head, text, tail in zip(owns, heads, texts.quoted().slices(), tails, strict=True)
    ]


def _json(said: Said) -> str | list[str]:
    """Return each value as JSON or, where all are alike, one for all of them."""
    first = said[0]
    if said.count(first) == len(said) and _written_alike(said):
        return _LIST.encode(first)
    if isinstance(first, tuple):
        return [_LIST.encode(one) for one in said]
    return _COLUMN.encode(said)[1:-1].split("\n")


def _written_alike(said: Said) -> bool:
    """Say whether equal values are written alike: 0, 0.0 and -0.0 are not, nor are 1 and 1.0."""
    return not isinstance(said[0], float | int) or (said[0] != 0 and len(set(map(type, said))) == 1)


def _json_where_there(name: str, said: Sequence[str | None]) -> str | list[str]:
    written = _json(said)
    if isinstance(written, str):
        return "" if said[0] is None else f', "{name}": {written}'
    return ["" if one == "null" else f', "{name}": {one}' for one in written]


def _rows(parts: Sequence[str | list[str]], size: int) -> list[bytes]:
    """Return `size` rows, each of its own parts and of those that all rows share."""
    frame = "".join("%s" if isinstance(part, list) else part.replace("%", "%%") for part in parts)
    columns = [part for part in parts if isinstance(part, list)]
    if not columns:
        return [(frame % ()).encode()] * size
    return "\n".join([frame % row for row in zip(*columns, strict=True)]).encode().split(b"\n")
