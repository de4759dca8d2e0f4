"""What is said when Prefect's server goes away in the middle of a run and does not come back in time."""

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx  # Prefect's own client: what it raises is what is caught here
from prefect.settings import get_current_settings

from schemas.errors import FeedmillError


class ServerVanished(FeedmillError):  # noqa: N818 - named as WarehouseBusy is
    """Prefect's server did not answer any more."""


@contextlib.contextmanager
def answered() -> Iterator[None]:
    """Turn what Prefect's client raises for want of an answer into ServerVanished.

    The client has asked again for a minute then. Addresses of sources are asked by another client.
    """
    try:
        yield
    except httpx.HTTPError as error:
        where = _address(get_current_settings().api.url)
        why = str(error).partition("\n")[0] or type(error).__name__
        raise ServerVanished(
            f"Prefect's server at {where} stopped answering in the middle of the run, and did not come back "
            f"within a minute ({why}). What has landed stays and is published. Start the server again, then "
            "run the command again: it goes on where this one stopped, and nothing lands twice. Without a "
            "server: --prefect off."
        ) from error


def _address(url: str | None) -> str:
    """Return an address without what may be a password."""
    if url is None:
        return "an address of its own"
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
