"""Fetching from a real server on loopback: good answers, bad ones, and addresses that must not be dialled."""

import io
import socket
import threading
import time
import zlib
from collections.abc import Iterator

import pytest
from web_server import FEED, Web, web_server

from flows.dialling import Resolve, is_public
from flows.fetch import Answer, Bounds, FetchError, Validators, fetch
from flows.unpacking import BodyBounds, BodyError, decoded

FRESH = Validators()
SMALL = Bounds(seconds=1.0, read=0.5, body=BodyBounds(wire=1 << 20, body=50 << 20))


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with web_server() as running:
        yield running


def get(address: str, known: Validators = FRESH, bounds: Bounds = SMALL) -> tuple[Answer, bytes]:
    into = io.BytesIO()
    answer = fetch(address, into, known, private=True, bounds=bounds)
    return answer, into.getvalue()


@pytest.mark.parametrize("path", ["feed", "gzip", "members", "deflate", "raw-deflate", "hop", "moving"])
def test_a_good_answer_comes_whole(web: Web, path: str) -> None:
    answer, body = get(f"{web.address}/{path}")
    assert (answer.status, body, answer.bytes) == (200, FEED, len(FEED))


def test_validators_go_back_byte_for_byte_and_304_brings_nothing(web: Web) -> None:
    first, _ = get(f"{web.address}/feed")
    assert first.validators == Validators(etag='W/"v1"', last_modified="Mon, 01 Jan 2024 00:00:00 GMT")
    again, body = get(f"{web.address}/feed", first.validators)
    assert (again.status, body) == (304, b"")
    _, headers = web.seen[-1]
    assert headers["if-none-match"] == 'W/"v1"'
    assert headers["if-modified-since"] == "Mon, 01 Jan 2024 00:00:00 GMT"


@pytest.mark.parametrize(
    ("path", "status", "wait"),
    [("busy", 429, 120.0), ("broken", 500, None), ("gone", 410, None), ("no", 404, None)],
)
def test_other_answers_are_told(web: Web, path: str, status: int, wait: float | None) -> None:
    answer, body = get(f"{web.address}/{path}")
    assert (answer.status, answer.retry_after, body) == (status, wait, b"")


def test_a_date_to_retry_after_counts_from_the_server_s_own_clock(web: Web) -> None:
    answer, _ = get(f"{web.address}/down")
    assert answer.retry_after == 0.0  # long past, by its Date


def test_max_age_is_told(web: Web) -> None:
    assert get(f"{web.address}/aged")[0].max_age == 600.0


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("cut", "cut"),
        ("cut-gzip", "has no end"),
        ("not-gzip", "not what it is said"),
        ("brotli", "not asked for"),
        ("bomb", "bomb"),
        ("endless", "larger than"),
        ("drip", "within 1 s"),
        ("drip-head", "within 1 s"),
        ("mute", "cannot be reached"),
        ("loop", "more than 5 redirects"),
        ("nowhere", "without a target"),
        ("to?javascript:alert(1)", "no address of the web"),
        ("to?file:///etc/passwd", "no address of the web"),
        ("to?gopher://127.0.0.1/", "no address of the web"),
    ],
)
def test_a_bad_answer_is_an_error_in_bounded_time(web: Web, path: str, why: str) -> None:
    started = time.monotonic()
    with pytest.raises(FetchError, match=why):
        get(f"{web.address}/{path}")
    assert time.monotonic() - started < 10  # nowhere near what the server would take: for ever


def test_bytes_behind_a_deflated_body_are_an_error(web: Web) -> None:
    with pytest.raises(BodyError, match="follow the end"):
        list(decoded([zlib.compress(b"a") + b"more"], "deflate"))


def test_a_refused_connection_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(FetchError, match="cannot be reached"):
            get(f"http://127.0.0.1:{taken.getsockname()[1]}/")


def test_neither_validators_nor_login_go_to_another_host(web: Web) -> None:
    with web_server() as other:
        address = web.address.replace("http://", "http://user:secret@")
        get(f"{address}/to?{other.address}/feed", Validators(etag='"x"'))
        assert web.seen[-1][1]["authorization"].startswith("Basic ")
        assert not {"authorization", "if-none-match"} & other.seen[-1][1].keys()
        get(f"{address}/to?/feed", Validators(etag='"x"'))
        assert {"authorization", "if-none-match"} <= web.seen[-1][1].keys()


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost/",
        "http://127.1/",
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://0.0.0.0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://10.0.0.1/",
        "http://93.184.216.34:22/",
    ],
)
def test_addresses_that_are_not_public_are_not_dialled(address: str) -> None:
    with pytest.raises(FetchError, match="must not be fetched") as raised:
        fetch(address, io.BytesIO(), bounds=SMALL)
    assert raised.value.lasting


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "gopher://x/", "ftp://x/", "http://", "x", "http://a b/"]
)
def test_what_is_no_address_of_the_web_is_refused(address: str) -> None:
    with pytest.raises(FetchError, match="no address of the web"):
        fetch(address, io.BytesIO(), bounds=SMALL)


def answers(*lists: list[str]) -> Resolve:
    given = iter(lists)
    return lambda _host, _port: next(given)


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    mixed = answers(["93.184.216.34", "127.0.0.1"])
    with pytest.raises(FetchError, match=r"127\.0\.0\.1"):
        fetch("http://example.com/", io.BytesIO(), bounds=SMALL, resolve=mixed)


def test_the_address_that_was_checked_is_the_one_dialled() -> None:
    """A name server that answers public first and private then is asked once."""
    asked = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["192.0.2.1"] if len(asked) > 1 else ["255.255.255.255"]

    with pytest.raises(FetchError):
        fetch("http://example.com/", io.BytesIO(), bounds=SMALL, resolve=rebinding)
    assert asked == [("example.com", 80)]


def test_a_name_server_that_does_not_answer_ends_in_time() -> None:
    hold = threading.Event()

    def silent(_host: str, _port: int) -> list[str]:
        hold.wait(20)
        return []

    with pytest.raises(FetchError, match="within 1 s"):
        fetch("http://example.com/", io.BytesIO(), bounds=SMALL, resolve=silent)
    hold.set()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("64:ff9b::5db8:d822", True),
        ("224.0.0.1", False),
        ("192.168.1.1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),  # Teredo around 192.0.2.45
    ],
)
def test_is_public(address: str, public: bool) -> None:
    assert is_public(address) is public
