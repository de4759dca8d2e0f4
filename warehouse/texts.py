"""The texts of a source's items, for what is learned of them."""

import duckdb

from schemas.errors import WarehouseError

# A title of its own is no line of the text around it, and stays whatever is learned.
_TEXTS = """
SELECT CASE
    WHEN kind = 'article' AND title IS NOT NULL AND starts_with(text, title)
        THEN substring(text, length(title) + 1)
    ELSE text
END
FROM main.items
WHERE source = ?
"""


def texts_of(con: duckdb.DuckDBPyConnection, source: str) -> list[str]:
    """Return the texts of the items of a source, in no order. Raises WarehouseError if it has none."""
    texts = [text for (text,) in con.execute(_TEXTS, [source]).fetchall()]
    if not texts:
        rows = con.execute("SELECT DISTINCT source FROM main.items ORDER BY source LIMIT 20").fetchall()
        named = ", ".join(name for (name,) in rows) or "none"
        raise WarehouseError(f"There is no item of a source {source!r}. Sources with items: {named}.")
    return texts
