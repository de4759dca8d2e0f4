"""Which rows of core.versions have some texts: a whole column is read for it, once a transaction.

Rows keep their numbers until it ends. By them only what is wanted of the other columns is read; asked for at
once, a first block of each row group is read of all of them.
"""

import duckdb

_START = """
CREATE OR REPLACE TEMP TABLE text_rows (text_key UUID, place BIGINT);
CREATE OR REPLACE TEMP TABLE found_texts (text_key UUID)
"""
_UNFOUND = """
CREATE OR REPLACE TEMP TABLE unfound_texts AS
SELECT text_key FROM {texts} EXCEPT SELECT text_key FROM found_texts
"""
_FIND = """
INSERT INTO text_rows
SELECT text_key, rowid FROM core.versions WHERE text_key IN (SELECT text_key FROM unfound_texts);

INSERT INTO found_texts FROM unfound_texts
"""
#: The rows with the texts of a table, once they are found.
ROWS_OF = "SELECT place FROM text_rows WHERE text_key IN (SELECT text_key FROM {texts})"
#: All versions of all items that ever had one of the texts of a table, once their rows are found.
VERSIONS_OF = f"""(
    SELECT * FROM core.versions
    WHERE rowid IN (
        SELECT rowid FROM core.versions
        WHERE item_id IN (SELECT item_id FROM core.versions WHERE rowid IN ({ROWS_OF}))
    )
)"""  # noqa: S608 - names of this module


def start_rows(con: duckdb.DuckDBPyConnection) -> None:
    """Make `text_rows` and `found_texts`, both empty. From now on no version may come or go."""
    con.execute(_START)


def find_rows(con: duckdb.DuckDBPyConnection, texts: str) -> None:
    """Add the rows of the texts of a table, or of a query in brackets, to `text_rows`."""
    con.execute(_UNFOUND.format(texts=texts))
    if con.execute("FROM unfound_texts LIMIT 1").fetchone():
        con.execute(_FIND)
