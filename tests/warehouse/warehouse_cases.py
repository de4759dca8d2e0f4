"""Hand-made documents and a small matcher, for the tests of the warehouse and their helper processes."""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import numpy as np

from cleaners.placing import WITNESSES, place
from cleaners.placing import Judge as Judging
from schemas.items import CleanedDocument, Fate, Item, Paragraph, Published
from schemas.signatures import BLANK_KEY, Pair, Placed, Recipe, Signed, Wave
from schemas.traces import Step, Trace
from warehouse.batch import Batch
from warehouse.tabulate import tabulate
from warehouse.writer import Writer

AT = "2024-05-01T10:00:00Z"
RECIPE = Recipe()


def document(
    *posts: Sequence[str],
    name: str = "dump.txt",
    days: Sequence[str | None] = (),
    ids: Sequence[str] = (),
    refused: bytes = b"",
) -> tuple[CleanedDocument, bytes]:
    """Return a document of posts, each a list of paragraphs, a line each, and its bytes.

    A paragraph beginning with ">" is an echo of the one before it. `refused` are bytes at the end.
    """
    body, items, paragraphs = bytearray(), [], []
    places = []
    for number, post in enumerate(posts):
        start, kept = len(body), []
        for text in post:
            fate: Fate = "echo" if text.startswith(">") else "kept"
            of = len(paragraphs) - 1 if fate == "echo" else None
            begin = len(body)
            body += text.encode("utf-8", "surrogatepass") + b"\n"
            line = len(paragraphs) + 1
            paragraphs.append(
                Paragraph(
                    len(paragraphs),
                    begin,
                    len(body),
                    line,
                    text,
                    fate,
                    None,
                    of,
                    of if of is None else 1.0,
                    number,
                )
            )
            kept += [text] if fate == "kept" else []
        places.append((start, len(body), "\n".join(kept)))
    if refused:
        begin = len(body)
        body += refused
        text = refused.decode("utf-8", "surrogateescape")
        paragraphs.append(
            Paragraph(
                len(paragraphs), begin, len(body), None, text, "quarantined", "binary", None, None, None
            )
        )
    data = bytes(body)
    document_id = hashlib.sha256(data).hexdigest()
    for number, (start, end, text) in enumerate(places):
        day = days[number] if number < len(days) else None
        own = hashlib.sha256(f"{document_id}/{start}".encode()).hexdigest()[:32]
        items.append(
            Item(
                item_id=ids[number] if number < len(ids) else own,
                document_id=document_id,
                source=name,
                ordinal=number,
                kind="post",
                first_line=None,
                last_line=None,
                byte_start=start,
                byte_end=end,
                text=text,
                published=Published(
                    best=day, earliest=day, latest=day, edtf=day, precision="day" if day else "none"
                ),
            )
        )
    cleaned = CleanedDocument(
        document_id=document_id,
        source=name,
        uri=f"file:///{name}",
        media_type="text/plain",
        encoding="utf-8",
        bytes=len(data),
        items=tuple(items),
        paragraphs=tuple(paragraphs),
        quarantine=(),
        runs=(),
        traces=(Trace(1, (Step("nfc"), Step("ftfy", (("encode", "latin-1"),)))),) if posts else (),
    )
    return cleaned, data


def sign(text: str) -> Signed:
    """Sign a text by its words: a band a word, so every pair with a word in common is a candidate.

    A word has its band number wherever it stands; what is empty between the words is filled with chance.
    A blank text has no bands.
    """
    words = sorted({zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in text.casefold().split()})
    folded = " ".join(text.casefold().split()).encode("utf-8", "surrogatepass")
    slots: dict[int, list[int]] = {}
    for word in words:
        slots.setdefault(word % RECIPE.bands, []).append(word)
    bands = [
        slots[number][row] if row < len(slots.get(number, ())) else zlib.crc32(folded + bytes((number, row)))
        for row in range(max(map(len, slots.values()), default=0))
        for number in range(RECIPE.bands)
    ]
    return Signed(
        text_key=hashlib.blake2b(folded, digest_size=16).hexdigest() if folded else BLANK_KEY,
        shingles=len(words),
        signature=np.array(words, dtype="<u4").tobytes(),
        bands=tuple(bands),
    )


def batch_of(
    *made: tuple[CleanedDocument, bytes], fetched_at: Mapping[str, str | None] | None = None
) -> Batch:
    """Return one batch of documents."""
    documents = [cleaned for cleaned, _ in made]
    return tabulate(
        documents,
        {cleaned.document_id: data for cleaned, data in made},
        {item.text: sign(item.text) for cleaned in documents for item in cleaned.items},
        RECIPE,
        fetched_at or {},
        "test-1",
    )


class Words:
    """A matcher by exact Jaccard of word sets. It reads display forms too: shouting is no copy of speech.

    Copies that have other figures each are variants.
    """

    def verify(self, candidates: Sequence[tuple[str, str, str, str]]) -> list[Pair]:
        """Return the candidates that share at least half of their words."""
        pairs = []
        for left, left_text, right, right_text in candidates:
            assert left < right
            ours, theirs = set(left_text.casefold().split()), set(right_text.casefold().split())
            shared = len(ours & theirs)
            similarity = shared / len(ours | theirs)
            if similarity >= 0.5 and left_text.isupper() == right_text.isupper():
                containment = shared / min(len(ours), len(theirs))
                figures = [
                    {word for word in words if word.isdigit()} for words in (ours - theirs, theirs - ours)
                ]
                pairs.append(
                    Pair(
                        left=left,
                        right=right,
                        relation="variant" if all(figures) else "near",
                        similarity=similarity,
                        containment=containment,
                        rule="guard:figures" if all(figures) else "half-of-the-words",
                    )
                )
        return pairs

    witnesses = WITNESSES

    def place(self, wave: Wave, judge: Judging) -> Placed:
        """Return where the cleaners put the texts."""
        return place(wave, judge)


def ingest(writer: Writer, *batches: Batch, run: str = "run-1", at: str = AT) -> None:
    """Land batches as one run."""
    writer.start_run(run, at, "feedmill ingest")
    for batch in batches:
        writer.land(batch, run_id=run, at=at, matcher=Words())
    writer.finish_run(run, at, "completed")


def fingerprint(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return a hash of the rows of each table of raw, core and dedup, whatever their order."""
    tables = con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name IN ('raw', 'core', 'dedup')"
    ).fetchall()
    return {
        f"{schema}.{table}": hashlib.sha256(
            repr(sorted(map(repr, con.execute(f"FROM {schema}.{table}").fetchall()))).encode()
        ).hexdigest()
        for schema, table in tables
    }


def published_fingerprint(path: Path) -> dict[str, str]:
    """Return the fingerprint of a published warehouse."""
    from warehouse.reader import reading  # noqa: PLC0415 - helper processes that write must not pay for it

    with reading(path) as con:
        return fingerprint(con)
