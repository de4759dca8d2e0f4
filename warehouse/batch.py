"""What is landed in one transaction, as Arrow tables. A batch can be pickled and sent between processes."""

import io
from dataclasses import dataclass, fields

import pyarrow as pa

from warehouse.columns import key_of, storable

KEY = pa.uuid()
WORDS = pa.list_(pa.string())
DROPPED = pa.list_(
    pa.struct(
        [
            ("first_line", pa.int32()),
            ("last_line", pa.int32()),
            ("reason", pa.string()),
            ("of_line", pa.int32()),
            ("similarity", pa.float64()),
        ]
    )
)

DOCUMENTS = pa.schema(
    [
        ("document_key", KEY),
        ("document_id", pa.string()),
        ("encoding", pa.string()),
        ("bytes", pa.int64()),
        ("cleaner", pa.string()),
        ("receipt_key", KEY),
        ("input_format", pa.string()),
        ("asked", pa.string()),
        ("packed", pa.int64()),
        ("made_at", pa.timestamp("us", tz="UTC")),
    ]
)
BODIES = pa.schema([("document_key", KEY), ("piece", pa.int32()), ("body", pa.large_binary())])
RECEIPTS = pa.schema(
    [
        ("receipt_key", KEY),
        ("document_key", KEY),
        ("source", pa.string()),
        ("uri", pa.string()),
        ("media_type", pa.string()),
        ("fetched_at", pa.string()),
    ]
)
ITEMS = pa.schema(
    [
        ("document_key", KEY),
        ("ordinal", pa.int32()),
        ("item_id", KEY),
        ("version_id", KEY),
        ("first_line", pa.int32()),
        ("last_line", pa.int32()),
        ("byte_start", pa.int64()),
        ("byte_end", pa.int64()),
        ("boundary_confidence", pa.float64()),
        ("boundary_cue", pa.string()),
        ("dropped", DROPPED),
        ("kind", pa.string()),
        ("channel", pa.string()),
        ("author", pa.string()),
        ("native_id", pa.string()),
        ("forwarded_from", pa.string()),
        ("title", pa.string()),
        ("title_length", pa.int32()),
        ("text", pa.large_string()),
        ("text_length", pa.int32()),
        ("text_key", KEY),
        ("spelling_key", KEY),
        ("published_best", pa.date32()),
        ("published_earliest", pa.date32()),
        ("published_latest", pa.date32()),
        ("published_at", pa.timestamp("us", tz="UTC")),
        ("published_edtf", pa.string()),
        ("published_precision", pa.string()),
        ("published_basis", pa.string()),
        ("published_confidence", pa.float64()),
        ("published_evidence", pa.string()),
        ("posted_at", pa.timestamp("us", tz="UTC")),
        ("edited_at", pa.timestamp("us", tz="UTC")),
        ("extras", pa.string()),
        ("lang", pa.string()),
        ("hashtags", WORDS),
        ("urls", WORDS),
        ("card_site", pa.string()),
        ("card_title", pa.string()),
        ("card_description", pa.string()),
    ]
)
#: Where an item stands: what core.sightings holds of it.
SIGHTING = tuple(ITEMS.names[: ITEMS.names.index("kind")])
#: What an item says: what core.versions holds of it.
VERSION = ("item_id", "version_id", *ITEMS.names[ITEMS.names.index("kind") :])
PARAGRAPHS = pa.schema(
    [
        ("document_key", KEY),
        ("ordinal", pa.int32()),
        ("byte_start", pa.int64()),
        ("byte_end", pa.int64()),
        ("line", pa.int32()),
        ("fate", pa.string()),
        ("rule", pa.string()),
        ("of_ordinal", pa.int32()),
        ("similarity", pa.float64()),
        ("item_ordinal", pa.int32()),
        ("text_line", pa.int32()),
        ("text", pa.large_string()),
        ("reuse_key", pa.uint64()),
    ]
)
QUARANTINE = pa.schema(
    [
        ("document_key", KEY),
        ("byte_start", pa.int64()),
        ("byte_end", pa.int64()),
        ("stage", pa.string()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("raw", pa.large_binary()),
    ]
)
TRACES = pa.schema([("document_key", KEY), ("line", pa.int32()), ("steps", pa.string())])
DRIFTS = pa.schema(
    [("document_key", KEY), ("path", pa.string()), ("what", pa.string()), ("times", pa.int64())]
)
RECIPE = pa.schema([("name", pa.string()), ("details", pa.string())])
SIGNATURES = pa.schema(
    [
        ("text_key", KEY),
        ("recipe", pa.string()),
        ("shingles", pa.int32()),
        ("signature", pa.list_(pa.uint32())),
    ]
)
BANDS = pa.schema([("band_key", pa.uint32()), ("text_key", KEY), ("band", pa.uint8())])


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A document as it was received. `document_id` is the sha256 of its bytes."""

    document_id: str
    source: str
    uri: str
    media_type: str
    fetched_at: str | None = None

    @property
    def key(self) -> bytes:
        """Return the hash of all fields, as they are stored."""
        names = map(storable, (self.source, self.uri, self.media_type))
        return key_of(self.document_id, *names, self.fetched_at or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Whole documents with everything that is known of them, each once."""

    documents: pa.Table
    bodies: pa.Table
    receipts: pa.Table
    items: pa.Table
    paragraphs: pa.Table
    quarantine: pa.Table
    traces: pa.Table
    drifts: pa.Table
    recipe: pa.Table
    signatures: pa.Table
    bands: pa.Table

    @property
    def document_ids(self) -> list[str]:
        """Return the ids of its documents, 64 hex digits each."""
        ids: list[str] = self.documents["document_id"].to_pylist()
        return ids

    def tables(self) -> dict[str, pa.Table]:
        """Return its tables by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def to_ipc(self) -> bytes:
        """Return all tables as Arrow IPC streams, one behind the other."""
        sink = io.BytesIO()
        for table in self.tables().values():
            with pa.ipc.new_stream(sink, table.schema) as stream:
                stream.write_table(table)
        return sink.getvalue()

    @classmethod
    def from_ipc(cls, data: bytes) -> "Batch":
        """Return the batch that `to_ipc` wrote. Raises pyarrow.ArrowInvalid if `data` is cut short."""
        source = pa.BufferReader(data)
        return cls(**{field.name: pa.ipc.open_stream(source).read_all() for field in fields(cls)})
