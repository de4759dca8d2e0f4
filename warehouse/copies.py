"""What a warehouse says of an item and the cluster that it belongs to."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # explaining a file needs these words and no database
    import duckdb

_KIN = """
SELECT
    item.text,
    lead.item_id,
    lead.title,
    lead.text,
    lead.channel,
    lead.published_edtf,
    lead.document_id,
    lead.ordinal,
    copy.kind,
    copy.similarity,
    copy.containment,
    (SELECT count(*) FROM main.duplicates AS other WHERE other.cluster_id = item.cluster_id) AS copies
FROM main.items AS item
LEFT JOIN main.duplicates AS copy ON copy.item_id = item.item_id
LEFT JOIN main.items AS lead ON lead.item_id = copy.primary_id
WHERE item.item_id = ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Primary:
    """The item that a copy is a copy of, and how alike they are (exact Jaccard, containment)."""

    item_id: str
    title: str | None
    text: str
    channel: str | None
    published: str | None  # EDTF
    document_id: str
    ordinal: int
    kind: str  # exact, near or contained
    similarity: float
    containment: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """An item's text, its primary (None: it is one, or alone), and how many copies its cluster has."""

    text: str
    primary: Primary | None
    copies: int


def kin_of(con: "duckdb.DuckDBPyConnection", item_id: str) -> Kin | None:
    """Return what is known of an item's copies, None for an id that is no item's."""
    row = con.execute(_KIN, [item_id]).fetchone()
    if row is None:
        return None
    (
        text,
        lead,
        title,
        said,
        channel,
        published,
        document_id,
        ordinal,
        kind,
        similarity,
        containment,
        copies,
    ) = row
    if lead is None:
        return Kin(text=text, primary=None, copies=copies)
    primary = Primary(
        item_id=lead,
        title=title,
        text=said,
        channel=channel,
        published=published,
        document_id=document_id,
        ordinal=ordinal,
        kind=kind,
        similarity=similarity,
        containment=containment,
    )
    return Kin(text=text, primary=primary, copies=copies)
