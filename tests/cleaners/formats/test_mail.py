"""Mailboxes and messages: parts, charsets, quoting, and what hostile headers try."""

import base64
import contextlib
import json
import mailbox
from pathlib import Path

import pytest
from format_properties import assert_tiled, cleaned, parsed, reasons, records

from cleaners.formats import detect
from cleaners.formats.entry import Glimpse
from cleaners.formats.mime import unflowed
from schemas.drift import Drift

SAMPLES = Path(__file__).parent / "samples"
HEAD = (
    b"From: a@example.org\nMessage-ID: <1@example.org>\nDate: Fri, 19 Jul 2024 08:57:11 +0000\nSubject: S\n"
)


def mail(body: bytes, *headers: str) -> bytes:
    return HEAD + "".join(f"{header}\n" for header in headers).encode() + b"\n" + body


def test_the_standard_library_finds_as_many_messages() -> None:
    with contextlib.closing(mailbox.mbox(SAMPLES / "letters.mbox", create=False)) as box:
        assert len(records("mbox", (SAMPLES / "letters.mbox").read_bytes())) == len(box)


def test_a_from_line_in_prose_is_no_message() -> None:
    data = b"From a b\n" + mail(b"One.\n\nFrom here on\nall is prose.\n") + b"\nFrom c d\n" + mail(b"Two.\n")
    assert [record.text.split("\n")[0].strip() for record in records("mbox", data)] == ["One.", "Two."]


def test_byte_order_marks_before_messages() -> None:
    one = b"\xef\xbb\xbfFrom a@b Fri Jul 19 08:57:11 2024\nSubject: %s\nMessage-ID: <%s@b>\n\nbody\n\n"
    data = one % (b"first", b"1") + one % (b"second", b"2")
    assert [record.title for record in records("mbox", data)] == ["first", "second"]
    assert_tiled(cleaned("mbox", data))


def test_what_stands_before_the_first_message_is_told() -> None:
    data = b"A line.\nFrom a@b Fri Jul 19 08:57:11 2024\nSubject: s\n\nbody\n"
    assert reasons("mbox", data) == ["no-headers"]
    assert [record.text for record in records("mbox", data)] == ["body"]


def test_identity_is_the_list_and_the_message() -> None:
    [record] = records("eml", mail(b"x", "List-Id: News <news.example>"))
    assert record.identity == "mail:news.example:1@example.org"
    assert (record.channel, record.kind) == ("News", "article")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("=?utf-8?B?0J/RgNC40LLQtdGC?=", "Привет"),
        ("=?koi8-r?Q?=F0=D2=C9=D7=C5=D4?=", "Привет"),
        ("=?iso-8859-1?q?a_b?= =?iso-8859-1?q?c?= d", "a bc d"),
        ("=?no-such?B?YWJj?=", "abc"),
        ("=?utf-8?B?!!!?=", ""),
        ("=?utf-8?Q?a=ZZb?=", "a=ZZb"),
        ("plain = ? text", "plain = ? text"),
    ],
)
def test_encoded_words(header: str, expected: str) -> None:
    data = mail(b"text").replace(b"Subject: S", b"Subject: " + header.encode())
    [record] = records("eml", data)
    assert (record.title or "") == expected


def test_raw_bytes_in_headers_are_read() -> None:
    data = mail(b"text").replace(b"Subject: S", "Subject: Привет, друзья мои".encode("cp1251"))
    assert records("eml", data)[0].title == "Привет, друзья мои"


@pytest.mark.parametrize("charset", ["koi8-r", "utf-8", "no-such-charset", None])
def test_charsets_are_read_and_never_guessed_away(charset: str | None) -> None:
    text = "Поезд идёт в семь утра, и билеты у меня."
    raw = text.encode(charset if charset in {"koi8-r", "utf-8"} else "cp1251")
    kind = "Content-Type: text/plain" + (f"; charset={charset}" if charset else "")
    assert records("eml", mail(raw, kind))[0].text == text


