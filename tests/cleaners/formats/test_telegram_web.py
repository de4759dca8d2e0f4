"""Pages of t.me/s: what they alone say, and what a page can do to a parser."""

import json
from pathlib import Path

import pytest
from format_properties import assert_nothing_lost, cleaned, reasons, records
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.items import Card

NAME = "telegram-web"
SAMPLES = Path(__file__).parent / "samples"
PAGE = (SAMPLES / "page.html").read_bytes()


def test_a_page_gives_ids_utc_times_forwards_cards_albums_and_replies() -> None:
    service, plain, linked, forwarded, album, hidden = records(NAME, PAGE)
    assert (service.kind, service.text) == ("service", "")
    assert json.loads(service.extras or "")["text"] == "Channel created"
    assert (plain.channel, plain.channel_id, plain.native_id) == ("Harbour Watch", "1234567890", "2")
    assert plain.identity == "telegram:1234567890:2"
    assert plain.posted_at == "2024-03-01T08:15:30+00:00"
    assert plain.text == "Two freighters left port at dawn.\n\nThe third is still loading."
    assert linked.urls == ("https://maps.example/harbour?a=1&b=2", "example.org/map")
    assert linked.card == Card(site="Maps", title="The harbour", description="All quays\nand cranes")
    assert json.loads(linked.extras or "")["edited"] is True
    assert (forwarded.forwarded_from, forwarded.forwarded_link) == (
        "Coast Guard & Friends",
        "https://t.me/coastguard/17",
    )
    assert forwarded.text == "Fog 🌫 until noon.\nSays the mast\nThen sun."
    assert album.text == "The third one left as well 🚢"
    said = json.loads(album.extras or "")
    assert (said["album"], said["reply_to"]) == (["5", "6"], "https://t.me/harbourwatch/2")
    assert (hidden.forwarded_from, hidden.forwarded_link) == ("Hidden Hand", None)


def test_a_page_and_an_export_have_the_same_items() -> None:
    exported = cleaned(None, (SAMPLES / "result.json").read_bytes()).items
    page = {item.native_id: item for item in cleaned(None, PAGE).items}
    shared = [item for item in exported if item.native_id in page]
    assert len(shared) == 5
    for item in shared:
        same = page[item.native_id]
        assert (same.item_id, same.published.best, same.kind) == (
            item.item_id,
            item.published.best,
            item.kind,
        )


def test_figures_that_change_by_themselves_make_no_new_version() -> None:
    later = PAGE.replace(b"4.4K", b"5.1K")
    before, after = cleaned(NAME, PAGE).items, cleaned(NAME, later).items
    assert [(one.item_id, one.text, one.extras) for one in before] == [
        (one.item_id, one.text, one.extras) for one in after
    ]


def test_without_a_view_token_the_user_name_stands_for_the_channel() -> None:
    data = PAGE.replace(b' data-view="', b' data-seen="')
    assert records(NAME, data)[1].identity == "telegram:@harbourwatch:2"


@pytest.mark.parametrize("view", ["!!!!", "e30", "bnVsbA", "eyJjIjoiMSJ9", "eyJjIjp0cnVlfQ", "W1tb" * 90])
def test_a_view_token_that_says_nothing_is_no_channel(view: str) -> None:
    opening = PAGE.index(b'data-view="') + len(b'data-view="')
    data = PAGE[:opening] + view.encode() + PAGE[PAGE.index(b'"', opening) :]
    assert records(NAME, data)[0].channel_id == "harbourwatch"


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (
            b'<html><body><div class="tgme_page"><a href="tg://resolve?domain=x">View</a></div></body></html>',
            "no-preview",
        ),
        (b'<html><section class="tgme_channel_history js-message_history"></section></html>', "no-records"),
    ],
)
def test_a_page_without_posts_is_refused_and_says_why(page: bytes, reason: str) -> None:
    document = cleaned(None, page)
    assert (document.input_format, [one.reason for one in document.quarantine]) == (NAME, [reason])
    assert_nothing_lost(NAME, page)


def test_a_post_without_its_id_is_refused_and_its_neighbours_land() -> None:
    data = PAGE.replace(b'data-post="harbourwatch/3"', b'data-post="?"')
    assert [one.native_id for one in records(NAME, data)] == ["1", "2", "4", "5", "7"]
    assert reasons(NAME, data) == ["no-message"]


def test_a_cut_page_refuses_the_post_that_is_cut() -> None:
    third = PAGE.index(b'data-post="harbourwatch/3"')
    for cut in (PAGE[: third + 40], PAGE[: PAGE.index(b"</div></div>", third) + 4]):
        assert [one.native_id for one in records(NAME, cut)] == ["1", "2"]
        assert reasons(NAME, cut) == ["truncated"]
        assert_nothing_lost(NAME, cut)


def test_broken_bytes_are_seen() -> None:
    data = PAGE.replace("Схема".encode(), b"\xd1\xf5", 1)
    document = cleaned(NAME, data)
    assert document.items[2].text.startswith("\ufffd")
    assert [one.reason for one in document.quarantine] == ["invalid-utf8"]


@given(st.data())
@settings(max_examples=100)
def test_any_damage_loses_nothing(draw: st.DataObject) -> None:
    start = draw.draw(st.integers(0, len(PAGE)))
    end = draw.draw(st.integers(start, min(start + 900, len(PAGE))))
    pieces = [
        b"<",
        b">",
        b'"',
        b"</div>",
        b"<div>",
        b"<!--",
        b"<svg>",
        b"</svg>",
        b"&#xD800;",
        PAGE[700:1500],
    ]
    filling = draw.draw(st.one_of(st.binary(max_size=20), st.sampled_from(pieces)))
    assert_nothing_lost(NAME, PAGE[:start] + filling + PAGE[end:])


@given(st.binary(max_size=300))
@settings(max_examples=60)
def test_any_bytes_lose_nothing(data: bytes) -> None:
    assert_nothing_lost(NAME, data)
    assert_nothing_lost(NAME, PAGE[:900] + data)
