"""Settings: defaults < feedmill.toml < FEEDMILL_* < flags. Each value remembers where it came from."""

import datetime as dt
import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from flows.addresses import is_address
from flows.expectations import NOTHING_EXPECTED, Expectations, expectations
from flows.learned import LEARNED_NAME, LearnedLine, read_learned
from flows.memory import default_memory
from flows.timetable import Timetable, cron, hours, timetable
from schemas.errors import ConfigError
from schemas.options import Columns, EdgeLine

CONFIG_NAME = "feedmill.toml"
DEFAULT_WAREHOUSE = Path("warehouse/feedmill.duckdb")
# One batch is one transaction and one answer of a worker process. Two MB of prose are about a second of
# cleaning: long beside the costs of a batch (some ten milliseconds), short beside a run.
DEFAULT_BATCH_BYTES = 2_000_000
# Each worker takes some 110 MB, what they share 80, the run itself with DuckDB 300. No input of a gigabyte
# should take more than one of memory without being asked to (docs/formats.md).
USUAL_WORKERS = 2
_KEYS = ("warehouse", "workers", "batch_bytes", "memory_bytes", "bodies", "serve", "sources")
# Less would refuse documents of a few hundred kilobytes.
_MEMORY = (50_000_000, 1 << 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """Where documents come from. `location` is a file, a folder, a glob, an address or `-` (stdin).

    In a folder, `include` and `exclude` are globs on the name or on the path below the folder. They do not
    apply to a file that is named itself.
    """

    name: str
    location: str
    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] | None = None  # None: files that tell about a folder, see `flows.sources`
    fetched_at: str | None = None
    input_format: str | None = None
    expect: Expectations = NOTHING_EXPECTED
    allow_private: bool = False  # its address may be of a private network, on any port
    insist: bool = False  # a person named it: it is asked now, whenever it would be due
    columns: Columns | None = None  # which columns of its tables hold what; None: guessed
    edges: tuple[EdgeLine, ...] = ()  # lines that were learned of it, see `flows.learned`
    schedule: str | None = None  # cron, UTC: when `feedmill serve` ingests it
    silent_hours: float | None = None  # how long it may bring nothing new before a person is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that can be set. `origins` pairs each key with the place its value came from.

    `memory_bytes`: what cleaning may take, one document or several side by side; None: no limit. `bodies`:
    where the raw bytes of new documents are kept, in the warehouse file or in a folder beside it.
    """

    sources: tuple[SourceSettings, ...] = ()
    warehouse: Path = DEFAULT_WAREHOUSE
    workers: int = 1
    batch_bytes: int = DEFAULT_BATCH_BYTES
    memory_bytes: int | None = None
    bodies: Literal["warehouse", "folder"] = "warehouse"
    serve: Timetable = field(default_factory=Timetable)
    learned: tuple[LearnedLine, ...] = ()
    learned_file: Path = Path(LEARNED_NAME)
    config_file: Path | None = None
    origins: tuple[tuple[str, str], ...] = ()


def load(
    start: Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    warehouse: Path | str | None = None,
    workers: int | None = None,
    batch_bytes: int | None = None,
) -> Settings:
    """Return the settings in force in folder `start` (default: the working directory).

    Paths in feedmill.toml are relative to its folder, all others to `start`. The keyword arguments are
    flags and win. Raises ConfigError for a file that cannot be read, an unknown key or a bad value.
    """
    folder = Path() if start is None else start
    env = os.environ if environ is None else environ
    file = _config_file(folder, env)
    table = _parsed(file) if file else {}
    if file:
        _refuse_unknown(table, _KEYS, file, "")
    base = file.parent if file else folder
    origins: list[tuple[str, str]] = []

    def choose(key: str, flag: object, default: object) -> tuple[object, str]:
        name = f"FEEDMILL_{key.upper()}"
        candidates = (
            (flag, f"--{key.replace('_', '-')}"),
            (env.get(name) or None, name),
            (table.get(key), str(file)),
            (default, "default"),
        )
        value, origin = next(pair for pair in candidates if pair[0] is not None)
        origins.append((key, origin))
        return value, origin

    value, origin = choose("warehouse", warehouse, DEFAULT_WAREHOUSE)
    path = _path(value, origin, base if origin == str(file) else folder)
    count = _number("workers", *choose("workers", workers, min(_cores(), USUAL_WORKERS)), 1, 256)
    size = _number(
        "batch_bytes", *choose("batch_bytes", batch_bytes, DEFAULT_BATCH_BYTES), 1_000, 1_000_000_000
    )
    memory = _number("memory_bytes", *choose("memory_bytes", None, default_memory()), *_MEMORY)
    bodies = _place(*choose("bodies", None, "warehouse"))
    sources = _sources(table.get("sources", []), file, base) if file else ()
    return Settings(
        sources=sources,
        warehouse=path,
        workers=count,
        batch_bytes=size,
        memory_bytes=memory,
        bodies=bodies,
        serve=timetable(table.get("serve", {}), f"{file}: serve"),
        learned=read_learned(base / LEARNED_NAME),
        learned_file=base / LEARNED_NAME,
        config_file=file,
        origins=tuple(origins),
    )


def moment(value: object, where: str) -> str:
    """Return an ISO day, or a UTC timestamp ending in Z, from text or a TOML date. Raises ConfigError.

    A timestamp without an offset is taken as UTC.
    """
    try:
        if isinstance(value, str):
            text = value.strip()
            value = dt.date.fromisoformat(text) if len(text) == 10 else dt.datetime.fromisoformat(text)
        if isinstance(value, dt.datetime):
            aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
            return aware.astimezone(dt.UTC).replace(tzinfo=None).isoformat() + "Z"
        if isinstance(value, dt.date):
            return value.isoformat()
    except (ValueError, OverflowError):
        pass
    raise ConfigError(
        f"{where}: {value!r} is no ISO day or timestamp, so it cannot say when the input was captured. "
        "Write it as 2024-05-01 or 2024-05-01T12:00:00Z."
    )


def _cores() -> int:
    """Return the cores this process may use: cleaning is pure CPU work, one process a core."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _config_file(folder: Path, env: Mapping[str, str]) -> Path | None:
    named = env.get("FEEDMILL_CONFIG")
    if named:
        path = folder / Path(named).expanduser()
        if not path.is_file():
            raise ConfigError(
                f"FEEDMILL_CONFIG: there is no file {path}. Correct the variable, or unset it to use "
                f"{CONFIG_NAME} in the working directory."
            )
        return path
    path = folder / CONFIG_NAME
    return path if path.is_file() else None