def test_html_goes_before_plain_text_and_attachments_are_named() -> None:
    body = (
        b"--b\nContent-Type: text/plain\n\nstub\n--b\nContent-Type: text/html\n\n<p>Long <a href='https://x/'>text</a></p>\n"
        b'--b\nContent-Type: text/html; name="a.html"\n'
        b'Content-Disposition: attachment; filename="a.html"\n\n<p>no</p>\n--b--\n'
    )
    [record] = records("eml", mail(body, "MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b"'))
    assert (record.text, record.urls) == ("Long text", ("https://x/",))
    assert json.loads(record.extras or "")["attachments"] == [{"name": "a.html", "type": "text/html"}]


def test_a_cut_message_is_never_silently_short() -> None:
    body = b"--b\nContent-Type: text/plain\n\nhalf of i"
    data = mail(body, 'Content-Type: multipart/mixed; boundary="b"')
    assert reasons("eml", data) == ["truncated"]
    assert records("eml", data)[0].text == "half of i"


class TestHostile:
    @pytest.mark.parametrize(
        "header",
        [b"To: " + b'"' * 20_000, b"To: " + b"(" * 20_000, b"Subject: " + b"=?" * 50_000,
         b"From: " + b"<" * 100_000,
         b"Content-Type: " + b"; a=" * 50_000, b"Date: " + b"(" * 100_000,
         b"Subject: " + b"=?utf-8?Q?a?= " * 15_000,
         b"List-Id: " + b'"' * 100_000, b"X: y\n" * 30_000 + b"Z: z"],
    )  # fmt: skip
    def test_headers_take_linear_time(self, header: bytes) -> None:
        data = HEAD + header + b"\n\nThe text.\n"
        assert_tiled(cleaned("eml", data))
        assert [record.text.strip() for record in records("eml", data)] == ["The text."]

    def test_parts_in_parts(self) -> None:
        body = b"".join(
            b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(3_000)
        )
        data = HEAD + body + b"Content-Type: text/plain\n\ndeep\n"
        assert "too-deep" in [one.what for one in parsed("eml", data) if isinstance(one, Drift)]
        assert_tiled(cleaned("eml", data))

    def test_many_parts(self) -> None:
        data = mail(b"--b\n\nx\n" * 50_000 + b"--b--\n", "Content-Type: multipart/mixed; boundary=b")
        assert_tiled(cleaned("eml", data))

    def test_broken_base64_keeps_what_it_can(self) -> None:
        raw = base64.b64encode("Всё на месте, кроме конца".encode()).decode()
        [record] = records(
            "eml", mail((raw[:40] + "\n*" + raw[40:45]).encode(), "Content-Transfer-Encoding: base64")
        )
        assert record.text.startswith("Всё на месте")

    def test_huge_headers_are_refused(self) -> None:
        assert reasons("eml", HEAD + b"X: y\n" * 60_000 + b"\nThe text.\n") == ["huge-headers"]

    def test_a_huge_message_is_refused(self) -> None:
        data = b"From a b\n" + mail(b"x" * (17 << 20) + b"\n") + b"\nFrom c d\n" + mail(b"Two.\n")
        assert reasons("mbox", data) == ["huge-record"]
        assert len(records("mbox", data)) == 1

    @pytest.mark.parametrize("piece", [b"From ", b"\nFrom a\n", b">From ", b"\nFrom a\nB:", b"=\n", b"\n--b"])
    def test_repeated_pieces_take_linear_time(self, piece: bytes) -> None:
        data = b"From a b\n" + mail(
            piece * (20_000 // len(piece)), "Content-Type: multipart/mixed; boundary=b"
        )
        assert_tiled(cleaned("mbox", data))


_PLAIN_HEAD = (
    b"From: Ann <ann@x.example>\nTo: bob@y.example\nSubject: The harbour\n"
    b"Date: Mon, 14 Jul 2025 10:00:00 +0200\n"
)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_mail_of_four_headers_is_one(end: bytes) -> None:
    data = (_PLAIN_HEAD + b"\nHello Bob,\nall is well.\n").replace(b"\n", end)
    known = detect(Glimpse.of(data))
    assert known is not None
    assert known.name == "eml"
    [record] = records("eml", data)
    assert (record.title, record.author, record.posted_at) == (
        "The harbour",
        "Ann",
        "2025-07-14T10:00:00+02:00",
    )


@pytest.mark.parametrize(
    "data",
    [
        _PLAIN_HEAD,  # nothing behind it
        _PLAIN_HEAD + b"Hello Bob,\nall is well.\n",
        b"She wrote:\n\n" + _PLAIN_HEAD + b"\nHello Bob.\n",
        _PLAIN_HEAD.replace(b" +0200", b"") + b"\nHello Bob.\n",
        _PLAIN_HEAD.replace(b"<ann@x.example>", b"(Harbour)") + b"\nHello Bob.\n",
        _PLAIN_HEAD.replace(b"To: bob@y.example\n", b"") + b"\nHello Bob.\n",
        b"From: The board\nTo: All\nSubject: Lunch\nDate: 14 July 2025\n\nLunch is at noon.\n",
        _PLAIN_HEAD.replace(b"Date:", b"Sent:") + b"\nHello Bob.\n",
    ],
)
def test_a_pasted_head_of_a_mail_is_plain_text(data: bytes) -> None:
    assert detect(Glimpse.of(data)) is None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("filename*=UTF-8''%D0%BE%D1%82%D1%87%D1%91%D1%82.pdf", "отчёт.pdf"),
        ("filename*0*=UTF-8''%D0%BE%D1%82; filename*1*=%D1%87; filename*2=.pdf", "отч.pdf"),
        ("filename=\"a.pdf\"; filename*=UTF-8''%D0%B0.pdf", "а.pdf"),
        ('filename="=?utf-8?B?0LAucGRm?="', "а.pdf"),
        ("filename*=nobody''%41.pdf", "A.pdf"),
        ('filename="100%.pdf"', "100%.pdf"),
    ],
)
def test_names_of_attachments_are_read(written: str, name: str) -> None:
    data = (
        b"From: a@b.example\nTo: c@d.example\nSubject: s\nMessage-ID: <1@b>\n"
        b"Date: Tue, 5 Mar 2024 10:00:00 +0000\n"
        b'Content-Type: multipart/mixed; boundary="o"\n\n--o\nContent-Type: text/plain\n\nwords\n'
        b"--o\nContent-Type: application/pdf\nContent-Disposition: attachment; "
        + written.encode()
        + b"\n\nx\n--o--\n"
    )
    said = json.loads(records("eml", data)[0].extras or "")
    assert said["attachments"] == [{"name": name, "type": "application/pdf"}]


FLOWED = {
    "soft breaks": ("One story \ngoes on \nhere.\nAnother.", "One story goes on here.\nAnother."),
    "a blank that is taken out": ("Wörter\u00ad \nende", "Wörter\u00ad ende"),
    "stuffed lines": (" From here.\n >no quotation", "From here.\n>no quotation"),
    "quotations": (
        "> They said \n> so, and \n>> before, too.\nWe did \nnot.",
        "> They said so, and \n>> before, too.\nWe did not.",
    ),
    "a signature": ("Yours \n-- \nAnn \nBell", "Yours \n-- \nAnn Bell"),
    "an empty line": ("One \n\nTwo", "One \n\nTwo"),
}


@pytest.mark.parametrize("case", FLOWED)
def test_lines_that_were_broken_for_sending_are_joined(case: str) -> None:
    written, text = FLOWED[case]
    assert unflowed(written, delete=False) == text


def test_only_text_that_says_so_is_joined() -> None:
    head = b"From: Ann <ann@ash.example>\nMessage-ID: <1@ash.example>\nMIME-Version: 1.0\n"
    head += b"Content-Type: text/plain"
    for more, text in (
        (b"", "One story \ngoes on."),
        (b"; format=flowed", "One story goes on."),
        (b'; charset=utf-8; Format="Flowed"; DelSp=Yes', "One storygoes on."),
    ):
        (record,) = records("eml", head + more + b"\n\nOne story \r\ngoes on.")
        assert record.text == text


def test_the_address_of_a_sender_is_kept() -> None:
    for sender, author, address in (
        ("Ann Bell <ann@ash.example>", "Ann Bell", "ann@ash.example"),
        ("ann@ash.example", "ann@ash.example", None),
    ):
        data = f"From: {sender}\nMessage-ID: <1@ash.example>\nMIME-Version: 1.0\n\nThey met.".encode()
        (record,) = records("eml", data)
        assert record.author == author
        assert json.loads(record.extras or "{}").get("address") == address
