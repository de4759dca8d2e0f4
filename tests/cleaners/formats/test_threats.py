"""Hostile input, the hostile bytes themselves: bounded work, nothing lost, neighbours land.

A test that hangs is ended by its timeout, which is far above what it takes (all of them: a few seconds).
"""

import json
import tracemalloc
from pathlib import Path

import pytest
from format_properties import assert_nothing_lost, assert_tiled, cleaned, parsed, reasons, records

from cleaners.formats.json_slices import DEPTH, MAX_ELEMENT, arrays, load
from schemas.options import CleanOptions

SAMPLES = Path(__file__).parent / "samples"
DESKTOP, HTML, WEB, API = (
    "telegram-desktop-json",
    "telegram-desktop-html",
    "telegram-web",
    "telegram-api-json",
)
PAGE = (SAMPLES / "page.html").read_bytes()
EXPORT = (SAMPLES / "messages.html").read_bytes()
pytestmark = pytest.mark.timeout(60)


def export(text: bytes) -> bytes:
    """Return an export of two messages, the first of which has `text` as its text, in JSON."""
    head = b'{\n "name": "A",\n "type": "public_channel",\n "id": 7,\n "messages": [\n'
    one = (
        b'  {\n   "id": 1,\n   "type": "message",\n   "date": "2024-03-01T10:00:00",\n   "text": '
        + text
        + b"\n  }"
    )
    two = (
        b'  {\n   "id": 2,\n   "type": "message",\n   "date": "2024-03-01T10:00:01",\n   "text": "next"\n  }'
    )
    return head + one + b",\n" + two + b"\n ]\n}"


@pytest.mark.parametrize("name", [DESKTOP, API])
@pytest.mark.parametrize(
    "data",
    [
        b"[" * 200_000,
        b'{"messages": ' + b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"ok": true, "result": [' + b'{"a":' * 100_000,
        b"]" * 100_000,
        b'[{"a": "' + b'\\"' * 500_000,  # quotes that never close: each one only once
        b'"' * 500_000,
        b"[" + b'{"update_id":1},' * 20_000,
    ],
    ids=["arrays", "messages", "objects", "result", "closers", "escaped-quotes", "quotes", "updates"],
)
def test_nesting_and_open_ends_are_refused(name: str, data: bytes) -> None:
    document = cleaned(name, data)
    assert document.quarantine
    assert_tiled(document)


def test_a_deep_message_is_refused_and_its_neighbour_lands() -> None:
    deep = export(b"[" * 5_000 + b"]" * 5_000)
    assert reasons(DESKTOP, deep) == ["invalid-json"]
    assert [one.native_id for one in records(DESKTOP, deep)] == ["2"]
    lines = (
        b'{"update_id": 1, "channel_post": ' + b"[" * 5_000 + b"]" * 5_000 + b"}\n" + b'{"update_id": 2}\n'
    )
    assert reasons(API, lines) == ["invalid-json"]


def test_nesting_in_a_file_of_another_layout_ends_the_scan() -> None:
    good = b'{"id": 1, "type": "message", "date": "2024-03-01T10:00:00", "text": "word"}'
    deep = b'{"id": 2, "a": ' + b"[" * DEPTH + b"]" * DEPTH + b"}"
    data = b'{"type":"public_channel","id":7,"messages":[' + good + b"," + deep + b"]}"
    assert [one.native_id for one in records(DESKTOP, data)] == ["1"]
    assert reasons(DESKTOP, data) == ["too-deep"]
    assert_nothing_lost(DESKTOP, data)


def test_other_lists_of_a_chat_are_no_messages() -> None:
    good = b'{"id": 1, "type": "message", "date": "2024-03-01T10:00:00", "text": "word"}'
    other = good.replace(b"1,", b"5,")
    for order in (
        b'"a": [@], "messages": [!]',
        b'"messages": [!], "a": [@]',
        b'"messages": [!], "b": {"a": [@]}',
    ):
        body = order.replace(b"!", good).replace(b"@", other)
        data = b'{"type":"public_channel","id":7,' + body + b"}"
        assert [one.native_id for one in records(DESKTOP, data)] == ["1"]
        assert reasons(DESKTOP, data) == []


@pytest.mark.parametrize("tail", [b"}", b"]]", b"{", b'"open'], ids=["closer", "closers", "opener", "string"])
def test_what_follows_brackets_that_do_not_match_is_refused(tail: bytes) -> None:
    chat = b'{"type":"public_channel","id":7,"messages":[{"id":1,"type":"message","text":"word"}]}'
    data = b'{"chats":[' + chat + tail + b"," + chat + b"]}"
    document = cleaned(DESKTOP, data)
    assert document.items[0].native_id == "1"
    assert [one.reason for one in document.quarantine] == ["truncated"]
    assert_tiled(document)


def test_the_token_scan_takes_no_memory_to_speak_of() -> None:
    data = b'{"messages": [' + b'{"id": 1, "text": "' + b"x" * 3_000_000 + b'"}]}'
    tracemalloc.start()
    for array in arrays(data, b"messages"):
        assert len(array.elements) == 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * 3_000_000 + 1_000_000  # the longest token, and little else


@pytest.mark.parametrize("piece", [b'{"a": NaN}', b'{"a": -Infinity}', b"{", b"", b'{"a": "\x00"}', b"\xff"])
def test_what_is_no_json_raises_value_error(piece: bytes) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        load(piece)


def test_a_huge_message_is_refused_and_its_neighbour_lands() -> None:
    data = export(b'"' + b"x" * (MAX_ELEMENT + 1) + b'"')
    assert [one.native_id for one in records(DESKTOP, data)] == ["2"]
    assert reasons(DESKTOP, data) == ["invalid-json"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (rb'"\ud83d x"', "\ufffd x"),
        (rb'"a\u0000b"', "ab"),
        (rb'"a\u202eb\u2066c"', "abc"),
        (rb'"\udb40\udc41x"', "x"),
    ],
    ids=["lone-surrogate", "nul", "bidi", "tag-characters"],
)
def test_characters_that_no_store_takes(text: bytes, shown: str) -> None:
    document = cleaned(DESKTOP, export(text))
    assert document.items[0].text == shown
    document.items[0].text.encode()
    assert [item.native_id for item in document.items] == ["1", "2"]


def test_names_and_addresses_are_mended_as_well() -> None:
    message = {
        "id": 1,
        "type": "message",
        "date": "2024-03-01",
        "forwarded_from": "A\u202eB\x00\nC",
        "text": "x",
    }
    data = json.dumps({"name": "N\ud83d", "type": "public_channel", "id": 7, "messages": [message]}).encode()
    (item,) = cleaned(DESKTOP, data).items
    assert (item.channel, item.forwarded_from) == ("N\ufffd", "AB C")


def hostile_post(inside: bytes, attributes: bytes = b"") -> bytes:
    """Return the sample page with `inside` as the text of post 2, and `attributes` in a tag of it."""
    old = b"Two freighters left port at dawn.<br/><br/>The third is still loading."
    return PAGE.replace(old, b"<b" + attributes + b">" + inside + b"</b>", 1)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (hostile_post(b"<div>" * 30_000 + b"</div>" * 30_000), "too-many-tags"),
        (hostile_post(b"<div>" * 200 + b"</div>" * 200), "too-deep"),
        (hostile_post(b"x", b"".join(b" a%d=1" % n for n in range(20_000))), "huge-tag"),
        (hostile_post(b"x", b"".join(b" a%d=1" % n for n in range(200_000))), "huge-record"),
        (hostile_post(b"<b>" * 30_000), "too-many-tags"),
        (hostile_post(b"<a " * 30_000), "too-many-tags"),
        (hostile_post(b"x" * 2_000_000), "huge-record"),
        (hostile_post(b"&" + b"amp;" * 300_000), "huge-record"),
    ],
    ids=[
        "nested-30000",
        "nested-200",
        "attributes-20000",
        "attributes-200000",
        "open-b",
        "open-a",
        "long",
        "amp",
    ],
)
def test_a_hostile_post_is_refused_without_parsing_and_its_neighbours_land(data: bytes, reason: str) -> None:
    assert reason in reasons(WEB, data)
    assert [one.native_id for one in records(WEB, data)] == ["1", "3", "4", "5", "7"]
    assert_tiled(cleaned(WEB, data))


