"""Archives: members are documents, names are data, and nothing ends silently short. Hostile ones are real."""

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from flows import archives
from flows.archives import unpack
from flows.asked import asked, with_asked
from flows.inputs import InputFailure, Ref, fingerprint, read
from flows.pipeline import ingest
from flows.runs import IngestRequest
from flows.settings import SourceSettings
from flows.sources import COMPANIONS
from warehouse.reader import query, reading

_WORDS = [
    "harbour",
    "council",
    "bridge",
    "winter",
    "market",
    "engine",
    "letter",
    "garden",
    "signal",
    "window",
    "border",
    "ticket",
]


def prose(size: int, seed: int = 1) -> bytes:
    """Return lines of words that pack to about a third."""
    chance = random.Random(seed)  # noqa: S311 - words, not secrets
    text = " ".join(chance.choice(_WORDS) + str(chance.randrange(1000)) for _ in range(size // 8))
    return text.encode()[:size]


TEXT = prose(12_000)


def zstd(data: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "zst": zstd,
    "xz": lzma.compress,
    "bz2": bz2.compress,
}


def opened_up(tmp_path: Path, data: bytes, name: str, member: str | None = None) -> list[object]:
    path = tmp_path / name
    path.write_bytes(data)
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    ref = Ref(source="s", uri=name, path=str(path), bytes=len(data), member=member)
    return list(unpack(ref, scratch, COMPANIONS))


def documents(found: list[object]) -> dict[str, bytes]:
    return {one.uri: read(one).data for one in found if isinstance(one, Ref)}


def harms(found: list[object]) -> dict[str, str]:
    return {one.uri: one.harm.reason for one in found if isinstance(one, Ref) and one.harm}


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def tarred(members: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize("kind", PACKERS)
class TestStreams:
    def test_a_packed_file_is_the_document_it_holds(self, tmp_path: Path, kind: str) -> None:
        found = opened_up(tmp_path, PACKERS[kind](TEXT), f"posts.txt.{kind}")
        assert documents(found) == {f"posts.txt.{kind}!/posts.txt": TEXT}
        assert harms(found) == {}

    def test_several_streams_in_a_row_are_one_file(self, tmp_path: Path, kind: str) -> None:
        packed = PACKERS[kind](TEXT[:5000]) + PACKERS[kind](TEXT[5000:])
        assert documents(opened_up(tmp_path, packed, f"a.{kind}")) == {f"a.{kind}!/a": TEXT}

    @pytest.mark.parametrize("share", [0.6, 0.99])
    def test_a_cut_file_is_never_silently_short(self, tmp_path: Path, kind: str, share: float) -> None:
        text = prose(700_000)
        packed = PACKERS[kind](text)
        found = opened_up(tmp_path, packed[: int(len(packed) * share)], f"a.{kind}")
        [(uri, reason)] = harms(found).items()
        data = documents(found)[uri]
        assert reason == "truncated"
        assert text.startswith(data) or data == packed[: int(len(packed) * share)]

    def test_trailing_bytes_are_told(self, tmp_path: Path, kind: str) -> None:
        found = opened_up(tmp_path, PACKERS[kind](TEXT) + b"and then some more bytes", f"a.{kind}")
        # Of zstd, Arrow says before it gives the first block that something is wrong: all is kept packed.
        [(uri, reason)] = harms(found).items()
        assert (uri, reason) in {(f"a.{kind}!/a", "trailing-bytes"), ("a.zst", "corrupt")}

    def test_of_a_few_bytes_what_stands_before_the_damage_is_there(self, tmp_path: Path, kind: str) -> None:
        """They are read to see whether they are a tar: damage behind them is for later."""
        data = PACKERS[kind](b"A few words.\n") + b"and then some more bytes"
        found = opened_up(tmp_path, data, f"a.{kind}")
        if kind != "zst":  # as above
            assert documents(found) == {f"a.{kind}!/a": b"A few words.\n"}
            assert harms(found) == {f"a.{kind}!/a": "trailing-bytes"}

    def test_a_bomb_is_kept_as_it_is_and_refused(self, tmp_path: Path, kind: str) -> None:
        bomb = PACKERS[kind](bytes(40_000_000))
        found = opened_up(tmp_path, bomb, f"a.{kind}")
        assert harms(found) == {f"a.{kind}": "bomb"}
        assert documents(found) == {f"a.{kind}": bomb}
        assert not [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()]

    def test_a_broken_one_says_so(self, tmp_path: Path, kind: str) -> None:
        packed = bytearray(PACKERS[kind](prose(200_000)))
        packed[len(packed) // 2 : len(packed) // 2 + 40] = bytes(40)
        assert set(harms(opened_up(tmp_path, bytes(packed), f"a.{kind}")).values()) <= {
            "corrupt",
            "truncated",
        }

    def test_tar_inside(self, tmp_path: Path, kind: str) -> None:
        packed = PACKERS[kind](tarred({"x/1.txt": TEXT, "2.txt": b"two"}))
        found = documents(opened_up(tmp_path, packed, f"a.tar.{kind}"))
        assert found == {f"a.tar.{kind}!/x/1.txt": TEXT, f"a.tar.{kind}!/2.txt": b"two"}


def test_zstd_with_a_large_window_is_refused(tmp_path: Path) -> None:
    # A frame header that asks for a window of 2^31 bytes (RFC 8878, 3.1.1.1.2), then a raw block.
    frame = b"\x28\xb5\x2f\xfd" + b"\x00" + bytes([21 << 3]) + (1 | 5 << 3).to_bytes(3, "little") + b"hello"
    found = opened_up(tmp_path, frame, "a.zst")
    assert harms(found) == {"a.zst": "large-window"}


def test_xz_that_wants_much_memory_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 512 << 20}]
    try:
        packed = lzma.compress(TEXT, filters=filters)
    except MemoryError:
        pytest.skip("no memory to make it")
    assert harms(opened_up(tmp_path, packed, "a.xz")) == {"a.xz": "large-window"}


class TestZip:
    @pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
    def test_members_are_documents(self, tmp_path: Path, method: int) -> None:
        members = {"a.txt": TEXT, "below/b.txt": b"b", "empty.txt": b""}
        found = opened_up(tmp_path, zipped(members, method), "n.zip")
        assert documents(found) == {f"n.zip!/{name}": data for name, data in members.items()}
        assert harms(found) == {}

    def test_names_are_data(self, tmp_path: Path) -> None:
        names = ["../../evil.txt", "/etc/evil.txt", "C:\\evil.txt", "a\nb.txt", "x" * 3000, "é/😀.txt"]
        found = opened_up(tmp_path, zipped({name: name.encode() for name in names}), "n.zip")
        assert sorted(documents(found).values()) == sorted(name.encode() for name in names)
        assert {path.name for path in tmp_path.iterdir()} == {"n.zip", "scratch"}
        assert not (tmp_path.parent / "evil.txt").exists()

    def test_companions_and_hidden_members_are_passed_over(self, tmp_path: Path) -> None:
        members = {"__MACOSX/._a.txt": b"x", ".DS_Store": b"x", "README.md": b"x", "a.txt": b"text"}
        found = opened_up(tmp_path, zipped(members), "n.zip")
        assert documents(found) == {"n.zip!/a.txt": b"text"}
        assert len([one for one in found if isinstance(one, str)]) == 3

    def test_one_member_can_be_named(self, tmp_path: Path) -> None:
        data = zipped({"a.txt": b"a", "b/c.txt": b"c"})
        assert documents(opened_up(tmp_path, data, "n.zip", "b/c.txt")) == {"n.zip!/b/c.txt": b"c"}

    def test_an_encrypted_member_is_kept_as_it_is_stored(self, tmp_path: Path) -> None:
        data = bytearray(zipped({"open.txt": b"open", "secret.txt": b"0123456789abcdef"}, zipfile.ZIP_STORED))
        for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flag, in both headers of the second
            place = data.rfind(mark)
            data[place + at] |= 1
        found = opened_up(tmp_path, bytes(data), "n.zip")
        assert harms(found) == {"n.zip!/secret.txt": "encrypted"}
        assert documents(found) == {"n.zip!/open.txt": b"open", "n.zip!/secret.txt": b"0123456789abcdef"}

    def test_overlapping_members_refuse_the_archive(self, tmp_path: Path) -> None:
        data = bytearray(zipped({"a.txt": TEXT, "b.txt": TEXT}))
        second = data.rfind(b"PK\x01\x02")
        data[second + 42 : second + 46] = struct.pack("<L", 0)  # both entries point to the first member
        found = opened_up(tmp_path, bytes(data), "n.zip")
        assert harms(found) == {"n.zip": "overlapping-members"}
        assert documents(found) == {"n.zip": bytes(data)}

    @pytest.mark.parametrize("lie", [5, 1 << 30])
    def test_a_lying_size_is_told(self, tmp_path: Path, lie: int) -> None:
        data = bytearray(zipped({"a.txt": TEXT}))
        entry = data.rfind(b"PK\x01\x02")
        data[entry + 24 : entry + 28] = struct.pack("<L", lie)
        found = opened_up(tmp_path, bytes(data), "n.zip")
        assert documents(found) == {"n.zip!/a.txt": TEXT}
        assert harms(found) == {"n.zip!/a.txt": "corrupt"}

    def test_a_wrong_checksum_is_told(self, tmp_path: Path) -> None:
        data = bytearray(zipped({"a.txt": TEXT}))
        entry = data.rfind(b"PK\x01\x02")
        data[entry + 16] ^= 1
        assert harms(opened_up(tmp_path, bytes(data), "n.zip")) == {"n.zip!/a.txt": "corrupt"}

    def test_a_cut_archive_is_refused(self, tmp_path: Path) -> None:
        data = zipped({"a.txt": TEXT, "b.txt": TEXT})
        assert harms(opened_up(tmp_path, data[: len(data) * 6 // 10], "n.zip")) == {"n.zip": "truncated"}

    def test_a_bomb_refuses_the_archive(self, tmp_path: Path) -> None:
        data = zipped({"a.txt": b"fine", "bomb.txt": bytes(40_000_000)})
        found = opened_up(tmp_path, data, "n.zip")
        assert harms(found) == {"n.zip": "bomb"}

    def test_archives_inside_are_opened_three_deep(self, tmp_path: Path) -> None:
        deepest = zipped({"a.txt": TEXT})
        inner = zipped({"in.zip": zipped({"deep.zip": deepest}), "b.txt.gz": gzip.compress(TEXT)})
        found = opened_up(tmp_path, inner, "n.zip")
        assert documents(found) == {"n.zip!/in.zip!/deep.zip!/a.txt": TEXT, "n.zip!/b.txt.gz!/b.txt": TEXT}
        found = opened_up(tmp_path, zipped({"m.zip": inner, "c.txt": TEXT}), "n.zip")
        assert harms(found) == {"n.zip!/m.zip!/in.zip!/deep.zip": "nested-archive"}
        assert documents(found) == {
            "n.zip!/m.zip!/in.zip!/deep.zip": deepest,
            "n.zip!/m.zip!/b.txt.gz!/b.txt": TEXT,
            "n.zip!/c.txt": TEXT,
        }

    def test_a_member_of_a_member_can_be_named(self, tmp_path: Path) -> None:
        data = zipped({"in.zip": zipped({"a.txt": TEXT, "b.txt": b"b"}), "in.zip.txt": b"x"})
        (tmp_path / "n.zip").write_bytes(data)
        for member, uris in (
            ("in.zip!/b.txt", ["n.zip!/in.zip!/b.txt"]),
            ("in.zip", ["n.zip!/in.zip!/a.txt", "n.zip!/in.zip!/b.txt"]),
        ):
            ref = Ref(source="s", uri="n.zip", path=str(tmp_path / "n.zip"), bytes=len(data), member=member)
            assert [one.uri for one in unpack(ref, tmp_path, ()) if isinstance(one, Ref)] == uris

    def test_a_bomb_inside_refuses_the_outermost_archive(self, tmp_path: Path) -> None:
        bomb = gzip.compress(gzip.compress(bytes(200_000_000)))
        found = opened_up(tmp_path, zipped({"a.txt": TEXT, "bomb.gz": bomb}), "n.zip")
        assert harms(found) == {"n.zip": "bomb"}

    def test_a_broken_archive_inside_costs_itself_only(self, tmp_path: Path) -> None:
        broken = zipped({"b.txt": TEXT})[:-30]
        cut = gzip.compress(TEXT)[:-3000]
        found = opened_up(tmp_path, zipped({"a.txt": TEXT, "in.zip": broken, "c.gz": cut}), "n.zip")
        assert harms(found) == {"n.zip!/in.zip": "truncated", "n.zip!/c.gz!/c": "truncated"}
        assert documents(found)["n.zip!/a.txt"] == TEXT

    def test_what_stands_beside_the_pages_of_an_export_is_passed_over(self, tmp_path: Path) -> None:
        names = ["messages.html", "photos/photo_1.jpg", "css/style.css", "js/script.js", "voice/a.OGG"]
        found = opened_up(tmp_path, zipped(dict.fromkeys(names, TEXT)), "n.zip")
        assert [one.uri for one in found if isinstance(one, Ref)] == ["n.zip!/messages.html"]
        assert sum(isinstance(one, str) for one in found) == 4

    def test_an_office_document_is_no_archive(self, tmp_path: Path) -> None:
        data = zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"})
        [ref] = opened_up(tmp_path, data, "letter.docx")
        assert isinstance(ref, Ref)
        assert (ref.uri, ref.harm) == ("letter.docx", None)

    def test_an_unknown_method_is_kept_as_it_is_stored(self, tmp_path: Path) -> None:
        found = opened_up(tmp_path, zipped({"a.txt": TEXT}, zipfile.ZIP_LZMA), "n.zip")
        assert harms(found) == {"n.zip!/a.txt": "unsupported"}

    def test_too_many_members(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(archives, "MAX_MEMBERS", 20)
        data = zipped({f"{number}.txt": b"x" for number in range(21)})
        assert harms(opened_up(tmp_path, data, "n.zip")) == {"n.zip": "too-many-members"}

    def test_a_huge_index_is_not_read(self, tmp_path: Path) -> None:
        end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 9, 9, 9 << 20, 0, 0)
        data = b"PK\x03\x04" + bytes(9 << 20) + end
        assert harms(opened_up(tmp_path, data, "n.zip")) == {"n.zip": "too-many-members"}


class TestTar:
    @pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    def test_members_are_documents(self, tmp_path: Path, form: int) -> None:
        name = "deep/" * 18 + "é.txt" if form == tarfile.USTAR_FORMAT else "deep/" * 60 + "é.txt"
        members = {name: TEXT, "b.txt": b"b", "empty.txt": b""}
        found = opened_up(tmp_path, tarred(members, form), "n.tar")
        assert documents(found) == {f"n.tar!/{name}": data for name, data in members.items()}

    def test_links_and_names_are_data(self, tmp_path: Path) -> None:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            link = tarfile.TarInfo("link.txt")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(link)
            evil = tarfile.TarInfo("../../evil.txt")
            evil.size = 4
            archive.addfile(evil, io.BytesIO(b"evil"))
        found = opened_up(tmp_path, buffer.getvalue(), "n.tar")
        assert documents(found) == {"n.tar!/../../evil.txt": b"evil"}
        assert {path.name for path in tmp_path.iterdir()} == {"n.tar", "scratch"}

    def test_cut_in_a_member(self, tmp_path: Path) -> None:
        data = tarred({"a.txt": b"a", "b.txt": TEXT})
        found = opened_up(tmp_path, data[:4000], "n.tar")
        assert harms(found) == {"n.tar!/b.txt": "truncated"}
        assert TEXT.startswith(documents(found)["n.tar!/b.txt"])
        assert any(isinstance(one, InputFailure) for one in found)

    def test_cut_between_members(self, tmp_path: Path) -> None:
        data = tarred({"a.txt": b"a", "b.txt": b"b"})[: 4 * 512]
        found = opened_up(tmp_path, data, "n.tar")
        assert sorted(documents(found)) == ["n.tar!/a.txt", "n.tar!/b.txt"]
        assert any(isinstance(one, InputFailure) for one in found)

    def test_a_size_that_lies(self, tmp_path: Path) -> None:
        data = bytearray(tarred({"a.txt": b"a"}, tarfile.USTAR_FORMAT))
        data[124:136] = b"77777777777\0"
        data[148:156] = b" " * 8
        data[148:156] = f"{sum(data[:512]):06o}\0 ".encode()
        assert harms(opened_up(tmp_path, bytes(data), "n.tar")) == {"n.tar!/a.txt": "truncated"}

    def test_a_pax_header_of_a_gigabyte(self, tmp_path: Path) -> None:
        info = tarfile.TarInfo("pax")
        info.type, info.size = b"x", 1 << 30
        data = info.tobuf(tarfile.USTAR_FORMAT) + bytes(2048)
        assert harms(opened_up(tmp_path, data, "n.tar")) == {"n.tar": "corrupt"}


def test_text_is_no_archive(tmp_path: Path) -> None:
    for data in (
        b"",
        b"PK is no archive",
        b"BZh is how he writes it, with more text.",
        TEXT,
        zlib.compress(TEXT),
    ):
        [ref] = opened_up(tmp_path, data, "a.txt")
        assert isinstance(ref, Ref)
        assert (ref.uri, ref.harm) == ("a.txt", None)


def test_members_are_known_again_by_their_bytes(tmp_path: Path) -> None:
    found = opened_up(tmp_path, zipped({"a.txt": TEXT}), "n.zip")
    found += opened_up(tmp_path, gzip.compress(TEXT), "other.gz")
    [one, other] = [fingerprint(ref) for ref in found if isinstance(ref, Ref)]
    assert one == other


def test_the_harm_of_a_document_is_kept_with_it(tmp_path: Path) -> None:
    packed = gzip.compress(TEXT)
    [ref] = opened_up(tmp_path, packed[:-20], "a.gz")
    assert isinstance(ref, Ref)
    assert ref.harm is not None
    assert with_asked(replace(ref, harm=None), asked(ref)) == ref


def test_archives_land_and_a_second_run_knows_their_members(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "n.zip").write_bytes(
        zipped({"a.txt": b"A note.\nIt says a thing.\n", "b/c.txt": b"Another note."})
    )
    (folder / "cut.gz").write_bytes(gzip.compress(TEXT)[:-500])
    request = IngestRequest(
        inputs=(SourceSettings(name="s", location=str(folder)),), warehouse=tmp_path / "w.duckdb"
    )
    first = ingest(request)
    assert (first.total.documents, first.total.quarantined, first.exit_status) == (3, 1, 3)
    second = ingest(request)
    assert (second.total.documents, second.documents_unchanged, second.exit_status) == (0, 3, 0)
    with reading(request.warehouse) as con:
        sql = "SELECT stage, reason, byte_start = byte_end AS empty FROM quarantine"
        assert query(con, sql).to_pylist() == [{"stage": "unpack", "reason": "truncated", "empty": True}]
        uris = query(con, "SELECT uri FROM documents").to_pylist()
        assert {Path(row["uri"]).as_posix().rpartition("in/")[2] for row in uris} == {
            "n.zip!/a.txt",
            "n.zip!/b/c.txt",
            "cut.gz!/cut",
        }
        assert query(con, "SELECT sum(gap) AS gap FROM byte_accounts").to_pylist() == [{"gap": 0}]
