"""Telegram Desktop's exports: both formats, damage that the exporter does, cuts, and what drifts."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from format_properties import assert_nothing_lost, cleaned, parsed, reasons, records
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.drift import Drift
from schemas.items import Item

SAMPLES = Path(__file__).parent / "samples"
JSON, HTML = "telegram-desktop-json", "telegram-desktop-html"
RESULT = (SAMPLES / "result.json").read_bytes()
ACCOUNT = (SAMPLES / "account.json").read_bytes()
PAGE = (SAMPLES / "messages.html").read_bytes()


def export(*messages: dict[str, Any], **chat: Any) -> bytes:
    """Return an export in the exporter's own layout."""
    head = {"name": "A", "type": "public_channel", "id": 7} | chat
    return json.dumps(head | {"messages": list(messages)}, ensure_ascii=False, indent=1).encode()


def message(number: int = 1, text: Any = "word", **more: Any) -> dict[str, Any]:
    return {"id": number, "type": "message", "date": "2024-03-01T10:00:00", "from": "A", "text": text} | more


def seen(item: Item) -> tuple[object, ...]:
    """Return what the same message must say in both exports."""
    return (
        item.kind,
        item.native_id,
        item.text,
        item.published.best if item.kind != "service" else None,  # HTML gives service messages a day only
        item.forwarded_from,
        item.author if item.kind != "service" else None,
        item.channel,
        item.urls,
        item.hashtags,
    )


@pytest.mark.parametrize(
    ("exported", "page", "count"), [("result.json", "messages.html", 6), ("crew.json", "crew.html", 11)]
)
def test_one_chat_exported_both_ways_gives_the_same_items(exported: str, page: str, count: int) -> None:
    """The crew: edits, spoilers, `via @bot`, an album, a poll, a sticker, joined forwards, all entities."""
    left, right = (cleaned(None, (SAMPLES / name).read_bytes()) for name in (exported, page))
    assert (left.input_format, right.input_format) == (JSON, HTML)
    assert [seen(item) for item in left.items] == [seen(item) for item in right.items]
    assert len(left.items) == count
    polls = [[json.loads(item.extras or "{}").get("poll") for item in one.items] for one in (left, right)]
    assert polls[0] == polls[1]


def test_json_gives_channel_id_instants_edits_and_links() -> None:
    found = records(JSON, RESULT)
    service, plain, linked, forwarded, photo, signed = found
    assert (service.kind, service.text, service.native_id) == ("service", "", "1")
    assert json.loads(service.extras or "")["action"] == "create_channel"
    assert plain.text == "Two freighters left port at dawn.\n\nThe third is still loading."
    assert (plain.channel_id, plain.identity) == ("1234567890", "telegram:1234567890:2")
    assert (linked.posted_at, linked.edited_at) == ("2024-03-01T09:00:00+00:00", "2024-03-01T09:05:00+00:00")
    assert linked.urls == ("https://maps.example/harbour?a=1&b=2", "example.org/map")
    assert forwarded.forwarded_from == "Coast Guard & Friends"
    assert json.loads(photo.extras or "")["reply_to_message_id"] == 2
    assert "reactions" not in (photo.extras or "")
    assert signed.author == "M. Berg"
    for record in found:
        assert RESULT[record.start : record.start + 1] == b"{"
        assert json.loads(RESULT[record.start : record.end])["id"] == int(record.native_id or 0)


def test_an_account_has_chats_and_left_chats_and_its_ids_are_unique_per_chat_only() -> None:
    found = records(JSON, ACCOUNT)
    assert [(one.channel, one.native_id, one.identity) for one in found] == [
        ("Bob", "10", "telegram:user555:10"),
        (None, "11", "telegram:user77:11"),
        ("Old club", "10", "telegram:1000000042:10"),
    ]
    assert [item.kind for item in cleaned(JSON, ACCOUNT).items] == ["message"] * 3
    assert reasons(JSON, ACCOUNT) == []