def test_a_hostile_message_of_an_export_is_refused_and_its_neighbours_land() -> None:
    deep = EXPORT.replace(b"Fog until noon.", b"<div>" * 20_000 + b"</div>" * 20_000, 1)
    assert reasons(HTML, deep) == ["too-many-tags"]
    assert [one.native_id for one in records(HTML, deep)] == ["1", "2", "3", "5", "6"]
    assert_tiled(cleaned(HTML, deep))


@pytest.mark.parametrize(
    "data",
    [
        b'<div class="tgme_widget_message_wrap">' * 20_000,
        b'<div class="tgme_widget_message_wrap"><div class="tgme_widget_message ' + b"x" * 900_000,
        b'<div class="tgme_widget_message_wrap"><div class="tgme_widget_message "'
        + b' data-post="a/1' * 50_000,
        b'<div class="tgme_widget_message_wrap">' + b"<div " * 200_000,
        b'<div class="tgme_widget_message_wrap">' + b"<" * 1_000_000,
    ],
    ids=["wraps", "long-class", "half-attributes", "open-divs", "less-thans"],
)
def test_pages_of_nothing_but_markers(data: bytes) -> None:
    assert parsed(WEB, data)
    assert_tiled(cleaned(WEB, data))


@pytest.mark.parametrize(
    "data",
    [
        b'<div class="message default" id="message1">' * 5_000,
        b'<div class="page_header'
        + b'<div class="text bold">' * 50_000
        + b'<div class="message default" id="message1">',
        b'<div class="from_name">' * 50_000 + b'<div class="message default" id="message1">',
        b'<div class="message default' + b" " * 500_000 + b'" id="message1">',
    ],
    ids=["messages", "headers", "names", "long-class"],
)
def test_exports_of_nothing_but_markers(data: bytes) -> None:
    parsed(HTML, data)
    assert_tiled(cleaned(HTML, data))


def test_one_line_of_many_megabytes_is_one_refusal() -> None:
    data = (
        b'{"update_id": 1, "channel_post": "'
        + b"x" * (MAX_ELEMENT + 10)
        + b'"}\n{"update_id": 2, "message": '
    )
    assert reasons(API, data) == ["invalid-json", "truncated"]


def test_records_come_one_by_one() -> None:
    from cleaners.formats import named  # noqa: PLC0415 - only this test looks behind the curtain

    known = named(API)
    assert known is not None
    post = b'{"message_id": 1, "chat": {"id": -1001, "type": "channel"}, "text": "x"}'
    data = b'{"update_id": 1, "channel_post": ' + post + b"}\n"
    data *= 20_000
    tracemalloc.start()
    for number, _ in enumerate(known.parse(data, CleanOptions())):
        if number > 5_000:
            break
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
