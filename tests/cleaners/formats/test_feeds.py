"""Feeds: what real ones do wrong, and what hostile ones try."""

import io
import json
from pathlib import Path

import fastfeedparser
import feedparser
import pytest
from format_properties import assert_tiled, cleaned, parsed, reasons, records

from cleaners.chain import clean
from cleaners.formats.markup import is_markup, to_text
from schemas.documents import Blob
from schemas.drift import Drift
from schemas.options import CleanOptions

SAMPLES = Path(__file__).parent / "samples"
OPEN = b'<rss version="2.0"><channel><title>T</title><link>https://t.example/</link>'
CLOSE = b"</channel></rss>"


def rss(*items: bytes) -> bytes:
    return OPEN + b"".join(b"<item>" + item + b"</item>\n" for item in items) + CLOSE


@pytest.mark.parametrize("name", ["feed.rss", "feed.atom", "feed.rdf"])
def test_other_readers_find_as_many_entries(name: str) -> None:
    """Two other parsers as oracles; the sample's unclosed item is one that they do not agree on."""
    data = (
        (SAMPLES / name)
        .read_bytes()
        .replace(b"<item><title>Never closed</title><description>but kept</description>\n", b"")
    )
    found = records("feed", data)
    assert len(found) == len(feedparser.parse(io.BytesIO(data)).entries)
    if name != "feed.rss":  # it is not well-formed, which the other one refuses
        assert len(found) == len(fastfeedparser.parse(data).entries)


def test_a_byte_range_is_the_element() -> None:
    data = (SAMPLES / "feed.rss").read_bytes()
    for record in records("feed", data):
        assert data[record.start : record.end].startswith(b"<item>")
    whole = [data[record.start : record.end] for record in records("feed", data)]
    assert [piece.rstrip().endswith(b"</item>") for piece in whole] == [True, True, False, True]


def test_a_feed_that_names_its_months_in_its_own_language() -> None:
    """The words of what the program behind it took for English; what no language knows is no time."""
    times = "lun., 14 juil. 2025 10:00:00 +0200", "Пн, 14 июл 2025 10:00:00", "14 foo 2025 10:00:00 +0200"
    items = (
        f"<title>t</title><guid>{at}</guid><pubDate>{time}</pubDate>".encode()
        for at, time in enumerate(times)
    )
    found = records("feed", rss(*items))
    assert [(record.posted_at, record.posted_evidence) for record in found] == [
        ("2025-07-14T10:00:00+02:00", times[0]),
        ("2025-07-14T10:00:00", times[1]),
        (None, None),
    ]


def test_a_post_with_new_text_is_a_new_version_of_the_same_item() -> None:
    old, new = (
        clean(
            Blob(data=rss(b"<guid>1</guid><description>%s</description>" % text), source="s", uri="x"),
            CleanOptions(),
        )
        for text in (b"before", b"after")
    )
    assert old.items[0].item_id == new.items[0].item_id
    assert old.items[0].text != new.items[0].text


def test_a_guid_is_of_its_feed() -> None:
    item = b"<guid>1</guid><description>text</description>"
    one, other = records("feed", rss(item)), records("feed", rss(item).replace(b"t.example", b"u.example"))
    assert one[0].identity == "feed:https://t.example/:1"
    assert other[0].identity == "feed:https://u.example/:1"


def test_relative_addresses_lead_somewhere() -> None:
    data = rss(b'<link>/a/1</link><description>&lt;a href="b?x=1"&gt;w&lt;/a&gt;</description>')
    assert records("feed", data)[0].urls == ("https://t.example/a/1", "https://t.example/a/b?x=1")
    assert records("feed", data)[0].native_id == "/a/1"  # as it is written: an id is no address
    atom = (
        b'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://t.example/base/"><title>T</title>'
        b'<entry><id>1</id><link href="p/1"/>'
        b'<content type="html">&lt;a href="q"&gt;w&lt;/a&gt;</content></entry>'
        b'<entry xml:base="sub/"><id>2</id><link href="p/2"/>'
        b'<content type="html" xml:base="deep/">&lt;a href="mailto:a@b"&gt;w&lt;/a&gt;'
        b"&lt;a href='q'&gt;w&lt;/a&gt;</content>"
        b'</entry><entry><id>3</id><link href="http://[bad"/></entry></feed>'
    )
    assert [record.urls for record in records("feed", atom)] == [
        ("https://t.example/base/p/1", "https://t.example/base/q"),
        ("https://t.example/base/sub/p/2", "mailto:a@b", "https://t.example/base/sub/deep/q"),
        ("http://[bad",),
    ]


