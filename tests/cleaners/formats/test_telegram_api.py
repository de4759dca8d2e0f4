"""Dumps of Telethon, Pyrogram and the Bot API; ids, times and entities that all of Telegram shares."""

import json
from pathlib import Path
from typing import Any

import pytest
from format_properties import assert_nothing_lost, cleaned, reasons, records
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners.formats.telegram import channel_id, cut, instant, targets

NAME = "telegram-api-json"
SAMPLES = Path(__file__).parent / "samples"
LINES = (SAMPLES / "telethon.jsonl").read_bytes()
UPDATES = (SAMPLES / "updates.json").read_bytes()


def dumped(*messages: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in messages)


def test_telethon_gives_utc_times_origins_cards_and_edits() -> None:
    plain, forwarded, service, _ = records(NAME, LINES)
    assert (plain.identity, plain.posted_at) == ("telegram:1234567890:2", "2024-03-01T08:15:30+00:00")
    assert (
        forwarded.posted_at == "2024-03-01T10:30:00+00:00"
    )  # a dump that lost the offset is UTC all the same
    assert forwarded.edited_at == "2024-03-01T11:00:00+00:00"
    assert forwarded.urls == ("https://example.org/more",)
    assert (forwarded.forwarded_link, forwarded.forwarded_at) == (
        "https://t.me/c/1000000001/17",
        "2024-02-29T23:00:00+00:00",
    )
    assert forwarded.card is not None
    assert forwarded.card.title == "More fog"
    assert (service.kind, service.text) == ("service", "")
    assert json.loads(service.extras or "")["action"]["title"] == "Harbour"


def test_pyrogram_prints_local_times_and_marked_ids() -> None:
    record = records(NAME, LINES)[-1]
    assert (record.identity, record.posted_at) == ("telegram:1234567890:9", "2024-03-03T10:00:00")
    assert (record.text, record.urls) == ("Crane 🏗 is down", ("https://example.org/crane",))
    assert (record.forwarded_from, record.forwarded_link) == ("Coast Guard", "https://t.me/coastguard/18")
    published = cleaned(NAME, LINES).items[-1].published
    assert (published.precision, published.earliest, published.latest) == ("day", "2024-03-02", "2024-03-04")


def test_updates_give_captions_albums_service_messages_and_edits_as_versions() -> None:
    items = cleaned(None, UPDATES).items
    assert [(item.kind, item.native_id, item.text) for item in items] == [
        ("post", "4", "🇷🇺 Fog until noon: more"),
        ("post", "4", "🇷🇺 Fog until one: more"),
        ("post", "5", "Quay 4"),
        ("service", "6", ""),
        ("message", "7", "hi"),
    ]
    assert items[0].item_id == items[1].item_id
    assert (items[0].edited_at, items[1].edited_at) == (None, "2024-03-01T10:46:40Z")
    assert items[0].urls == ("https://example.org/more",)
    assert items[0].forwarded_from == "Coast Guard"
    assert json.loads(items[0].extras or "")["forwarded_link"] == "https://t.me/coastguard/17"
    assert json.loads(items[2].extras or "") == {
        "channel_id": "1234567890",
        "media": ["photo"],
        "media_group_id": "9",
    }
    assert json.loads(items[4].extras or "")["reply_to_message_id"] == 3
    assert items[4].author == "Bob Lee"


@pytest.mark.parametrize("shape", ["lines", "array", "pretty", "bom"])
def test_updates_in_every_shape(shape: str) -> None:
    updates = json.loads(UPDATES)["result"]
    data = {
        "lines": dumped(*updates),
        "array": json.dumps(updates).encode(),
        "pretty": json.dumps({"ok": True, "result": updates}, indent=3).encode(),
        "bom": b"\xef\xbb\xbf" + dumped(*updates),
    }[shape]
    before = [(one.identity, one.text) for one in records(NAME, UPDATES)]
    assert [(one.identity, one.text) for one in records(NAME, data)] == before
    assert cleaned(None, data).input_format == NAME
    assert_nothing_lost(NAME, data)


