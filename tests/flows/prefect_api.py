"""Asking a Prefect server, and the one that tests share (fixture `prefect_server`)."""

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PrefectServer:
    """Where the server is, and its API."""

    port: int
    environ: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def ask(self, path: str, query: object = None) -> Any:
        """Return the answer of the API: GET, or POST with a query."""
        return json.loads(answered(self.port, f"/api{path}", query))

    def delete(self, path: str) -> None:
        """Delete what is there."""
        answered(self.port, f"/api{path}", method="DELETE")


def answered(port: int, path: str, query: object = None, method: str | None = None) -> str:
    """Return what a server answers: to GET, or to POST with a query, unless there is another method."""
    # 503 is what it says when SQLite was locked by itself; Prefect's own client asks again too.
    for pause in (0.5, 1, 2, 4, 8, None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        try:
            body = None if query is None else json.dumps(query)
            verb = method or ("GET" if body is None else "POST")
            connection.request(verb, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.SERVICE_UNAVAILABLE or pause is None:
            break
        time.sleep(pause)
    assert answer.status < 300, text
    return text
