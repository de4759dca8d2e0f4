"""Connections that lead nowhere but to public addresses, and that end in time.

Addresses of feeds come from people and redirects from strangers: what they name may be this machine or its
network (SSRF). So the check stands where a connection is dialled, on the very addresses that the name
resolves to: neither a redirect nor a second, different answer of the name server can pass it.
"""

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore2

PORTS = frozenset({80, 443})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Resolve = Callable[[str, int], list[str]]


class BlockedError(Exception):
    """An address that must not be dialled."""


class OverdueError(Exception):
    """The time that one fetch may take has run out."""


class Deadline:
    """A moment on the monotonic clock. A server that drips its answer cannot stretch it."""

    def __init__(self, seconds: float) -> None:
        """Set it to `seconds` from now."""
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left. Raises OverdueError if there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise OverdueError
        return left

    @property
    def over(self) -> bool:
        """Say whether there is no time left that would be worth a wait."""
        return self._end - time.monotonic() < 0.01

    def bound(self, timeout: float | None) -> float:
        """Return the shorter of a time-out and what is left."""
        return self.left() if timeout is None else min(timeout, self.left())


def is_public(address: str) -> bool:
    """Say whether an IP address is of the public internet, also behind the forms that wrap another one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        wrapped = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if wrapped is not None:
            return is_public(str(wrapped))
    return ip.is_global and not ip.is_multicast


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses that a name resolves to. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Dialler(httpcore2.NetworkBackend):
    """Dials public addresses on the ports of the web; with `private`, any address on any port."""

    def __init__(self, deadline: Deadline, *, private: bool = False, resolve: Resolve = resolve) -> None:
        """Dial until `deadline`. `resolve` asks the name server."""
        self._deadline = deadline
        self._private = private
        self._resolve = resolve
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Return a connection to a name. Raises BlockedError, OverdueError, httpcore2.ConnectError."""
        if port not in PORTS and not self._private:
            raise BlockedError(f"port {port} is none of the web (80, 443)")
        addresses = self._resolved(host, port)
        # One bad answer is enough: who mixes public and private addresses wants the private one dialled.
        bad = [address for address in addresses if not self._private and not is_public(address)]
        if bad:
            raise BlockedError(f"{host} is {bad[0]}, which is no address of the public internet")
        error: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                stream = self._inner.connect_tcp(
                    address, port, self._deadline.bound(timeout), local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as failed:
                error = failed
            else:
                return _TimedStream(stream, self._deadline)
        raise error

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002 - the interface
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - the interface
    ) -> httpcore2.NetworkStream:
        """Refuse: no feed lies behind a socket of this machine."""
        raise BlockedError(f"{path} is a socket of this machine")

    def _resolved(self, host: str, port: int) -> list[str]:
        # getaddrinfo knows no time-out: it is asked in a thread that may be left behind.
        answer: queue.SimpleQueue[list[str] | OSError | UnicodeError] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answer.put(self._resolve(host, port))
            except (OSError, UnicodeError) as error:
                answer.put(error)

        threading.Thread(target=ask, name="feedmill-resolve", daemon=True).start()
        try:
            found = answer.get(timeout=self._deadline.left())
        except queue.Empty:
            raise OverdueError from None
        if isinstance(found, list):
            return found
        raise httpcore2.ConnectError(f"the name {host} cannot be resolved ({found})") from found


class _TimedStream(httpcore2.NetworkStream):
    """A connection on which no single wait goes past the deadline."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.bound(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.bound(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        stream = self._inner.start_tls(ssl_context, server_hostname, self._deadline.bound(timeout))
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
