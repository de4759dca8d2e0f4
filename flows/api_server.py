"""Prefect's server and `/metrics`, as a child of `feedmill serve`: `python -m flows.api_server PORT`."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import uvicorn
from prefect.server.api.server import create_app
from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.server.database.dependencies import temporary_database_config
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.pool import ConnectionPoolEntry

from flows.metrics import CONTENT_TYPE, Gauge
from flows.parent import end_with_parent
from flows.tidying import tidy_up_now_and_then

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# Pages keep connections open for events; who closes the server does not wait for them.
_GRACE_SECONDS = 1
# Of SQLite, for each of some five connections.
_CACHE_KIB = 8_000


class WithMetrics:
    """An ASGI application in front of Prefect's: one path is ours, all else is passed on."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], gauge: Gauge) -> None:
        """Wrap an application."""
        self._app = app
        self._gauge = gauge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"] != "/metrics":
            await self._app(scope, receive, send)
            return
        body = (await asyncio.to_thread(self._gauge.text)).encode()
        head = [(b"content-type", CONTENT_TYPE.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": body})


class Modest(AioSqliteConfiguration):
    """SQLite whose transactions take the write lock when they begin, and wait for it if they must.

    As Prefect has it they take it with their first write. If another one wrote since they began to read,
    SQLite does not let them wait: "database is locked". What an automation should have told was lost by that
    or told twice (benchmarks/soak.py). And each connection of the pool would keep 80 MB of the database in
    memory, once the database is as large as that; the system keeps in its own cache what is read often.
    """

    def setup_sqlite(self, conn: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        """Set up a new connection, with less of a cache."""
        super().setup_sqlite(conn, record)
        cursor = conn.cursor()
        cursor.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        cursor.close()

    def begin_transaction(
        self,
        session: AsyncSession,
        with_for_update: bool = False,  # noqa: ARG002 - what this class is about
    ) -> Any:  # the type that it has is private to contextlib
        """Begin a transaction that may write, whatever it was meant to do."""
        return super().begin_transaction(session, with_for_update=True)


def main(port: int) -> None:
    """Serve on loopback until a signal comes or the parent is gone."""
    end_with_parent()
    tidy_up_now_and_then()
    database = str(PREFECT_API_DATABASE_CONNECTION_URL.value())
    with contextlib.ExitStack() as stack:
        if database.startswith("sqlite"):
            stack.enter_context(temporary_database_config(Modest(connection_url=database)))
        app = WithMetrics(create_app(final=True), Gauge(Path(os.environ["FEEDMILL_WAREHOUSE"])))
        uvicorn.run(
            app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=_GRACE_SECONDS
        )


if __name__ == "__main__":
    main(int(sys.argv[1]))