def test_addresses_of_json_feeds_may_be_relative() -> None:
    data = (
        b'{"version": "https://jsonfeed.org/version/1.1", "home_page_url": "https://t.example/", "items": '
        b'[{"id": "1", "url": "/p/1", "content_html": "<a href=\'q\'>w</a>"}]}'
    )
    assert records("json-feed", data)[0].urls == ("https://t.example/p/1", "https://t.example/p/q")


def test_a_picture_with_a_title_keeps_its_address() -> None:
    data = rss(
        b'<title>t</title><media:content xmlns:media="http://search.yahoo.com/mrss/" url="https://t.example/p.jpg">'
        b"<media:title>The mill</media:title></media:content>"
    )
    said = json.loads(records("feed", data)[0].extras or "")
    assert said == {"media:content": {"text": "The mill", "url": "https://t.example/p.jpg"}}


def test_a_guid_used_twice_names_one_item_only() -> None:
    items = [
        b"<guid>1</guid><pubDate>%d Jul 2024</pubDate><description>x</description>" % day for day in (10, 11)
    ]
    document = cleaned("feed", rss(*items))
    assert len({item.item_id for item in document.items}) == 2


@pytest.mark.parametrize(
    ("root", "stated", "made_at"),
    [
        ("rss", "<lastBuildDate>Tue, 07 May 2024 10:00:00 +0200</lastBuildDate>", "2024-05-07T08:00:00Z"),
        ("rss", "<pubDate>Tue, 07 May 2024 10:00:00 GMT</pubDate>", "2024-05-07T10:00:00Z"),
        ("rss", "<pubDate>Sun, 05 May 2024 10:00:00 GMT</pubDate>", "2024-05-06T08:00:00Z"),
        ("rss", "<lastBuildDate>lately</lastBuildDate>", "2024-05-06T08:00:00Z"),
        ("rss", "", "2024-05-06T08:00:00Z"),
        ("feed", "<updated>2024-05-07T10:00:00Z</updated>", "2024-05-07T10:00:00Z"),
    ],
)
def test_a_feed_says_when_it_was_made(root: str, stated: str, made_at: str) -> None:
    """By that versions are told apart of which the feed says nothing else: the latest time, its own or an
    entry's."""
    data = (
        f'<rss version="2.0"><channel><title>A</title>{stated}<item><guid>1</guid><title>T</title>'
        "<pubDate>Mon, 06 May 2024 08:00:00 GMT</pubDate></item></channel></rss>"
        if root == "rss"
        else f'<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title>{stated}<entry><id>1</id>'
        "<title>T</title><published>2024-05-06T08:00:00Z</published></entry></feed>"
    )
    document = clean(Blob(source="s", uri="u", data=data.encode()))
    assert document.made_at == made_at
    assert document.items[0].edited_at is None


def test_updated_stands_in_for_published() -> None:
    data = b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><updated>2024-05-01T10:00:00Z</updated><summary>x</summary></entry></feed>'
    [record] = records("feed", data)
    assert (record.posted_at, record.edited_at) == ("2024-05-01T10:00:00Z", "2024-05-01T10:00:00Z")


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "windows-1251", "koi8-r"])
def test_encodings(codec: str) -> None:
    item = "<item><title>Слово</title><description>Первый день лета, и все ушли на реку</description></item>"
    head = f'<?xml version="1.0" encoding="{codec.removesuffix("-sig")}"?>'
    text = f"{head}<rss><channel><title>Газета</title>{item}</channel></rss>"
    document = cleaned(None, text.encode(codec))
    assert_tiled(document)
    [item] = document.items
    assert (item.channel, item.title) == ("Газета", "Слово")
    raw = text.encode(codec)[item.byte_start : item.byte_end]
    assert raw.decode(codec.removesuffix("-sig") if codec != "utf-16" else "utf-16-le").startswith("<item>")


