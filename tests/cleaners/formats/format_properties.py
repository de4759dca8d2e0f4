"""What must hold for every format and any bytes. Imported by the tests of each format."""

from cleaners.chain import clean
from cleaners.formats import named
from cleaners.formats.reading import checked
from schemas.documents import Blob, Refusal
from schemas.items import CleanedDocument
from schemas.options import CleanOptions, Columns
from schemas.records import Finding, Record


def parsed(name: str, data: bytes, columns: Columns | None = None) -> list[Finding]:
    """Return what the parser of a format finds; its promises are checked."""
    known = named(name)
    assert known is not None
    return list(checked(known.parse(data, CleanOptions(columns=columns)), len(data), name))


def records(name: str, data: bytes, columns: Columns | None = None) -> list[Record]:
    return [finding for finding in parsed(name, data, columns) if isinstance(finding, Record)]


def reasons(name: str, data: bytes, columns: Columns | None = None) -> list[str]:
    return [finding.reason for finding in parsed(name, data, columns) if isinstance(finding, Refusal)]


def cleaned(name: str | None, data: bytes, uri: str = "sample") -> CleanedDocument:
    """Return the document that a format makes of bytes; None: the format is detected."""
    return clean(Blob(data=data, source="test", uri=uri), CleanOptions(input_format=name))


def assert_tiled(document: CleanedDocument) -> None:
    """Every byte is in one paragraph; items lie in order, and each text stands in its paragraphs."""
    reached = 0
    for ordinal, paragraph in enumerate(document.paragraphs):
        assert (paragraph.ordinal, paragraph.byte_start) == (ordinal, reached)
        assert paragraph.byte_end >= paragraph.byte_start
        reached = paragraph.byte_end
    assert reached == document.bytes
    behind = 0
    for item in document.items:
        assert behind <= item.byte_start <= item.byte_end <= document.bytes
        behind = item.byte_end
    kept: dict[int | None, list[str]] = {}
    for paragraph in document.paragraphs:
        if paragraph.fate == "kept":
            # One line of the file may be shown as several: U+0085 and its like end a line of text.
            kept.setdefault(paragraph.item, []).extend(one for one in paragraph.text.split("\n") if one)
    for item in document.items:
        assert [line for line in item.text.split("\n") if line] == kept.get(item.ordinal, [])


def assert_nothing_lost(name: str, data: bytes) -> None:
    """No error, no lost byte, the same answer twice."""
    document = cleaned(name, data)
    assert_tiled(document)
    assert cleaned(name, data) == document
