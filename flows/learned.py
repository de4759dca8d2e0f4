"""The file feedmill.boilerplate.toml: lines that were learned of sources, for a person to look through."""

import json
import os
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.errors import ConfigError
from schemas.options import EdgeLine

LEARNED_NAME = "feedmill.boilerplate.toml"
_HEAD = """\
# Lines that sources put above or below their items, found by `feedmill learn --write`; they stay out of the
# texts. Delete what is no furniture, or keep it with `apply = false`: then it is not proposed as new again.
# A line is meant in any case, with any marks and addresses. After a change: `feedmill ingest --reprocess`.
"""
_KEYS = ("id", "source", "position", "example", "why", "apply")


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedLine:
    """One rule of the file: it holds for one source. With `apply` false it is known and not in force."""

    source: str
    line: EdgeLine
    why: str
    apply: bool = True


def edges_of(learned: Iterable[LearnedLine], source: str) -> tuple[EdgeLine, ...]:
    """Return the lines in force for a source."""
    return tuple(one.line for one in learned if one.source == source and one.apply)


def read_learned(file: Path) -> tuple[LearnedLine, ...]:
    """Return the rules of a file in its order; none if there is no such file. Raises ConfigError."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:  # a decoding error is a ValueError too
        raise ConfigError(f"{file}: cannot be read ({error}). Mend it, or move it away.") from error
    entries = table.pop("line", [])
    if table or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(f"{file}: it may hold tables [[line]] only. `feedmill learn` shows what they say.")
    lines = tuple(_line(entry, f"{file}: line[{number}]") for number, entry in enumerate(entries, start=1))
    seen = set()
    for one in lines:
        if (one.source, one.line.id) in seen:
            raise ConfigError(f"{file}: source {one.source!r} has two lines {one.line.id!r}. Delete one.")
        seen.add((one.source, one.line.id))
    return lines


def _line(entry: dict[str, Any], where: str) -> LearnedLine:
    unknown = sorted(set(entry) - set(_KEYS))
    if unknown:
        raise ConfigError(f"{where}: unknown key {unknown[0]!r}. Known keys: {', '.join(_KEYS)}.")
    for key in ("id", "source", "example"):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise ConfigError(f"{where}: {key} is missing or no text. Copy it from `feedmill learn`.")
    if entry.get("position") not in {"first", "last"}:
        raise ConfigError(f'{where}: position must be "first" (above items) or "last" (below them).')
    if not isinstance(entry.get("apply", True), bool):
        raise ConfigError(f"{where}: apply must be true or false.")
    line = EdgeLine(id=entry["id"], position=entry["position"], example=entry["example"])
    return LearnedLine(
        source=entry["source"], line=line, why=str(entry.get("why", "")), apply=entry.get("apply", True)
    )


def add_learned(file: Path, lines: Iterable[LearnedLine]) -> int:
    """Append the rules that a file does not have, in force or not, and return how many.

    What stands in it, with its comments, stays as it is. Raises ConfigError where that cannot be done.
    """
    there = {(one.source, one.line.id) for one in read_learned(file)}
    fresh = [one for one in lines if (one.source, one.line.id) not in there]
    if not fresh:
        return 0
    text = file.read_text(encoding="utf-8") if file.exists() else _HEAD
    blocks = [text if text.endswith("\n") else f"{text}\n", *map(_block, fresh)]
    aside = file.with_name(f".{file.name}.new")
    try:
        aside.write_text("\n".join(blocks), encoding="utf-8")
        os.replace(aside, file)  # noqa: PTH105 - in one step: a run may be reading it
    except OSError as error:
        raise ConfigError(
            f"{file}: cannot be written ({error.strerror}). Make its folder writable."
        ) from error
    return len(fresh)


def _block(one: LearnedLine) -> str:
    said = {
        "id": one.line.id,
        "source": one.source,
        "position": one.line.position,
        "example": one.line.example,
        "why": one.why,
    }
    return "[[line]]\n" + "".join(f"{key} = {_quoted(text)}\n" for key, text in said.items())


def _quoted(text: str) -> str:
    """Return a TOML string: JSON's escapes are TOML's, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
