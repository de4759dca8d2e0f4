"""Parts: they tile the file, are cut where nothing is torn, and hold together what the whole file holds."""

import csv
import io
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaners.chain import clean
from cleaners.formats import FORMATS, named
from cleaners.formats.entry import Cutter
from cleaners.parts import LOOK, Sizes, Stretch, cut
from cleaners.text_parts import MOST_LINES
from cleaners.text_parts import cutter_of as cutter_by_format
from schemas.documents import Blob
from schemas.items import CleanedDocument, Item
from schemas.options import CleanOptions

SMALL = Sizes(whole=2_000, part=3_000, most=20_000)
SEEDS = Path(__file__).parents[2] / "seeds"
CUT = (
    "telegram-desktop-json",
    "telegram-api-json",
    "jsonl",
    "json",
    "json-stream",
    "csv",
    "mbox",
    "warc",
    "whatsapp",
    "feed",
)


def cutter_of(name: str, data: bytes) -> Cutter | None:
    known = named(name)
    return cutter_by_format(known, data, CleanOptions())


def parts(name: str, data: bytes, sizes: Sizes = SMALL) -> list[Stretch]:
    cutter = cutter_of(name, data[: sizes.most])
    assert cutter is not None
    found = list(cut(lambda start, size: data[start : start + size], len(data), cutter, sizes))
    assert_tiled(found, data, sizes)
    return found


def assert_tiled(found: list[Stretch], data: bytes, sizes: Sizes) -> None:
    assert [one.start for one in found] == [0, *(one.end for one in found)][: len(found)]
    assert (found[-1].end if found else 0) == len(data)
    assert all(0 < one.end - one.start <= sizes.most for one in found)
    whole = [one for one in found if one.lost is None]
    assert [one.part.first for one in whole] == [one.start == 0 for one in whole]
    assert all(one.part.last == (one.end == len(data)) for one in whole)


def cleaned(name: str, data: bytes, found: list[Stretch]) -> Iterator[CleanedDocument]:
    for one in found:
        if one.lost is None:
            options = CleanOptions(input_format=name, part=one.part)
            yield clean(Blob(data=data[one.start : one.end], source="test", uri="part"), options)


def said(item: Item) -> tuple[object, ...]:
    """Return what an item says, without its place."""
    return (
        *(item.kind, item.title, item.text, item.channel, item.author, item.native_id, item.forwarded_from),
        *(item.published, item.urls, item.hashtags, item.card, item.posted_at, item.edited_at, item.extras),
    )


def assert_the_same(name: str, data: bytes, sizes: Sizes = SMALL) -> list[Stretch]:
    """The parts hold the items of the whole, and the same refusals."""
    whole = clean(Blob(data=data, source="test", uri="whole"), CleanOptions(input_format=name))
    found = parts(name, data, sizes)
    documents = list(cleaned(name, data, found))
    assert len(found) > 2
    assert [said(item) for one in documents for item in one.items] == [said(item) for item in whole.items]
    refused = [(refusal.reason, refusal.detail) for one in documents for refusal in one.quarantine]
    assert refused == [(refusal.reason, refusal.detail) for refusal in whole.quarantine]
    known = {drift.path for drift in whole.drifts}
    assert known >= {drift.path for one in documents for drift in one.drifts}
    return found


def rows() -> list[dict[str, object]]:
    return [
        {
            "id": n,
            "date": f"2024-01-{n % 28 + 1:02}T10:00:00Z",
            "channel": "c",
            "text": text(n),
            "more": {"n": n},
        }
        for n in range(200)
    ]


def text(n: int) -> str:
    ship = f'The "{n}th" ship, with {n * 7} tons of grain, left the port.'
    return f"{ship}\nIt sails; it sails, for {n} days.\n\nEnd."