def test_a_wrong_declaration_gives_way_to_utf_8() -> None:
    item = "<item><title>Слово</title></item>"
    text = f'<?xml version="1.0" encoding="windows-1251"?><rss><channel>{item}</channel></rss>'
    assert [record.title or record.text for record in records("feed", text.encode())] == ["Слово"]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("name", ["feed.rss", "feed.atom", "feed.json"])
def test_a_cut_feed_is_never_silently_short(name: str, share: float) -> None:
    data = (SAMPLES / name).read_bytes()
    cut = data[: int(len(data) * share)]
    assert "truncated" in reasons("json-feed" if name.endswith("json") else "feed", cut)


def test_sections_that_are_never_closed_take_no_time() -> None:
    """Looked for one by one they took time by the square of their number: 20,000 took 20 seconds."""
    comment = b"<!-- " + b"<![CDATA[>" * 100_000 + b" -->"
    [record] = records("feed", rss(b"<title>a & b</title>" + comment + b"<description>x</description>"))
    assert (record.title, record.text) == ("a & b", "x")


def test_control_characters_and_references_to_surrogates() -> None:
    data = rss(b"<title>a\x0bb &#xD800; &#0; c</title><description><![CDATA[x\x01y & z]]></description>")
    [record] = records("feed", data)
    assert (record.title, record.text) == ("ab c", "xy & z")
    assert [one.what for one in parsed("feed", data) if isinstance(one, Drift)] == ["invalid"]


