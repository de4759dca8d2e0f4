"""WhatsApp's chats: how times are written, whose words they are, and what is no chat."""

import pytest
from format_properties import assert_nothing_lost, cleaned, records
from hypothesis import given, settings
from hypothesis import strategies as st

NAME = "whatsapp"


def chat(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def times(*lines: str) -> list[str | None]:
    return [one.posted_at for one in records(NAME, chat(*lines))]


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ("13/05/2024, 21:14 - A: x", "2024-05-13T21:14:00"),
        ("5/13/24, 9:14\u202fPM - A: x", "2024-05-13T21:14:00"),
        ("13/05/24, 12:14 am - A: x", "2024-05-13T00:14:00"),
        ("13.05.24, 21:14 - A: x", "2024-05-13T21:14:00"),
        ("2024-05-13, 9:14 p.m. - A: x", "2024-05-13T21:14:00"),
        ("13/5/2024 21:14 - A: x", "2024-05-13T21:14:00"),
        ("[13.05.24, 21:14:05] A: x", "2024-05-13T21:14:05"),
        ("\u200e[5/13/24, 9:14:05\u202fPM] A: x", "2024-05-13T21:14:05"),
        ("[13/05/2024, 12:14:05 PM] A: x", "2024-05-13T12:14:05"),
        ("45/05/2024, 21:14 - A: x", None),
        ("13/05/2024, 29:14 - A: x", None),
    ],
)
def test_times_as_phones_write_them(line: str, time: str | None) -> None:
    assert times(line) == [time]


def test_the_order_of_day_and_month_is_that_in_which_the_chat_goes_on() -> None:
    assert times("1/2/24, 21:14 - A: x", "1/3/24, 21:14 - A: x", "2/1/24, 21:14 - A: x") == [
        "2024-01-02T21:14:00",
        "2024-01-03T21:14:00",
        "2024-02-01T21:14:00",
    ]
    assert (
        times("1/2/24, 21:14 - A: x", "2/2/24, 21:14 - A: x", "1/3/24, 21:14 - A: x")[2]
        == "2024-03-01T21:14:00"
    )
    assert times("1/2/24, 21:14 - A: x", "2/3/24, 21:14 - A: x") == [None, None]


def test_the_zone_is_not_known() -> None:
    [first, _] = cleaned(None, chat("13/05/2024, 21:14 - A: x", "13/05/2024, 21:15 - B: y")).items
    assert (first.published.earliest, first.published.latest) == ("2024-05-12", "2024-05-14")


@pytest.mark.parametrize(
    "data",
    [
        "2024-05-12 21:14:05 - INFO: started\n2024-05-12 21:14:06 - INFO: stopped\n",
        "[2024-05-12 21:14:05] app: started\n[2024-05-12 21:14:06] app: stopped\n",
        "Harbour Watch, [01.03.2024 10:15:30]\nTwo freighters left port.\n",
        "12/05/2024, 21:14 - Anna: the only one\n",
        "Words before.\n12/05/2024, 21:14 - Anna: one\n12/05/2024, 21:15 - Anna: two\n",
    ],
)
def test_what_is_no_chat_is_plain_text(data: str) -> None:
    assert cleaned(None, data.encode()).input_format != NAME


_PIECES = st.sampled_from(
    [
        "\n",
        "\r\n",
        "1/2/24, 9:14 PM - ",
        "[13.05.24, 21:14:05] ",
        "A: ",
        "\u200e",
        "<Media omitted>",
        "x",
        "99/",
        "\x00",
    ]
)


@settings(max_examples=60)
@given(pieces=st.lists(_PIECES, max_size=30), junk=st.binary(max_size=6))
def test_any_bytes_lose_nothing(pieces: list[str], junk: bytes) -> None:
    assert_nothing_lost(NAME, "".join(pieces).encode() + junk)
