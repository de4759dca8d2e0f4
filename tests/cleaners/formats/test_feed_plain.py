"""The scan of plainly written entries: what it reads, the parser of XML reads alike."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from cleaners.formats.feed_plain import Leaf, Scanner

SPACES = b' xmlns="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="m:"'
OPEN, CLOSE = b"<r" + SPACES + b">", b"</r>"
PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
)
SCANNER = Scanner(etree.fromstring(OPEN + CLOSE).nsmap)

#: Pieces of entries, sound and broken ones: what follows what is left to chance.
PIECES = (
    *("<title>", "</title>", "<dc:date>", "</dc:date>", "<author>", "</author>", "<name>", "</name>"),
    *("<media:group>", "</media:group>", "<media:content>", "</media:content>", "<x:y>", "</x:y>", "<é>"),
    *("<link href=\"a&amp;b\" rel='alternate'/>", "<link  />", '<link a="1" a="2"/>', '<a xmlns="b"></a>'),
    *('<title type="html" xml:lang="de">', "<title xml:id='1'>", '<title dc:a="1">', '<title q:a="1">'),
    *(
        '<title a="<">',
        '<title a="\t">',
        '<title a="&#10;">',
        "<title a=b>",
        '<title a="1"b="2">',
        "</title >",
    ),
    *("<![CDATA[", "]]>", "<![CDATA[a<b>&]]>", "<![CDATA[]]>", "]]", "<!-- c -->", "<?p?>"),
    *("&amp;", "&lt;b&gt;", "&quot;", "&apos;", "&amp;lt;", "&#38;lt;", "&#60;", "&#x1F4C6;", "&nbsp;", "&"),
    *("&#0;", "&#xD800;", "&#65534;", "&#11;", "&#1114112;", "&#0000000065;", "a", "prose ü", "日", "𝕏", ">"),
    *(" ", "\n", "\r\n", "\r", "\t", "\x0b", "\x01", "\x7f", "\x85", "\u2028", "\ufffe", "\ufffd", "\xa0"),
)
#: Whole children, so that many an entry is sound.
SOUND = (
    *("<title>a &amp; b</title>", "<title/>", "<title><![CDATA[<p>x</p>]]></title>", "<id>1</id>\r\n"),
    *("<title>a<![CDATA[b]]>c<![CDATA[d]]></title>", '<link href="https://h.example/?a=1&amp;b=2"/>', "\n"),
    *("<author><name>A</name><uri>u</uri></author>", "<author>\n<name>A</name> and </author>", "<author/>"),
    *("<media:group><media:content url='u'><media:title>t</media:title></media:content></media:group>",),
    *('<category term="t" label="l"></category>', "<dc:creator>é\r\n</dc:creator>", "<x>1 &gt; 0 ]]</x>"),
)
BODIES = st.lists(st.sampled_from(PIECES) | st.sampled_from(SOUND), max_size=8).map("".join)


def told(element: Any) -> tuple[Any, ...]:
    """Return all that entries ask of an element."""
    return (
        element.tag,
        element.text or "",
        dict(element.attrib),
        "".join(element.itertext()),
        len(element),
        [told(child) for child in element],
    )


def agrees(body: str) -> bool:
    """Say whether the scan reads an entry; what it reads must be what the parser reads."""
    raw = body.encode()
    plain = SCANNER.entry(raw)
    if plain is None:
        return False
    [entry] = etree.fromstring(OPEN + raw + CLOSE, PARSER)
    assert (plain.tag, dict(plain.attrib)) == (entry.tag, dict(entry.attrib))
    assert [told(child) for child in plain] == [told(child) for child in entry]
    return True


@given(
    body=BODIES, start=st.sampled_from(("<item>", '<item dc:about="1">', "<item >", "<dc:item>", "<item/>"))
)
def test_the_scan_says_what_the_parser_says(body: str, start: str) -> None:
    agrees(f"{start}{body}</{start[1:].rstrip('/>').split()[0]}>")


@given(children=st.lists(st.sampled_from(SOUND), max_size=8))
def test_plain_entries_are_read_by_the_scan(children: list[str]) -> None:
    assert agrees(f"<entry>{''.join(children)}</entry>")


@pytest.mark.parametrize(
    "inner",
    [
        "<title>a<b>c</b></title>",  # markup that nobody escaped
        "<title>&nbsp;</title>",
        "<title>&amp</title>",
        "<title>a ]]> b</title>",
        "<title><![CDATA[a</title>",
        "<!-- c --><title>a</title>",
        "<q:title>a</q:title>",
        "text<title>a</title>",
        "<title>\x08</title>",
        "<title>&#8;</title>",
        '<title a="1" a="2">a</title>',
        '<title xmlns="u">a</title>',
        "<title>a",
        "<author><name><b>x</b></name></author>",
    ],
)
def test_what_is_not_plain_is_left_to_the_parser(inner: str) -> None:
    assert SCANNER.entry(f"<item>{inner}</item>".encode()) is None


def test_an_element_without_attributes_and_children() -> None:
    leaf = Leaf("title", "words")
    assert (leaf.get("type"), leaf.get("type", "text"), len(leaf), list(leaf)) == (None, "text", 0, [])
