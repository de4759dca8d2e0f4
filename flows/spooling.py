"""What was found, opened: stdin and archives become files of the scratch folder, large files become parts."""

import sys
from dataclasses import replace
from itertools import islice, takewhile
from pathlib import Path
from typing import BinaryIO

from flows.archives import unpack
from flows.inputs import CHUNK, MAX_BYTES, InputFailure, Ref, UnusableInputError, look, too_big, unreadable
from flows.parting import parted
from flows.sources import COMPANIONS, STDIN, Discovery


def spool(
    found: Discovery,
    scratch: Path,
    stdin: BinaryIO | None = None,
    *,
    memory: int | None = None,
    first: bool = False,
) -> Discovery:
    """Return what was found with stdin and archives opened: their bytes lie in the folder `scratch`.

    `stdin` is read to its end, if it is among what was found. Members of archives are documents, and so are
    the parts of large files; with `first`, only the first part of each, if no other is meant. `memory`: bytes
    that cleaning one document may take.
    """
    refs: list[Ref] = []
    failures, skipped = list(found.failures), list(found.skipped)
    for ref in found.refs:
        here = ref if ref.path else _spooled(ref, scratch, stdin or sys.stdin.buffer)
        for one in (here,) if isinstance(here, InputFailure) else unpack(here, scratch, COMPANIONS):
            if isinstance(one, InputFailure):
                failures.append(one)
            elif isinstance(one, str):
                skipped.append(one)
            else:
                try:
                    refs += _parts(one, memory, first=first)
                except UnusableInputError as error:
                    failures.append(error.failure)
    refs.sort(key=lambda ref: (ref.source, ref.uri.partition("#bytes=")[0], ref.start))
    return Discovery(refs=tuple(refs), failures=tuple(failures), skipped=tuple(skipped))


def _parts(ref: Ref, memory: int | None, *, first: bool) -> list[Ref]:
    """Return the parts of a document that are wanted. Raises UnusableInputError where none has its bytes."""
    if ref.meant is None:
        return list(islice(parted(ref, memory), 1 if first else None))
    start, end = ref.meant
    there = takewhile(lambda one: one.start < end, parted(ref, memory))
    wanted = [one for one in there if one.start + one.bytes > start]
    if not wanted:
        reason, advice = (
            f"it ends before byte {start:,}",
            "Leave out what stands behind the name of the file.",
        )
        raise UnusableInputError(
            InputFailure(source=ref.source, uri=ref.uri, reason=reason, next_step=advice)
        )
    return wanted


def _spooled(ref: Ref, scratch: Path, stdin: BinaryIO) -> Ref | InputFailure:
    path = scratch / "stdin"
    total = 0
    try:
        with path.open("wb") as handle:
            while chunk := stdin.read(CHUNK):
                total += len(chunk)
                if total > MAX_BYTES:
                    return too_big(ref.source, STDIN)
                handle.write(chunk)
    except OSError as error:
        return unreadable(ref.source, STDIN, error)
    return look(replace(ref, path=str(path), bytes=total))
