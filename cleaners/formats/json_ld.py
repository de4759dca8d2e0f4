"""What a web page says of its article in JSON-LD (schema.org), for programs: its author and its headline."""

import re
from collections import deque
from dataclasses import dataclass
from typing import Any

from cleaners.formats.columns import without_surrogates
from cleaners.formats.json_slices import load
from cleaners.formats.markup import to_text

_SCRIPT = re.compile(
    r"""<script\b[^<>]{0,400}?\btype\s*=\s*["']?application/ld\+json\b[^<>]{0,400}>""", re.IGNORECASE
)
_END = re.compile("</script", re.IGNORECASE)
#: Scripts of a page that are read, characters of one, and values that are looked at; news has three, of some
#: kilobytes.
_SCRIPTS, _LONGEST, _VALUES = 20, 1 << 20, 5000
_ARTICLE = re.compile(r"(?:[A-Za-z]*Article|BlogPosting|Report|SocialMediaPosting)")
_AUTHORS, _NAME = 20, 200


@dataclass(frozen=True, slots=True)
class Structured:
    """The headline and the author's names of the first article that JSON-LD tells of."""

    headline: str | None = None
    author: str | None = None


def structured(page: str) -> Structured:
    """Return what the JSON-LD of a page says of its article; nothing where it has none, or is broken."""
    at = 0
    for _ in range(_SCRIPTS):
        script = _SCRIPT.search(page, at)
        end = _END.search(page, script.end()) if script else None
        if script is None or end is None:
            break
        at = end.end()
        if end.start() - script.end() > _LONGEST:
            continue
        try:
            said = load(page[script.end() : end.start()].encode("utf-8", "surrogatepass"))
        except ValueError:
            continue
        found = _article(said)
        if found:
            authors = dict.fromkeys(filter(None, map(_name, _listed(found.get("author"))[:_AUTHORS])))
            return Structured(_line(found.get("headline")), ", ".join(authors) or None)
    return Structured()


def _article(said: Any) -> dict[str, Any] | None:
    """Return the first object of an article, level by level."""
    waiting = deque([said])
    for _ in range(_VALUES):
        if not waiting:
            return None
        value = waiting.popleft()
        if isinstance(value, dict):
            kinds = _listed(value.get("@type"))
            if any(isinstance(kind, str) and _ARTICLE.fullmatch(kind) for kind in kinds):
                return value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value[:_VALUES])
    return None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _name(author: Any) -> str | None:
    """Return the name of an author; an address is none."""
    name = _line(author.get("name") if isinstance(author, dict) else author)
    return None if name is None or name.startswith(("http://", "https://")) else name[:_NAME]


def _line(value: Any) -> str | None:
    if isinstance(value, list):
        value = next(iter(value), None)
    if not isinstance(value, str):
        return None
    return " ".join(to_text(without_surrogates(value[:4000]))[0].split())[:1000] or None
