"""A news page in HTML -> its article, by trafilatura: text without menus, title, author, site, dates.

trafilatura before 2.3 gives the text behind each `<br>` twice; so it is pinned. Its fast mode is as good as
its slow one on news (F1 .962 and .960 on 181 annotated pages). Never `deduplicate`: it remembers pages before
this one, and empties copies. A page is one record over all of its bytes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cleaners.decode import decode
from cleaners.formats.entry import Format, Glimpse
from cleaners.formats.json_ld import structured
from cleaners.formats.json_slices import dump
from cleaners.formats.markup import to_text
from cleaners.formats.page_links import links_in
from cleaners.formats.times import iso
from schemas.documents import CodecRun, Refusal
from schemas.items import Basis
from schemas.options import CleanOptions, DecodeOptions
from schemas.records import Finding, Record

_NAME = "html"
#: Bytes of a page. The mean of news is 174 kB.
MAX_PAGE = 10 << 20
#: Tags of a page: 60,000 equal paragraphs cost 5 s. News has some thousand.
MAX_TAGS, MAX_TAG = 60_000, 1 << 16
_START = re.compile(
    rb"(?:\s+|<!--.*?-->|<\?[^>]{0,400}>)*<(?:!doctype\s+html|html|head|body)\b", re.DOTALL | re.IGNORECASE
)
_HUGE = re.compile(rb"<[^>]{65536}")
_CHARSET = re.compile(rb"""<meta[^>]{0,300}?charset\s*=\s*["']?\s*([A-Za-z][\w.:-]{0,39})""", re.IGNORECASE)
_META = re.compile(r"<meta\b([^<>]{1,4000})>", re.IGNORECASE)
_LINK = re.compile(r"<link\b([^<>]{1,4000})>", re.IGNORECASE)
_PAIR = re.compile(r"""([a-zA-Z:_-]{1,40})\s*=\s*(?:"([^"]{0,2000})"|'([^']{0,2000})'|([^\s"'>]{1,2000}))""")
_TIME = re.compile(r"""<time\b[^<>]{0,2000}?\sdatetime\s*=\s*["']([^"'<>]{8,60})["']""", re.IGNORECASE)
_LD_DATE = re.compile(r'"(datePublished|dateModified)"\s*:\s*"([^"]{8,60})"')
_HTML_LANG = re.compile(
    r"""<html\b[^<>]{0,2000}?\slang\s*=\s*["']?([A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3})\b""", re.IGNORECASE
)

#: Names of meta elements in the order in which they are believed.
_PUBLISHED = (
    "article:published_time", "og:published_time", "datepublished", "publishdate", "pubdate",
    "publication_date",
    "parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.created", "dc.date.created", "date",
    "dc.date",
    "citation_publication_date", "cxenseparse:recs:publishtime", "mediator_published_time", "published_time",
)  # fmt: skip
_MODIFIED = ("article:modified_time", "og:updated_time", "datemodified", "last-modified", "dcterms.modified")


@dataclass(frozen=True, slots=True)
class Dates:
    """What a page says of its dates: a moment as ISO, and the words it rests on."""

    posted: str | None = None
    raw: str | None = None
    edited: str | None = None
    basis: Basis = "field"


def recognise(glimpse: Glimpse) -> float:
    """Return how sure it is: a document type or an element of HTML at the start, with nothing before it."""
    if not _START.match(glimpse.head[:4096]):
        return 0.0
    return 0.7


def parse(data: bytes, options: CleanOptions) -> Iterator[Finding]:
    """Yield the article of a page as one record over all of its bytes, or why there is none."""
    if reason := dangerous(data):
        yield Refusal(0, len(data), "format", *reason)
        return
    text, runs = decoded(data, options)
    yield from runs
    found = article(text, 0, len(data))
    yield found or Refusal(0, len(data), "format", "no-article", "No article was found in this page.")


def dangerous(page: bytes) -> tuple[str, str] | None:
    """Return why a page must not be given to a parser: reason and detail; None for pages that may."""
    if len(page) > MAX_PAGE:
        return "huge-page", f"A page of {len(page):,} bytes; articles have at most {MAX_PAGE:,}."
    if page.count(b"<") > MAX_TAGS:
        return "too-many-tags", f"A page of more than {MAX_TAGS:,} tags."
    if len(page) > MAX_TAG and _HUGE.search(page):
        return "huge-tag", f"A tag of more than {MAX_TAG:,} bytes."
    return None


def decoded(
    page: bytes, options: CleanOptions, declared: str | None = None
) -> tuple[str, tuple[CodecRun, ...]]:
    """Return a page as text, and the codecs that read it."""
    named = _CHARSET.search(page[:8192])
    charset = declared or (named[1].decode() if named else None) or options.decode.declared
    read = decode(page, DecodeOptions(max_line=max(len(page), 1), declared=charset))
    pieces = sorted(
        [(line.start, line.text) for line in read.lines] + [(one.start, "\ufffd") for one in read.refusals]
    )
    damaged = tuple(
        CodecRun(one.start, one.end, "utf-8", "guessed") for one in read.refusals if one.end > one.start
    )
    return "\n".join(text for _, text in pieces), tuple(
        sorted((*read.runs, *damaged), key=lambda run: run.start)
    )


