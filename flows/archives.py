"""Archives and compressed files: each member becomes a document of its own, `news.zip!/2024/may.json`.

A large Parquet file is one as well: its rows are its member (flows.packed_rows).

Members are streamed, one after the other, into files of the run's scratch folder that are named by number:
what an archive calls a member is data and never a path. What cannot be unpacked is a document as well: its
stored bytes, refused whole with the reason. What ends too early is one that says so.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

from flows.inputs import (
    CHUNK,
    MAX_BYTES,
    Harm,
    InputFailure,
    Ref,
    UnusableInputError,
    look,
    opened,
    too_big,
    unreadable,
)
from flows.packed_rows import LARGE, MARK, lines
from flows.streams import DamageError, Inflow, inflate, kind_of
from flows.tars import Member, is_tar, tar_members
from flows.zips import is_office, zip_members

#: Bytes that one archive may unpack to, and how many members it may have.
MAX_TOTAL = 4_000_000_000
MAX_MEMBERS = 10_000
#: What unpacks to more than this is a bomb, once it is a megabyte. Text packs to a tenth, logs to a fiftieth.
MAX_RATIO = 200
FREE = 1 << 20
_PARQUET = "parquet"
_SUFFIXES = (".gz", ".zst", ".zstd", ".xz", ".bz2", ".tgz", ".tbz2", ".txz", ".tzst", ".parquet", ".pq")
#: Archives within one another that are opened: `all.zip!/may.tar!/posts.json.gz!/posts.json` are three. They
#: share the bounds of the outermost one.
MAX_DEPTH = 3
_NAME = 500  # characters of a member's name that are kept
#: Harm after which nothing of an archive is believed.
_FATAL = frozenset({"bomb", "too-many-members", "overlapping-members"})
_ADVICE = {
    "truncated": "Get the whole file and give it again; what is there is landed.",
    "trailing-bytes": "What stands before them is landed.",
}
#: What is there before the damage can be used, if it is anything.
_PARTIAL = frozenset({*_ADVICE, "corrupt", "invalid-parquet", "memory", "timeout", "worker-died"})

Found = Ref | InputFailure | str


@dataclass(slots=True)
class _Budget:
    """What one archive may still unpack to."""

    packed: int
    total: int = 0
    members: int = 0
    depth: int = 0  # archives that are open

    def take(self, size: int) -> None:
        self.total += size
        if self.total > min(MAX_TOTAL, max(FREE, MAX_RATIO * self.packed)):
            detail = f"It unpacks to more than {MAX_RATIO} times its size, or than {MAX_TOTAL:,} bytes."
            raise DamageError("bomb", detail)

    def enter(self) -> None:
        self.members += 1
        if self.members > MAX_MEMBERS:
            raise DamageError("too-many-members", f"It has more than {MAX_MEMBERS:,} members.")


def unpack(ref: Ref, scratch: Path, companions: tuple[str, ...]) -> Iterator[Found]:
    """Yield the documents in an archive, failures, and the URIs of members that are passed over.

    A file that is none is yielded as it is. `scratch` takes the members' bytes; it must outlive reading.
    Members that tell about an archive (`companions`, hidden ones) are passed over, as they are in a folder.
    """
    yield from _opened(ref, scratch, companions, _Budget(packed=max(ref.bytes, 1)))


def _opened(ref: Ref, scratch: Path, companions: tuple[str, ...], budget: _Budget) -> Iterator[Found]:
    """Do what `unpack` does, for an archive that may be a member itself."""
    found: list[Found] = []
    try:
        with opened(ref) as handle:
            kind = _kind(ref, handle)
            if kind is None:
                yield ref
                return
            if budget.depth == MAX_DEPTH:
                detail = "An archive this deep in archives is not opened. Unpack it and give the files."
                yield replace(ref, harm=Harm("nested-archive", detail, whole=True))
                return
            budget.depth += 1
            try:
                for one in _unpacked(ref, handle, kind, scratch, companions, budget):
                    found.append(one)  # noqa: PERF402 - what came before an error counts
            except DamageError as error:
                if budget.depth > 1 and error.reason in _FATAL:  # the bounds are those of the whole
                    _forget(found)
                    raise
                if error.reason in _FATAL or not found:
                    _forget(found)
                    found = [_refused(ref, error)]
                else:
                    found.append(_cut(ref, error))
            finally:
                budget.depth -= 1
    except UnusableInputError as error:
        found.append(error.failure)
    yield from found


def _kind(ref: Ref, handle: BinaryIO) -> str | None:
    head = handle.read(512)
    kind = "tar" if is_tar(head) else kind_of(head)
    if head.startswith(MARK) and ref.bytes > LARGE and ref.input_format in (None, _PARQUET):
        kind = _PARQUET
    if kind == "zip" and is_office(handle):
        return None
    handle.seek(0)
    return kind


def _unpacked(
    ref: Ref, handle: BinaryIO, kind: str, scratch: Path, companions: tuple[str, ...], budget: _Budget
) -> Iterator[Found]:
    folder = Path(tempfile.mkdtemp(prefix="members-", dir=scratch))
    for number, member in enumerate(_members(ref, handle, kind)):
        budget.enter()
        name = _shown(member.name)
        inner = _meant(ref.member, name)
        if ref.member is not None and inner is None:
            continue
        if ref.member is None and _is_companion(member.name, companions):
            yield f"{ref.uri}!/{name}"
            continue
        one = replace(ref, uri=f"{ref.uri}!/{name}", member=inner or None)
        if kind == _PARQUET:  # whatever is in the rows
            one = replace(one, input_format="jsonl")
        spooled = _spooled(one, member, budget, folder / f"{number:06}")
        if isinstance(spooled, Ref) and not (spooled.harm and spooled.harm.whole):
            yield from _inside(spooled, scratch, companions, budget)
        else:
            yield spooled


def _meant(member: str | None, name: str) -> str | None:
    """Return what of a member is meant: "" for all of it, the name of one of its own; None: nothing."""
    if member is None:
        return None
    return "" if member == name else member[len(name) + 2 :] if member.startswith(f"{name}!/") else None


def _inside(ref: Ref, scratch: Path, companions: tuple[str, ...], budget: _Budget) -> Iterator[Found]:
    """Yield a member or, where it is an archive itself, what is in it."""
    kept = False
    for one in _opened(ref, scratch, companions, budget):
        same = isinstance(one, Ref) and one.path == ref.path
        kept = kept or same
        yield look(one) if isinstance(one, Ref) and same and one.harm is None else one
    if not kept:
        Path(ref.path).unlink(missing_ok=True)


def _members(ref: Ref, handle: BinaryIO, kind: str) -> Iterator[Member]:
    if kind == "zip":
        yield from zip_members(handle)
        return
    if kind == _PARQUET:
        yield Member(f"{_inner_name(ref.uri)}.jsonl", lines(handle))
        return
    chunks = iter(lambda: handle.read(CHUNK), b"") if kind == "tar" else inflate(handle, kind)
    stream = Inflow(chunks)
    if is_tar(stream.peek(512)):
        yield from tar_members(stream)
    else:
        yield Member(_inner_name(ref.uri), stream.take())


def _spooled(ref: Ref, member: Member, budget: _Budget, path: Path) -> Found:
    """Write a member to a file and return it as a document. Raises DamageError for a bomb."""
    harm: Harm | None = None
    try:
        size = _write(member.chunks, path, budget)
    except DamageError as error:
        if error.reason in _FATAL:
            path.unlink(missing_ok=True)
            raise
        whole = error.reason not in _PARTIAL
        if whole and member.stored is not None:
            _write(member.stored, path, budget)
        size = path.stat().st_size
        if size == 0 and member.stored is None:  # nothing of it to keep: it is for the archive to say
            raise
        harm = Harm(error.reason, f"{error.detail} {_ADVICE.get(error.reason, '')}".strip(), whole=whole)
    except OSError as error:
        return unreadable(ref.source, ref.uri, error)
    if size > MAX_BYTES:
        path.unlink()
        return too_big(ref.source, ref.uri)
    ref = replace(ref, path=str(path), bytes=size, harm=harm)
    return ref if harm is None or harm.whole else look(ref)


def _write(chunks: Iterator[bytes], path: Path, budget: _Budget) -> int:
    """Write chunks to a file, at most one byte more than a document may have, and return their size."""
    size = 0
    with path.open("wb") as handle:
        for chunk in chunks:
            budget.take(len(chunk))
            size += len(chunk)
            if size <= MAX_BYTES:
                handle.write(chunk)
    return size


def _refused(ref: Ref, error: DamageError) -> Found:
    """Return an archive as a document of which nothing can be used; its bytes are kept."""
    if ref.bytes > MAX_BYTES:
        return InputFailure(
            source=ref.source,
            uri=ref.uri,
            reason=error.detail,
            next_step="Unpack it yourself, and give the files.",
        )
    return replace(ref, harm=Harm(error.reason, error.detail, whole=True))


def _cut(ref: Ref, error: DamageError) -> InputFailure:
    """Return what to say of an archive that breaks off between two members."""
    return InputFailure(
        source=ref.source,
        uri=ref.uri,
        reason=f"members are missing or cannot be reached ({error.detail.rstrip('.')})",
        next_step="The members before that are landed. Get the whole file and give it again.",
    )


def _forget(found: list[Found]) -> None:
    for one in found:
        if isinstance(one, Ref):
            Path(one.path).unlink(missing_ok=True)


def _inner_name(uri: str) -> str:
    name = uri.rpartition("/")[2]
    suffix = next((suffix for suffix in _SUFFIXES if name.lower().endswith(suffix)), "")
    return name[: len(name) - len(suffix)] or name


def _shown(name: str) -> str:
    """Return a member's name as the warehouse can store it. It may be anything: it is never a path."""
    return name[:_NAME].lstrip("/").encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _is_companion(name: str, companions: tuple[str, ...]) -> bool:
    parts = name.split("/")
    hidden = any(part.startswith(".") and part not in {".", ".."} for part in parts) or "__MACOSX" in parts
    return hidden or any(fnmatchcase(parts[-1].lower(), pattern) for pattern in companions)