def test_a_local_time_without_a_zone_is_a_day_with_a_day_on_either_side() -> None:
    published = cleaned(JSON, ACCOUNT).items[0].published
    assert (published.best, published.earliest, published.latest) == (
        "2020-02-26",
        "2020-02-25",
        "2020-02-27",
    )
    assert (published.precision, published.basis) == ("day", "field")
    assert "zone unknown" in (published.evidence or "")


@pytest.mark.parametrize("indent", [None, 0, 2, 4], ids=str)
@pytest.mark.parametrize("data", [RESULT, ACCOUNT], ids=["chat", "account"])
def test_a_file_that_was_written_again_has_the_same_messages(data: bytes, indent: int | None) -> None:
    again = json.dumps(json.loads(data), indent=indent, sort_keys=True).encode()
    before = [(one.identity, one.text, one.posted_at, one.urls) for one in records(JSON, data)]
    assert [(one.identity, one.text, one.posted_at, one.urls) for one in records(JSON, again)] == before
    assert reasons(JSON, again) == []
    assert_nothing_lost(JSON, again)


def test_crlf_is_another_layout_and_no_other_content() -> None:
    again = RESULT.replace(b"\n", b"\r\n")
    assert [one.text for one in records(JSON, again)] == [one.text for one in records(JSON, RESULT)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"a\x0Bb", "a\nb"),  # VT is a line break in the display form
        (r"a\x01b", "ab"),
        (r"a\\x0Bb", r"a\x0Bb"),  # legal text: a backslash, then x0B
        (r"a\\\x0Bb", "a\\\nb"),
        (r"\ud83d x", "\ufffd x"),
        (r"\ud83d\ude00 x", "😀 x"),
        (r"a\u0000b", "ab"),
    ],
)
def test_text_that_is_no_json_is_mended(written: str, meant: str) -> None:
    data = export(message(text="@@")).replace(b"@@", written.encode())
    (item,) = cleaned(JSON, data).items
    assert item.text == meant
    assert_nothing_lost(JSON, data)


def test_an_unquoted_file_name_is_quoted_and_kept() -> None:
    data = export(message(document_id="@@", text="word")).replace(b'"@@"', b"video_files/sticker (2).webm")
    (record,) = records(JSON, data)
    assert json.loads(record.extras or "")["document_id"] == "video_files/sticker (2).webm"


def test_an_unquoted_name_with_a_comma_goes_to_quarantine_and_its_neighbours_land() -> None:
    data = export(message(1), message(2, document_id="@@"), message(3)).replace(b'"@@"', b"a, b.webm")
    assert [one.native_id for one in records(JSON, data)] == ["1", "3"]
    assert reasons(JSON, data) == ["invalid-json"]
    assert_nothing_lost(JSON, data)


@pytest.mark.parametrize(
    ("body", "text", "urls"),
    [
        ("plain", "plain", ()),
        (["a ", {"type": "bold", "text": "b"}], "a b", ()),
        ([{"type": "text_link", "text": "x", "href": "https://e.org"}], "x", ("https://e.org",)),
        ([{"type": "link", "text": "e.org"}, {"type": "odd"}, 5, None], "e.org", ("e.org",)),
        ([], "", ()),
        ("", "", ()),
    ],
    ids=["string", "list", "text-link", "odd-parts", "empty-list", "empty"],
)
def test_text_in_all_its_shapes(body: Any, text: str, urls: tuple[str, ...]) -> None:
    (record,) = records(JSON, export(message(text=body)))
    assert (record.text, record.urls) == (text, urls)


def test_entities_are_preferred_to_the_older_text() -> None:
    (record,) = records(JSON, export(message(text="old", text_entities=[{"type": "plain", "text": "new"}])))
    assert record.text == "new"


