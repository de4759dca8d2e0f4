"""JSON Feed 1.0 and 1.1: items cut out of the array by their tokens, each parsed by itself.

https://www.jsonfeed.org/version/1.1/
"""

import re
from collections.abc import Iterator
from typing import Any

from cleaners.formats.columns import without_surrogates
from cleaners.formats.encoded import to_utf8
from cleaners.formats.entry import Format, Glimpse
from cleaners.formats.feed_texts import words
from cleaners.formats.json_slices import Array, arrays, dump, load
from cleaners.formats.markup import absolute, to_text
from cleaners.formats.times import iso
from schemas.documents import Refusal
from schemas.drift import Drift
from schemas.options import CleanOptions
from schemas.records import Finding, Record

_NAME = "json-feed"
_VERSION = re.compile(rb'"version"\s*:\s*"https?:\\?/\\?/(?:www\.)?jsonfeed\.org')
_TAKEN = frozenset(
    [
        "id",
        "url",
        "title",
        "content_html",
        "content_text",
        "summary",
        "date_published",
        "date_modified",
        "author",
        "authors",
        "tags",
        "language",
    ]
)
_KNOWN = frozenset(["external_url", "image", "banner_image", "attachments"])


def recognise(glimpse: Glimpse) -> float:
    """Return how sure it is: the version of JSON Feed at either end."""
    if not glimpse.head.startswith(b"{"):
        return 0.0
    return 0.95 if _VERSION.search(glimpse.head) or _VERSION.search(glimpse.tail) else 0.0


def parse(data: bytes, options: CleanOptions) -> Iterator[Finding]:
    """Yield a record for each item."""
    encoded = to_utf8(data, options=options.decode)
    yield from encoded.runs
    text = encoded.utf8
    found = next(arrays(text, b"items"), None)
    if found is None:
        return
    channel = _channel(text, found)
    key = (
        _str(channel.get("feed_url"))
        or _str(channel.get("home_page_url"))
        or _str(channel.get("title"))
        or ""
    )
    reached = encoded.at(found.start)
    for start, end in found.elements:
        place = (encoded.at(start), encoded.at(end))
        reached = place[1]
        try:
            said = without_surrogates(load(text[start:end]))
        except ValueError as error:
            yield Refusal(*place, "format", "invalid-json", f"An item is {error}.")
            continue
        yield _record(said, place, channel, key)
        for name in sorted(said.keys() - _TAKEN - _KNOWN):
            if not name.startswith("_"):  # extensions
                yield Drift(path=f"items[].{name}", what="unknown-key")
    if found.too_deep:
        yield Refusal(reached, len(data), "format", "too-deep", "The JSON nests deeper than any feed does.")
    elif found.owner_end is None:
        yield Refusal(reached, len(data), "format", "truncated", "The feed has no end: it was cut off.")


def _channel(text: bytes, found: Array) -> dict[str, Any]:
    behind = text[found.end : found.owner_end] if found.end and found.owner_end else b"}"
    try:
        said = load(text[found.owner_start : found.start] + b"[]" + behind)
    except ValueError:
        return {}
    return without_surrogates(said) if isinstance(said, dict) else {}


def _record(said: dict[str, Any], place: tuple[int, int], channel: dict[str, Any], key: str) -> Record:
    markup, plain = _str(said.get("content_html")), _str(said.get("content_text"))
    text, targets = to_text(markup) if markup else (plain or _str(said.get("summary")) or "", ())
    posted, edited = iso(said.get("date_published")), iso(said.get("date_modified"))
    written = _str(said.get("url"))
    home = _str(channel.get("home_page_url")) or _str(channel.get("feed_url"))
    url = absolute(home, written) if written else None
    targets = tuple(absolute(url or home, target) for target in targets)
    number = said.get("id")
    native = (
        str(number)
        if isinstance(number, str | int) and number != "" and not isinstance(number, bool)
        else written
    )
    title = _str(said.get("title"))
    extras = {name: value for name, value in said.items() if name not in _TAKEN}
    for name, moment in (("date_published", posted), ("date_modified", edited)):
        if said.get(name) and moment is None:
            extras[name] = said[name]
    if said.get("summary") and (markup or plain):
        extras["summary"] = said["summary"]
    return Record(
        start=place[0],
        end=place[1],
        kind="article" if title else "post",
        text=text,
        title=" ".join(words(title)[0].split()) if title else None,
        channel=_str(channel.get("title")),
        channel_id=key or None,
        author=_author(said) or _author(channel),
        native_id=native,
        identity=f"feed:{key}:{native}" if native else None,
        forwarded_link=_str(said.get("external_url")),
        posted_at=posted or edited,
        edited_at=edited,
        posted_evidence=_str(said.get("date_published" if posted else "date_modified")),
        urls=tuple(filter(None, (url, *targets))),
        hashtags=tuple(tag for tag in said.get("tags") or () if isinstance(tag, str))
        if isinstance(said.get("tags"), list)
        else (),
        lang=_str(said.get("language")) or _str(channel.get("language")),
        extras=dump(extras) if extras else None,
    )


def _author(said: dict[str, Any]) -> str | None:
    authors = said.get("authors") or [said.get("author")]
    if not isinstance(authors, list):
        return None
    names = [_str(one.get("name")) for one in authors[:20] if isinstance(one, dict)]
    return ", ".join(filter(None, names)) or None


def _str(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


FORMAT = Format(
    name=_NAME,
    title="JSON Feed",
    recognise=recognise,
    parse=parse,
    media_type="application/feed+json",
    extensions=(".json",),
    recognised_by='"version" names jsonfeed.org',
    keeps=("id", "both dates", "authors", "feed", "address", "link targets", "tags", "attachments"),
    cost=32,
)