def _parsed(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{file}: cannot be read ({error.strerror}). Make it readable, or set FEEDMILL_CONFIG."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{file}: byte {error.start} is not UTF-8. TOML files are UTF-8: save it so."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: not valid TOML: {error}. Mend that line.") from error


def _refuse_unknown(table: Mapping[str, object], known: tuple[str, ...], file: Path, inside: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            advice = f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(known)}."
            raise ConfigError(f"{file}: unknown key {inside}{key!r}. {advice}")


def _path(value: object, origin: str, base: Path) -> Path:
    if isinstance(value, Path):
        return base / value
    if isinstance(value, str) and value and "\0" not in value:
        path = base / Path(value).expanduser()
        if not os.path.isdir(path):  # noqa: PTH112 - never raises, unlike Path.is_dir
            return path
        raise ConfigError(
            f"{origin}: warehouse = {value!r} is a folder, and a warehouse is a file. Name a file in it, "
            f"such as {Path(value) / DEFAULT_WAREHOUSE.name}."
        )
    raise ConfigError(f"{origin}: warehouse = {value!r} is no path. Give the path of a DuckDB file.")


def _number(key: str, value: object, origin: str, low: int, high: int) -> int:
    if isinstance(value, str):
        text = value.strip().replace("_", "")
        value = int(text) if text.isascii() and text.isdigit() else value
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    raise ConfigError(
        f"{origin}: {key} = {value!r} must be a whole number from {low} to {high}. Change or remove it."
    )


def _place(value: object, origin: str) -> Literal["warehouse", "folder"]:
    if value in {"warehouse", "folder"}:
        return value
    raise ConfigError(
        f'{origin}: bodies = {value!r} must be "warehouse" (raw bytes in the file) or "folder" (beside it).'
    )


def _sources(value: object, file: Path, base: Path) -> tuple[SourceSettings, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ConfigError(
            f"{file}: `sources` must be a list of tables. Start each one with the line [[sources]]."
        )
    sources = tuple(_source(entry, index, file, base) for index, entry in enumerate(value, start=1))
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                f"{file}: two sources are called {name!r}. Names tell sources apart: rename one."
            )
    return sources


def _source(entry: dict[str, Any], index: int, file: Path, base: Path) -> SourceSettings:
    inside = f"sources[{index}]."
    known = tuple("path" if one.name == "location" else one.name for one in fields(SourceSettings))
    _refuse_unknown(entry, tuple(key for key in known if key not in {"insist", "edges"}), file, inside)
    for key in ("name", "path"):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise ConfigError(
                f'{file}: {inside}{key} is missing or no text. Add a line like {key} = "seeds".'
            )
    for key in ("include", "exclude"):
        globs = entry.get(key, [])
        if not isinstance(globs, list) or not all(isinstance(glob, str) and glob for glob in globs):
            raise ConfigError(f'{file}: {inside}{key} must be a list of globs, such as ["*.txt"].')
    chosen = entry.get("input_format")
    if chosen is not None and not isinstance(chosen, str):
        raise ConfigError(
            f"{file}: {inside}input_format must be the name of a format. Leave it out to have it detected."
        )
    private = entry.get("allow_private", False)
    if not isinstance(private, bool):
        raise ConfigError(f"{file}: {inside}allow_private must be true or false.")
    fetched = entry.get("fetched_at")
    where = entry["path"].strip()
    return SourceSettings(
        name=entry["name"].strip(),
        location=where if is_address(where) else str(base / Path(entry["path"]).expanduser()),
        allow_private=private,
        include=tuple(entry["include"]) if entry.get("include") else ("*",),
        exclude=tuple(entry["exclude"]) if "exclude" in entry else None,
        fetched_at=None if fetched is None else moment(fetched, f"{file}: {inside}fetched_at"),
        input_format=chosen,
        expect=expectations(entry.get("expect", {}), f"{file}: {inside}expect"),
        columns=_columns(entry.get("columns"), entry["name"].strip(), f"{file}: {inside}columns"),
        schedule=cron(entry.get("schedule"), f"{file}: {inside}schedule"),
        silent_hours=hours(entry.get("silent_hours"), f"{file}: {inside}silent_hours"),
    )


def _columns(value: object, name: str, where: str) -> Columns | None:
    """Return a table of roles and columns. Ids of its rows are unique in the source."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ConfigError(f'{where} must be a table of roles and columns, such as text = "body".')
    from cleaners.formats.columns import check  # noqa: PLC0415 - brings the parsers

    try:
        return Columns(roles=check(value), scope=name)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