def test_json_lines() -> None:
    data = "".join(json.dumps(row) + "\n" for row in rows()).encode()
    assert_the_same("jsonl", data)
    assert_the_same("jsonl", b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n") + b'{"text": "not closed')


def test_columns_get_their_roles_from_the_first_rows() -> None:
    late = "".join(json.dumps(row | {"body": "b", "title": f"t{n}"}) + "\n" for n, row in enumerate(rows()))
    early = "".join(json.dumps(row) + "\n" for row in rows())
    assert_the_same("jsonl", (early + early + late).encode())


@pytest.mark.parametrize("form", [{}, {"lineterminator": "\n"}, {"delimiter": ";", "quoting": csv.QUOTE_ALL}])
def test_csv(form: dict[str, object]) -> None:
    out = io.StringIO()
    table = csv.DictWriter(out, ["id", "date", "channel", "text", "more"], **form)  # type: ignore[arg-type]  # its keywords
    table.writeheader()
    table.writerows(rows())
    assert_the_same("csv", out.getvalue().encode())


def test_csv_with_quotes_that_are_plain_characters() -> None:
    lines = "".join(f'{n},2024-01-02,a screen of 5" and no more,{n}\n' for n in range(400))
    assert_the_same("csv", f"id,date,text,n\n{lines}".encode())


def test_csv_of_a_code_page_with_a_header_in_it() -> None:
    lines = "".join(f"{n};2024-01-02;Сегодня в городе {n} градусов тепла и дождь\n" for n in range(300))
    assert_the_same("csv", f"id;date;text\n{lines}".encode("cp1251"))


def test_mbox() -> None:
    message = (
        "From a@b Mon Jan  1 00:00:00 2024\nFrom: A <a@b.example>\nTo: c@d.example\nSubject: Number {n}\n"
        "Message-ID: <{n}@b.example>\nMIME-Version: 1.0\nDate: Mon, 1 Jan 2024 00:00:00 +0000\n\n"
        "From here on it is {n}.\n\nFrom me: nothing.\n\n"
    )
    data = "".join(message.format(n=n) for n in range(100)).encode()
    assert_the_same("mbox", data)
    assert_the_same("mbox", data.replace(b"\n", b"\r\n"))


def warc(kind: str, body: bytes, number: int) -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://a.example/{number}\r\n"
    return (
        f"{head}Content-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body + b"\r\n\r\n"
    )


@pytest.mark.parametrize(
    "form",
    ["{m}/{d}/24, 9:{n:02} AM - A: ", "{d:02}/{m:02}/2024, 09:{n:02} - A: ", "[{d}.{m}.24, 9:{n:02}:00] A: "],
)
def test_a_chat_of_whatsapp(form: str) -> None:
    lines = [form.format(d=n % 25 + 1, m=n // 25 + 1, n=n % 60) + text(n) + "\n" for n in range(200)]
    assert_the_same("whatsapp", "".join(lines).encode())
    assert_the_same("whatsapp", "".join(lines).encode("utf-16"))


@pytest.mark.parametrize("codec", ["utf-8", "cp1251", "utf-16"])
def test_feeds(codec: str) -> None:
    items = "".join(
        f"<item><guid>{n}</guid><title>Пост {n}</title><description><![CDATA[<p>{text(n)}</p></item><item>]]>"
        f"</description></item>\n<!-- <item> -->"
        for n in range(100)
    )
    head = f'<?xml version="1.0" encoding="{codec}"?><rss><channel><title>Газета</title><link>https://a.example</link>'
    data = f"{head}\n{items}</channel></rss>".encode(codec)
    assert_the_same("feed", data)
    assert_the_same("feed", data[:-100])
    entries = "".join(f"<entry><id>{n}</id><summary>{text(n)}</summary></entry>" for n in range(100))
    assert_the_same("feed", f'<feed xmlns="http://www.w3.org/2005/Atom"><id>f</id>{entries}</feed>'.encode())


def test_web_archives() -> None:
    data = b"".join(warc("conversion", text(n).encode(), n) for n in range(100))
    assert_the_same("warc", data)
    assert_the_same("warc", data[:-2])  # its last record does not end as records do
    assert_the_same("warc", data[:-40])


def test_a_record_of_an_archive_that_no_part_can_hold_is_passed_over_where_nothing_would_be_read() -> None:
    page = warc("conversion", b"A text.", 1)
    video = warc("metadata", b"\0WARC" * 4_000_000, 2)  # more than json_slices.MAX_ELEMENT
    data = page + video + page
    sizes = Sizes(whole=2_000_000, part=3_000_000, most=20_000_000)
    assert_the_same("warc", data, sizes)


def exported(messages: list[dict[str, object]], indent: int) -> str:
    shown = json.dumps(messages, ensure_ascii=False, indent=1).replace("\n", "\n" + " " * indent)
    return shown.replace(f"{{}}\n{' ' * indent}]", f"\n{' ' * indent}]")


def messages(start: int, count: int) -> list[dict[str, object]]:
    return [
        {
            "id": n,
            "type": "message",
            "date": "2024-01-02T03:04:05",
            "date_unixtime": str(1704164645 + n),
            "from": "A",
            "from_id": "channel7",
            "text": [text(n), {"type": "bold", "text": '"messages": ['}],
            "text_entities": [{"type": "plain", "text": text(n)}],
        }
        for n in range(start, start + count)
    ]


def chat(number: int, count: int, indent: int) -> str:
    pad = "\n" + " " * (indent + 1)
    head = (
        f'{{{pad}"name": "Chat {number}",{pad}"type": "public_channel",{pad}"id": {number},{pad}"messages": '
    )
    return f"{head}{exported(messages(number, count), indent + 1)}\n{' ' * indent}}}"


def test_a_chat_that_telegram_exported() -> None:
    data = chat(77, 60, 0).encode()
    found = assert_the_same("telegram-desktop-json", data)
    assert found[-1].part.context.endswith(b'"id": 77,\n "messages": [\n')
    assert_the_same("telegram-desktop-json", data[:-300])
    assert_the_same(
        "telegram-desktop-json", data.replace(b"ship", rb"\x0Bship").replace(b'"id": 90', b'"id": \xff')
    )


def test_an_account_that_telegram_exported() -> None:
    chats = ",\n   ".join(
        chat(number, count, 3) for number, count in ((5, 30), (6, 0), (7, 1), (8, 40), (9, 3))
    )
    chats = chats.replace("[]", "[\n    ]")
    data = (
        f'{{\n "about": "x",\n "chats": {{\n  "about": "y",\n  "list": [\n   {chats}\n  ]\n }}\n}}'.encode()
    )
    found = assert_the_same("telegram-desktop-json", data)
    contexts = [one.part.context for one in found]
    assert [b'"Chat 5"' in one for one in contexts][1]
    assert b'"Chat 8"' in contexts[-2]


def test_lines_of_messages() -> None:
    message = {
        "_": "Message",
        "peer_id": {"_": "PeerChannel", "channel_id": 7},
        "date": "2024-01-02T03:04:05+00:00",
    }
    lines = [json.dumps({**message, "id": n, "message": text(n)}) for n in range(100)]
    assert_the_same("telegram-api-json", "\n".join(lines).encode())


@pytest.mark.parametrize("indent", [None, 0, 2])
def test_arrays_are_cut_between_their_elements(indent: int | None) -> None:
    late = [
        row | {"body": "b", "title": f"t{n}", "nested": [{"a": ["}, {", 1]}]} for n, row in enumerate(rows())
    ]
    data = json.dumps([*rows(), *late], indent=indent).encode()
    assert_the_same("json", data)
    assert_the_same("json", data[:-300])
    around = {"guild": {"name": "G"}, "channel": {"name": "harbour"}, "messages": late, "more": [{"a": 1}]}
    for row in late:
        del row["channel"]
    data = json.dumps(around, indent=indent).encode()
    found = assert_the_same("json", data)
    assert b'"harbour"' in found[-1].part.context
    assert_the_same("json", json.dumps(around, indent=indent).encode("utf-16"))
    sent = {
        "_": "Message",
        "peer_id": {"_": "PeerChannel", "channel_id": 7},
        "date": "2024-01-02T03:04:05+00:00",
    }
    data = json.dumps([{**sent, "id": n, "message": text(n)} for n in range(100)], indent=indent).encode()
    assert_the_same("telegram-api-json", data)
    assert_the_same("telegram-api-json", data[:-30])
    update = {"chat": {"id": -1001, "type": "channel", "title": "T"}, "date": 1704164645}
    updates = [
        {"update_id": n, "channel_post": {**update, "message_id": n, "text": text(n)}} for n in range(100)
    ]
    assert_the_same("telegram-api-json", json.dumps({"ok": True, "result": updates}, indent=indent).encode())


@pytest.mark.parametrize("indent", [None, 0, 2])
def test_objects_one_behind_the_other_are_cut_between_them(indent: int | None) -> None:
    nested = {"extra": [{"a": ["}{", 1]}, {"b": 2}]}
    shown = [json.dumps(row | nested, indent=indent) for row in rows()]
    for between in ("", "\n", " \r\n\x1e"):
        data = between.join(shown).encode()
        found = assert_the_same("json-stream", data)
        assert b'"extra"' in found[-1].part.context
        assert_the_same("json-stream", data[:-30])
    broken = [*shown[:40], shown[40][:-9], *shown[41:70], '{"a": [', *shown[70:]]
    assert_the_same("json-stream", "\n".join(broken).encode())
    assert_the_same("json-stream", "\n".join(shown).encode("utf-16"))
    long = json.dumps({"id": 2, "text": ["}, {", "x" * 70_000]}, indent=indent)
    data = "\n".join([*shown[:50], long, *shown[50:]]).encode()
    found = parts("json-stream", data, Sizes(whole=9_999, part=3_000, most=20_000))
    assert {one.lost[0] for one in found if one.lost} == {"huge-record"}
    assert sum(len(one.items) for one in cleaned("json-stream", data, found)) == len(shown)
    sent = {"_": "Message", "peer_id": {"_": "PeerChannel", "channel_id": 7}, "date": "2024-01-02T03:04:05Z"}
    messages = [json.dumps({**sent, "id": n, "message": text(n)}, indent=indent) for n in range(100)]
    assert_the_same("telegram-api-json", "".join(messages).encode())


@pytest.mark.parametrize("indent", [None, 2])
def test_an_export_that_another_program_wrote_again(indent: int | None) -> None:
    chats = [
        {"name": f"Chat {n}", "type": "public_channel", "id": n, "messages": messages(n, count)}
        for n, count in ((5, 30), (6, 0), (7, 1), (8, 40), (9, 3))
    ]
    data = json.dumps({"about": "x", "chats": {"about": "y", "list": chats}}, indent=indent).encode()
    found = assert_the_same("telegram-desktop-json", data)
    assert b'"Chat 8"' in found[-2].part.context
    data = json.dumps(chats[3], indent=indent, ensure_ascii=False).encode()
    assert_the_same("telegram-desktop-json", data)
    assert_the_same("telegram-desktop-json", data[:-300])
    assert cutter_of("telegram-desktop-json", json.dumps(chats[3], sort_keys=True).encode()) is None


def test_behind_an_element_that_no_part_can_hold_an_array_is_read_where_elements_have_lines() -> None:
    row = {"id": 1, "text": "A short text."}
    long = {"id": 2, "text": ["}, {", "é" * 70_000]}
    data = json.dumps([row] * 90 + [long] + [row] * 90, indent=1, ensure_ascii=False).encode()
    found = parts("json", data, Sizes(whole=9_999, part=3_000, most=20_000))
    assert {one.lost[0] for one in found if one.lost} == {"huge-record"}
    assert sum(len(one.items) for one in cleaned("json", data, found)) == 180


def test_what_cannot_be_cut_is_not() -> None:
    assert cutter_of("json", b'{"text": "a row alone"}') is None
    cut_blindly = {known.name for known in FORMATS if known.cutter(b"", CleanOptions())}
    assert cut_blindly == {"jsonl", "json-stream", "mbox", "warc", "whatsapp", "telegram-api-json"}


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("name", ["jsonl", "csv", "text"])
def test_wide_files_are_cut_between_characters(name: str, mark: str, codec: str) -> None:
    if name == "csv":
        shown = "id;text\n" + "".join(f'{n};"Ђ {n}; 🚢 sails\nat noon."\n' for n in range(200))
    else:
        shown = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows())
    if name == "text":
        shown = "\n\n\n".join(f"Forwarded from Ђ {n}\n{text(n)}\n{text(n)}\n🚢" for n in range(60))
    data = (mark + shown).encode(codec)
    if name != "text":
        found = assert_the_same(name, data)
    else:  # neighbours date posts, and their parts know fewer of them
        found = parts(name, data)
        documents = list(cleaned(name, data, found))
        assert "".join(item.text for one in documents for item in one.items) == "".join(
            item.text for item in clean(Blob(data=data, source="test", uri="whole")).items
        )
    assert all(one.start % 4 == 0 or (codec.startswith("utf-16") and one.start % 2 == 0) for one in found)


def test_a_wide_line_that_no_part_can_hold_is_kept_and_not_read() -> None:
    short, other = "A short line.\n" * 200, "More of it.\n" * 200
    data = ("\ufeff" + short + "é" * 40_000 + "\n" + other).encode("utf-16-le")
    found = parts("text", data, Sizes(whole=9_999, part=3_000, most=20_000))
    lost = [one for one in found if one.lost]
    assert data[lost[0].start : lost[-1].end].decode("utf-16-le") == "é" * 40_000 + "\n"
    said = "".join(item.text for one in cleaned("text", data, found) for item in one.items)
    assert "A short line." in said
    assert "More of it." in said


def dump(posts: int) -> bytes:
    """A channel as an extractor flattens it: of each post the head once, and what follows twice."""
    pick = random.Random(3)  # noqa: S311 - the same words each time
    words = ["".join(pick.choices("aeioulnrst", k=pick.randint(3, 9))) for _ in range(2000)]

    def sentence() -> str:
        return " ".join(pick.choices(words, k=14)).capitalize() + "."

    lines: list[str] = []
    for n in range(posts):
        tail = [sentence() for _ in range(pick.randint(1, 4))]
        lines += [
            *(["Forwarded from Town"] if n % 3 else []),
            f"🇷🇺 On May {n % 28 + 1}, {sentence()}",
            *tail,
            *tail,
        ]
    return "\n".join(lines).encode()


def test_plain_text_is_cut_where_a_post_begins() -> None:
    data = dump(300)
    sizes = Sizes(whole=20_000, part=20_000, most=100_000)
    whole = clean(Blob(data=data, source="test", uri="whole"))
    found = parts("text", data, sizes)
    documents = list(cleaned("text", data, found))
    assert len(found) > 2
    assert [item.text for one in documents for item in one.items] == [item.text for item in whole.items]


def test_an_article_is_cut_at_a_blank_line_or_else_behind_a_line() -> None:
    line = "the long tale goes on and on without any end, as long tales do, and nobody knows why it does so "
    sizes = Sizes(whole=20_000, part=20_000, most=100_000)
    for between, ending in (("\n\n", b"\n\n"), ("\n", b"\n")):
        data = between.join(line * 9 for _ in range(100)).encode()
        for one in parts("text", data, sizes)[:-1]:
            assert data[: one.end].endswith(ending)


@pytest.mark.parametrize(("name", "reason"), [("text", "huge-line"), ("jsonl", "huge-record")])
def test_a_line_that_no_part_can_hold_is_kept_and_not_read(name: str, reason: str) -> None:
    short = b'{"text": "a short line"}\n'
    data = short * 40 + b'{"text": "' + "é".encode() * 70_000 + b'"}\n' + short * 40
    sizes = Sizes(whole=9_999, part=3_000, most=20_000)
    found = parts(name, data, sizes)
    lost = [one for one in found if one.lost]
    assert {one.lost[0] for one in lost if one.lost} == {reason}
    assert (lost[0].start, lost[-1].end) == (40 * len(short), len(data) - 40 * len(short))
    assert all(data[one.start : one.end].decode() for one in lost)  # cut between characters
    assert max(one.end - one.start for one in lost) <= sizes.whole


def test_lines_of_a_few_bytes_make_smaller_parts() -> None:
    """What a part takes goes by its lines as well: two megabytes of line breaks took half a gigabyte."""
    data = b"ok\n" * (2 * MOST_LINES + 5)
    found = parts("text", data, Sizes(whole=1_000, part=400_000, most=1_000_000))
    assert [one.end for one in found] == [3 * MOST_LINES, len(data)]


def test_a_last_part_has_no_more_lines_than_others() -> None:
    data = b"ok\n" * (3 * MOST_LINES)
    found = parts("text", data, Sizes(whole=1_000, part=2_000_000, most=4_000_000))
    assert [one.end for one in found] == [3 * MOST_LINES, 6 * MOST_LINES, len(data)]


def test_bytes_that_are_added_change_the_last_parts_only() -> None:
    data = "".join(json.dumps(row) + "\n" for row in rows()).encode()
    before = {data[one.start : one.end] for one in parts("jsonl", data)}
    grown = data + b'{"text": "new"}\n' * 300
    after = {grown[one.start : one.end] for one in parts("jsonl", grown)}
    assert len(before - after) == 1


def test_a_change_that_moves_nothing_changes_one_part() -> None:
    data = "".join(json.dumps(row) + "\n" for row in rows()).encode()
    other = data.replace(b"with 700 tons", b"with 999 tons")
    assert len({data[one.start : one.end] for one in parts("jsonl", data)}
               - {other[one.start : one.end] for one in parts("jsonl", other)}) == 1  # fmt: skip


_PIECES = st.sampled_from(
    [
        *(b"\n", b"\r\n", b"\n\n", b'"', b",", b"{", b"}", b" ", b"word ", b"\xff", b"\0", "é".encode()),
        *(b"From a@b\nTo: c\n", b"WARC/1.0\r\n", b"Content-Length: 9\r\n\r\n", b'{"text": "a"}'),
        *(b"<item>", b"</item>", b"<![CDATA[", b"]]>", b"<title>z</title>", b"</rss>"),
        *(b"\n31/12/2024, 09:01 - A: ", b"\n[1.2.24, 09:01:02] B: "),
        *(b",\n  {\n", b'"messages": [\n', b"On 3 May 2024 ", b"[", b"]"),
    ]
)
_HEADS = {
    "csv": b"id,date,text\n1,2024-01-01,a\n",
    "json": b'[{"text": "a"}, ',
    "json-stream": b'{"text": "a"}{"text": "b"}',
    "feed": b"<rss><channel><title>x</title><item><title>y</title></item>",
    "telegram-desktop-json": b'{\n "type": "x",\n "id": 1,\n "messages": [\n  {\n   "id": 1\n  }',
}


@pytest.mark.parametrize("name", [*CUT, "text"])
@settings(max_examples=30)
@given(
    st.lists(_PIECES, max_size=150), st.integers(50, 400), st.sampled_from(["", "", "utf-16-le", "utf-32-be"])
)
def test_any_bytes_are_tiled_and_cleaned(name: str, pieces: list[bytes], part: int, wide: str) -> None:
    data = _HEADS.get(name, b"") + b"".join(pieces)
    if wide:
        data = ("\ufeff" + data.decode("latin-1")).encode(wide) + data[:3]
    sizes = Sizes(whole=part, part=part, most=3 * part + LOOK)
    cutter = cutter_of(name, data)
    if cutter is None:
        return
    found = list(cut(lambda start, size: data[start : start + size], len(data), cutter, sizes))
    assert_tiled(found, data, sizes)
    for one, document in zip([one for one in found if not one.lost], cleaned(name, data, found), strict=True):
        assert sum(row.byte_end - row.byte_start for row in document.paragraphs) == one.end - one.start
