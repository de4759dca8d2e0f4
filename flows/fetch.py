"""Fetch one address: politely, within bounds, and never from this machine's own network.

The request is conditional where validators of the last answer are known. Redirects are followed by hand, for
each of them is a new address to check.
"""

import base64
import datetime as dt
import email.utils
import ssl
from dataclasses import dataclass, field, replace
from typing import BinaryIO
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

import httpcore2

from flows.dialling import BlockedError, Deadline, Dialler, OverdueError, Resolve, resolve
from flows.unpacking import ENCODINGS, BodyBounds, BodyError, decoded

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AGENT = "feedmill (feed reader)"
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, text/html;q=0.9, */*;q=0.8"
_LONGEST_ADDRESS = 4096
_PLAIN = "%/:=&?~#+!$,;'@()*[]"  # what stays as it is in an address: all that means something there


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The most that one fetch may take. Seconds are of the wall clock."""

    body: BodyBounds = field(default_factory=BodyBounds)
    hops: int = 5
    seconds: float = 60.0
    connect: float = 5.0
    read: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What the server said of the last answer, byte for byte as it said it."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A server's answer. `bytes` were written if the status is 200. Waits are in seconds."""

    status: int
    address: str  # where it came from in the end
    bytes: int = 0
    media_type: str | None = None
    validators: Validators = Validators()
    retry_after: float | None = None
    max_age: float | None = None
    server_time: str | None = None  # its Date header: how wrong its clock is


class FetchError(Exception):
    """A fetch that brought nothing. `lasting`: trying again would bring nothing either."""

    def __init__(self, reason: str, next_step: str, *, lasting: bool = False) -> None:
        """Say why, and what to do."""
        super().__init__(reason)
        self.reason, self.next_step, self.lasting = reason, next_step, lasting


def fetch(
    address: str,
    into: BinaryIO,
    validators: Validators = Validators(),
    *,
    private: bool = False,
    bounds: Bounds = Bounds(),
    resolve: Resolve = resolve,
) -> Answer:
    """Fetch `address`, write the body of a 200 into `into`, and return the answer. Raises FetchError.

    `private` allows addresses that are not public, on any port.
    """
    deadline = Deadline(bounds.seconds)
    dialler = Dialler(deadline, private=private, resolve=resolve)
    try:
        with httpcore2.ConnectionPool(
            ssl_context=ssl.create_default_context(), network_backend=dialler, max_connections=1, retries=0
        ) as pool:
            return _follow(pool, address, into, validators, bounds)
    except BlockedError as error:
        raise FetchError(
            f"it must not be fetched: {error}",
            "Only public addresses are fetched. For a server of your own set allow_private = true in its "
            "source in feedmill.toml.",
            lasting=True,
        ) from error
    except BodyError as error:
        raise FetchError(str(error), "Fetch it by hand and look at it, then give the file.") from error
    except (OverdueError, httpcore2.TimeoutException, httpcore2.NetworkError) as error:
        late = isinstance(error, OverdueError) or deadline.over
        why = f"did not finish within {bounds.seconds:.0f} s" if late else f"cannot be reached ({error})"
        raise FetchError(
            f"the server {why}", "Check the address; it is tried again at a later poll."
        ) from error
    except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol, ValueError) as error:
        raise FetchError(
            f"the server's answer is broken or cut ({error})", "It is tried again at the next poll."
        ) from error


def _follow(
    pool: httpcore2.ConnectionPool, address: str, into: BinaryIO, validators: Validators, bounds: Bounds
) -> Answer:
    known, login = validators, True
    for _ in range(bounds.hops + 1):
        parts = _checked(address)
        headers = _headers(parts, known, login=login)
        url = _plain(parts)
        timeout = {
            "connect": bounds.connect,
            "read": bounds.read,
            "write": bounds.read,
            "pool": bounds.connect,
        }
        with pool.stream("GET", url, headers=headers, extensions={"timeout": timeout}) as response:
            answered = _answer(response, url)
            if response.status not in _REDIRECTS:
                return _take(response, answered, into, bounds)
            target = _header(response, b"location")
        if not target:
            raise FetchError(f"status {answered.status} without a target", "Check the address.", lasting=True)
        following = urljoin(url, target)
        new = _checked(following)
        if parts.scheme == "https" and new.scheme == "http":
            raise FetchError(
                "it redirects from https to http, where anybody on the way could change it",
                "Check the address, or set the http address if you trust the way.",
                lasting=True,
            )
        if (new.scheme, new.netloc) != (parts.scheme, parts.netloc.rpartition("@")[2]):
            known, login = Validators(), False  # neither is meant for a stranger
        elif login and "@" in parts.netloc:
            following = new._replace(netloc=parts.netloc).geturl()
        address = following
    raise FetchError(f"more than {bounds.hops} redirects", "Check the address.", lasting=True)


def _checked(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 80) > 0
    except ValueError:
        sound = False
    if not sound or len(address) > _LONGEST_ADDRESS or any(mark <= " " for mark in address):
        raise FetchError(
            "this is no address of the web", "Give it as http://… or https://…, or name a file.", lasting=True
        )
    return parts


def _plain(parts: SplitResult) -> str:
    """Return an address without login and fragment, as it goes over the wire: ASCII only."""
    host = (
        (parts.hostname or "").encode("idna").decode()
        if not (parts.hostname or "").isascii()
        else parts.hostname
    )
    port = f":{parts.port}" if parts.port else ""
    netloc = f"[{host}]{port}" if host and ":" in host else f"{host}{port}"
    path, query = quote(parts.path or "/", _PLAIN), quote(parts.query, _PLAIN)
    return urlunsplit((parts.scheme, netloc, path, query, ""))


def _headers(parts: SplitResult, known: Validators, *, login: bool) -> list[tuple[bytes, bytes]]:
    headers = {
        "Host": urlsplit(_plain(parts)).netloc,
        "User-Agent": _AGENT,
        "Accept": _ACCEPT,
        "Accept-Encoding": ENCODINGS,
    }
    if known.etag:
        headers["If-None-Match"] = known.etag
    if known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    if login and parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]


def _answer(response: httpcore2.Response, address: str) -> Answer:
    said = _header(response, b"date")
    return Answer(
        status=response.status,
        address=address,
        media_type=(_header(response, b"content-type") or "").partition(";")[0].strip().lower() or None,
        validators=Validators(
            etag=_header(response, b"etag"), last_modified=_header(response, b"last-modified")
        ),
        retry_after=_seconds(_header(response, b"retry-after"), said),
        max_age=_max_age(_header(response, b"cache-control")),
        server_time=said,
    )


def _take(response: httpcore2.Response, answered: Answer, into: BinaryIO, bounds: Bounds) -> Answer:
    if response.status != 200:
        return answered
    size = 0
    encoding = _header(response, b"content-encoding") or ""
    for part in decoded(response.iter_stream(), encoding, bounds.body):
        into.write(part)
        size += len(part)
    return replace(answered, bytes=size)


def _header(response: httpcore2.Response, name: bytes) -> str | None:
    for key, value in response.headers:
        if key.lower() == name:
            # latin-1 keeps every byte of an ETag as it is; it goes back the same way.
            return value.decode("latin-1").strip()[:_LONGEST_ADDRESS]
    return None


def _seconds(value: str | None, said: str | None) -> float | None:
    """Return a Retry-After in seconds: a number, or a date against the server's own clock."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:9])
    moments = []
    for text in (value, said):
        try:
            moments.append(email.utils.parsedate_to_datetime(text or ""))
        except (ValueError, IndexError, TypeError):
            return None
    aware = [moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC) for moment in moments]
    return max(0.0, (aware[0] - aware[1]).total_seconds())


def _max_age(value: str | None) -> float | None:
    for part in (value or "").split(","):
        name, _, number = part.strip().partition("=")
        if name.lower() == "max-age" and number.strip('"').isdigit():
            return float(number.strip('"')[:9])
    return None
