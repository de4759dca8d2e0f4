"""Large Parquet files: their rows are a document; what is broken costs no row that can be read."""

import io
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from flows import archives, packed_rows
from flows.archives import unpack
from flows.inputs import Ref, read
from flows.parting import parted
from flows.pipeline import ingest
from flows.runs import IngestRequest
from flows.settings import SourceSettings
from flows.sources import COMPANIONS
from warehouse.reader import query, reading


def prose(rows: int, size: int = 200) -> list[str]:
    chance = random.Random(rows)  # noqa: S311 - words, not secrets
    return [f"Row {number} says {chance.randbytes(size).hex()}." for number in range(rows)]


def written(texts: list[str], **options: Any) -> bytes:
    table = pa.table(
        {
            "id": list(range(len(texts))),
            "text": texts,
            "date": pa.array([1_714_557_600] * len(texts), pa.timestamp("s", "UTC")),
            "views": [None, *range(1, len(texts))],
        }
    )
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, **{"compression": "none", "use_dictionary": False, **options})
    return buffer.getvalue()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have files of some kilobytes be large ones."""
    monkeypatch.setattr(archives, "LARGE", 1_000)


def opened_up(tmp_path: Path, data: bytes, name: str = "p.parquet", **about: Any) -> list[Any]:
    path = tmp_path / name
    path.write_bytes(data)
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    return list(
        unpack(Ref(source="s", uri=name, path=str(path), bytes=len(data), **about), scratch, COMPANIONS)
    )


def rows(ref: Ref) -> list[dict[str, Any]]:
    return [json.loads(line) for line in read(ref).data.splitlines()]


def footer(data: bytes) -> bytes:
    return data[-8 - int.from_bytes(data[-8:-4], "little") :]


@pytest.mark.parametrize("group", [1_000, 1 << 20])
def test_a_file_of_any_size_is_read_in_parts(tmp_path: Path, group: int) -> None:
    """In several row groups, or in one that is larger than any part."""
    texts = prose(4_500, 1_000)
    data = written(texts, row_group_size=group)
    assert len(data) > packed_rows.LARGE
    [ref] = opened_up(tmp_path, data)
    assert (ref.uri, ref.input_format, ref.harm) == ("p.parquet!/p.jsonl", "jsonl", None)
    assert [row["text"] for row in rows(ref)] == texts
    parts = list(parted(ref, 400_000_000))
    assert len(parts) > 3
    assert sum(part.bytes for part in parts) == ref.bytes
    assert all(part.cost * part.bytes < 200_000_000 for part in parts)


def test_a_small_one_is_a_document_itself(tmp_path: Path) -> None:
    data = written(prose(10))
    [ref] = opened_up(tmp_path, data)
    assert read(ref).data == data


def test_the_first_row_has_all_columns_and_the_others_what_they_hold(tmp_path: Path, small: None) -> None:
    data = written([*prose(20), ""])
    [ref] = opened_up(tmp_path, data)
    first, second, *_ = rows(ref)
    assert first == {"id": 0, "text": prose(20)[0], "date": "2024-05-01T10:00:00+00:00", "views": None}
    assert second["views"] == 1


def test_a_file_that_is_to_be_read_otherwise_is_left_alone(tmp_path: Path, small: None) -> None:
    data = written(prose(20))
    assert [ref.uri for ref in opened_up(tmp_path, data, input_format="text")] == ["p.parquet"]
    assert [ref.uri for ref in opened_up(tmp_path, data, input_format="parquet")] == ["p.parquet!/p.jsonl"]


def test_in_an_archive(tmp_path: Path, small: None) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/posts.pq", written(prose(20)))
    [ref] = opened_up(tmp_path, buffer.getvalue(), "n.zip")
    assert ref.uri == "n.zip!/a/posts.pq!/posts.jsonl"
    assert len(rows(ref)) == 20


@pytest.mark.parametrize("share", [0.1, 0.6, 0.99])
def test_a_cut_file_is_kept_and_refused(tmp_path: Path, small: None, share: float) -> None:
    data = written(prose(200))
    data = data[: int(len(data) * share)]
    [ref] = opened_up(tmp_path, data)
    assert ref.harm is not None
    assert (ref.harm.reason, ref.harm.whole, read(ref).data) == ("truncated", True, data)


def test_a_broken_row_group_costs_itself_only(tmp_path: Path, small: None) -> None:
    texts = prose(400)
    whole = written(texts, row_group_size=100, data_page_size=1 << 20)
    data = bytearray(whole)
    broken = parquet.ParquetFile(io.BytesIO(whole)).metadata.row_group(1).column(1).data_page_offset
    data[broken : broken + 40] = b"\xff" * 40
    [ref] = opened_up(tmp_path, bytes(data))
    assert [row["text"] for row in rows(ref)] == texts[:100] + texts[200:]
    assert ref.harm is not None
    assert (ref.harm.reason, ref.harm.whole) == ("invalid-parquet", False)
    assert "from row 100 of the file" in ref.harm.detail


def test_a_footer_of_another_file(tmp_path: Path, small: None) -> None:
    """It names bytes that are other columns' or nobody's: no row may be made up, and none is lost unsaid."""
    short, long = written(prose(100)), written(prose(3_000), row_group_size=1_000)
    [ref] = opened_up(tmp_path, short[: -len(footer(short))] + footer(long))
    assert ref.harm is not None
    there = set(prose(100)) if not ref.harm.whole else set()
    assert ref.harm.whole or {row["text"] for row in rows(ref)} <= there


@pytest.mark.parametrize("seed", range(6))
def test_a_footer_that_lies(tmp_path: Path, small: None, seed: int) -> None:
    """Whatever is changed in a footer: rows come out as they were, or it is said that some do not."""
    texts = prose(60)
    whole = written(texts, row_group_size=20, write_statistics=False, store_schema=False)
    data = bytearray(whole)
    chance = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(3):
        data[len(data) - 9 - chance.randrange(len(footer(whole)) - 8)] = chance.randrange(256)
    for one in opened_up(tmp_path, bytes(data)):
        assert isinstance(one, Ref)
        if one.harm is None:
            assert len(rows(one)) == 60
        elif one.harm.whole:
            assert read(one).data == data


def test_a_bomb_is_kept_as_it_is_and_refused(tmp_path: Path, small: None) -> None:
    table = pa.table({"text": ["x" * (1 << 20)] * 40})
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, compression="zstd", use_dictionary=False)
    [ref] = opened_up(tmp_path, buffer.getvalue())
    assert ref.harm is not None
    assert (ref.harm.reason, ref.harm.whole, ref.bytes) == ("bomb", True, len(buffer.getvalue()))


def test_a_process_that_is_killed_is_told() -> None:
    nowhere = io.BytesIO(b"")
    for status, reason in ((-9, "worker-died"), (-24, "timeout"), (3, "worker-died")):
        damage = packed_rows._damage(status, nowhere)
        assert damage is not None
        assert damage.reason == reason
    assert packed_rows._damage(0, nowhere) is None


def children() -> set[int]:
    """Return the processes that this one has started and not waited for: other tests' among them."""
    tasks = Path("/proc/self/task").iterdir()
    return {int(child) for task in tasks for child in (task / "children").read_text().split()}


