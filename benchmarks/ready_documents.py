"""Documents as the cleaners would return them, for benchmarks of what comes after cleaning."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.items import CleanedDocument, Item, Paragraph, Published

Made = tuple[CleanedDocument, bytes]


@dataclass(frozen=True, slots=True)
class Post:
    """A post: its paragraphs, a line each, and when it was published."""

    paragraphs: Sequence[str]
    published: Published
    title: str | None = None
    lang: str | None = None


def on(day: str) -> Published:
    """Return what is known of a post of some day."""
    return Published(best=day, earliest=day, latest=day, edtf=day, precision="day")


def document(posts: Sequence[Post], footer: str = "") -> Made:
    """Return a document of some posts, and its bytes. By `footer`, documents of the same posts differ."""
    data = bytearray()
    paragraphs: list[Paragraph] = []
    places = []
    for number, post in enumerate(posts):
        start = len(data)
        for text in post.paragraphs:
            begun = len(data)
            data += text.encode() + b"\n"
            row = len(paragraphs)
            paragraphs.append(Paragraph(row, begun, len(data), row + 1, text, "kept", item=number))
        places.append((start, len(data)))
    if footer:
        begun, row = len(data), len(paragraphs)
        data += footer.encode() + b"\n"
        paragraphs.append(Paragraph(row, begun, len(data), row + 1, footer, "header"))
    document_id = hashlib.sha256(data).hexdigest()
    line = 1
    items = []
    for number, (post, (start, end)) in enumerate(zip(posts, places, strict=True)):
        items.append(
            Item(
                item_id=hashlib.sha256(f"{document_id}:{start}".encode()).hexdigest()[:32],
                document_id=document_id,
                source="bench",
                ordinal=number,
                kind="post",
                first_line=line,
                last_line=line + len(post.paragraphs) - 1,
                byte_start=start,
                byte_end=end,
                title=post.title,
                text="\n".join(post.paragraphs),
                published=post.published,
                lang=post.lang,
            )
        )
        line += len(post.paragraphs)
    made = CleanedDocument(
        document_id=document_id,
        source="bench",
        uri=f"bench/{document_id[:8]}.txt",
        media_type="text/plain",
        encoding="utf-8",
        bytes=len(data),
        items=tuple(items),
        paragraphs=tuple(paragraphs),
        quarantine=(),
        runs=(),
        traces=(),
    )
    return made, bytes(data)
