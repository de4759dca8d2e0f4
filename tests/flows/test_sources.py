"""Inputs to documents: what is found, what is passed over, and what is said of the rest."""

import hashlib
import io
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from flows.inputs import MAX_BYTES, Ref, fingerprint
from flows.settings import SourceSettings
from flows.sources import Discovery, UnusableInputError, discover, read
from flows.spooling import spool


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, data: bytes = b"text\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def at(location: Path | str, **more: object) -> SourceSettings:
    return SourceSettings(name="s", location=str(location), **more)  # type: ignore[arg-type] - keywords of the class


def uris(found: Discovery) -> list[str]:
    return [ref.uri for ref in found.refs]


def reasons(found: Discovery) -> list[str]:
    return [failure.reason for failure in found.failures]


def test_a_folder_is_searched_with_its_sub_folders(folder: Path) -> None:
    for name in ("in/b.txt", "in/a/c.txt", "in/.hidden", "in/.git/x.txt"):
        write(folder / name)
    found = discover([at("in")])
    assert uris(found) == ["in/a/c.txt", "in/b.txt"]
    assert found.failures == ()


def test_files_that_tell_about_a_folder_are_passed_over_and_named(folder: Path) -> None:
    for name in ("in/a.txt", "in/README.md", "in/manifest.json", "in/SHA256SUMS", "in/LICENSE"):
        write(folder / name)
    found = discover([at("in")])
    assert uris(found) == ["in/a.txt"]
    assert set(found.skipped) == {"in/README.md", "in/manifest.json", "in/SHA256SUMS", "in/LICENSE"}


def test_a_companion_that_is_named_is_taken(folder: Path) -> None:
    write(folder / "in/README.md")
    assert uris(discover([at("in/README.md")])) == ["in/README.md"]


def test_globs_of_a_source(folder: Path) -> None:
    for name in ("in/a.txt", "in/b.log", "in/old/c.txt", "in/readme.txt"):
        write(folder / name)
    assert uris(discover([at("in", include=("*.txt",))])) == ["in/a.txt", "in/old/c.txt"]
    assert uris(discover([at("in", include=("*.txt",), exclude=("old/*",))])) == ["in/a.txt", "in/readme.txt"]


def test_patterns(folder: Path) -> None:
    for name in ("in/a1.txt", "in/a2.txt", "in/b.txt", "in/deep/a3.txt"):
        write(folder / name)
    assert uris(discover([at("in/a*.txt")])) == ["in/a1.txt", "in/a2.txt"]
    assert uris(discover([at("in/**/a*.txt")])) == ["in/a1.txt", "in/a2.txt", "in/deep/a3.txt"]
    assert reasons(discover([at("in/z*.txt")])) == ["no file matches this pattern"]


def test_a_file_whose_name_looks_like_a_pattern(folder: Path) -> None:
    write(folder / "a[1].txt")
    assert uris(discover([at("a[1].txt")])) == ["a[1].txt"]


def test_order_of_inputs_and_repeats_do_not_matter(folder: Path) -> None:
    for name in ("in/a.txt", "in/b.txt"):
        write(folder / name)
    (folder / "in/link.txt").symlink_to("a.txt")
    one = discover([at("in/b.txt"), at("in"), at(folder / "in" / "a.txt")])
    other = discover([at(folder / "in" / "a.txt"), at("in"), at("in/b.txt")])
    assert one == other
    assert uris(one) == ["in/a.txt", "in/b.txt"]


def test_stdin_is_spooled(folder: Path) -> None:
    write(folder / "a.txt")
    found = discover([at("-"), at("a.txt")])
    assert sorted((ref.uri, ref.path) for ref in found.refs) == [("-", ""), ("a.txt", "a.txt")]
    spooled = spool(found, folder, io.BytesIO(b"from a pipe"))
    (ref,) = (ref for ref in spooled.refs if ref.uri == "-")
    assert (ref.uri, ref.bytes, read(ref).data) == ("-", 11, b"from a pipe")
    assert len(spooled.refs) == 2


def test_stdin_that_cannot_be_read_is_a_failure(folder: Path) -> None:
    with (folder / "for-writing").open("wb") as handle:
        found = spool(discover([at("-")]), folder, handle)  # type: ignore[arg-type] - the point of it
    assert (found.refs, [failure.uri for failure in found.failures]) == ((), ["-"])


def test_what_cannot_be_used_is_told_and_the_rest_is_found(folder: Path) -> None:
    write(folder / "good.txt")
    write(folder / "export.7z")
    os.mkfifo(folder / "pipe")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "empty-folder").mkdir()
    names = [
        "good.txt",
        "export.7z",
        "pipe",
        "dangling",
        "empty-folder",
        "god.txt",
        "ftp://me:pw@example.org/f?token=x",
    ]
    found = discover([at(name) for name in [*names, "/dev/null"]])
    assert uris(found) == ["good.txt"]
    assert {failure.uri: failure.reason for failure in found.failures} == {
        "/dev/null": "this is a device, not a file",
        "dangling": "cannot be read (no such file or directory)",
        "empty-folder": "the folder holds no files",
        "export.7z": "archives of this kind are not read",
        "god.txt": "there is no such file or folder",
        "ftp://example.org/f?9099b85613f6": "only http and https are fetched",
        "pipe": "this is a pipe, not a file",
    }
    assert "Did you mean good.txt?" in str(next(f for f in found.failures if f.uri == "god.txt"))


