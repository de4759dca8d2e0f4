"""Tables: which column holds what, and one row as a record.

A mapping is given (`[sources.columns]` in feedmill.toml) or guessed from common names (rules/columns.toml).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from cleaners.formats.json_slices import dump
from cleaners.formats.markup import is_markup, to_text
from cleaners.formats.times import iso
from cleaners.rules import rules
from schemas.drift import Drift
from schemas.errors import ConfigError
from schemas.options import Columns
from schemas.records import Note, Record

#: Characters of a value that is a name, an address or an id.
_NAME = 2_000
#: An id that no two sources give to two things: an address, a tag, a UUID.
_GLOBAL = re.compile(
    r"https?://[^\s]+|tag:[^\s]+|urn:[^\s]+|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_NOTHING = (None, "")
_WORDS = frozenset({"text", "title"})
_PLAIN = re.compile(r"[\W_]+")
#: Rows whose columns are the known ones: what comes up later is drift.
CENSUS = 200
#: Layouts of rows of one table that are told apart. Dumps of several programs in one file have two or three.
_LAYOUTS = 100
#: What every table keeps of its rows beside the text, for `feedmill formats`.
KEPT = ("id", "time", "edit", "author", "channel", "title", "address", "tags")


@dataclass(frozen=True, slots=True)
class Table:
    """What the columns of a table hold. A column is a key, or keys joined by dots for what lies deeper."""

    roles: Mapping[str, str]
    scope: str | None = None
    given: bool = False

    @property
    def readable(self) -> bool:
        """Say whether there is anything to read in a row."""
        return "text" in self.roles or "title" in self.roles

    @property
    def taken(self) -> frozenset[str]:
        """Return the columns that have a role."""
        return frozenset(self.roles.values())


def roles() -> tuple[str, ...]:
    """Return the roles that a column can have."""
    return tuple(names())


@cache
def names() -> dict[str, tuple[str, ...]]:
    """Return the common names of columns by role, the best first."""
    return {rule["id"]: tuple(rule["names"]) for rule in rules("columns")["role"]}


def check(mapping: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return a mapping as pairs of role and column. Raises ConfigError for a role that is none."""
    for role, column in mapping.items():
        if role not in names():
            raise ConfigError(f"{role!r} is no role of a column. Known: {', '.join(names())}.")
        if not isinstance(column, str) or not column:
            raise ConfigError(f'{role} must be the name of a column, such as {role} = "{names()[role][0]}".')
    return tuple(sorted((role, str(column)) for role, column in mapping.items()))


def table(columns: Iterable[str], given: Columns | None) -> Table:
    """Return what the columns of a table hold: as given, else as their names say.

    A mapping of which no text is in the table is that of another table: every row would be empty. One that
    names no text is about the other roles only.
    """
    there = tuple(columns)
    if given is not None and given.roles:
        named = dict(given.roles)
        if _has_text(there, named):
            return Table(named, given.scope, given=True)
        if not named.keys() & _WORDS:
            guessed = table(there, None).roles
            rest = {role: name for role, name in guessed.items() if name not in named.values()}
            return Table({**rest, **named}, given.scope, given=True)
    plain: dict[str, str] = {}
    for column in there:
        plain.setdefault(_PLAIN.sub("", column.casefold()), column)
    found: dict[str, str] = {}
    for role, common in names().items():
        name = next(
            (plain[name] for name in common if name in plain and plain[name] not in found.values()), None
        )
        if name is not None:
            found[role] = name
    return Table(found)


def _has_text(columns: Iterable[str], named: Mapping[str, str]) -> bool:
    there = {column.strip() for column in columns}
    words = [named[role] for role in _WORDS & named.keys()]
    return any(column in there or column.partition(".")[0] in there for column in words)


def note(known: Table, columns: Iterable[str]) -> Note:
    """Return what is said of a table: its mapping, and the columns that are kept as they are."""
    used = {column.partition(".")[0] for column in known.roles.values()}
    rest = [
        column
        for column in dict.fromkeys(columns)
        if column not in used and column not in known.roles.values()
    ]
    said = ", ".join(f"{role} = {column!r}" for role, column in known.roles.items())
    how = "set" if known.given else "guessed"
    others = f"; kept in extras: {', '.join(rest[:12])}{', ...' if len(rest) > 12 else ''}" if rest else ""
    return Note(text=f"columns {how}: {said}{others}")


def no_text(columns: Iterable[str]) -> str:
    """Return what to say of a table without a column of text."""
    there = ", ".join(list(dict.fromkeys(columns))[:20])
    return (
        f"No column of this table has a name that says it holds text. Its columns: {there}. Name it in "
        'feedmill.toml: under its [[sources]] a table [sources.columns] with text = "...".'
    )


