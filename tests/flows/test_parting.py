"""Large files: read in parts that land, are verified, explained and found again as any other document."""

import json
from pathlib import Path
from typing import Any

import pytest

from cleaners.parts import Sizes
from cleaners.text_parts import TOO_MANY_LINES
from flows.asked import asked, with_asked
from flows.cli import main
from flows.inputs import Harm, Ref, UnusableInputError, fingerprint, look, read
from flows.parting import LINES, WHOLE, meant, parted
from flows.settings import SourceSettings
from flows.sources import discover
from flows.spooling import spool
from warehouse.reader import query, reading

SMALL = Sizes(whole=2_000, part=3_000, most=20_000)


def ref_of(path: Path, **more: Any) -> Ref:
    return look(Ref(source="s", uri=path.name, path=str(path), bytes=path.stat().st_size, **more))


def lines(count: int, padding: int = 0) -> bytes:
    """JSON lines of short posts; `padding` is kept aside and not read as text."""
    pad = "x" * padding
    rows = (
        {"date": f"2024-01-01T00:00:{n % 60:02}Z", "text": f"Ship {n} sailed.", "pad": pad}
        for n in range(count)
    )
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def test_a_small_file_is_one_document(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(20))
    ref = ref_of(tmp_path / "a.jsonl")
    assert list(parted(ref)) == [ref]


def test_a_small_file_of_very_many_lines_is_read_in_parts(tmp_path: Path) -> None:
    """Lines cost memory, however short: as one document it would be refused."""
    assert LINES == TOO_MANY_LINES
    data = b"".join(b"%d\n" % (n % 7) for n in range(LINES + 1))
    (tmp_path / "a.txt").write_bytes(data)
    parts = list(parted(ref_of(tmp_path / "a.txt")))
    assert len(parts) == 2
    assert b"".join(read(part).data for part in parts) == data
    rows = b'{"text": 1}\n' * (LINES + 1)
    (tmp_path / "b.jsonl").write_bytes(rows)
    ref = ref_of(tmp_path / "b.jsonl")
    assert list(parted(ref)) == [ref]


def test_parts_are_documents_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(200))
    parts = list(parted(ref_of(tmp_path / "a.jsonl"), sizes=SMALL))
    assert b"".join(read(part).data for part in parts) == lines(200)
    for part in parts:
        assert part.uri == f"a.jsonl#bytes={part.start}-{part.start + part.bytes}"
        assert fingerprint(part) == read(part).document_id
        assert (part.input_format, part.media_type) == ("jsonl", "application/x-ndjson")
        assert with_asked(Ref(source="", uri="", path="", bytes=0), asked(part)).part == part.part


def test_what_an_archive_lost_is_missing_behind_the_last_part(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(200))
    harm = Harm("truncated", "It was cut off.", whole=False)
    parts = list(parted(ref_of(tmp_path / "a.jsonl", harm=harm), sizes=SMALL))
    assert [part.harm for part in parts] == [None] * (len(parts) - 1) + [harm]


def test_what_can_only_be_read_whole_is_kept_in_pieces_where_it_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        json.dumps({"version": "https://jsonfeed.org/version/1", "items": [{"id": 1, "title": "A"}] * 300})
    )
    ref = ref_of(tmp_path / "a.json")
    assert list(parted(ref, None, SMALL)) == [ref]
    assert list(parted(ref, 10_000_000, SMALL)) == [ref]
    pieces = list(parted(ref, 100_000, SMALL))
    assert b"".join(read(piece).data for piece in pieces) == (tmp_path / "a.json").read_bytes()
    assert {(piece.harm.reason, piece.harm.whole) for piece in pieces if piece.harm} == {("memory", True)}
    assert all(piece.harm and piece.bytes <= SMALL.whole for piece in pieces)