def test_a_socket_is_no_file(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        assert reasons(discover([at("s")])) == ["this is a socket, not a file"]


def test_a_folder_with_nothing_but_companions_says_so(folder: Path) -> None:
    write(folder / "in/README.md")
    assert reasons(discover([at("in")])) == ["none of its 1 files is input (include: *)"]


def test_the_warehouse_is_never_input(folder: Path) -> None:
    warehouse = write(folder / "in/feedmill.duckdb")
    write(folder / "in/.feedmill.duckdb.work")
    write(folder / "in/a.txt")
    found = discover([at("in")], warehouse=warehouse)
    assert uris(found) == ["in/a.txt"]
    assert reasons(discover([at("in/feedmill.duckdb")], warehouse=warehouse)) == [
        "this is the warehouse itself"
    ]


def test_a_name_that_is_not_utf8_can_be_stored(folder: Path) -> None:
    path = os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt")
    Path(path).write_bytes(b"x")
    (ref,) = discover([at(folder)]).refs
    assert ref.uri == "caf\\xe9.txt"
    assert ref.uri.encode("utf-8")
    assert read(ref).data == b"x"


def test_a_file_too_big_is_refused_without_reading(folder: Path) -> None:
    with (folder / "big.txt").open("wb") as handle:
        handle.truncate(MAX_BYTES + 1)  # sparse: no disk is used
    assert reasons(discover([at("big.txt")])) == [f"larger than {MAX_BYTES:,} bytes"]


def test_read_and_fingerprint_agree(folder: Path) -> None:
    data = bytes(range(256)) * 5000
    write(folder / "a.txt", data)
    (ref,) = discover([at("a.txt", fetched_at="2024-05-01")]).refs
    blob = read(ref)
    assert blob.data == data
    assert (blob.source, blob.uri, blob.fetched_at) == ("s", "a.txt", "2024-05-01")
    assert fingerprint(ref) == blob.document_id == hashlib.sha256(data).hexdigest()


def test_a_file_that_turns_into_a_pipe_does_not_hang(folder: Path) -> None:
    os.mkfifo(folder / "a.txt")
    with pytest.raises(UnusableInputError, match=r"a\.txt: this is a pipe"):
        read(Ref(source="s", uri="a.txt", path="a.txt", bytes=1))


def test_a_file_that_vanishes_is_an_error_with_advice(folder: Path) -> None:
    with pytest.raises(UnusableInputError, match=r"cannot be read .no such file or directory.*gone: restore"):
        fingerprint(Ref(source="s", uri="a.txt", path="a.txt", bytes=1))


_AS_NOBODY = """
import cleaners.formats  # loaded late, where nobody may look
import os, sys
from flows.settings import SourceSettings
from flows.sources import discover, read, UnusableInputError
if os.getuid() == 0:  # after the imports: Python itself may lie where only root looks
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
found = discover([SourceSettings(name="s", location=name) for name in sys.argv[1:]])
for failure in found.failures:
    print("failure", failure.uri, failure.reason, sep="|")
for ref in found.refs:
    try:
        print("read", ref.uri, len(read(ref).data), sep="|")
    except UnusableInputError as error:
        print("refused", error, sep="|")
"""


def test_files_and_folders_that_this_user_may_not_read() -> None:
    # Root may read everything, so the question is asked by another user where the tests run as root. That
    # user must be able to get at the folder, which is why it is not one of pytest's.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        shut = [folder / "shut", folder / "tree/shut"]
        for path in ("secret.txt", "good.txt", "shut/inside.txt", "tree/shut/inside.txt", "tree/open.txt"):
            write(folder / path)
        for path in (folder / "secret.txt", *shut):
            path.chmod(0)
        try:
            done = subprocess.run(
                [
                    sys.executable,
                    "-c",
                    _AS_NOBODY,
                    "secret.txt",
                    "shut",
                    "shut/inside.txt",
                    "tree",
                    "good.txt",
                ],
                cwd=folder,
                env={"PYTHONPATH": str(Path(__file__).parents[2])},
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            for path in shut:
                path.chmod(0o700)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("read|")] == ["read|good.txt|5", "read|tree/open.txt|5"]
    advice = "Make it readable for this user (chmod u+r), or run as its owner."
    assert f"refused|secret.txt: cannot be read (permission denied). {advice}" in lines
    denied = {line.split("|")[1] for line in lines if line.endswith("|cannot be read (permission denied)")}
    assert denied == {"shut", "shut/inside.txt", "tree/shut"}
