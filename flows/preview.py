"""What ingest would land, shown without a warehouse and without Prefect."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePath

from flows.output import Row, Rows, records
from schemas.items import CleanedDocument, Item

#: Fates that a person looks for in a preview: lines that are in the file and not in the text.
_COPIES = ("echo", "near-echo")


def preview_rows(documents: Iterable[CleanedDocument]) -> Rows:
    """Return the items of documents, one a row, nested as the contract shows them.

    Documents are taken one by one as rows are read. A table names the document of an item only once there
    is more than one.
    """
    names: dict[str, str] = {}

    def items() -> Iterator[Item]:
        for document in documents:
            names[document.document_id] = PurePath(document.uri).name
            yield from document.items

    return records(items(), Item, brief=_brief(names))


def _brief(names: Mapping[str, str]) -> Callable[[Row], Row]:
    def brief(row: Row) -> Row:
        published = row["published"]
        dropped = row["dropped"]
        assert isinstance(published, Mapping)  # noqa: S101 - the shape of Item, for the type checker
        assert isinstance(dropped, list)  # noqa: S101 - the shape of Item, for the type checker
        document = {"document": names[str(row["document_id"])]} if len(names) > 1 else {}
        return document | {
            "ordinal": row["ordinal"],
            "lines": place(row),
            "date": published["best"] or published["edtf"],
            "basis": published["basis"],
            "copies": sum(d["last_line"] - d["first_line"] + 1 for d in dropped if d["reason"] in _COPIES),
            "title": row["title"],
        }

    return brief


def place(row: Row) -> str:
    """Return where an item stands in its document: lines `12-20`, or bytes where there are no lines."""
    if row["first_line"] is None:
        return f"bytes {row['byte_start']}-{row['byte_end']}"
    return f"{row['first_line']}-{row['last_line']}"