def test_what_is_not_known_is_kept_and_counted() -> None:
    odd = {"id": 2, "type": "hologram", "date": "2024-03-01T10:00:00", "beam": [1]}
    data = export(
        message(1, sparkle=1),
        message(2, sparkle=2),
        odd,
        {"id": 4, "type": "service", "action": "dance"},
        message("9", text=5),
        message(10, text="", text_entities=[{"type": "plain", "text": "a"}, {"type": "glow", "text": "b"}]),
        message(11, text=["a", {"type": ["odd"], "text": "b"}]),
    )
    document = cleaned(JSON, data)
    counted = {(drift.path, drift.what): drift.count for drift in document.drifts}
    assert counted == {
        ("messages[].sparkle", "unknown-key"): 2,
        ("messages[].beam", "unknown-key"): 1,
        ("messages[].type", "unknown-type:hologram"): 1,
        ("messages[].action", "unknown-type:dance"): 1,
        ("messages[].id", "changed-type:str"): 1,
        ("messages[].text", "changed-type:int"): 1,
        ("messages[].text_entities[].type", "unknown-type:glow"): 1,
        ("messages[].text_entities[].type", "unknown-type:['odd']"): 1,
    }
    assert [item.text for item in document.items[-2:]] == ["ab", "ab"]
    assert json.loads(document.items[0].extras or "")["sparkle"] == 1
    assert document.items[2].kind == "service"
    assert json.loads(document.items[2].extras or "")["type"] == "hologram"


def test_numbers_beyond_64_bits_stay_digits() -> None:
    data = export(message(2**64 + 1), message(1, date_unixtime="9" * 5000), message(3, date_unixtime=10**30))
    found = records(JSON, data)
    assert [one.native_id for one in found] == [str(2**64 + 1), "1", "3"]
    assert [one.posted_at for one in found] == ["2024-03-01T10:00:00"] * 3
    assert Drift(path="messages[].date_unixtime", what="invalid") in parsed(JSON, data)


def test_nan_is_no_number() -> None:
    data = export(message(1, width="@@"), message(2)).replace(b'"@@"', b"NaN")
    assert (reasons(JSON, data), [one.native_id for one in records(JSON, data)]) == (["invalid-json"], ["2"])


@pytest.mark.parametrize("share", [0.15, 0.3, 0.45, 0.6, 0.8, 0.95, 0.999])
@pytest.mark.parametrize(
    "data", [RESULT, ACCOUNT, json.dumps(json.loads(RESULT)).encode()], ids=["chat", "account", "one-line"]
)
def test_a_cut_export_is_never_silently_short(data: bytes, share: float) -> None:
    cut = data[: int(len(data) * share)].rstrip()
    document = cleaned(JSON, cut)
    assert {"truncated", "no-records"} & {refusal.reason for refusal in document.quarantine}
    assert_nothing_lost(JSON, cut)


def test_a_cut_between_two_messages_is_seen() -> None:
    data = export(message(1), message(2))
    for cut in (data[: data.index(b'{\n   "id": 2') - 1], data[: data.index(b"\n  },") + 5]):
        assert [one.native_id for one in records(JSON, cut)] == ["1"]
        assert reasons(JSON, cut) == ["truncated"]


def test_broken_utf8_lands_with_its_bytes_in_quarantine() -> None:
    data = export(message(1, "caf@@ au lait"), message(2)).replace(b"@@", b"\xe9")
    document = cleaned(JSON, data)
    assert [item.text for item in document.items] == ["caf\ufffd au lait", "word"]
    assert [refusal.reason for refusal in document.quarantine] == ["invalid-utf8"]


