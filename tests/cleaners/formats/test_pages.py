"""Web pages, and web archives of them."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from format_properties import assert_tiled, cleaned, reasons, records

SAMPLES = Path(__file__).parent / "samples"
PAGE = (SAMPLES / "news.html").read_bytes()
HEAD, _, BODY = PAGE.partition(b"</head>")


def page(head: bytes = b"", body: bytes = b"") -> bytes:
    """Return the sample without its own meta elements, with others."""
    return b"<!DOCTYPE html><html><head><title>T | Site</title>" + head + b"</head>" + body + BODY


class TestDates:
    @pytest.mark.parametrize(
        ("head", "posted", "basis"),
        [
            (b'<meta name="date" content="2024-03-05">', "2024-03-05", "field"),
            (
                b"<meta content='Tue, 05 Mar 2024 07:30:00 GMT' itemprop=datePublished>",
                "2024-03-05T07:30:00+00:00",
                "field",
            ),
            (
                b'<script type="application/ld+json">{"datePublished": "2024-03-05T07:30:00Z"}</script>',
                "2024-03-05T07:30:00Z",
                "field",
            ),
            (b'<meta name="date" content="soon">', None, "field"),
            (b"", None, "field"),
        ],
    )
    def test_fields(self, head: bytes, posted: str | None, basis: str) -> None:
        [record] = records("html", page(head))
        assert (record.posted_at, record.posted_basis) == (posted, basis)

    def test_a_time_for_readers_is_a_header(self) -> None:
        [record] = records("html", page(body=b'<time datetime="2024-03-05T07:30:00">5 March</time>'))
        assert (record.posted_at, record.posted_basis) == ("2024-03-05T07:30:00", "header")
        [item] = cleaned("html", page(body=b'<time datetime="2024-03-05">5 March</time>')).items
        assert (item.published.best, item.published.basis) == ("2024-03-05", "header")

    def test_many_times_are_those_of_other_articles(self) -> None:
        times = b"".join(b'<time datetime="2024-03-%02d">x</time>' % day for day in range(1, 9))
        assert [record.posted_at for record in records("html", page(body=times))] == [None]


def test_text_behind_line_breaks_comes_once() -> None:
    """What trafilatura before 2.3 does: the text behind each <br> twice."""
    text = records("html", PAGE)[0].text
    assert text.count("The last coat of paint") == 1


def test_the_same_page_twice_is_the_same_twice() -> None:
    """What `deduplicate` would break: a page must not depend on the pages before it."""
    assert records("html", PAGE) == records("html", PAGE)


def test_equal_pages_of_two_addresses_have_their_own_identity() -> None:
    one = records("html", PAGE)[0].identity
    assert one == "page:https://shore.example/news/lighthouse"
    assert records("html", page())[0].identity is None


class TestLinks:
    ARTICLE = (
        "<p>The lighthouse at the end of the pier will be painted, <b>said <a href='/council'>the town "
        "council</a></b><!-- x --> on Monday evening, and <a href='https://other.example/a?b=1&amp;c=2'>the "
        "paper</a>.<br>More in <a href='report.pdf'>the report of last year</a>, which nobody has read.</p>"
        "<p>Work begins in June and takes six weeks, during which the pier stays open for walkers only.</p>"
        "<p><a href='/letters'>Read the letters of our readers on the paint of the lighthouse</a></p>"
        "<p>Three firms <a name=x>have</a> sent in <a href='#offers'>offers</a>, <a href='javascript:x()'>it "
        "is</a> said, and <a href='http://[x'>the council</a> will choose one at its next sitting.</p>"
    )
    AROUND = (
        "<nav><a href='/'>Home</a> | <a href='/council-page'>the town council</a> | "
        "<a href='/s'>Sport</a></nav>"
    )

    def urls(self, head: str = "") -> tuple[str, ...]:
        body = f"{self.AROUND}<article><h1>Paint</h1>{self.ARTICLE}</article>{self.AROUND}"
        [record] = records("html", f"<html><head>{head}</head><body>{body}</body></html>".encode())
        return record.urls

    def test_those_of_the_article_are_kept_with_their_targets(self) -> None:
        assert self.urls() == (
            *("/council", "https://other.example/a?b=1&c=2", "report.pdf", "/letters", "http://[x"),
        )

    @pytest.mark.parametrize(
        ("head", "base"),
        [
            ("<link rel=canonical href='https://shore.example/news/paint'>", "https://shore.example/news/"),
            ("<base href='https://cdn.example/x/'>", "https://cdn.example/x/"),
        ],
    )
    def test_they_are_relative_to_the_page(self, head: str, base: str) -> None:
        host = base.partition("//")[2].partition("/")[0]
        assert {f"https://{host}/council", f"{base}report.pdf"} <= set(self.urls(head))

    def test_many_links_elsewhere_take_linear_time(self) -> None:
        menu = "<p>aaaa aaaa <a href=/x>aaaab</a> aaaa aaaa</p>" * 15_000
        text = "<p>" + "aaaa " * 200 + "</p>"
        data = f"<html><body><article>{text * 20}</article>{menu}</body></html>".encode()
        assert_tiled(cleaned("html", data))


@pytest.mark.parametrize("codec", ["utf-8", "windows-1251", "koi8-r", "utf-16"])
def test_encodings(codec: str) -> None:
    body = "".join(
        f"<p>Абзац номер {n} о том, как весной на реке прошёл лёд и вышли лодки.</p>" for n in range(5)
    )
    head = f'<html><head><meta charset="{codec}"><title>Ледоход</title></head>'
    text = f"{head}<body><article>{body}</article></body></html>"
    [item] = cleaned("html", text.encode(codec)).items
    assert item.title == "Ледоход"
    assert "Абзац номер 4" in item.text


class TestHostile:
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"<html><body>" + b"<p>same</p>" * 60_000, "too-many-tags"),
            (b"<html><body>" + b"<div>" * 100_000, "too-many-tags"),
            (b"<html><body><p " + b" ".join(b"a%d=1" % n for n in range(100_000)) + b">x</p>", "huge-tag"),
            (b"<html><body>" + b"x" * (11 << 20), "huge-page"),
            (b"<html><body><nav></nav></body></html>", "no-article"),
            (b"<html>", "no-article"),
        ],
    )
    def test_pages_that_are_refused(self, data: bytes, reason: str) -> None:
        assert reasons("html", data) == [reason]
        assert_tiled(cleaned("html", data))

    @pytest.mark.parametrize("count", [1_000, 20_000])
    def test_nesting(self, count: int) -> None:
        assert_tiled(cleaned("html", b"<html><body>" + b"<div>" * count + b"<p>Some words of text.</p>" * 20))

    @pytest.mark.parametrize(
        "piece", [b"<a ", b"<meta ", b"<link ", b"<time ", b"<!--", b'"datePublished":', b"<h1"]
    )
    def test_repeated_pieces_take_linear_time(self, piece: bytes) -> None:
        assert_tiled(cleaned("html", b"<html>" + piece * (200_000 // len(piece))))


def warc(kind: str, content: bytes, address: str = "https://a.example/", **headers: str) -> bytes:
    fields = {"WARC-Type": kind, "WARC-Target-URI": address, "Content-Length": str(len(content))}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"WARC/1.0\r\n{head}\r\n".encode() + content + b"\r\n\r\n"


def response(body: bytes, *fields: str, status: int = 200) -> bytes:
    head = "".join(f"{field}\r\n" for field in ("Content-Type: text/html", *fields))
    return warc(
        "response", f"HTTP/1.1 {status} OK\r\n{head}\r\n".encode() + body, WARC_Date="2024-04-01T12:00:00Z"
    )


class TestWarc:
    @pytest.mark.parametrize(
        ("packed", "name"),
        [
            (gzip.compress(PAGE), "gzip"),
            (zlib.compress(PAGE), "deflate"),
            (zlib.compress(PAGE)[2:-4], "deflate"),
            (pa.Codec("brotli").compress(PAGE, asbytes=True), "br"),
            (PAGE, "gzip"),
            (PAGE, "identity"),
        ],
    )
    def test_packed_bodies(self, packed: bytes, name: str) -> None:
        [record] = records("warc", response(packed, f"Content-Encoding: {name}"))
        assert record.title == "Lighthouse to be painted"

    def test_a_body_in_chunks(self) -> None:
        half = len(PAGE) // 2
        body = (
            b"".join(b"%x;x=1\r\n%s\r\n" % (len(part), part) for part in (PAGE[:half], PAGE[half:]))
            + b"0\r\n\r\n"
        )
        [record] = records("warc", response(body, "Transfer-Encoding: chunked"))
        assert "Three firms" in record.text

    @pytest.mark.parametrize("name", ["gzip", "br", "deflate", "zstd"])
    def test_bombs_are_refused(self, name: str) -> None:
        zeros = bytes(30_000_000)
        packed = {
            "gzip": lambda: gzip.compress(zeros),
            "deflate": lambda: zlib.compress(zeros),
            "br": lambda: pa.Codec("brotli", 1).compress(zeros, asbytes=True),
            "zstd": lambda: pa.Codec("zstd").compress(zeros, asbytes=True),
        }[name]()
        assert reasons("warc", response(packed, f"Content-Encoding: {name}")) == ["packed"]

    def test_what_is_no_page_is_structure(self) -> None:
        data = (
            warc("warcinfo", b"x: y")
            + warc("request", b"GET /")
            + response(PAGE, status=404)
            + warc("metadata", b"m")
        )
        assert records("warc", data) == []
        assert_tiled(cleaned("warc", data + response(PAGE)))

    @pytest.mark.parametrize("share", [0.2, 0.5, 0.6, 0.9, 0.999])
    def test_a_cut_file_is_never_silently_short(self, share: float) -> None:
        data = response(PAGE) * 3
        assert reasons("warc", data[: int(len(data) * share)]) == ["truncated"]

    def test_a_cut_between_content_and_its_end(self) -> None:
        assert reasons("warc", response(PAGE)[:-4]) == ["truncated"]

    def test_a_length_that_lies(self) -> None:
        good = response(PAGE)
        long = good.replace(b"Content-Length: ", b"Content-Length: 9", 1)
        assert reasons("warc", good + long + good) == ["truncated"]
        short = good.replace(b"Content-Length: ", b"Content-Length: 0", 1).replace(b"WARC-Date", b"X: ", 1)
        assert_tiled(cleaned("warc", short + good))

    def test_garbage_between_records(self) -> None:
        data = response(PAGE) + b"garbage\r\n" + response(PAGE)
        assert reasons("warc", data) == ["no-record"]
        assert len(records("warc", data)) == 2

    def test_the_day_of_the_crawl_is_no_date(self) -> None:
        [record] = records(
            "warc", warc("conversion", b"Title\nSome words.", WARC_Date="2024-04-01T12:00:00Z")
        )
        assert record.posted_at is None
        assert "2024-04-01" in (record.extras or "")


ARTICLE = {"@type": "NewsArticle", "headline": "The ferry &amp; the fog", "author": {"name": "Ann Bell"}}
STRUCTURED: dict[str, tuple[Any, str | None, str | None]] = {
    "an article": (ARTICLE, "The ferry & the fog", "Ann Bell"),
    "in a graph, of several kinds": (
        {"@graph": [{"@type": "Organization", "name": "Gazette"}, ARTICLE | {"@type": ["Thing", "Article"]}]},
        "The ferry & the fog",
        "Ann Bell",
    ),
    "several authors": (
        ARTICLE | {"author": [{"name": "Ann Bell"}, "Carl Dee", {"name": "Ann Bell"}, {"@id": "#x"}]},
        "The ferry & the fog",
        "Ann Bell, Carl Dee",
    ),
    "an address is no name": (ARTICLE | {"author": "https://ash.example/ann"}, "The ferry & the fog", None),
    "no article": ({"@type": "WebSite", "name": "Gazette", "author": "Ann"}, "On the page", None),
    "deep": (json.loads("[" * 500 + "1" + "]" * 500), "On the page", None),
    "wide": ([1] * 20_000 + [ARTICLE], "On the page", None),
}


@pytest.mark.parametrize("case", STRUCTURED)
def test_json_ld_tells_who_wrote_an_article(case: str) -> None:
    said, title, author = STRUCTURED[case]
    (record,) = records("html", page_with(json.dumps(said)))
    assert (record.title, record.author) == (title, author)


@pytest.mark.parametrize(
    "said", ["", "{", '{"@type": "Article", "author": NaN}', "[" * 100_000, '{"@type": "Article"}' * 2]
)
def test_json_ld_that_is_broken_says_nothing(said: str) -> None:
    (record,) = records("html", page_with(said))
    assert (record.title, record.author) == ("On the page", None)


def test_scripts_that_never_end_take_no_time() -> None:
    (record,) = records("html", page_with('<script type="application/ld+json">{"a": "</' * 10_000))
    assert record.author is None


def test_what_the_page_says_of_its_author_comes_first() -> None:
    page = page_with(json.dumps(ARTICLE)).replace(
        b"</head>", b'<meta name="author" content="The desk"></head>'
    )
    (record,) = records("html", page)
    assert record.author == "The desk"


def page_with(said: str) -> bytes:
    """Return a page with JSON-LD."""
    text = "The ferry sank on Monday in the harbour of Lower Ash. Nobody was hurt, said the mayor of it."
    return (
        '<!DOCTYPE html><html><head><title>On the page</title><script type="application/ld+json">'
        f"{said}</script></head><body><article><p>{text}</p><p>{text[::-1]}</p></article></body></html>"
    ).encode()