def article(page: str, start: int, end: int, address: str | None = None) -> Record | None:
    """Return the article of a page as the record of bytes [start, end), None where there is none.

    `address`: where the page was fetched; the page's own canonical address comes first.
    """
    import trafilatura  # noqa: PLC0415 - 0.2 s that only pages need

    page = page.replace("\0", "")
    try:
        found: Any = trafilatura.bare_extraction(
            page, url=address, fast=True, include_comments=False, include_tables=True, deduplicate=False,
            with_metadata=False,
        )  # fmt: skip
    except (
        ValueError,
        TypeError,
        AttributeError,
        RecursionError,
    ):  # its own mishaps: the text is all the same there
        found = None
    metas = _metas(page)
    head = _first(metas, "og:title", "twitter:title", "headline", "dc.title")
    told = structured(page)
    title = _clean(head) or told.headline or _title(page)
    text = (getattr(found, "text", None) or "") if found is not None else ""
    if not text.strip():
        return None
    dates = _dates(page, metas)
    canonical = _canonical(page) or _first(metas, "og:url") or address
    own = address or canonical  # what its links are relative to
    site = _clean(_first(metas, "og:site_name", "application-name"))
    author = _clean(
        _first(metas, "author", "article:author", "parsely-author", "dc.creator", "sailthru.author", "byl")
    )
    language = _HTML_LANG.search(page[:20_000])
    extras = {"description": _clean(_first(metas, "og:description", "description"))}
    if dates.edited:
        extras["modified"] = dates.edited
    kept = {key: value for key, value in extras.items() if value}
    tags = _first(metas, "keywords", "news_keywords") or ""
    return Record(
        start=start,
        end=end,
        kind="article",
        text=text,
        title=title,
        channel=site,
        author=told.author if author is None or author.startswith(("http://", "https://")) else author,
        native_id=canonical,
        identity=f"page:{canonical}" if canonical and canonical.startswith(("http://", "https://")) else None,
        posted_at=dates.posted,
        edited_at=dates.edited,
        posted_basis=dates.basis,
        posted_evidence=dates.raw,
        urls=tuple(dict.fromkeys((*((canonical,) if canonical else ()), *links_in(page, text, own)))),
        hashtags=tuple(dict.fromkeys(tag.strip() for tag in tags.split(",")[:50] if tag.strip())),
        lang=language[1] if language else None,
        extras=dump(kept) if kept else None,
    )


def _metas(page: str) -> dict[str, str]:
    """Return the meta elements by name or property, in lower case; the first one counts."""
    found: dict[str, str] = {}
    for number, meta in enumerate(_META.finditer(page)):
        if number > 500:
            break
        said = {pair[1].lower(): pair[2] or pair[3] or pair[4] or "" for pair in _PAIR.finditer(meta[1])}
        name = said.get("property") or said.get("name") or said.get("itemprop") or said.get("http-equiv")
        if name and said.get("content"):
            found.setdefault(name.lower(), said["content"])
    return found


def _dates(page: str, metas: dict[str, str]) -> Dates:
    """Return the dates that a page states in its fields: meta elements, JSON-LD, then `<time>`."""
    edited = next((moment for name in _MODIFIED if (moment := iso(metas.get(name)))), None)
    structured: dict[str, str] = {}
    for found in _LD_DATE.finditer(page):
        structured.setdefault(found[1], found[2])
    edited = edited or iso(structured.get("dateModified"))
    raws = [metas[name] for name in _PUBLISHED if name in metas]
    if "datePublished" in structured:
        raws.insert(1 if "article:published_time" in metas else 0, structured["datePublished"])
    for raw in raws:
        if moment := iso(raw):
            return Dates(moment, raw, edited)
    times = list(dict.fromkeys(found[1] for found in _TIME.finditer(page)))
    if times and (moment := iso(times[0])) and len(times) <= 3:
        # The first time of a page with few of them is the one above the article, for a reader to see.
        return Dates(moment, times[0], edited, "header")
    return Dates(edited=edited)


def _canonical(page: str) -> str | None:
    for link in _LINK.finditer(page):
        said = {pair[1].lower(): pair[2] or pair[3] or pair[4] or "" for pair in _PAIR.finditer(link[1])}
        if said.get("rel", "").lower() == "canonical" and said.get("href", "").startswith(
            ("http://", "https://")
        ):
            return to_text(said["href"])[0]
    return None


def _title(page: str) -> str | None:
    for name in ("h1", "title"):
        start = page.lower().find(f"<{name}")
        if start >= 0:
            inside = page[start : start + 4000]
            end = inside.lower().find(f"</{name}")
            if end > 0 and (title := _clean(inside[inside.find(">") + 1 : end])):
                return title
    return None


def _first(metas: dict[str, str], *names: str) -> str | None:
    return next((metas[name] for name in names if metas.get(name, "").strip()), None)


def _clean(text: str | None) -> str | None:
    return (" ".join(to_text(text)[0].split())[:1000] or None) if text else None


FORMAT = Format(
    name=_NAME,
    title="web page (HTML)",
    recognise=recognise,
    parse=parse,
    media_type="text/html",
    extensions=(".html", ".htm"),
    recognised_by="a document type or an element of HTML at the start",
    keeps=(
        "title",
        "author",
        "site",
        "canonical address",
        "publication date with its basis",
        "edit",
        "keywords",
        "links of the article",
    ),
    risky=True,
    cost=40,
)
