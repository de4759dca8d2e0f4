"""Data checks: each file in checks/ is a query for rows that must not exist."""

from dataclasses import dataclass
from importlib import resources

import duckdb

#: Rows of a failure that are shown. A person needs an example, not all of them.
SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A check that found rows. `rule` says what should hold; `examples` are the first rows, as text."""

    check: str
    rule: str
    rows: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        """Return one line for a report."""
        return f"{self.check}: {self.rule}; {self.rows} rows break this, such as {'; '.join(self.examples)}"


def run_checks(con: duckdb.DuckDBPyConnection) -> list[Failure]:
    """Return the checks that fail, in the order of their names; none if all is well."""
    failures = []
    for name, sql in checks().items():
        relation = con.sql(sql)
        found = relation.fetchall()
        if found:
            examples = tuple(
                ", ".join(f"{column}={value}" for column, value in zip(relation.columns, row, strict=True))
                for row in found[:SHOWN]
            )
            rule = sql.partition("\n")[0].removeprefix("--").strip()
            failures.append(Failure(check=name, rule=rule, rows=len(found), examples=examples))
    return failures


def checks() -> dict[str, str]:
    """Return the queries by name. The first line of each is a comment that says what should hold."""
    files = sorted(resources.files("warehouse").joinpath("checks").iterdir(), key=lambda file: file.name)
    return {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8")
        for file in files
        if file.name.endswith(".sql")
    }
