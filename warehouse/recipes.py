"""The recipe by which the texts of a warehouse were signed: one for all, for others would never meet."""

import duckdb
import pyarrow as pa

from schemas.errors import WarehouseError


def check_recipe(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Raise WarehouseError if the texts of the warehouse were signed by another recipe than this one."""
    held = con.execute("SELECT name FROM dedup.recipe WHERE name <> ?", [name]).fetchone()
    if held is not None:
        raise WarehouseError(
            f"The texts of this warehouse were signed by the recipe {held[0]}, this program signs by {name}, "
            "and signatures of different recipes never meet. Run feedmill ingest --rematch once: it signs "
            "all stored texts again and rebuilds the clusters. Or ingest into another file."
        )


def enter_recipe(con: duckdb.DuckDBPyConnection, recipe: pa.Table) -> None:
    """Write down the recipe of a batch if it is the first one; raise WarehouseError if it is another."""
    (row,) = recipe.to_pylist()
    if con.execute("SELECT name FROM dedup.recipe").fetchall() != [(row["name"],)]:
        check_recipe(con, row["name"])
        con.execute("INSERT INTO dedup.recipe (name, details) VALUES (?, ?)", [row["name"], row["details"]])