def test_nobody_who_stops_reading_leaves_a_process_behind(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    path.write_bytes(written(prose(6_000, 500)))
    before = children()
    with path.open("rb") as handle:
        chunks = packed_rows.lines(handle)
        assert next(chunks).startswith(b'{"id":0')
        (own,) = children() - before
        chunks.close()  # waits for it
    assert own not in children()


def test_it_lands_and_a_second_run_knows_it(tmp_path: Path, small: None) -> None:
    path = tmp_path / "p.parquet"
    data = bytearray(written(prose(30), row_group_size=10))
    column = parquet.ParquetFile(io.BytesIO(bytes(data))).metadata.row_group(2).column(1)
    data[column.data_page_offset : column.data_page_offset + 30] = b"\xff" * 30
    path.write_bytes(data)
    request = IngestRequest(
        inputs=(SourceSettings(name="s", location=str(path)),), warehouse=tmp_path / "w.duckdb"
    )
    first = ingest(request)
    assert (first.total.documents, first.total.items, first.total.quarantined) == (1, 20, 1)
    second = ingest(request)
    assert (second.total.documents, second.documents_unchanged) == (0, 1)
    with reading(request.warehouse) as con:
        sql = "SELECT stage, reason FROM quarantine"
        assert query(con, sql).to_pylist() == [{"stage": "unpack", "reason": "invalid-parquet"}]
        assert query(con, "SELECT sum(gap) AS gap FROM byte_accounts").to_pylist() == [{"gap": 0}]
        dates = "SELECT count(*) AS n FROM items WHERE published_at = TIMESTAMPTZ '2024-05-01 10:00:00+00'"
        assert query(con, dates).to_pylist() == [{"n": 20}]