def test_an_update_that_repeats_is_the_same_item() -> None:
    first = json.loads(UPDATES)["result"][0]
    items = cleaned(NAME, dumped(first, first)).items
    assert items[0].item_id == items[1].item_id


def test_the_newer_way_to_say_a_forward_wins_and_the_older_one_is_read() -> None:
    post = json.loads(UPDATES)["result"][0]["channel_post"]
    del post["forward_origin"]
    post |= {"forward_from_message_id": 17, "forward_date": 1709247600}
    (record,) = records(NAME, dumped({"update_id": 1, "channel_post": post}))
    assert (record.forwarded_from, record.forwarded_link) == ("Coast Guard", "https://t.me/c/1000000001/17")
    hidden = post | {
        "forward_origin": {"type": "hidden_user", "sender_user_name": "Nobody", "date": 1709247600}
    }
    (record,) = records(NAME, dumped({"update_id": 1, "channel_post": hidden}))
    assert (record.forwarded_from, record.forwarded_link) == ("Nobody", None)


def test_a_bad_line_is_refused_alone_and_a_cut_one_says_so() -> None:
    lines = LINES.splitlines(keepends=True)
    data = lines[0] + b"{oops}\n\n  \n[1]\n" + b'{"a": 1}\n' + lines[1] + lines[2][:100]
    assert [one.native_id for one in records(NAME, data)] == ["2", "4"]
    assert reasons(NAME, data) == ["invalid-json", "no-message", "no-message", "truncated"]
    assert_nothing_lost(NAME, data)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.99])
def test_a_cut_answer_is_never_silently_short(share: float) -> None:
    data = UPDATES[: int(len(UPDATES) * share)]
    assert reasons(NAME, data)[-1] == "truncated"
    assert_nothing_lost(NAME, data)


def test_unknown_keys_and_types_are_counted() -> None:
    message = json.loads(LINES.splitlines()[0]) | {"_": "MessageOfLight", "beam": 1, "message": 5}
    drifts = {(drift.path, drift.what) for drift in cleaned(NAME, dumped(message)).drifts}
    assert drifts == {
        ("beam", "unknown-key"),
        ("_", "unknown-type:MessageOfLight"),
        ("message", "changed-type:int"),
    }
    assert cleaned(NAME, dumped({"update_id": 1, "telepathy": {}})).drifts[0].what == "unknown-type:telepathy"


@pytest.mark.parametrize(
    "spelling",
    [
        "channel1234567890",
        "PeerChannel(1234567890)",
        "PeerChannel(channel_id=1234567890)",
        -1001234567890,
        "-1001234567890",
        -1234567890,
        1234567890,
        "1234567890",
    ],
    ids=str,
)
def test_one_channel_under_all_its_spellings_is_one_channel(spelling: object) -> None:
    assert channel_id(spelling) == "1234567890"


@pytest.mark.parametrize(
    ("spelling", "bare"),
    [
        (-100123, "123"),
        (-123, "123"),
        ("channel123", "123"),
        (-1001234567, "1001234567"),  # t.me/s: an id that happens to begin like the mark
        ("", None),
        ("-", None),
        ("0", None),
        (-1000000000000, None),
        ("²", None),
        ("9" * 40, None),
        ("harbourwatch", None),
    ],
    ids=str,
)
def test_other_spellings(spelling: object, bare: str | None) -> None:
    assert channel_id(spelling) == bare


def test_entities_count_utf16_code_units() -> None:
    text = "🇷🇺🇧🇾 Fog #ASEAN until noon"
    assert cut(text, [(13, 6), (0, 8), (5, 0), (-1, 3), (True, 1), (500, 3), ("0", 1)]) == [
        "#ASEAN",
        "🇷🇺🇧🇾",
        "",
        "",
        "",
        "",
        "",
    ]


