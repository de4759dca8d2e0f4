"""A web server on loopback that answers well, badly, and not at all."""

import gzip
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FEED = b"On July 13, 2023 they met.\n\nForwarded from A\nNobody said when.\nNobody said when.\n"
#: A hundred million zeros.
BOMB = gzip.compress(bytes(1_000_000), 9) * 100


class Handler(BaseHTTPRequestHandler):
    """Each path is a kind of answer."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, dict[str, str]]]
    body: bytes
    stop: threading.Event

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.seen.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
        try:
            getattr(
                self, "answer_" + path.strip("/").replace("-", "_").partition("/")[0], self.answer_missing
            )()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_missing(self) -> None:
        self.send(404)

    def answer_feed(self) -> None:
        if self.headers.get("If-None-Match") == 'W/"v1"':
            self.send(304, ETag='W/"v1"')
        else:
            self.send(200, self.body, ETag='W/"v1"', Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT")

    def answer_moving(self) -> None:
        self.send(200, self.body)

    def answer_aged(self) -> None:
        self.send(200, self.body, Cache_Control="public, max-age=600")

    def answer_gzip(self) -> None:
        self.send(200, gzip.compress(self.body), Content_Encoding="gzip")

    def answer_members(self) -> None:
        middle = len(self.body) // 2
        body = gzip.compress(self.body[:middle]) + gzip.compress(self.body[middle:])
        self.send(200, body, Content_Encoding="gzip")

    def answer_deflate(self) -> None:
        self.send(200, zlib.compress(self.body), Content_Encoding="deflate")

    def answer_raw_deflate(self) -> None:
        coder = zlib.compressobj(wbits=-15)
        self.send(200, coder.compress(self.body) + coder.flush(), Content_Encoding="deflate")

    def answer_cut_gzip(self) -> None:
        body = gzip.compress(self.body * 50)
        self.send(200, body[: len(body) * 6 // 10], Content_Encoding="gzip")

    def answer_not_gzip(self) -> None:
        self.send(200, self.body, Content_Encoding="gzip")

    def answer_brotli(self) -> None:
        self.send(200, self.body, Content_Encoding="br")

    def answer_bomb(self) -> None:
        self.send(200, BOMB, Content_Encoding="gzip")

    def answer_cut(self) -> None:
        self.send(200, self.body[:20], Content_Length=str(len(self.body)))
        self.close_connection = True

    def answer_busy(self) -> None:
        self.send(429, Retry_After="120")

    def answer_down(self) -> None:
        self.send(503, Retry_After="Mon, 01 Jan 2024 00:10:00 GMT")

    def answer_broken(self) -> None:
        self.send(500)

    def answer_gone(self) -> None:
        self.send(410)

    def answer_endless(self) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        while not self.stop.is_set():
            self.wfile.write(b"word " * 20_000)

    def answer_drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        while not self.stop.is_set():
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.05)

    def answer_drip_head(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.stop.is_set():
            self.wfile.write(b"X-A: b\r\n")
            self.wfile.flush()
            time.sleep(0.05)

    def answer_mute(self) -> None:
        self.stop.wait(20)
        self.close_connection = True

    def answer_hop(self) -> None:
        self.send(302, Location="/feed?after=hop")

    def answer_loop(self) -> None:
        self.send(301, Location="/loop")

    def answer_to(self) -> None:
        self.send(302, Location=self.path.partition("?")[2])

    def answer_nowhere(self) -> None:
        self.send(302)

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Says nothing of clients that leave early: here they mean to."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class Web:
    """A running server. `seen` holds the path and headers of each request."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.stop = threading.Event()
        self.handler = type("Fresh", (Handler,), {"seen": self.seen, "body": FEED, "stop": self.stop})
        self.server = Server(("127.0.0.1", 0), self.handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def serve(self, body: bytes) -> None:
        """Answer with these bytes from now on."""
        setattr(self.handler, "body", body)  # noqa: B010 - the class is made above


@contextmanager
def web_server() -> Iterator[Web]:
    web = Web()
    thread = threading.Thread(target=web.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield web
    finally:
        web.stop.set()
        web.server.shutdown()
        web.server.server_close()
        thread.join()
