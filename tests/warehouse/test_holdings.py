"""What of some documents is in a warehouse, asked by the writer and by a reader."""

from pathlib import Path

from warehouse_cases import AT, batch_of, document, ingest

from warehouse import holdings
from warehouse.holdings import Held
from warehouse.reader import reading
from warehouse.writer import writing

BATCHES = [batch_of(document([f"story {number}"], name=f"{number}")) for number in range(3)]
IDS = [one for batch in BATCHES for one in batch.document_ids]


def test_the_writer_and_readers_tell_what_landed(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with writing(path, command="c", started_at=AT) as writer:
        ingest(writer, *BATCHES[:2])
        assert writer.known(IDS) == set(IDS[:2])
        assert writer.held(IDS) == Held(items=2)
        assert writer.held([]) == Held()
        assert writer.held(IDS[2:]) == Held()
    with reading(path) as con:
        assert holdings.known(con, IDS) == set(IDS[:2])
        assert holdings.held(con, IDS[:1]) == Held(items=1)