class TestHostile:
    def test_billion_laughs(self) -> None:
        entities = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
        data = (
            b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "lol">'
            + entities
            + b"]>"
            + rss(b"<title>&l9;</title>")
        )
        document = cleaned(None, data)
        assert document.input_format == "feed"
        assert [one.reason for one in document.quarantine] == ["entities"]
        assert document.items == ()

    @pytest.mark.parametrize(
        "doctype",
        [
            b'<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
            b'<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd"> %p;]>',
            b'<!DOCTYPE rss [<!ENTITY a "' + b"x" * 60_000 + b'">]>',
        ],
    )
    def test_entities_of_all_kinds(self, doctype: bytes) -> None:
        assert reasons("feed", doctype + rss(b"<title>&a;&a;&a;</title>")) == ["entities"]

    def test_an_external_dtd_is_not_loaded(self) -> None:
        data = b'<!DOCTYPE rss SYSTEM "file:///etc/passwd">' + rss(b"<title>&a; x</title>")
        assert [record.text or record.title for record in records("feed", data)] == ["&a; x"]

    @pytest.mark.parametrize("count", [20_000, 200_000])
    def test_an_attribute_flood(self, count: int) -> None:
        flood = (
            b"<item "
            + b" ".join(b'a%d="1"' % number for number in range(count))
            + b"><title>x</title></item>"
        )
        data = OPEN + b"<item><title>fine</title></item>" + flood + CLOSE
        assert reasons("feed", data) == ["huge-tag"]
        assert len(records("feed", data)) == 1
        root = b"<rss " + flood[6:]
        assert cleaned("feed", root).items == ()

    def test_nested_elements(self) -> None:
        data = rss(b"<description>" + b"<div>" * 100_000 + b"x</description>", b"<title>fine</title>")
        assert reasons("feed", data) == ["invalid-xml"]
        assert len(records("feed", data)) == 1

    def test_nested_markup(self) -> None:
        [record] = records(
            "feed", rss(b"<description><![CDATA[" + b"<div>" * 100_000 + b"x]]></description>")
        )
        assert record.text == "x"

    @pytest.mark.parametrize(
        "piece",
        [b"<item>", b"<![CDATA[", b"<!--", b"<item", b"</item>", b"&amp;amp;", b"<item/>", b"<a:item>"],
    )
    def test_repeated_pieces_take_linear_time(self, piece: bytes) -> None:
        data = OPEN + piece * (60_000 // len(piece)) + CLOSE
        assert_tiled(cleaned("feed", data))

    def test_a_huge_entry_is_refused(self) -> None:
        data = rss(b"<description>" + b"word " * (4 << 20) + b"</description>", b"<title>fine</title>")
        assert reasons("feed", data) == ["huge-record"]

    def test_items_in_json_feeds_that_nest(self) -> None:
        data = b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": 1, "x": ' + b"[" * 100_000
        assert reasons("json-feed", data) == ["too-deep"]


@pytest.mark.parametrize(
    ("markup", "text", "links"),
    [
        ("a  b\n c", "a b c", ()),
        ("<p>a</p><p>b</p>", "a\n\nb", ()),
        ("a<br>b<BR/>c", "a\nb\nc", ()),
        ("<ul><li>a</li><li>b</li></ul>", "a\n\nb", ()),
        ('<a href="https://x/?a&amp;b">t</a>', "t", ("https://x/?a&b",)),
        ("<a href=x>t</a><a href='y'>u</a>", "tu", ("x", "y")),
        ('<a href="javascript:alert(1)">t</a>', "t", ()),
        ("a<script>if (x<y) {}</script>b<style>p{}</style>c", "abc", ()),
        ("a<!-- <b> --> b", "a b", ()),
        ("a<!-- <b never --", "a <b never --", ()),
        ("a<!--[if !mso]><!--><p>b</p><!--<![endif]-->c", "a\n\nb\n\nc", ()),
        ("a<!--[if mso]><p>b</p><![endif]-->c", "ac", ()),
        ("a <> b <1 c", "a <> b <1 c", ()),
        ("<pre>a<!-- b -->\nc</pre>", "a\nc", ()),
        ("1 < 2 &amp; 3 &gt; 2 &lt;b&gt;", "1 < 2 & 3 > 2 <b>", ()),
        ("<pre>a\n  b</pre>", "a\nb", ()),
        ("<td>a</td><td>b</td>", "a b", ()),
        ('<img class="emoji" alt="😀">!', "😀!", ()),
        ("<script>never closed", "never closed", ()),
        ("a\0b<br>c", "ab\nc", ()),
    ],
)
def test_markup(markup: str, text: str, links: tuple[str, ...]) -> None:
    assert to_text(markup) == (text, links)


def test_prose_is_no_markup() -> None:
    assert not any(map(is_markup, ("a < b > c", "<3", "x <y@z.example> w", "if (a<b)")))


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a ",
        "<!--",
        "<script>",
        "<div>",
        "&amp;",
        '<a href="',
        "<p> ",
        "<a href" + " " * 500,
        "\n",
        "</",
    ],
)
def test_markup_takes_linear_time(piece: str) -> None:
    to_text(piece * (500_000 // len(piece)) + "<p>")


def test_xhtml_under_a_prefix_is_html() -> None:
    data = b"""<feed xmlns="http://www.w3.org/2005/Atom" xmlns:h="http://www.w3.org/1999/xhtml"><entry><id>1</id>
<content type="xhtml"><h:div><h:p>one &lt; two</h:p><h:p>a <h:a href="https://l.example/">link</h:a></h:p></h:div>
</content></entry></feed>"""
    [record] = records("feed", data)
    assert (record.text, record.urls) == ("one < two\n\na link", ("https://l.example/",))


def test_what_is_said_twice_is_kept_twice() -> None:
    """A letter that is a value of its own, such as `t`, is one object wherever it stands."""
    [record] = records("feed", rss(b"<title>T</title><n>t</n><n>t</n>"))
    assert json.loads(record.extras or "{}")["n"] == ["t", "t"]


def test_extras_hold_what_has_no_field() -> None:
    [record] = records(
        "feed", rss(b"<title>t</title><pubDate>some day</pubDate><comments>https://t.example/c</comments>")
    )
    assert json.loads(record.extras or "") == {"comments": "https://t.example/c", "published": "some day"}