def test_html_has_joined_authors_replies_and_the_forwards_own_date() -> None:
    found = records(HTML, PAGE)
    assert [one.native_id for one in found] == ["1", "2", "3", "4", "5", "6"]
    assert found[2].author is None  # in a channel, the name over a post is the channel's
    assert found[3].forwarded_at == "2024-02-29T23:05:00+02:00"
    assert json.loads(found[4].extras or "") == {
        "media": ["Photo Not included, change data exporting settings to download."],
        "reply_to_message_id": "2",
    }
    assert (found[0].posted_at, found[0].posted_basis) == ("2024-03-01", "header")
    assert {one.kind for one in found} == {"post", "service"}


def test_in_a_group_joined_messages_have_the_author_before_them() -> None:
    data = PAGE.replace(
        b'<div class="from_name">\nHarbour Watch', b'<div class="from_name">\nAnn &amp; Co', 1
    )
    found = records(HTML, data)
    assert [one.author for one in found] == [
        None,
        "Ann & Co",
        "Ann & Co",
        "Ann & Co",
        "Harbour Watch",
        "M. Berg",
    ]
    assert {one.kind for one in found} == {"message", "service"}


def test_a_second_file_that_begins_with_a_joined_message_has_no_author_for_it() -> None:
    start = PAGE.index(b'<div class="message default clearfix joined" id="message3">')
    head = PAGE[: PAGE.index(b'<div class="message service" id="message-1">')].replace(b"Watch", b"Club")
    first = records(HTML, head + PAGE[start:])[0]
    assert (first.native_id, first.author) == ("3", None)


def test_html_without_zones_gives_local_days() -> None:
    data = re.sub(rb" UTC\+02:00", b"", PAGE)
    published = cleaned(HTML, data).items[1].published
    assert (published.best, published.earliest, published.latest) == (
        "2024-03-01",
        "2024-02-29",
        "2024-03-02",
    )


def test_html_items_have_one_identity_in_every_export_of_the_chat() -> None:
    whole = {item.native_id: item.item_id for item in cleaned(HTML, PAGE).items}
    start = PAGE.index(b'<div class="message default clearfix" id="message5">')
    head = PAGE[: PAGE.index(b'<div class="message service" id="message-1">')]
    part = {item.native_id: item.item_id for item in cleaned(HTML, head + PAGE[start:]).items}
    assert part == {number: whole[number] for number in ("5", "6")}


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.9])
def test_a_cut_page_refuses_the_message_that_is_cut(share: float) -> None:
    cut = PAGE[: int(len(PAGE) * share)]
    document = cleaned(HTML, cut)
    last = document.items[-1]
    assert PAGE[last.byte_start : last.byte_end].endswith(b"</div>")
    assert_nothing_lost(HTML, cut)


@given(st.data())
@settings(max_examples=120)
def test_any_damage_loses_nothing(draw: st.DataObject) -> None:
    name, data = draw.draw(st.sampled_from([(JSON, RESULT), (JSON, ACCOUNT), (HTML, PAGE)]))
    start = draw.draw(st.integers(0, len(data)))
    end = draw.draw(st.integers(start, min(start + 400, len(data))))
    filling = draw.draw(
        st.one_of(
            st.binary(max_size=20),
            st.sampled_from([b"{", b"}", b"[", b'"', b"\n  }", b"\\", b"</div>", b"<div>", data[:200]]),
        )
    )
    assert_nothing_lost(name, data[:start] + filling + data[end:])


@given(st.binary(max_size=400))
@settings(max_examples=80)
def test_any_bytes_lose_nothing(data: bytes) -> None:
    for name in (JSON, HTML):
        assert_nothing_lost(name, data)
        assert_nothing_lost(name, b'{"messages": [' + data)


def test_the_file_of_an_emoji_is_no_address() -> None:
    text = b'<a href="stickers/fire.tgs">F</a> <a href="https://t.example/">T</a>'
    page = re.sub(rb'(<div class="text">\s*)', rb"\1" + text, PAGE, count=1)
    found = [record.urls for record in records(HTML, page)]
    assert any("https://t.example/" in urls for urls in found)
    assert not any("stickers/fire.tgs" in urls for urls in found)