def test_an_archive_that_is_refused_whole_is_kept_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(bytes(10_000))
    harm = Harm("encrypted", "It is encrypted.", whole=True)
    pieces = list(parted(ref_of(tmp_path / "a.zip", harm=harm), sizes=SMALL))
    assert [piece.harm for piece in pieces] == [harm] * 5


def test_a_part_is_named_by_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl").write_bytes(lines(900, padding=10_000))
    assert meant("b/a.jsonl#bytes=5-70") == ("b/a.jsonl", (5, 70))
    assert meant("b/a.jsonl") is None

    def found(location: str, **more: bool) -> list[Ref]:
        inputs = [SourceSettings(name="s", location=location)]
        return list(spool(discover(inputs), tmp_path, **more).refs)

    parts = found("a.jsonl")
    assert len(parts) > 3
    assert found("a.jsonl", first=True) == parts[:1]
    named = found(f"a.jsonl#bytes={parts[1].start}-{parts[2].start}", first=True)
    assert [ref.uri for ref in named] == [parts[1].uri]
    beyond = spool(
        discover([SourceSettings(name="s", location="a.jsonl#bytes=99999999-100000000")]), tmp_path
    )
    assert [failure.reason for failure in beyond.failures] == ["it ends before byte 99,999,999"]


def test_a_file_that_goes_away_is_said(tmp_path: Path) -> None:
    gone = Ref(source="s", uri="gone", path=str(tmp_path / "gone"), bytes=WHOLE + 1)
    with pytest.raises(UnusableInputError, match="gone"):
        list(parted(gone))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file of a few parts, and no settings from outside."""
    for name in ("FEEDMILL_WAREHOUSE", "FEEDMILL_CONFIG", "PREFECT_API_URL", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl").write_bytes(lines(900, padding=10_000))
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(words)
    said = capsys.readouterr()
    return status, said.out, said.err


def ask(sql: str) -> list[dict[str, Any]]:
    with reading(Path("warehouse/feedmill.duckdb")) as con:
        rows: list[dict[str, Any]] = query(con, sql).to_pylist()
        return rows


def test_parts_land_and_keep_every_promise(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "ingest", "a.jsonl", "--prefect", "off")[0] == 0
    documents = ask("SELECT uri, bytes FROM documents")
    assert len(documents) > 3
    assert sum(row["bytes"] for row in documents) == Path("a.jsonl").stat().st_size
    assert {row["gap"] for row in ask("SELECT gap FROM byte_accounts")} == {0}
    assert len(ask("FROM items")) == 900

    status, out, _ = run(capsys, "verify", "--format", "json")
    assert (status, {row["state"] for row in json.loads(out)}) == (0, {"kept"})
    status, _, said = run(capsys, "ingest", "--reprocess")
    assert status == 0
    assert "0 items are new, 0 changed, 900 are as they were" in said

    with Path("a.jsonl").open("ab") as file:
        file.write(b'{"date": "2025-01-01", "text": "One more."}\n')
    status, _, said = run(capsys, "ingest", "a.jsonl", "--prefect", "off")
    assert "from 1 new document " in said

    (item,) = ask("SELECT item_id FROM items WHERE text = 'Ship 500 sailed.' LIMIT 1")
    status, out, _ = run(capsys, "explain", item["item_id"], "--format", "json")
    assert (status, [row["text"] for row in json.loads(out)]) == (0, ["Ship 500 sailed."])


def test_preview_shows_the_first_part_and_says_so(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, said = run(capsys, "preview", "a.jsonl", "--format", "jsonl")
    assert status == 0
    assert 100 < len(out.splitlines()) < 300
    assert "a.jsonl is large: ingest reads it in parts, and this is the first" in said
    named = said.partition("name it so: '")[2].partition("'")[0]
    status, more, said = run(capsys, "preview", named, "--format", "jsonl")
    assert status == 0
    assert json.loads(more.splitlines()[0])["text"] == f"Ship {len(out.splitlines())} sailed."
    assert "is large" not in said