@given(st.text(alphabet=st.characters(), max_size=30), st.integers(0, 30), st.integers(1, 30))
@settings(max_examples=100)
def test_a_cut_is_what_utf16_says(text: str, offset: int, length: int) -> None:
    units = text.encode("utf-16-le", "surrogatepass")
    (part,) = cut(text, [(offset, length)])
    assert part.encode("utf-16-le", "surrogatepass") == units[2 * offset : 2 * (offset + length)]


@pytest.mark.parametrize(
    ("seconds", "iso"),
    [
        (1709280930, "2024-03-01T08:15:30+00:00"),
        ("1709280930", "2024-03-01T08:15:30+00:00"),
        (0, None),
        (-1, None),
        (True, None),
        (1.5, None),
        ("", None),
        ("١٧٠٩٢٨٠٩٣٠", None),
        (10**30, None),
        ("9" * 5000, None),
        (None, None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_instants(seconds: object, iso: str | None) -> None:
    assert instant(seconds) == iso


def test_targets_are_where_links_lead() -> None:
    links = [
        ("https://e.org/a", "here"),
        ("http://e.org/b", "e.org/b"),
        ("https://e.org/", "e.org"),
        ("https://t.me/bot", "@bot"),
        ("?q=%23x", "#x"),
        ("", "#y"),
        ("mailto:a@e.org", "a@e.org"),
        ("https://e.org/a", "again"),
    ]
    assert targets(links) == ("https://e.org/a", "e.org/b", "e.org")


@given(st.data())
@settings(max_examples=100)
def test_any_damage_loses_nothing(draw: st.DataObject) -> None:
    data = draw.draw(st.sampled_from([LINES, UPDATES]))
    start = draw.draw(st.integers(0, len(data)))
    end = draw.draw(st.integers(start, min(start + 300, len(data))))
    pieces = [b"{", b"}", b"[", b"]", b'"', b"\\", b"null", b"1e999", b"\n", b"\\ud83d", data[:150]]
    filling = draw.draw(st.one_of(st.binary(max_size=15), st.sampled_from(pieces)))
    assert_nothing_lost(NAME, data[:start] + filling + data[end:])


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
@settings(max_examples=150)
def test_any_value_under_any_key_lands_or_is_refused(draw: st.DataObject) -> None:
    line = json.loads(
        draw.draw(st.sampled_from([*LINES.splitlines(), *map(json.dumps, json.loads(UPDATES)["result"])]))
    )
    inner = next(
        (value for value in line.values() if isinstance(value, dict) and "message_id" in value), line
    )
    for key in draw.draw(st.lists(st.sampled_from(sorted(inner)), min_size=1, max_size=3)):
        inner[key] = draw.draw(JSON_VALUES)
    assert_nothing_lost(NAME, json.dumps(line).encode())


def test_a_poll_is_its_question_and_options_whoever_stored_it() -> None:
    telethon = {
        "_": "Message",
        "id": 1,
        "peer_id": {"_": "PeerChannel", "channel_id": 7},
        "date": "2024-03-01T10:00:00+00:00",
        "message": "",
        "media": {
            "_": "MessageMediaPoll",
            "poll": {"question": {"text": "Sail?"}, "answers": [{"text": {"text": "Yes"}}, {"text": "No"}]},
            "results": {"total_voters": 3},
        },
    }
    bot = {
        "update_id": 1,
        "channel_post": {
            "message_id": 1,
            "date": 1709287200,
            "chat": {"id": -1007, "type": "channel"},
            "poll": {"question": "Sail?", "options": [{"text": "Yes", "voter_count": 2}, {"text": "No"}]},
        },
    }
    for said in (telethon, bot):
        [record] = records(NAME, json.dumps(said).encode())
        assert json.loads(record.extras or "")["poll"] == {"question": "Sail?", "options": ["Yes", "No"]}
