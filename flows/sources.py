"""Inputs to documents: files, folders, globs and stdin. What cannot be used is told apart, input by input."""

import contextlib
import difflib
import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from flows.addresses import is_address, redacted
from flows.inputs import (
    MAX_BYTES,
    InputFailure,
    Ref,
    UnusableInputError,
    look,
    no_file,
    read,
    too_big,
    unreadable,
    uri_of,
)
from flows.parting import meant
from flows.settings import SourceSettings

__all__ = [
    "COMPANIONS",
    "Discovery",
    "InputFailure",
    "Ref",
    "UnusableInputError",
    "discover",
    "read",
]

STDIN = "-"
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)

#: Names (lower case) of files that tell about a folder, or stand beside the pages of an export and hold no
#: text. They are not input unless named themselves.
COMPANIONS = (
    *("readme*", "license*", "licence*", "copying*", "notice*", "manifest*"),
    *("*sums", "*sums.txt", "*.md5", "*.sha1", "*.sha256", "*.sha512"),
    *("*.jpg", "*.jpeg", "*.png", "*.gif", "*.webp", "*.bmp", "*.heic", "*.svg", "*.ico", "*.tgs"),
    *(
        "*.mp4",
        "*.mov",
        "*.mkv",
        "*.avi",
        "*.webm",
        "*.mp3",
        "*.m4a",
        "*.ogg",
        "*.oga",
        "*.opus",
        "*.wav",
        "*.flac",
    ),
    *("*.css", "*.js", "*.woff", "*.woff2", "*.ttf", "*.otf"),
)
#: Archives that are not read.
OTHER_ARCHIVES = (".7z", ".rar", ".lz4", ".z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What the inputs hold: documents sorted by source and URI, failures, and files that were passed over."""

    refs: tuple[Ref, ...]
    failures: tuple[InputFailure, ...]
    skipped: tuple[str, ...] = ()


def discover(inputs: Sequence[SourceSettings], *, warehouse: Path | None = None) -> Discovery:
    """Return the documents behind `inputs`. Folders are searched with their sub-folders.

    Files of the warehouse are never input. `-` becomes a document without a path, which `spool` gives it.
    The answer does not depend on the order of the inputs; a file that is reached twice counts once.
    """
    own = _warehouse_files(warehouse) if warehouse else frozenset()
    refs: dict[tuple[object, ...], Ref] = {}
    failures: set[InputFailure] = set()
    skipped: set[str] = set()
    for source in sorted(inputs, key=lambda source: (source.name, source.location)):
        for found in _expand(source, own):
            if isinstance(found, Ref):
                key = found.address or os.path.realpath(found.path), found.member, found.meant
                refs.setdefault(key, found)
            elif isinstance(found, InputFailure):
                failures.add(found)
            else:
                skipped.add(found)
    return Discovery(
        refs=tuple(sorted(refs.values(), key=lambda ref: (ref.source, ref.uri))),
        failures=tuple(sorted(failures, key=lambda failure: (failure.source, failure.uri))),
        skipped=tuple(sorted(skipped)),
    )


def _expand(source: SourceSettings, own: frozenset[str]) -> Iterator[Ref | InputFailure | str]:
    """Yield documents, failures, and the URIs of files that are passed over."""
    where = source.location
    if where == STDIN:
        yield _ref(source, STDIN, "", 0)
    elif is_address(where):
        ref = _ref(source, redacted(where), "", 0)
        yield replace(ref, address=where, private=source.allow_private, insist=source.insist)
    elif _SCHEME.match(where):
        yield _failure(source, where, "only http and https are fetched", "Download it and give the file.")
    elif _exists(where):
        yield from _named(source, where, own)
    elif part := meant(where):
        for found in _expand(replace(source, location=part[0]), own):
            yield replace(found, meant=part[1]) if isinstance(found, Ref) else found
    elif "!/" in where and _exists(where.partition("!/")[0]):
        archive, _, member = where.partition("!/")
        for found in _named(source, archive, own):
            yield replace(found, member=member) if isinstance(found, Ref) else found
    elif glob.has_magic(where):
        matches = sorted(glob.glob(where, recursive=True))  # noqa: PTH207 - Path.glob refuses absolute ones
        if not matches:
            yield _failure(source, where, "no file matches this pattern", "Check the folder and the pattern.")
        for match in matches:
            yield from _named(source, match, own)
    else:
        yield _failure(source, where, "there is no such file or folder", _nearest(where))


def _named(source: SourceSettings, path: str, own: frozenset[str]) -> Iterator[Ref | InputFailure | str]:
    """Yield what a path that was named holds: itself, or the files of a folder."""
    if not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a parent may not be searched
        yield _file(source, path, own)
        return
    taken = passed = 0
    for found in _walk(source, path):
        if isinstance(found, InputFailure):
            taken += 1
            yield found
        elif os.path.realpath(found) in own:
            continue
        elif _wanted(source, found, path):
            taken += 1
            yield _file(source, found, own)
        else:
            passed += 1
            yield uri_of(found)
    if not taken:
        reason = "the folder holds no files"
        if passed:
            reason = f"none of its {passed} files is input (include: {', '.join(source.include)})"
        yield _failure(
            source, path, reason, "Name files of it, or set `include` and `exclude` of its source."
        )


def _walk(source: SourceSettings, folder: str) -> Iterator[str | InputFailure]:
    """Yield the files below a folder, but nothing hidden and nothing behind links to folders."""
    errors: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=errors.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield str(Path(parent, name))
    for error in errors:
        yield unreadable(source.name, uri_of(str(error.filename)), error)


def _wanted(source: SourceSettings, path: str, folder: str) -> bool:
    below = Path(path).relative_to(folder).as_posix()
    name = below.rpartition("/")[2]

    def matches(globs: Iterable[str], *texts: str) -> bool:
        return any(fnmatchcase(text, pattern) for pattern in globs for text in texts)

    if not matches(source.include, name, below):
        return False
    if source.exclude is None:
        return not matches(COMPANIONS, name.lower())
    return not matches(source.exclude, name, below)


def _file(source: SourceSettings, path: str, own: frozenset[str]) -> Ref | InputFailure:
    uri = uri_of(path)
    if os.path.realpath(path) in own:
        return _failure(source, path, "this is the warehouse itself", "Query it with `feedmill sql`.")
    if path.lower().endswith(OTHER_ARCHIVES):
        return _failure(
            source, path, "archives of this kind are not read", "Unpack it, or pack it as zip or tar.gz."
        )
    try:
        status = Path(path).stat()
    except OSError as error:
        return unreadable(source.name, uri, error)
    if not stat.S_ISREG(status.st_mode):
        return no_file(source.name, uri, status.st_mode)
    if status.st_size > MAX_BYTES:
        return too_big(source.name, uri)
    return look(_ref(source, uri, path, status.st_size))


def _ref(source: SourceSettings, uri: str, path: str, size: int) -> Ref:
    return Ref(
        source=source.name,
        uri=uri,
        path=path,
        bytes=size,
        fetched_at=source.fetched_at,
        input_format=source.input_format,
        columns=source.columns,
        edges=source.edges,
    )


def _failure(source: SourceSettings, where: str, reason: str, next_step: str) -> InputFailure:
    uri = where if where == STDIN else redacted(where) if _SCHEME.match(where) else uri_of(where)
    return InputFailure(source=source.name, uri=uri, reason=reason, next_step=next_step)


def _exists(path: str) -> bool:
    """Tell whether something bears this name; where that may not be known, opening it will say why."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return True


def _nearest(path: str) -> str:
    wanted = Path(path)
    with contextlib.suppress(OSError):
        names = [entry.name for entry in wanted.parent.iterdir()]
        for name in difflib.get_close_matches(wanted.name, names, n=1):
            return f"Did you mean {uri_of(str(wanted.parent / name))}?"
    return "Check the spelling and the working directory."


def _warehouse_files(warehouse: Path) -> frozenset[str]:
    """Return the files of a warehouse that do not hide; hidden files are never walked."""
    real = os.path.realpath(warehouse)
    return frozenset({real, f"{real}.wal"})