class Rows:
    """Turns the rows of one table into records. What is looked up per table is looked up once."""

    def __init__(self, known: Table, channel: str | None = None) -> None:
        """Take what the columns hold; `channel` is that of all rows, where they do not name theirs."""
        self._known = known
        self._channel = channel
        self._taken = known.taken
        self._plain = tuple(
            (role, column)
            for role, column in known.roles.items()
            if role not in ("text", "title", "date", "edited")
        )
        roles = known.roles
        self._date, self._edited = roles.get("date"), roles.get("edited")
        # A title without a text beside it is the text.
        self._text = roles.get("text", roles.get("title", ""))
        self._title = roles.get("title") if "text" in roles else None
        self._deep = any("." in column for column in self._taken)
        self._others: dict[frozenset[str], Rows | None] = {}

    def record(self, row: Mapping[str, Any], start: int, end: int) -> tuple[Record, list[Drift]]:
        """Return one row as a record at bytes [start, end), and the values that are not what they should be.

        Columns without a role, and times that cannot be read, are kept in `extras`.
        """
        if self._text not in row and (other := self._other(row)) is not None:
            return other.record(row, start, end)
        drifts: list[Drift] = []
        rest = {key: value for key, value in row.items() if key not in self._taken and value not in _NOTHING}
        look = partial(_value, row) if self._deep else row.get
        text, urls = self._words(look(self._text), self._text, drifts)
        title, more = self._words(look(self._title), self._title, drifts) if self._title else (None, ())
        posted, evidence = self._time(look, self._date, rest, drifts) if self._date else (None, None)
        edited, _ = self._time(look, self._edited, rest, drifts) if self._edited else (None, None)
        said = {role: value for role, column in self._plain if (value := look(column)) is not None}
        number = _name(said.get("id"))
        address = _name(said["url"]) if "url" in said else None
        record = Record(
            start=start,
            end=end,
            kind="article" if title else "post",
            text=text,
            title=title or None,
            channel=_name(said["channel"]) if "channel" in said else self._channel,
            author=_name(said["author"]) if "author" in said else None,
            native_id=number or address,
            identity=_identity(number, self._known),
            forwarded_from=_name(said["forwarded"]) if "forwarded" in said else None,
            posted_at=posted,
            edited_at=edited,
            posted_evidence=evidence,
            urls=(address, *more, *urls) if address else (*more, *urls),
            hashtags=_tags(said["tags"]) if "tags" in said else (),
            lang=_name(said["lang"]) if "lang" in said else None,
            extras=dump(rest) if rest else None,
        )
        return record, drifts

    def _other(self, row: Mapping[str, Any]) -> "Rows | None":
        """Return what reads a row whose text stands under another common name than that of the first rows."""
        if self._known.given or "." in self._text:
            return None
        keys = frozenset(row)
        if keys not in self._others:
            if len(self._others) >= _LAYOUTS:
                return None
            known = table(row, None)
            self._others[keys] = Rows(known, self._channel) if "text" in known.roles else None
        return self._others[keys]

    def _words(self, value: Any, column: str, drifts: list[Drift]) -> tuple[str, tuple[str, ...]]:
        """Return a text and the targets of its links, if it is HTML."""
        if type(value) is str:
            return to_text(value) if "<" in value and is_markup(value) else (value, ())
        if value is None:
            return "", ()
        drifts.append(Drift(path=column, what=f"changed-type:{type(value).__name__}"))
        return (dump(value) if isinstance(value, dict | list) else str(value)), ()

    def _time(
        self, look: Callable[[str], Any], column: str, rest: dict[str, Any], drifts: list[Drift]
    ) -> tuple[str | None, str | None]:
        """Return a time as ISO and as the table writes it; what cannot be read goes to `rest`."""
        value = look(column)
        if value is None or value == "":
            return None, None
        moment = iso(value)
        if moment is None:
            rest[column] = value
            drifts.append(Drift(path=column, what="invalid"))
            return None, None
        return moment, (None if value == moment else _name(value))


def channel_of(fields: Mapping[str, Any]) -> str | None:
    """Return the channel that the fields around a list of rows name."""
    plain = {_PLAIN.sub("", key.casefold()): value for key, value in fields.items()}
    return next(
        filter(None, (_name(plain.get(name)) for name in (*names()["channel"], "name", "title"))), None
    )


def without_surrogates(value: Any) -> Any:
    """Return values in which lone surrogates are U+FFFD: nothing else can store them."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [without_surrogates(one) for one in value]
    if isinstance(value, dict):
        return {without_surrogates(key): without_surrogates(one) for key, one in value.items()}
    return value


def _value(row: Mapping[str, Any], column: str) -> Any:
    if column in row or "." not in column:
        return row.get(column)
    inner: Any = row
    for key in column.split("."):
        inner = inner.get(key) if isinstance(inner, dict) else None
    return inner


def _name(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if type(value) is str:
        if value.isascii() and len(value) <= _NAME:
            return value.strip() or None
        return _SURROGATE.sub("\ufffd", value[:_NAME].strip()) or None
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict):
        return _name(
            next(
                (value[key] for key in ("name", "username", "screen_name", "title", "id") if value.get(key)),
                None,
            )
        )
    if isinstance(value, list):
        return ", ".join(filter(None, map(_name, value[:20]))) or None
    return str(value)[:_NAME]


def _tags(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = re.split(r"[,;|]", value[:_NAME])
    if not isinstance(value, list):
        return ()
    found = (_name(tag) for tag in value[:100])
    return tuple(dict.fromkeys(tag for tag in found if tag))


def _identity(number: str | None, known: Table) -> str | None:
    if number is None:
        return None
    if known.given and known.scope:
        return f"row:{known.scope}:{number}"
    return f"row::{number}" if _GLOBAL.fullmatch(number) else None
